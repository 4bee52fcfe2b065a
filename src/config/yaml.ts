/** The YAML file: several mailboxes and accounts. docs/configuration.md describes it. */
import type { Document, Pair } from 'yaml'
import { FileRefused, readBounded } from '../base/bounded-file.ts'
import { loadToForget } from '../base/on-first-use.ts'
import type { Problem } from '../base/problem.ts'
import { describeFileProblem } from './load-rules.ts'

type Mapping = Readonly<Record<string, unknown>>

export interface YamlFile {
  readonly top: Mapping
  readonly accounts: readonly Mapping[]
  readonly mailboxes: readonly Mapping[]
  /** The line of a key, also of one that `<<` brings in: `['mailboxes', 0, 'host']`. */
  lineOf(path: readonly (string | number)[]): number | undefined
  /** The same, or that of the nearest key or entry above it. */
  lineNear(path: readonly (string | number)[]): number | undefined
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
    problems.push(describeFileProblem(at, path, thrown instanceof FileRefused ? thrown.code : 'not-utf-8'))
    return undefined
  }
  return parse(loadYaml(), text, path, problems)
}

type Yaml = typeof import('yaml')

let inUse: WeakRef<Yaml> | undefined

/** Loaded only where there is such a file, for a quick start of every command without one; a daemon reads it once. */
function loadYaml(): Yaml {
  const yaml = inUse?.deref() ?? (loadToForget(import.meta.url, 'yaml') as Yaml)
  inUse = new WeakRef(yaml)
  return yaml
}

function parse(yaml: Yaml, text: string, path: string, problems: Problem[]): YamlFile | undefined {
  const lines = new yaml.LineCounter()
  // `merge` allows `<<: *defaults`, so that mailboxes can share what they have in common.
  const document = yaml.parseDocument(text, {
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
    lineOf: keys => {
      const offset = offsetOf(yaml, document, keys)
      return offset === undefined ? undefined : lines.linePos(offset).line
    },
    lineNear: keys => {
      for (let length = keys.length; length > 0; length -= 1) {
        const offset = offsetOf(yaml, document, keys.slice(0, length))
        if (offset !== undefined) return lines.linePos(offset).line
      }
      return undefined
    },
  }
}

/** Merges within merges: as deep as anybody's file goes. */
const mostMerges = 20

/** Where a key stands in the text, also one that `<<` brings in. */
function offsetOf(
  { isAlias, isMap, isNode, isScalar, isSeq }: Yaml,
  document: Document.Parsed,
  keys: readonly (string | number)[],
): number | undefined {
  const resolve = (node: unknown): unknown => (isAlias(node) ? node.resolve(document) : node)
  const pairOf = (node: unknown, key: string, depth: number): Pair | undefined => {
    const map = resolve(node)
    if (!isMap(map) || depth > mostMerges) return undefined
    const own = map.items.find(pair => isScalar(pair.key) && pair.key.value === key)
    if (own !== undefined) return own
    for (const pair of map.items) {
      if (!isScalar(pair.key) || pair.key.source !== '<<') continue
      const merged = resolve(pair.value)
      for (const source of isSeq(merged) ? merged.items : [merged]) {
        const inherited = pairOf(source, key, depth + 1)
        if (inherited !== undefined) return inherited
      }
    }
    return undefined
  }
  let node: unknown = document.contents
  let offset: number | undefined
  for (const key of keys) {
    if (typeof key === 'number') {
      const list = resolve(node)
      node = isSeq(list) ? list.items[key] : undefined
      offset = isNode(node) ? node.range?.[0] : undefined
    } else {
      const pair = pairOf(node, key, 0)
      node = pair?.value
      offset = isScalar(pair?.key) ? pair.key.range?.[0] : undefined
    }
  }
  return offset
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
