/** Answers that were given beforehand, by options or in a set-up that was left, in front of whoever is asked. */
import { Fault } from '../base/fault.ts'
import { printable } from '../base/untrusted.ts'
import type { Answers, Asker, Choice, Question, TextQuestion } from './asker.ts'
import { normaliseAnswer } from './typed-answer.ts'

export interface GivenOptions {
  /** Options of the command line: a bad one is an error. */
  readonly options: Answers
  /** Of an earlier run that was left. */
  readonly kept: (id: string) => string | undefined
  /** The questions that took what was given: each takes it once, and what proved wrong is asked for. */
  readonly used: Set<string>
  /** An option answers: nobody is asked. */
  readonly onOption: () => void
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
 * Puts given answers in front of an asker. What is typed comes out as it was meant (typed-answer.ts), but for secrets;
 * options were read so (options.ts), and nothing else is kept.
 */
export function withGiven(
  asker: Asker,
  { options, kept, used, onOption, onAnswer, onSecret }: GivenOptions,
): Asker {
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
      if (answered.option) onOption()
      else if (question.quiet !== true)
        asker.tell('answer', `${question.message} ${printable(show(answered.answer))}`)
      return answered.answer
    }
    if (answered.option && !asker.interactive) refuse(question.id, answered.answer, why)
    asker.tell('warn', `--${question.id} ${printable(answered.answer)}: ${why}`)
    return undefined
  }
  const explain = (question: Question): void => {
    if (question.explain !== undefined) asker.tell('note', question.explain)
  }
  return {
    interactive: asker.interactive,
    tell: asker.tell,
    secret: async question => {
      explain(question)
      const secret = await asker.secret(question)
      onSecret(secret)
      return secret
    },
    text: async question => {
      const { id, optional, check } = question
      const more = waitForEnd(question)
      const ask = async (): Promise<string> => {
        explain(question)
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
      const fitting = values.find(value => value === answer)
      if (fitting === undefined) explain(question)
      const chosen = fitting ?? (await asker.choose(question))
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
      const fitting = answer === undefined ? undefined : read(answer)
      if (fitting === undefined) explain(question)
      const chosen = fitting ?? (await asker.several(question))
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
