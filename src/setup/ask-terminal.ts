/** Asks on a terminal, with @clack/prompts. Loaded only where there is one. */
import type { Readable, Writable } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { styleText } from 'node:util'
import * as clack from '@clack/prompts'
import { measureWidth, wholeWords, wrapText } from '../base/text-width.ts'
import { type Asker, type Choice, SetupLeft, StepBack, type TextQuestion, type Tone } from './asker.ts'

export interface TerminalWords {
  /** Of an empty answer where one is needed. */
  readonly empty: string
  /** Of the way back where there is none. */
  readonly isFirst: string
  /** Of a list where nothing was chosen. */
  readonly noneChosen: string
}

/** What is typed to go back, where a text is asked for, and the value of that entry in a list. */
const back = '<'

const isBack = (typed: string): boolean => typed.normalize('NFKC').trim() === back

/** A line feed that came with a paste ends a line as Enter does; the prompts know a carriage return only. */
function takeLineFeeds(input: Readable): void {
  let previous: string | undefined
  input.on('keypress', (_text: string | undefined, key: { name?: string }) => {
    const { name } = key
    if (name === 'enter' && previous !== 'return') key.name = 'return'
    previous = name
  })
}

/** Nobody has read the next question and answered it so soon. */
const pasteMs = 100

/** What is left of a paste with line breaks in it would answer the next question. */
async function dropRest(input: Readable & { setRawMode?: (raw: boolean) => void }): Promise<void> {
  input.setRawMode?.(true)
  input.resume()
  let last = performance.now()
  const onKey = (): void => {
    last = performance.now()
  }
  input.on('keypress', onKey)
  while (performance.now() - last < pasteMs) await pause(pasteMs / 4)
  input.off('keypress', onKey)
  input.pause()
  input.setRawMode?.(false)
}

/** Keys that move the cursor of a list by one, and how far. */
const moves: Readonly<Record<string, number>> = {
  up: -1,
  left: -1,
  k: -1,
  h: -1,
  down: 1,
  right: 1,
  j: 1,
  l: 1,
}

/**
 * `<` moves the cursor of a list to its last entry, which is the way back. The prompts tell nobody where their cursor is.
 * @returns where it is now, and the end of listening
 */
function followCursor(input: Readable, count: number, start: number) {
  let cursor = start
  const onKey = (text: string | undefined, { name = '' }: { name?: string }): void => {
    cursor = (cursor + (moves[name] ?? 0) + count) % count
    if (text === undefined || !isBack(text)) return
    for (let left = count - 1 - cursor; left > 0; left -= 1)
      input.emit('keypress', undefined, {
        name: 'down',
        sequence: '',
        ctrl: false,
        meta: false,
        shift: false,
      })
  }
  input.prependListener('keypress', onKey)
  return { atBack: () => cursor === count - 1, end: () => input.off('keypress', onKey) }
}

/** The prompts say `none` of a list where nothing was chosen, in English. */
function sayNone<O extends Writable>(output: O, nothing: () => string): O {
  const write = (text: unknown): boolean =>
    output.write(typeof text === 'string' ? text.replace(/\bnone\b/u, nothing) : text)
  return Object.create(output, { write: { value: write } }) as O
}

/** Cells that the frame takes at the left of a text, and beside an entry of a list with its mark. */
const frameCells = 3
const entryCells = 15

