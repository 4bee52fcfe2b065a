/**
 * Asking the owner, as a port: a terminal (ask-terminal.ts), a page (web/setup/page-asker.ts) or nobody at all
 * (ask-nobody.ts), with answers given beforehand in front of each (given-answers.ts). Every question has an id, which is also the name of its option, so
 * that every answer can come from a script: `--start-from new`.
 */

/** What is said between the questions; `answer`: one that was given beforehand, in a line of its own. */
export type Tone = 'title' | 'note' | 'info' | 'good' | 'warn' | 'bad' | 'answer'

export interface Question {
  /** Kebab-case: the option without its dashes. */
  readonly id: string
  readonly message: string
  /** Told before it is asked, and not where the answer was given beforehand. */
  readonly explain?: string | undefined
  /** An answer that was given beforehand is not told. */
  readonly quiet?: boolean
  /** How the entry of a list is called that goes back to the question before; undefined: there is none. */
  readonly back?: string | undefined
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
  /** The text of a file is an answer, too: where a file can be handed over, it is taken. */
  readonly file?: FileAnswer
  /** How an optional one is asked where it was answered before and Enter keeps that. */
  readonly keeping?: (answer: string) => string
}

export interface FileAnswer {
  /** As the accept attribute of a page has it: `.json`. */
  readonly accept: string
  /** What is wrong with a file's text, in the owner's language, or undefined. */
  readonly check: (text: string) => string | undefined
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

/**
 * Methods throw SetupLeft when the owner leaves, StepBack when the owner wants the question before, Fault usage.invalid
 * where nobody can answer.
 */
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

/** The owner wants to answer the question before once more. */
export class StepBack extends Error {
  override readonly name = 'StepBack'
}

/** Given answers by the question's id. */
export type Answers = Readonly<Record<string, string>>

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
