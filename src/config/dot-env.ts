/** `.env` in the current folder: who may have written it, how large it may be, and what can be wrong inside. */
import { lstat } from 'node:fs/promises'
import { parseEnv } from 'node:util'
import { FileRefused, readBounded } from '../base/bounded-file.ts'
import type { Problem } from '../base/problem.ts'
import { describeFileProblem } from './load-rules.ts'

/** As much as a file with a secret may hold. */
const mostOctets = 65_536

export interface DotEnv {
  readonly values: Readonly<Record<string, string | undefined>>
  /** The line that each value begins in, the last one where it stands twice. */
  readonly lines: ReadonlyMap<string, number>
  readonly problems: Problem[]
  /** Why it was not read at all, though something of that name is there. */
  readonly refused: Problem | undefined
}

/** Whether something named so is there, whatever it is. */
export function isDotEnv(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  )
}

/**
 * @param path the file; it need not be there
 * @param names ours, in whose values mistakes are looked for
 * @param secrets those of them that may look like anything
 * @returns every name in it, also those of other programs
 */
export async function readDotEnv(
  path: string,
  names: readonly string[],
  secrets: ReadonlySet<string>,
): Promise<DotEnv> {
  const problems: Problem[] = []
  const lines = new Map<string, number>()
  let octets: Buffer
  try {
    octets = await readBounded(path, { mostOctets, trusted: true })
  } catch (thrown) {
    if (!(thrown instanceof FileRefused)) throw thrown
    const { code } = thrown
    if (code === 'ENOENT') return { values: {}, lines, problems, refused: undefined }
    // A folder named .env is what Docker makes of a missing file that is mounted.
    return { values: {}, lines, problems, refused: describeFileProblem('.env', path, code) }
  }
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(octets)
  } catch {
    return { values: {}, lines, problems, refused: describeFileProblem('.env', path, 'not-utf-8') }
  }
  // Node takes everything after a `#` for a comment, also in the middle of an unquoted word. A password that
  // is cut there would be refused by the server, and nobody would see why.
  let [line, counted] = [1, 0]
  for (const { 1: name, 2: value, index } of text.matchAll(
    /^[ \t]*(?:export[ \t]+)?([A-Za-z_]\w*)[ \t]*=[ \t]*([^\r\n]*)/gm,
  )) {
    line += text.slice(counted, index).split('\n').length - 1
    counted = index
    if (name !== undefined) lines.set(name, line)
    if (name === undefined || value === undefined || !names.includes(name)) continue
    if (!/^['"`]/.test(value) && /[^\s#]#/.test(value.split(/\s#/)[0] ?? '')) {
      problems.push({ at: name, kind: 'hash' })
    }
  }
  const values: Record<string, string | undefined> = parseEnv(text)
  for (const name of names) {
    // An unclosed quotation mark swallows the lines below, and what is swallowed may be a secret: the value is
    // neither used nor shown. A secret itself may look like anything on one line.
    const swallowed = secrets.has(name) ? /[\r\n][A-Z_]{4,}\s*=/ : /[\r\n]|\b[A-Z][A-Z_]{3,}\s*=/
    if (!swallowed.test(values[name] ?? '')) continue
    problems.push({ at: name, kind: 'unclosed' })
    values[name] = undefined
  }
  return { values, lines, problems, refused: undefined }
}
