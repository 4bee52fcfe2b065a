/** Asks nobody: the usual answers for `--yes`, an error that names the option for everything else. */
import type { Writable } from 'node:stream'
import { orAbort } from '../base/deadline.ts'
import { Fault } from '../base/fault.ts'
import type { Asker, Question } from './asker.ts'

export interface NobodyWords {
  /** Of a question that has no usual answer, or none that may stand. */
  readonly needsOption: string
  /** Of a question that --yes would answer. */
  readonly needsOptionOrYes: string
}

/** @param yes whether the usual answers may be taken; @param words for a missing option */
export function askNobody(output: Writable, yes: boolean, words: NobodyWords): Asker {
  const missing = ({ id, message }: Question, hasUsual = false): never => {
    const needed = hasUsual ? words.needsOptionOrYes : words.needsOption
    throw new Fault('usage.invalid', { facts: { what: `--${id} (${message}): ${needed}` } })
  }
  return {
    interactive: false,
    tell: (_tone, text) => {
      output.write(`${text}\n`)
    },
    text: async question => {
      const { initial, optional, until } = question
      // Something else answers: the browser that comes back.
      if (until !== undefined) {
        await orAbort(new Promise(() => {}), until).catch(() => {})
        return ''
      }
      const usual = initial !== undefined && question.check?.(initial) === undefined ? initial : undefined
      if (yes && usual !== undefined) return usual
      return yes && optional === true ? '' : missing(question, usual !== undefined || optional === true)
    },
    secret: async question => missing(question),
    choose: async question => (yes ? question.initial : missing(question, true)),
    several: async question => (yes ? (question.initial ?? []) : missing(question, true)),
  }
}
