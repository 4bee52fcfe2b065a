/** Gmail's minute goes on where our process ended. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { day, mail, minute, play } from '../faults/harness.ts'
import { until } from '../servers/until.ts'

test('a process that begins behind another one exceeds no quota with it', () =>
  // One import a minute.
  play({ gmail: { quota: { unitsPerMinute: 25 } }, more: { GMAIL_UNITS_PER_MINUTE: '25' } }, async self => {
    const { gmail, source } = self.world
    const retrieved = (): number => source.pop3?.ledger.retrieved.length ?? 0
    await self.deliver(mail('first'))
    await self.app.pull()
    assert.equal(gmail.accepted.length, 1)
    await self.restart()
    await self.deliver(mail('second'))
    const pull = self.app.pull()
    await until(() => retrieved() === 2, 'the second mail is read')
    self.clock.pass(55_000)
    for (let wait = 0; gmail.accepted.length === 1 && wait < 40; wait += 1) {
      self.clock.pass(250)
      await new Promise(resolve => setTimeout(resolve, 10))
    }
    await pull
    assert.equal(gmail.accepted.length, 2)
    assert.equal(gmail.quota.usage('owner@example.test').refused, 0)
  }))

test('what was imported while the clock ran ahead by a day holds up no import behind the next start', () =>
  play({ gmail: { quota: { unitsPerMinute: 25 } }, more: { GMAIL_UNITS_PER_MINUTE: '25' } }, async self => {
    const { gmail } = self.world
    await self.deliver(mail('first'))
    await self.app.pull()
    self.clock.pass(2 * minute)
    self.clock.offsetMs -= day
    await self.restart()
    await self.deliver(mail('second'))
    const pull = self.app.pull()
    // No time passes: what counts as imported just now would wait for a minute.
    await until(() => gmail.accepted.length === 2, 'the second mail')
    await pull
  }))
