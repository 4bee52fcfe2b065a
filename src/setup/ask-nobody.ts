/** Asks nobody: the usual answers for `--yes`, an error that names the option for everything else. */
import type { Writable } from 'node:stream'
import { orAbort } from '../base/deadline.ts'
import { Fault } from '../base/fault.ts'
import type { Asker, Question } from './asker.ts'

/** @param yes whether the usual answers may be taken; @param needed the sentence for a missing option */
export function askNobody(output: Writable, yes: boolean, needed: string): Asker {
  const missing = ({ id, message }: Question): never => {
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
      if (yes && initial !== undefined && question.check?.(initial) === undefined) return initial
      return yes && optional === true ? '' : missing(question)
    },
    secret: async question => missing(question),
    choose: async question => (yes ? question.initial : missing(question)),
    several: async question => (yes ? (question.initial ?? []) : missing(question)),
  }
}
