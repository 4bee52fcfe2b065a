/**
 * Asking the owner, as a port: a terminal (ask-terminal.ts) or nobody at all (ask-nobody.ts), with answers given
 * beforehand in front of either. Every question has an id, which is also the name of its option, so that every
 * answer can come from a script: `--start-from new`.
 */
import { Fault } from '../base/fault.ts'
import { printable } from '../base/untrusted.ts'
import { normaliseAnswer } from './typed-answer.ts'

/** What is said between the questions. */
export type Tone = 'title' | 'note' | 'info' | 'good' | 'warn' | 'bad'

export interface Question {
  /** Kebab-case: the option without its dashes. */
  readonly id: string
  readonly message: string
}

export interface TextQuestion extends Question {
  readonly initial?: string | undefined
  /** An empty answer is one. */
  readonly optional?: boolean
  /** What is wrong with the answer, in the owner's language, or undefined. */
  readonly check?: (answer: string) => string | undefined
  /**
   * What is said of an answer that lacks its end, or undefined: a paste with line breaks in it then goes on in the same
   * line. The same answer once more is taken as it is.
   */
  readonly partial?: (answer: string) => string | undefined
  /** An answer that is not kept: it holds what is secret. */
  readonly isSecret?: (answer: string) => boolean
  /** The question is withdrawn when this aborts; the answer is then ''. */
  readonly until?: AbortSignal
}

export interface Choice<V extends string> {
  readonly value: V
  readonly label: string
  readonly hint?: string
}

export interface ChoiceQuestion<V extends string> extends Question {
  readonly choices: readonly Choice<V>[]
  readonly initial: V
}

export interface SeveralQuestion extends Question {
  readonly choices: readonly Choice<string>[]
  /** None where it is left out. */
  readonly initial?: readonly string[]
}

/** Methods throw SetupLeft when the owner leaves, Fault usage.invalid where nobody can answer. */
export interface Asker {
  /** Whether a wrong answer can be asked for again. */
  readonly interactive: boolean
  tell(tone: Tone, text: string): void
  text(question: TextQuestion): Promise<string>
  /** Not shown, not kept. */
  secret(question: TextQuestion): Promise<string>
  choose<V extends string>(question: ChoiceQuestion<V>): Promise<V>
  /** Any number of the choices; by option as a JSON list. */
  several(question: SeveralQuestion): Promise<readonly string[]>
}

/** The owner has left the set-up: nothing is wrong. */
export class SetupLeft extends Error {
  override readonly name = 'SetupLeft'
}

/** Given answers by the question's id. */
export type Answers = Readonly<Record<string, string>>

export interface GivenOptions {
  /** Options of the command line: a bad one is an error. */
  readonly options: Answers
  /** Of an earlier run that was left. */
  readonly kept: (id: string) => string | undefined
  /** Told each good answer that is no secret; the next question waits for it. */
  readonly onAnswer: (id: string, answer: string) => Promise<void>
  /** Told each secret that was typed. */
  readonly onSecret: (secret: string) => void
}

/** Two line breaks of one paste come faster than anybody presses Enter twice. */
const pasteMs = 50

function waitForEnd({ partial }: TextQuestion): (answer: string) => string | undefined {
  let last: { readonly answer: string; readonly atMs: number } | undefined
  return answer => {
    const more = partial?.(answer)
    const again = last?.answer === answer && performance.now() - last.atMs > pasteMs
    last = { answer, atMs: performance.now() }
    return again ? undefined : more
  }
}

/**
 * Puts given answers in front of an asker. Each is used once: what proved wrong is asked for. What is typed comes out
 * as it was meant (typed-answer.ts), but for secrets; options were read so (options.ts), and nothing else is kept.
 */
export function withGiven(asker: Asker, { options, kept, onAnswer, onSecret }: GivenOptions): Asker {
  const used = new Set<string>()
  const take = (id: string): { readonly answer: string; readonly option: boolean } | undefined => {
    if (used.has(id)) return undefined
    used.add(id)
    const option = options[id]
    if (option !== undefined) return { answer: option, option: true }
    const answer = kept(id)
    return answer === undefined ? undefined : { answer, option: false }
  }
  const refuse = (id: string, answer: string, why: string): never => {
    throw new Fault('usage.invalid', { facts: { what: `--${id} ${printable(answer, 100)}: ${why}` } })
  }
  /** The given answer where there is a good one. A bad option ends a script; on a terminal it is asked for. */
  const given = (
    question: Question,
    check: (answer: string) => string | undefined,
    show: (answer: string) => string = answer => answer,
  ): string | undefined => {
    const answered = take(question.id)
    if (answered === undefined) return undefined
    const why = check(answered.answer)
    if (why === undefined) {
      if (!answered.option) asker.tell('info', `${question.message} ${printable(show(answered.answer))}`)
      return answered.answer
    }
    if (answered.option && !asker.interactive) refuse(question.id, answered.answer, why)
    asker.tell('warn', `--${question.id} ${printable(answered.answer)}: ${why}`)
    return undefined
  }
  return {
    interactive: asker.interactive,
    tell: asker.tell,
    secret: async question => {
      const secret = await asker.secret(question)
      onSecret(secret)
      return secret
    },
    text: async question => {
      const { id, optional, check } = question
      const more = waitForEnd(question)
      const ask = async (): Promise<string> => {
        const meant = (typed: string): string => normaliseAnswer(id, typed)
        const typed = await asker.text({
          ...question,
          check: text => more(meant(text)) ?? check?.(meant(text)),
        })
        return meant(typed)
      }
      const answer =
        given(question, value => (value === '' && optional === true ? undefined : check?.(value))) ??
        (await ask())
      if (question.until?.aborted !== true && question.isSecret?.(answer) !== true) await onAnswer(id, answer)
      return answer
    },
    choose: async question => {
      const values = question.choices.map(({ value }) => value)
      const answer = given(
        question,
        value => ((values as readonly string[]).includes(value) ? undefined : values.join(' | ')),
        value => labelsOf(question, [value]),
      )
      const chosen = values.find(value => value === answer) ?? (await asker.choose(question))
      await onAnswer(question.id, chosen)
      return chosen
    },
    several: async question => {
      const values = question.choices.map(({ value }) => value)
      const read = (text: string): readonly string[] | undefined => {
        try {
          const list: unknown = JSON.parse(text)
          return Array.isArray(list) && list.every(item => values.includes(item)) ? list : undefined
        } catch {
          return undefined
        }
      }
      const answer = given(
        question,
        text => (read(text) ? undefined : JSON.stringify(values)),
        text => labelsOf(question, read(text) ?? []),
      )
      const chosen = (answer === undefined ? undefined : read(answer)) ?? (await asker.several(question))
      await onAnswer(question.id, JSON.stringify(chosen))
      return chosen
    },
  }
}

/** Choices as they were shown. */
const labelsOf = (
  { choices }: { readonly choices: readonly Choice<string>[] },
  values: readonly string[],
): string =>
  choices
    .filter(({ value }) => values.includes(value))
    .map(({ label }) => label)
    .join(', ') || '–'

/** A yes or no, as a choice. */
export async function confirm(
  asker: Asker,
  question: Question & { readonly initial: boolean; readonly yes: string; readonly no: string },
): Promise<boolean> {
  const { id, message, initial, yes, no } = question
  const choices = [
    { value: 'yes', label: yes },
    { value: 'no', label: no },
  ] as const
  return (await asker.choose({ id, message, choices, initial: initial ? 'yes' : 'no' })) === 'yes'
}
