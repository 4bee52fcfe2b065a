/**
 * The set-up's questions on a page: the conversation waits here while a browser shows the question that is open, and
 * goes on with what the browser sends. It knows nothing of what is asked.
 */
import type { Asker, Choice, ChoiceQuestion, SeveralQuestion, TextQuestion, Tone } from '../../setup/asker.ts'
import { SetupLeft, StepBack } from '../../setup/asker.ts'

/** What stands above a question: said by the set-up, or an address to open. */
export interface Told {
  readonly tone: Tone | 'link'
  readonly text: string
}

export type Ask =
  | { readonly kind: 'text'; readonly question: TextQuestion }
  | { readonly kind: 'secret'; readonly question: TextQuestion }
  | { readonly kind: 'choose'; readonly question: ChoiceQuestion<string> }
  | { readonly kind: 'several'; readonly question: SeveralQuestion }

export interface OpenQuestion {
  /** Each question has another one, so that a form that was sent twice answers one question. */
  readonly number: number
  readonly ask: Ask
  /** What is wrong with what was sent. */
  readonly complaint: string | undefined
  /** What was sent, where it may be shown again. */
  readonly typed: string | undefined
}

/** What a browser sends as an answer. */
export interface Sent {
  /** Of a field or of choices: as many as there are. */
  readonly values: readonly string[]
  /** The text of a file that was handed over. */
  readonly file: string | undefined
}

export interface AskedPage {
  readonly asker: Asker
  /** Changes with everything that is shown. */
  version(): number
  told(): readonly Told[]
  /** How far something is that takes long. */
  progress(): string | undefined
  open(): OpenQuestion | undefined
  /** An address to be opened in the browser, or a line as it is. */
  showLine(line: string): void
  showProgress(text: string | undefined): void
  /** Takes the answer to the open question; what is wrong with it stands with the question afterwards. */
  answer(sent: Sent): void
  goBack(): void
  /** Nothing is asked from now on. @returns whether a question was open, whose asker is told */
  leave(): boolean
  /** Nothing is asked any more. */
  end(): void
  /** Resolves once a question is open or nothing is asked any more, or after so many ms. */
  whenOpen(ms: number): Promise<void>
}

/** Texts above one question, and characters of one. */
const mostTold = 60
const mostTextLength = 8000

/** @param empty what is said of an answer that is missing */
export function makePageAsker(empty: () => string): AskedPage {
  let version = 0
  let number = 0
  let progress: string | undefined
  /** Since the last answer. */
  let told: Told[] = []
  /** What stood above the questions that were answered, for the way back. */
  const past: { readonly id: string; readonly told: readonly Told[] }[] = []
  let isBack = false
  let isOver = false
  let isLeft = false
  let open: (OpenQuestion & { settle(value: unknown): void; fail(thrown: Error): void }) | undefined
  const waiting = new Set<() => void>()

  const changed = (): void => {
    version += 1
    if (open !== undefined || isOver) for (const wake of [...waiting]) wake()
  }
  const say = (tone: Told['tone'], text: string): void => {
    const shown = { tone, text: text.slice(0, mostTextLength) }
    if (text.trim() === '' || tone === 'title') return
    // What is told before a question is told again when it is asked again.
    if (told.some(other => other.tone === tone && other.text === shown.text)) return
    told = [...told, shown].slice(-mostTold)
    changed()
  }
  /** In front of what is told now. */
  const repeat = (before: readonly Told[]): void => {
    const fresh = told
    told = [...before]
    for (const { tone, text } of fresh) say(tone, text)
  }
  const close = (): void => {
    open = undefined
    changed()
  }
  async function ask<T>(asked: Ask): Promise<T> {
    if (isLeft) throw new SetupLeft('left')
    const { id } = asked.question
    const at = past.findLastIndex(entry => entry.id === id)
    const before = past[at]?.told ?? []
    // Asked again at once, after a wrong answer or on the way back, it needs what it needed before.
    if (isBack && at >= 0) {
      past.length = at
      repeat(before)
    } else if (at >= 0 && at === past.length - 1) repeat(before.filter(({ tone }) => tone !== 'bad'))
    isBack = false
    number += 1
    const { promise, resolve, reject } = Promise.withResolvers<unknown>()
    const settle = (value: unknown): void => {
      if (open?.fail !== fail) return
      past.push({ id, told })
      if (past.length > 200) past.shift()
      told = []
      close()
      resolve(value)
    }
    const fail = (thrown: Error): void => {
      if (open?.fail !== fail) return
      close()
      reject(thrown)
    }
    open = { number, ask: asked, complaint: undefined, typed: undefined, settle, fail }
    changed()
    return (await promise) as T
  }
  const complain = (complaint: string, typed?: string): void => {
    if (open === undefined) return
    open = { ...open, complaint, typed }
    changed()
  }

  function readText(question: TextQuestion, { values: [sent = ''], file }: Sent): void {
    const { optional, check, isSecret, partial } = question
    const typed = file ?? sent
    const answer = typed.trim()
    const mayShow = file === undefined && partial === undefined && isSecret?.(answer) !== true
    const wrongFile = file === undefined ? undefined : question.file?.check(file)
    const missing = answer === '' && optional !== true ? empty() : undefined
    const complaint = wrongFile ?? missing ?? (answer === '' ? undefined : check?.(answer))
    if (complaint === undefined) open?.settle(answer)
    else complain(complaint, mayShow ? typed : undefined)
  }

  return {
    version: () => version,
    told: () => told,
    progress: () => progress,
    open: () => open,
    showLine: line => say('link', line),
    showProgress(text) {
      progress = text
      changed()
    },
    answer(sent) {
      if (open === undefined) return
      const { ask: asked } = open
      const [first] = sent.values
      const settle = (value: unknown, isGood: boolean): void =>
        isGood ? open?.settle(value) : complain(empty())
      if (asked.kind === 'text') return readText(asked.question, sent)
      // As it was typed: a blank at its end may be part of it, and is asked about.
      if (asked.kind === 'secret') return settle(first, first !== undefined && first !== '')
      const offered = (value: string): boolean =>
        (asked.question.choices as readonly Choice<string>[]).some(choice => choice.value === value)
      if (asked.kind === 'several') settle(sent.values.filter(offered), true)
      else settle(first, first !== undefined && offered(first))
    },
    goBack() {
      if (open?.ask.question.back === undefined) return
      isBack = true
      told = []
      open.fail(new StepBack('back'))
    },
    leave() {
      isLeft = true
      if (open === undefined) return false
      open.fail(new SetupLeft('left'))
      return true
    },
    end() {
      isOver = true
      progress = undefined
      changed()
    },
    async whenOpen(ms) {
      if (open !== undefined || isOver) return
      const { promise, resolve } = Promise.withResolvers<void>()
      const timer = setTimeout(resolve, ms)
      waiting.add(resolve)
      await promise
      waiting.delete(resolve)
      clearTimeout(timer)
    },
    asker: {
      interactive: true,
      tell: say,
      text: async question => {
        const asking = ask<string>({ kind: 'text', question })
        const { until } = question
        const mine = open
        const withdraw = (): void => {
          if (mine !== undefined && open?.number === mine.number) mine.settle('')
        }
        if (until?.aborted === true) withdraw()
        until?.addEventListener('abort', withdraw, { once: true })
        try {
          return await asking
        } finally {
          until?.removeEventListener('abort', withdraw)
        }
      },
      secret: question => ask({ kind: 'secret', question }),
      choose: question => ask({ kind: 'choose', question: question as unknown as ChoiceQuestion<string> }),
      several: question => ask({ kind: 'several', question }),
    },
  }
}
