/**
 * The conversation so far, in memory only: it can be told again up to any question, so that the owner can go back one.
 * On the way nothing that was answered is asked again, and nothing that was done (a login, a sign-in) is done again.
 */
import { isDeepStrictEqual } from 'node:util'
import { type Answers, type Asker, type Question, SetupLeft, StepBack } from './asker.ts'

type Outcome = { readonly value: unknown } | { readonly thrown: unknown }

type Entry = {
  /** A person answered, so that one can go back to it. */
  readonly byPerson: boolean
} & (
  | { readonly kind: 'answer'; readonly id: string; readonly value: unknown; readonly secret: boolean }
  | { readonly kind: 'deed'; readonly outcome: Outcome }
)

/** With another answer to the first, the later ones mean something else: they are not offered again. */
const serverQuestions = ['server', 'protocol', 'host', 'security', 'port', 'user', 'folders-as-now', 'spam']
const ofTheServer = [...serverQuestions, 'wanted-folder', 'more-folders', 'move-folder']
const ended: Readonly<Record<string, readonly string[]>> = {
  provider: ofTheServer,
  server: ofTheServer,
  protocol: ofTheServer,
  host: ['security', 'port', 'user'],
  security: ['port'],
}

export interface History {
  /** In front of an asker: what is known is not asked, and what was told is not told again. */
  retell(asker: Asker): Asker
  /**
   * Something that takes effect outside, or takes long: done once, and its end (the fault too) remembered. Questions
   * that are asked within belong to it.
   */
  once<T>(work: () => Promise<T>): Promise<T>
  /** That which is asked now was answered by an option: there is no going back to it. */
  noteOption(): void
  /** Answers that were given before belong to another mailbox. */
  forgetEarlier(): void
  /**
   * Tells the story until it comes to its end, from the beginning after each step back.
   * @param onBack told the questions that are open again
   */
  tell<T>(story: () => Promise<T>, onBack?: (ids: readonly string[]) => Promise<void>): Promise<T>
}

/**
 * @param back how the way back is called in a list
 * @param earlier answers that are offered, not taken: the owner went back over them before leaving
 */
export function makeHistory(back: () => string, earlier: Answers = {}): History {
  const entries: Entry[] = []
  let at = 0
  let byOption = false
  /** What was answered before a step back, by the question's id. */
  const before = new Map<string, unknown>(Object.entries(earlier))

  const isLive = (): boolean => at === entries.length
  const record = (entry: Entry): void => {
    entries.length = at
    entries.push(entry)
    at += 1
  }

  async function answer<T, Q extends Question>(
    question: Q,
    ask: (question: Q) => Promise<T>,
    secret = false,
  ): Promise<T> {
    const { id } = question
    const known = entries[at]
    if (known?.kind === 'answer' && known.id === id) {
      at += 1
      return known.value as T
    }
    // Told differently this time: what came after belongs to another story.
    entries.length = at
    byOption = false
    const value = await ask({
      ...question,
      back: entries.some(({ byPerson }) => byPerson) ? back() : undefined,
    })
    record({ kind: 'answer', id, value, secret, byPerson: !byOption })
    if (before.has(id) && !isDeepStrictEqual(before.get(id), value)) {
      if (id === 'address') before.clear()
      for (const other of ended[id] ?? []) before.delete(other)
    }
    before.delete(id)
    return value
  }

  /** The last one that a person answered, and what came after it, is open again. */
  function stepBack(): readonly string[] {
    const last = entries.findLastIndex(({ byPerson }) => byPerson)
    const open = last < 0 ? [] : entries.splice(last).filter(entry => entry.kind === 'answer')
    for (const { id, value, secret } of open) if (!secret) before.set(id, value)
    return open.map(({ id }) => id)
  }

  return {
    retell: asker => ({
      interactive: asker.interactive,
      tell: (tone, text) => {
        if (isLive()) asker.tell(tone, text)
      },
      text: question => {
        const offered = before.get(question.id)
        const { optional, keeping, check, isSecret } = question
        const isText = typeof offered === 'string' && offered !== '' && isSecret?.(offered) !== true
        const fits = isText && check?.(offered) === undefined
        if (!fits || (optional === true && keeping === undefined)) return answer(question, asker.text)
        const message = keeping?.(offered) ?? question.message
        return answer({ ...question, message, initial: offered }, asker.text)
      },
      secret: question => answer(question, asker.secret, true),
      choose: <V extends string>(question: Parameters<typeof asker.choose<V>>[0]) => {
        const offered = question.choices.find(({ value }) => value === before.get(question.id))
        return answer({ ...question, initial: offered?.value ?? question.initial }, asker.choose<V>)
      },
      several: question => {
        const offered = readList(before.get(question.id))
        const initial = offered?.filter(item => question.choices.some(({ value }) => value === item))
        return answer({ ...question, initial: initial ?? question.initial ?? [] }, asker.several)
      },
    }),
    once: async work => {
      const known = entries[at]
      if (known?.kind === 'deed') {
        at += 1
        if ('thrown' in known.outcome) throw known.outcome.thrown
        return known.outcome.value as Awaited<ReturnType<typeof work>>
      }
      entries.length = at
      const start = at
      const close = (outcome: Outcome): void => {
        const byPerson = entries.slice(start).some(entry => entry.byPerson)
        at = start
        record({ kind: 'deed', outcome, byPerson })
      }
      try {
        const value = await work()
        close({ value })
        return value
      } catch (thrown) {
        // Who leaves it or goes back has not done it.
        if (thrown instanceof StepBack || thrown instanceof SetupLeft) entries.length = start
        else close({ thrown })
        throw thrown
      }
    },
    noteOption: () => {
      byOption = true
    },
    forgetEarlier: () => before.clear(),
    tell: async (story, onBack) => {
      for (;;) {
        at = 0
        try {
          return await story()
        } catch (thrown) {
          if (!(thrown instanceof StepBack)) throw thrown
          await onBack?.(stepBack())
        }
      }
    },
  }
}

/** Of several choices: as it was chosen, or as it was kept. */
function readList(value: unknown): readonly string[] | undefined {
  if (Array.isArray(value)) return value.map(String)
  try {
    const list: unknown = typeof value === 'string' ? JSON.parse(value) : undefined
    return Array.isArray(list) ? list.map(String) : undefined
  } catch {
    return undefined
  }
}
