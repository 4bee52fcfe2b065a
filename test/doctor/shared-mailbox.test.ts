/** Two mailboxes of the configuration that log in to one: doctor tells it, and that one of them takes the other's mail. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { startWorld } from '../servers/world.ts'
import { diagnosed, type Line, type Told, writeYaml } from './harness.ts'

type Mailboxes = readonly Readonly<Record<string, string>>[]

describe('doctor, with two mailboxes that are one at the source,', () => {
  const told = async (
    t: { after(undo: () => Promise<unknown>): void },
    mailboxes: Mailboxes,
    language: 'en' | 'ja' = 'en',
  ): Promise<Told & { readonly shared: readonly Line[] }> => {
    const world = await startWorld({ protocol: 'imap' })
    t.after(() => world.stop())
    const env = await writeYaml(world, ['a', 'b'], mailboxes)
    const answer = await diagnosed(world, { env, language })
    const shared = answer.lines.filter(({ code }) => code.startsWith('mailbox.shared'))
    return { ...answer, shared }
  }
  const keeping: Mailboxes = [
    { name: 'shop', account: 'a' },
    { name: 'copy', account: 'b' },
  ]
  const taking: Mailboxes = [
    { name: 'shop', account: 'a' },
    { name: 'copy', account: 'b', afterImport: 'delete' },
  ]

  test('says so in one line that is no failure where both keep the mail', async t => {
    const { shared, exitCode, cause } = await told(t, keeping)
    assert.deepEqual(
      shared.map(({ check, verdict, code }) => [check, verdict, code]),
      [['configuration', 'warning', 'mailbox.shared']],
    )
    assert.match(shared[0]?.what ?? '', /\(owner @ \S+\): shop, copy\./)
    assert.match(shared[0]?.next ?? '', /afterImport: keep/)
    assert.deepEqual([exitCode, cause], [0, null])
  })

  test('says which of them takes mail away from the other, in both languages', async t => {
    const english = await told(t, taking)
    assert.deepEqual(
      english.shared.map(({ verdict, code }) => [verdict, code]),
      [['warning', 'mailbox.shared-taken']],
    )
    assert.match(english.shared[0]?.what ?? '', /`afterImport` of copy takes mail away/)
    assert.equal(english.exitCode, 0)
    const japanese = await told(t, taking, 'ja')
    assert.match(japanese.shared[0]?.what ?? '', /copy の `afterImport` は/)
  })

  test('says nothing where each pulls folders of its own', async t => {
    const { shared } = await told(t, [
      { name: 'shop', account: 'a' },
      { name: 'copy', account: 'b', folders: 'Orders', afterImport: 'delete' },
    ])
    assert.deepEqual(shared, [])
  })
})
