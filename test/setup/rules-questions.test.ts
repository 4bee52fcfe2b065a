/** The two rules that the set-up offers: only where the mail gives a reason, and as the settings read them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MailboxConfig } from '../../src/config/config.ts'
import { readRules } from '../../src/config/rule-readers.ts'
import { chooseWords } from '../../src/locale/locale.ts'
import { askRules } from '../../src/setup/rules-questions.ts'
import { setupWords } from '../../src/setup/words.ts'
import { person } from './person.ts'

const own = 'catchall@example.jp'
const header = (...lines: string[]): Buffer => Buffer.from(`${lines.join('\r\n')}\r\n\r\n`)
const times = (count: number, ...lines: string[]): Buffer[] =>
  Array.from({ length: count }, () => header(...lines))

const ask = (asker: ReturnType<typeof person>, headers: readonly Buffer[], present?: MailboxConfig) =>
  askRules({ asker, words: setupWords.en, general: chooseWords('en') }, headers, own, present)

const toMany = [
  ...times(3, `Delivered-To: ${own}`, 'To: shop@example.jp'),
  ...times(2, 'X-Original-To: Info@Example.JP', 'To: x@example.net'),
  ...times(1, 'To: once@example.jp'),
  ...times(4, `To: ${own}`, 'Cc: other@example.net'),
]
const bulk = times(
  5,
  'From: News <news@shop.example>',
  'List-Unsubscribe: <https://shop.example/u>',
  `To: ${own}`,
)

test('a mailbox with several addresses is asked which shall have a label, the commonest first', async () => {
  const asker = person([['label-recipients', JSON.stringify(['info@example.jp'])]])
  const rules = await ask(asker, toMany)
  assert.deepEqual(rules, [{ recipient: 'info@example.jp', labels: 'info@example.jp' }])
  assert.match(asker.asked.join(), /several addresses/)
})

test('a sender of much bulk mail may be left at the host, before any label', async () => {
  const asker = person([
    ['label-recipients', JSON.stringify(['shop@example.jp', 'info@example.jp'])],
    ['leave-senders', JSON.stringify(['news@shop.example'])],
  ])
  const rules = await ask(asker, [...toMany, ...bulk])
  assert.deepEqual(
    rules.map(rule => rule.sender ?? rule.recipient),
    ['news@shop.example', 'shop@example.jp', 'info@example.jp'],
  )
  const read = readRules(rules)
  assert.ok(Array.isArray(read) && read.length === 3)
  assert.deepEqual([read[0]?.import, read[1]?.labels], [false, ['shop@example.jp']])
})

test('nobody is asked whose mail gives no reason, or who has rules already', async () => {
  const [, ...few] = toMany.slice(-5)
  assert.deepEqual(await ask(person([]), [...few, ...bulk.slice(1)]), [])
  const present = { rules: [{}] } as unknown as MailboxConfig
  assert.deepEqual(await ask(person([]), [...toMany, ...bulk], present), [])
  const odd = times(
    9,
    'To: "a b"@example.jp, *@example.jp',
    'From: "x,y"@shop.example',
    'List-Unsubscribe: <u>',
  )
  assert.deepEqual(await ask(person([]), odd), [], 'what a pattern would mean by itself is not offered')
})
