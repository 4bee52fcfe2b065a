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
