/** Rules as an owner writes them, made into a book; and header sections to try them on. */
import assert from 'node:assert/strict'
import { Complaint } from '../../src/config/readers.ts'
import { readRules } from '../../src/config/rule-readers.ts'
import type { ListedFacts } from '../../src/rules/rule.ts'
import { type Decision, RuleBook } from '../../src/rules/rule-book.ts'

export function makeBook(rules: readonly object[], user = 'catchall@example.jp'): RuleBook {
  const read = readRules(rules)
  assert.ok(!(read instanceof Complaint), JSON.stringify(read))
  return new RuleBook(read, user)
}

export const headerOf = (...lines: readonly string[]): Buffer =>
  Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'utf8')

export const plainFacts: ListedFacts = { folder: 'INBOX', octets: 2000, seen: false, flags: undefined }

export const decide = (
  rules: readonly object[],
  lines: readonly string[],
  facts: Partial<ListedFacts> = {},
  user?: string,
): Decision => makeBook(rules, user).decide({ ...plainFacts, ...facts }, headerOf(...lines))

/** The places of the rules that took it. */
export const takenBy = (...asked: Parameters<typeof decide>): readonly number[] =>
  decide(...asked).wish?.rules.map(({ place }) => place) ?? []

/** Rules of every kind, so that each reader is used. */
export const everyKind: readonly object[] = [
  { recipient: ['a@example.jp', '*b*c*@example.jp', '@.example.net', 'x@'], labels: 'A', continue: 'yes' },
  { sender: ['a@example.jp', 's*r@example.jp'], star: 'yes', continue: 'yes' },
  { list: ['*.lists.example.jp', 'a*b*c'], archive: 'yes', continue: 'yes' },
  { header: ['Subject: =?', 'X-Any: a', 'Received: b'], markRead: 'yes', continue: 'yes' },
  {
    flags: ['flagged', '$x'],
    folder: 'INBOX',
    larger: '1 kB',
    smaller: '9 MB',
    labels: 'B',
    continue: 'yes',
  },
  { everything: 'yes', import: 'no' },
]
