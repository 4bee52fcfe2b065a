/** The way to Gmail is made ready while mail is fetched; not while the account is in trouble. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turnOfLoop } from 'node:timers/promises'
import { codeOf, mail, minute, type Play, play, pop3Of } from '../faults/harness.ts'
import { presets } from '../servers/gmail/gmail-server.ts'
import { until } from '../servers/until.ts'

/** Runs a pull whose RETR is in its middle while `look` is asked. */
async function amidRetrieval(self: Play, look: () => Promise<void>): Promise<string> {
  const { faults, ledger } = pop3Of(self)
  Object.assign(faults, { chunk: 100, chunkDelayMs: 20 })
  const before = ledger.commands.length
  const pull = self.app.pull()
  await until(() => ledger.commands.slice(before).some(line => line.startsWith('RETR')), 'RETR')
  await look()
  Object.assign(faults, { chunk: undefined, chunkDelayMs: 0 })
  return codeOf(await pull)
}

test('a connection to Gmail stands before the first mail is fetched', () =>
  play({}, async self => {
    const { gmail } = self.world
    await self.deliver(mail('m', 4_000))
    await amidRetrieval(self, async () => {
      await until(() => gmail.connections.length > 0, 'a connection')
      // It is none that the upload made.
      assert.doesNotMatch(self.app.log(), /"retrieved"/)
      assert.equal(gmail.ledger.of('import').length, 0)
    })
    assert.match(self.app.log(), /"retrieved"/)
    assert.equal(gmail.accepted.length, 1)
    await self.judge()
  }))

test('an account in trouble is not called upon before there is a mail to try it with', () =>
  play({}, async self => {
    const { gmail } = self.world
    gmail.faults.always('import', presets.domainPolicy())
    await self.deliver(mail('m', 4_000))
    assert.notEqual(codeOf(await self.app.pull()), 'none')
    await self.restart()
    self.clock.pass(30 * minute)
    const connections = gmail.connections.length
    await amidRetrieval(self, async () => {
      for (let turn = 0; turn < 50; turn += 1) await turnOfLoop()
      assert.equal(gmail.connections.length, connections)
    })
    assert.ok(gmail.ledger.of('import').length >= 2, 'it was tried')
  }))
