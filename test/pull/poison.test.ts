/** One message at which the server hangs up or falls silent, each time anew, must not hold up those behind it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '../../src/base/fault.ts'
import { keyOf, UnderWay } from '../../src/pull/under-way.ts'
import { hour, hurry, mail, minute, type Play, play } from '../faults/harness.ts'
import { asksForBody } from '../servers/imap-faults.ts'

const messages = Array.from({ length: 10 }, (_, at) => mail(`m${at + 1}`))

async function judge(self: Play, stepMs: number): Promise<void> {
  const { app, world, clock } = self
  for (let pulls = 0; pulls < 2; pulls++) {
    await hurry(clock, stepMs, app.pull())
    clock.pass(minute)
  }
  assert.equal(world.gmail.accepted.length, 9, 'all others are in Gmail after two pulls')
  const row = await app.journal.row(3)
  assert.equal(row?.stage, 'deferred')
  assert.ok((row?.attempts ?? 0) > 0 && row?.fault !== undefined, 'and it says why the one waits')
}

for (const [how, stepMs] of [
  ['fin', 0],
  ['silence', 5000],
] as const) {
  test(`over POP3 a message that ends in ${how} waits for itself, and the others go on`, async () => {
    await play({}, async self => {
      const { pop3 } = self.world.source
      assert.ok(pop3)
      await self.deliver(...messages)
      pop3.faults.line = event => (event.line.trim() === 'RETR 3' ? how : undefined)
      await judge(self, stepMs)
      pop3.faults.line = () => undefined
      self.clock.pass(5 * hour)
      await self.app.pull()
      await self.judge()
    })
  })
}

test('over IMAP a message at which the server hangs up waits for itself, and the others go on', async () => {
  await play({ protocol: 'imap' }, async self => {
    const { imap } = self.world.source
    assert.ok(imap)
    await self.deliver(...messages)
    imap.faults.at = moment => (asksForBody(moment.text, 3) ? { do: 'end' } : undefined)
    await judge(self, 0)
    imap.faults.at = () => undefined
    self.clock.pass(5 * hour)
    await self.app.pull()
    await self.judge()
  })
})

test('a suspect that could not be named, since the journal was away for a moment, holds up no other for ever', async () => {
  await play({}, async ({ app }) => {
    const [first, second] = ['1', '2'].map(uid => keyOf('owner', { folder: '', uid }))
    assert.ok(first !== undefined && second !== undefined)
    await app.journal.setNote('under-way', JSON.stringify({ ends: { [first]: 2, [second]: 2 } }))
    let isAway = false
    const setNote: typeof app.journal.setNote = async (...given) => {
      if (isAway) throw new Fault('journal.unreachable')
      return app.journal.setNote(...given)
    }
    const underWay = await UnderWay.open({ ...app.journal, setNote })
    assert.deepEqual([underWay.ends(first), underWay.ends(second)], [2, 2])
    isAway = true
    await assert.rejects(underWay.beginSuspect(first))
    isAway = false
    const end = await underWay.beginSuspect(second)
    assert.ok(end !== undefined, 'another one may be taken up')
    assert.equal(await underWay.beginSuspect(first), undefined, 'one at a time')
    await end(true)
    assert.ok((await underWay.beginSuspect(first)) !== undefined)
  })
})

test('what was in hand of a process that lives is no suspect, and what was blamed on one that comes back is forgiven', async () => {
  await play({}, async ({ app: { journal } }) => {
    const key = keyOf('owner', { folder: '', uid: '1' })
    const living = new Set<string>()
    const openAs = (instance: string) =>
      UnderWay.open(journal, {
        instance,
        listAlive: async asked => new Set(asked.filter(name => living.has(name))),
      })
    const begin = async (instance: string) => (await openAs(instance)).begin(key, () => [])
    await begin('first')
    assert.equal((await openAs('first')).ends(key), 0, 'it was out of reach, and opens it anew')
    living.add('first')
    await begin('first')
    assert.equal((await openAs('second')).ends(key), 0, 'another took it over')
    await begin('first')
    living.clear()
    const second = await openAs('second')
    assert.equal(second.ends(key), 1, 'nobody hears of it')
    living.add('first')
    await second.reconsider()
    assert.equal(second.anySuspects, false)
    assert.equal((await openAs('third')).anySuspects, false, 'and that is written down')
  })
})

test('an end is blamed on what was in hand, in whichever mailbox, and only the last ones set aside', async () => {
  await play({}, async ({ app: { journal } }) => {
    const [poison, innocent, unread] = ['1', '2', '3'].map(uid => keyOf('owner', { folder: '', uid }))
    assert.ok(poison !== undefined && innocent !== undefined && unread !== undefined)
    const first = await UnderWay.open(journal)
    await first.begin(poison, () => [innocent, unread])
    const second = await UnderWay.open(journal)
    assert.deepEqual(
      [poison, innocent, unread].map(key => second.ends(key)),
      [1, 1, 1],
    )
    assert.ok(await second.beginSuspect(poison))
    assert.ok(await second.beginSuspect(innocent), 'beside one another')
    assert.equal(await second.beginSuspect(poison), undefined, 'each once')
    const third = await UnderWay.open(journal)
    assert.deepEqual(
      [poison, innocent, unread].map(key => third.ends(key)),
      [2, 2, 1],
    )
    const clear = await third.beginSuspect(innocent)
    assert.equal(await third.beginSuspect(unread), undefined, 'the only one')
    await clear?.(true)
    assert.ok(await third.beginSuspect(poison))
    const fourth = await UnderWay.open(journal)
    assert.deepEqual(
      [poison, innocent, unread].map(key => fourth.ends(key)),
      [3, 0, 1],
    )
  })
})
