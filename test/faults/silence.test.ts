/**
 * Family F, row 20: an IDLE that keeps mail back is found out by what it does, asked every few seconds, and remembered.
 * GNU mailutils imap4d tells at DONE only; go-imap 1.x tells SELECT only.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runDaemon } from '../../src/daemon.ts'
import { idleWayOf } from '../../src/pull/idle-memory.ts'
import { until } from '../servers/until.ts'
import { mail, minute, play, portsOf } from './harness.ts'

test('F20: mail that IDLE keeps back is in Gmail within a quarter of a minute, and the next process knows', () =>
  play({ protocol: 'imap', more: { SCHEDULE: '0 0 1 1 *' } }, async self => {
    const server = self.world.source.imap
    assert.ok(server)
    server.faults.mutePushes = true
    const stop = new AbortController()
    const running = runDaemon(self.app.bridge, stop.signal, new AbortController().signal, {
      afterAttempt: () => {},
    })
    const { name } = portsOf(self.app).mailbox
    const wayOf = () => idleWayOf(self.app.journal, name, 'INBOX')
    try {
      // The first one gives way to the pull that looks for what came before it.
      const idles = () => server.ledger.commands.filter(({ text }) => text === 'IDLE').length
      await until(() => idles() === 2, 'the watch')
      await self.deliver(mail('kept back'))
      const beganMs = self.clock.monotonicMs()
      const asked = server.ledger.commands.length
      // Time is passed till the watch asks for it: what this machine takes from then on is not to count twentyfold.
      await until(() => {
        if (server.ledger.commands.slice(asked).some(({ text }) => text.startsWith('UID FETCH'))) return true
        self.clock.pass(100)
        return false
      }, 'the question for the new mail')
      assert.ok(self.clock.monotonicMs() - beganMs < minute / 4, `${self.clock.monotonicMs() - beganMs} ms`)
      await until(() => self.world.gmail.accepted.length === 1, 'the new mail')
      await until(async () => (await wayOf()) === 'silent', 'what is learned of it')
    } finally {
      stop.abort()
      await running
    }
    assert.equal(await wayOf(), 'silent')
    await self.restart()
    assert.equal(await wayOf(), 'silent')
    await self.judge()
  }))
