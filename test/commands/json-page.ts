/** docs/json.md held against what commands print: each field that appears is there, and each that is there appears. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Ended } from '../servers/hikyaku.ts'

const read = (name: string): string =>
  readFileSync(fileURLToPath(new URL(`../../docs/${name}`, import.meta.url)), 'utf8')

interface Page {
  /** Of each command, by its heading. */
  readonly fields: ReadonlyMap<string, ReadonlySet<string>>
  /** What another page describes, whatever is below it. */
  readonly elsewhere: ReadonlyMap<string, ReadonlySet<string>>
}

/** Objects that several commands print: a row that links to one of them has its fields. */
const shared = ['fault', 'books', 'compared']

function readPage(text: string): Page {
  const sections = text.split(/^## /m).slice(1)
  const rows = new Map(
    sections.map(section => {
      const name = /^`([^`]+)`/.exec(section)?.[1] ?? ''
      return [
        name,
        [...section.matchAll(/^\| `([^`]+)` \| (.*) \|$/gm)].map(([, field = '', about = '']) => ({
          field,
          about,
        })),
      ]
    }),
  )
  const fields = new Map<string, Set<string>>()
  const elsewhere = new Map<string, Set<string>>()
  for (const [name, own] of rows) {
    if (shared.includes(name)) continue
    const [all, other] = [new Set<string>(), new Set<string>()]
    for (const { field, about } of own) {
      const link = /\]\(#(\w+)\)/.exec(about)?.[1] ?? ''
      if (/\]\((authentication|providers)(\.ja)?\.md/.test(about)) other.add(field)
      else if (shared.includes(link) && !/^as |同じ$/.test(about))
        for (const { field: below } of rows.get(link) ?? []) all.add(`${field}.${below}`)
      else all.add(field)
    }
    fields.set(name, all)
    elsewhere.set(name, other)
  }
  return { fields, elsewhere }
}

/** Every path to a value that is no object, and to what is null or empty. */
function pathsOf(value: unknown, path = ''): { readonly path: string; readonly isEmpty: boolean }[] {
  if (Array.isArray(value)) {
    const items = value.flatMap(item => pathsOf(item, `${path}[]`))
    return items.length > 0 ? items : [{ path: `${path}[]`, isEmpty: true }]
  }
  if (typeof value === 'object' && value !== null) {
    const items = Object.entries(value).flatMap(([key, below]) =>
      pathsOf(below, path === '' ? key : `${path}.${key}`),
    )
    return items.length > 0 ? items : [{ path, isEmpty: true }]
  }
  return [{ path, isEmpty: value === null }]
}

export interface JsonWitness {
  /** What a command printed with `--json`. @param name its heading in docs/json.md */
  note(name: string, ended: Ended): void
  /**
   * Holds what was noted against the page.
   * @param isMine which headings
   * @param unseen what no run brings about, by heading: beginnings of fields
   */
  compare(isMine: (name: string) => boolean, unseen: Readonly<Record<string, readonly string[]>>): void
}

/** Holds both pages to the same fields first. */
export function witnessJson(): JsonWitness {
  const page = readPage(read('json.md'))
  assert.deepEqual(
    [...readPage(read('json.ja.md')).fields].map(([name, fields]) => [name, [...fields]]),
    [...page.fields].map(([name, fields]) => [name, [...fields]]),
    'both languages have the same fields',
  )
  const seen = new Map<string, Set<string>>()
  const undocumented = new Set<string>()
  const note: JsonWitness['note'] = (name, { stdout, stderr, code }) => {
    assert.notEqual(stdout, '', `${name}: ${stderr}`)
    const answer = JSON.parse(stdout) as Record<string, unknown>
    assert.deepEqual([answer.ok, answer.exitCode], [code === 0, code], name)
    const [fields, other] = [page.fields.get(name), page.elsewhere.get(name)]
    assert.ok(fields !== undefined && other !== undefined, `${name} is not in docs/json.md`)
    const all = seen.get(name) ?? new Set()
    seen.set(name, all)
    for (const { path, isEmpty } of pathsOf(answer)) {
      all.add(path)
      if (/^fault(\.|$)/.test(path) || fields.has(path)) continue
      if (
        [...other].some(
          prefix => path === prefix || path.startsWith(`${prefix}.`) || path.startsWith(`${prefix}[`),
        )
      )
        continue
      const below = path.replace(/\[\]$/, '')
      if (
        isEmpty &&
        [...fields].some(field => field.startsWith(`${below}.`) || field.startsWith(`${below}[`))
      )
        continue
      if (name === 'service' && /^files|^services/.test(path)) continue
      if (name === 'journal rebuild' && path.startsWith('readBack.')) continue
      undocumented.add(`${name}: ${path}`)
    }
  }
  return {
    note,
    compare(isMine, unseen) {
      assert.deepEqual([...undocumented], [], 'printed, and not in docs/json.md')
      // A part that was null this time has the fields that the compiler gives it: those of its kind are seen elsewhere.
      const isSeen = (name: string, field: string): boolean => {
        const all = seen.get(name) ?? new Set()
        const above = field.replace(/\.[^.]+$/, '')
        return (
          all.has(field) ||
          (!above.endsWith('[]') && above !== field && all.has(above)) ||
          [...all].some(path => path.startsWith(`${field}.`))
        )
      }
      const missing = [...page.fields]
        .filter(([name]) => isMine(name))
        .flatMap(([name, fields]) =>
          [...fields]
            .filter(field => !/^fault\./.test(field) && !isSeen(name, field))
            .filter(field => !(unseen[name] ?? []).some(prefix => field.startsWith(prefix)))
            .map(field => `${name}: ${field}`),
        )
      assert.deepEqual(missing, [], 'in docs/json.md, and never printed')
    },
  }
}
