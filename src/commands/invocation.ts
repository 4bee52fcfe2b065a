/** What every command gets: where to write, which language, and how to load the configuration. */
import type { Writable } from 'node:stream'
import { asFault, exitCodes, Fault } from '../base/fault.ts'
import type { Env } from '../base/home.ts'
import type { Language } from '../base/language.ts'
import { alignTable, indentParagraph } from '../base/text-width.ts'
import { jsonText } from '../base/untrusted.ts'
import { chooseWords, describeFault, type Words } from '../locale/locale.ts'

export interface Invocation {
  readonly env: Env
  readonly cwd: string
  /** Answers of the command: tables for people, or the one JSON object. */
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number }
  /** People's text and progress while it works. */
  readonly stderr: Writable & { readonly isTTY?: boolean }
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean }
  readonly language: Language
  readonly words: Words
  /** Where what speaks on standard error is a log: takes the fault that the command ends with, instead of three lines. */
  readonly logFault?: (fault: Fault) => void
  /** Of the fault that the command ends with; describeFault where it is missing. */
  readonly describe?: typeof describeFault
  readonly json: boolean
}

export function makeInvocation(options: { json?: boolean; language: Language; env: Env }): Invocation {
  return {
    env: options.env,
    cwd: process.cwd(),
    stdout: process.stdout,
    stderr: process.stderr,
    stdin: process.stdin,
    language: options.language,
    words: chooseWords(options.language),
    json: options.json ?? false,
  }
}

/** Runs the work; turns what it throws into the command's answer. */
export async function runAnswering(invocation: Invocation, work: () => Promise<number>): Promise<number> {
  try {
    return await work()
  } catch (thrown) {
    const fault = asFault(thrown)
    answerFault(invocation, fault)
    return fault.exitCode
  }
}

export function answerFault(invocation: Invocation, fault: Fault): void {
  if (invocation.json)
    writeJson(invocation, {
      ok: false,
      exitCode: fault.exitCode,
      fault: faultJson(fault, invocation.language, invocation.describe),
    })
  else if (invocation.logFault !== undefined) invocation.logFault(fault)
  else invocation.stderr.write(`${faultLines(fault, invocation.language, invocation.describe)}\n`)
}

/** What happened, what it means for the mail, what to do next: as few lines as they fit in. */
export function faultLines(
  fault: Pick<Fault, 'code' | 'facts'>,
  language: Language,
  describe = describeFault,
): string {
  const { what, mail, next } = describe(fault, language)
  return `${what}\n  ${mail}\n  ${next}`
}

export function faultJson(
  fault: Pick<Fault, 'code' | 'facts'>,
  language: Language,
  describe = describeFault,
): object {
  return { code: fault.code, ...describe(fault, language) }
}

/** Cells of a line for people: the terminal's, 80 where nobody knows, and never fewer than a word needs. */
export const columnsOf = ({ stdout }: Invocation): number => Math.max(40, stdout.columns ?? 80)

export function writeJson(invocation: Invocation, value: object): void {
  invocation.stdout.write(`${jsonText(value)}\n`)
}

export function writeLine(invocation: Invocation, line: string): void {
  invocation.stdout.write(`${line}\n`)
}

/** A paragraph, in lines as long as they may be. @param lead stands before it, and its width before each further line */
export function writeParagraph(invocation: Invocation, text: string, lead = ''): void {
  for (const line of indentParagraph(text, columnsOf(invocation), lead)) writeLine(invocation, line)
}

export function writeTable(invocation: Invocation, rows: readonly (readonly string[])[]): void {
  for (const line of alignTable(rows, { width: columnsOf(invocation) }).split('\n'))
    writeLine(invocation, line)
}

export { exitCodes, Fault }
