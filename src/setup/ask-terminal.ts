/** Asks on a terminal, with @clack/prompts. Loaded only where there is one. */
import type { Readable, Writable } from 'node:stream'
import * as clack from '@clack/prompts'
import { type Asker, type Choice, SetupLeft, type TextQuestion, type Tone } from './asker.ts'

/** A line feed that came with a paste ends a line as Enter does; the prompts know a carriage return only. */
function takeLineFeeds(input: Readable): void {
  let previous: string | undefined
  input.on('keypress', (_text: string | undefined, key: { name?: string }) => {
    const { name } = key
    if (name === 'enter' && previous !== 'return') key.name = 'return'
    previous = name
  })
}

/** @param empty what is said of an empty answer where one is needed */
export function askTerminal(streams: { input: Readable; output: Writable }, empty: string): Asker {
  const { input, output } = streams
  takeLineFeeds(input)
  const answered = <T>(answer: T | symbol): T => {
    if (clack.isCancel(answer)) throw new SetupLeft('left')
    return answer as T
  }
  const tell: Readonly<Record<Tone, (text: string) => void>> = {
    title: text => clack.intro(text, { output }),
    note: text => clack.log.message(text, { output }),
    info: text => clack.log.info(text, { output }),
    good: text => clack.log.success(text, { output }),
    warn: text => clack.log.warn(text, { output }),
    bad: text => clack.log.error(text, { output }),
  }
  const check =
    ({ optional, initial, check: own }: TextQuestion) =>
    (typed: string | undefined): string | undefined => {
      const answer = (typed ?? '').trim() || (initial ?? '')
      if (answer === '') return optional === true ? undefined : empty
      return own?.(answer)
    }
  // exactOptionalPropertyTypes: clack wants `hint` absent, not undefined.
  const rows = <V extends string>(choices: readonly Choice<V>[]) =>
    choices.map(({ value, label, hint }) => (hint ? { value, label, hint } : { value, label }))
  return {
    interactive: true,
    tell: (tone, text) => tell[tone](text),
    text: async question => {
      const { message, initial, until } = question
      const answer = await clack.text({
        message,
        validate: check(question),
        input,
        output,
        ...(initial === undefined ? {} : { placeholder: initial, defaultValue: initial }),
        ...(until === undefined ? {} : { signal: until }),
      })
      if (until?.aborted === true) return ''
      return (answered<string>(answer) ?? '').trim()
    },
    secret: async ({ message }) =>
      answered<string>(
        await clack.password({
          message,
          input,
          output,
          clearOnError: true,
          validate: typed => (typed ? undefined : empty),
        }),
      ),
    choose: async <V extends string>(question: {
      message: string
      choices: readonly Choice<V>[]
      initial: V
    }): Promise<V> => {
      const { message, choices, initial } = question
      const common = { message, initialValue: initial, showInstructions: false, maxItems: 12, input, output }
      const answer = answered<string>(await clack.select<string>({ ...common, options: rows(choices) }))
      // What was offered is what comes back.
      return answer as V
    },
    several: async ({ message, choices }) =>
      answered<string[]>(
        await clack.multiselect<string>({
          message,
          options: rows(choices),
          required: false,
          showInstructions: false,
          maxItems: 12,
          input,
          output,
        }),
      ),
  }
}
