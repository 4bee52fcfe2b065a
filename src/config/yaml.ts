/** The YAML file: several mailboxes and accounts. docs/configuration.md describes it. */
import { FileRefused, readBounded } from '../base/bounded-file.ts'
import type { Problem } from '../base/problem.ts'
import { fileProblem } from './load-rules.ts'

type Mapping = Readonly<Record<string, unknown>>

export interface YamlFile {
  readonly top: Mapping
  readonly accounts: readonly Mapping[]
  readonly mailboxes: readonly Mapping[]
}

/** A configuration of thousands of mailboxes is smaller. */
const mostOctets = 1 << 20

/**
 * @param path the file
 * @param at how the owner knows it: HIKYAKU_CONFIG, or the path
 * @returns undefined where it cannot be understood at all; the reasons are added to `problems`
 */
export async function readYaml(path: string, at: string, problems: Problem[]): Promise<YamlFile | undefined> {
  let text: string
  try {
    const octets = await readBounded(path, { mostOctets, trusted: true })
    text = new TextDecoder('utf-8', { fatal: true }).decode(octets)
  } catch (thrown) {
    if (!(thrown instanceof TypeError || thrown instanceof FileRefused)) throw thrown
    problems.push(fileProblem(at, path, thrown instanceof FileRefused ? thrown.code : 'not-utf-8'))
    return undefined
  }
  // Loaded only where there is such a file, for a quick start of every command without one.
  return parse(await import('yaml'), text, path, problems)
}

function parse(
  { LineCounter, parseDocument }: typeof import('yaml'),
  text: string,
  path: string,
  problems: Problem[],
): YamlFile | undefined {
  const lines = new LineCounter()
  // `merge` allows `<<: *defaults`, so that mailboxes can share what they have in common.
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    merge: true,
    logLevel: 'silent',
  })
  for (const error of document.errors) {
    const { line, col } = lines.linePos(error.pos[0])
    // The library's own words may quote the line, and with it a secret: only the kind of error is shown.
    problems.push({
      at: path,
      kind: 'yaml',
      line,
      column: col,
      reason: error.code.toLowerCase().replaceAll('_', ' '),
    })
  }
  if (document.errors.length > 0) return undefined
  let content: unknown
  try {
    content = document.toJS({ maxAliasCount: 1000 })
  } catch {
    problems.push({ at: path, kind: 'yaml', line: 1, column: 1, reason: 'alias' })
    return undefined
  }
  if (!isMapping(content)) {
    problems.push({ at: path, kind: 'expected', what: 'mapping' })
    return undefined
  }
  const { accounts, mailboxes, ...top } = content
  return {
    top,
    accounts: listOf(accounts, 'accounts', problems),
    mailboxes: listOf(mailboxes, 'mailboxes', problems),
  }
}

function listOf(value: unknown, at: string, problems: Problem[]): readonly Mapping[] {
  if (value === undefined || value === null) {
    problems.push({
      at,
      kind: 'missing',
      example: at === 'accounts' ? 'accounts: [{ clientId: … }]' : 'mailboxes: [{ protocol: imap, … }]',
    })
    return []
  }
  if (!Array.isArray(value)) {
    problems.push({ at, kind: 'expected', what: 'list' })
    return []
  }
  if (value.length === 0) problems.push({ at, kind: 'expected', what: 'list' })
  return value.filter((item, index): item is Mapping => {
    if (isMapping(item)) return true
    problems.push({ at: `${at}[${index}]`, kind: 'expected', what: 'mapping' })
    return false
  })
}

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
}