/** @param spoken its words are in the language that is spoken when they are needed */
export function askTerminal(
  streams: { input: Readable; output: Writable & { readonly columns?: number } },
  spoken: { readonly words: TerminalWords },
): Asker {
  const { input, output } = streams
  takeLineFeeds(input)
  const cells = (): number => Math.max(20, (output.columns ?? 80) - frameCells)
  const answered = <T>(answer: T | symbol): T => {
    if (clack.isCancel(answer)) throw new SetupLeft('left')
    return answer as T
  }
  /** No line runs out of the frame, and what is indented stays so. */
  const wrap = (text: string): string =>
    text
      .split('\n')
      .flatMap(line => {
        const [indent = ''] = /^\s*(?:(?:-|\d+\.) )?/.exec(line) ?? []
        const rest = ' '.repeat(measureWidth(indent))
        const lines = wrapText(line.slice(indent.length), cells() - rest.length, wholeWords)
        return lines.length === 0 ? [''] : lines.map((part, i) => (i === 0 ? indent : rest) + part)
      })
      .join('\n')
  const bar = (): string => styleText('gray', clack.S_BAR)
  /** The prompts frame the first line of these only. */
  const framed = (message: string): string => wrap(message).replaceAll('\n', `\n${bar()}  `)
  const say = (symbol: string, spacing: number) => (text: string) =>
    clack.log.message(wrap(text), { output, symbol, spacing })
  const tell: Readonly<Record<Tone, (text: string) => void>> = {
    title: text => clack.intro(text, { output }),
    note: text => say(bar(), 1)(text),
    answer: text => say(styleText('green', clack.S_STEP_SUBMIT), 0)(text),
    info: text => say(styleText('blue', clack.S_INFO), 1)(text),
    good: text => say(styleText('green', clack.S_SUCCESS), 1)(text),
    warn: text => say(styleText('yellow', clack.S_WARN), 1)(text),
    bad: text => say(styleText('red', clack.S_ERROR), 1)(text),
  }
  /** The prompts show what is wrong beside the frame's end; further lines stand below. */
  const complaint = (text: string | undefined): string | undefined =>
    text === undefined ? undefined : wrap(text).replaceAll('\n', '\n   ')
  const goBack = (typed: string, wayBack: string | undefined): string => {
    if (wayBack !== undefined && isBack(typed)) throw new StepBack('back')
    return typed
  }
  const check =
    ({ optional, initial, back: wayBack, check: own }: TextQuestion) =>
    (typed: string | undefined): string | undefined => {
      const answer = (typed ?? '').trim() || (initial ?? '')
      if (isBack(answer)) return wayBack === undefined ? complaint(spoken.words.isFirst) : undefined
      if (answer === '') return optional === true ? undefined : complaint(spoken.words.empty)
      return complaint(own?.(answer))
    }
  // exactOptionalPropertyTypes: clack wants `hint` absent, not undefined.
  const rows = (choices: readonly Choice<string>[], wayBack: string | undefined) => {
    const all = choices.map(({ value, label, hint }) => {
      const lines = wrapText(label, cells() + frameCells - entryCells, wholeWords).join('\n  ')
      return hint ? { value, label: lines, hint } : { value, label: lines }
    })
    return wayBack === undefined ? all : [...all, { value: back, label: `${back} ${wayBack}` }]
  }
  const list = { showInstructions: false, maxItems: 12, input, output } as const
  return {
    interactive: true,
    tell: (tone, text) => tell[tone](text),
    text: async question => {
      const { message, initial, until } = question
      const answer = await clack.text({
        message: framed(message),
        validate: check(question),
        input,
        output,
        ...(initial === undefined ? {} : { placeholder: initial, defaultValue: initial }),
        ...(until === undefined ? {} : { signal: until }),
      })
      if (until?.aborted === true) return ''
      if (question.partial !== undefined) await dropRest(input)
      return goBack((answered<string>(answer) ?? '').trim(), question.back)
    },
    secret: async ({ message, back: wayBack }) =>
      goBack(
        answered<string>(
          await clack.password({
            message: framed(message),
            input,
            output,
            clearOnError: true,
            validate: typed => {
              if (!typed) return complaint(spoken.words.empty)
              return isBack(typed) && wayBack === undefined ? complaint(spoken.words.isFirst) : undefined
            },
          }),
        ),
        wayBack,
      ),
    choose: async <V extends string>(question: {
      message: string
      choices: readonly Choice<V>[]
      initial: V
      back?: string | undefined
    }): Promise<V> => {
      const { message, choices, initial: initialValue, back: wayBack } = question
      const options = rows(choices, wayBack)
      const start = options.findIndex(({ value }) => value === initialValue)
      const cursor =
        wayBack === undefined ? undefined : followCursor(input, options.length, Math.max(0, start))
      try {
        const common = { ...list, message: wrap(message), initialValue }
        // What was offered is what comes back.
        return goBack(answered<string>(await clack.select<string>({ ...common, options })), wayBack) as V
      } finally {
        cursor?.end()
      }
    },
    several: async ({ message, choices, initial = [], back: wayBack }) => {
      const options = rows(choices, wayBack)
      const cursor = wayBack === undefined ? undefined : followCursor(input, options.length, 0)
      const nothing = (): string => (cursor?.atBack() ? `${back} ${wayBack}` : spoken.words.noneChosen)
      try {
        const common = {
          ...list,
          message: wrap(message),
          required: false,
          initialValues: [...initial],
          output: choices.some(({ label }) => label === 'none') ? output : sayNone(output, nothing),
        }
        const chosen = answered<string[]>(await clack.multiselect<string>({ ...common, options }))
        if (cursor?.atBack() === true) throw new StepBack('back')
        return chosen.filter(value => value !== back)
      } finally {
        cursor?.end()
      }
    },
  }
}
