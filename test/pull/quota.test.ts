/** Gmail's minute goes on where our process ended. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mail, play } from '../faults/harness.ts'
import { until } from '../servers/hikyaku.ts'

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
