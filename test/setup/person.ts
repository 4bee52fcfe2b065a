/** A person in front of the set-up, as a list of what will be asked and what is answered. In this process. */
import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import type { Language } from '../../src/base/language.ts'
import type { Invocation } from '../../src/commands/invocation.ts'
import { setupCommand } from '../../src/commands/setup.ts'
import { chooseWords } from '../../src/locale/locale.ts'
import { type Asker, type Question, SetupLeft, StepBack, type Tone } from '../../src/setup/asker.ts'
import type { SetupFlags, SetupPorts } from '../../src/setup/conversation.ts'

/** The question's id and the answer; 'leave' in place of an answer leaves the set-up. */
export type Script = readonly (readonly [id: string, answer: string | typeof leave | typeof back])[]

export const leave = Symbol('leave')
/** In place of an answer: to the question before. */
export const back = Symbol('back')

export interface Person extends Asker {
  readonly told: readonly { readonly tone: Tone; readonly text: string }[]
  /** What was said to be wrong with typed answers. */
  readonly complaints: readonly string[]
  /** Where the set-up asked for something else than the script says: thrown again by setUpWith. */
  readonly wrong: readonly unknown[]
  /** What was asked, as id and message. */
  readonly asked: readonly string[]
}

export function person(script: Script): Person {
  const left = [...script]
  const told: { tone: Tone; text: string }[] = []
  const complaints: string[] = []
  const asked: string[] = []
  const wrong: unknown[] = []
  const answer = ({ id, message }: Question): string => {
    // Whether a test before this one left something is not what is tried.
    if (id !== 'resume' && left[0]?.[0] === 'resume' && left[0][1] === 'no') left.shift()
    const next = left.shift()
    asked.push(`${id}: ${message}`)
    if (next?.[0] !== id) {
      wrong.push(new Error(`asked ${id} (${message}), not ${next?.[0]}; told: ${told.at(-1)?.text}`))
      throw new SetupLeft('left')
    }
    if (next[1] === leave) throw new SetupLeft('left')
    if (next[1] === back) throw new StepBack('back')
    return next[1]
  }
  return {
    interactive: true,
    told,
    complaints,
    asked,
    wrong,
    tell: (tone, text) => {
      told.push({ tone, text })
    },
    text: async question => {
      const { until, check, initial } = question
      if (until !== undefined && left[0]?.[0] !== question.id) {
        if (!until.aborted)
          await new Promise(resolve => until.addEventListener('abort', resolve, { once: true }))
        return ''
      }
      for (;;) {
        const typed = answer(question) || (initial ?? '')
        const complaint = typed === '' && question.optional === true ? undefined : check?.(typed)
        if (complaint === undefined) return typed
        complaints.push(complaint)
      }
    },
    secret: async question => answer(question),
    choose: async question => {
      // Enter at what is only to be read.
      if (/^google-(step|consent)|^gmail-way$/.test(question.id) && left[0]?.[0] !== question.id)
        return question.initial
      const typed = answer(question) || question.initial
      const found = question.choices.find(({ value }) => value === typed)
      assert.ok(
        found,
        `${question.id} offers ${question.choices.map(({ value }) => value).join(', ')}, not ${typed}`,
      )
      return found.value
    },
    several: async question =>
      JSON.parse(answer(question) || JSON.stringify(question.initial ?? [])) as string[],
  }
}

export interface Done {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs the set-up in this process with that person. */
export async function setUpWith(
  asker: Person,
  where: { readonly env: Readonly<Record<string, string>>; readonly cwd: string },
  flags: Partial<SetupFlags> = {},
  ports: SetupPorts = {},
  language: Language = 'en',
): Promise<Done> {
  const stdout = new PassThrough()
  const stderr = new PassThrough()
  const invocation: Invocation = {
    ...where,
    stdout,
    stderr,
    stdin: new PassThrough(),
    language,
    words: chooseWords(language),
    json: false,
  }
  const usual: SetupFlags = { part: 'everything', yes: false, languageGiven: true, answers: {} }
  const exitCode = await setupCommand(
    invocation,
    { ...usual, ...flags },
    { asker, openBrowser: async () => false, ...ports },
  )
  if (asker.wrong.length > 0) throw asker.wrong[0]
  const text = (stream: PassThrough): string => String(stream.read() ?? '')
  return { exitCode, stdout: text(stdout), stderr: text(stderr) }
}
