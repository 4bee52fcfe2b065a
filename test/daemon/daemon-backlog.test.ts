/** A backlog that Gmail takes slowly, and mail that comes meanwhile: both are on one IMAP connection. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sampleMail } from '../../scripts/sandbox/mail.ts'
import { sha256 } from '../servers/source-server.ts'
import { until } from '../servers/until.ts'
import { startWorld } from '../servers/world.ts'

test('mail that comes during a backlog is in Gmail before most of it, and over the same login', async t => {
  const world = await startWorld({
    protocol: 'imap',
    env: { SCHEDULE: '0 0 1 1 *', ALERT_MAIL: 'no' },
  })
  t.after(() => world.stop())
  const { imap } = world.source
  assert.ok(imap)
  const backlog = 400
  world.gmail.faults.always('import', { kind: 'slow', ms: 60 })
  const daemon = world.start(['run'])
  await until(() => imap.ledger.commands.some(({ text }) => text === 'IDLE'), 'the daemon idles')
  for (let serial = 1; serial <= backlog; serial += 1) await world.source.deliver(sampleMail(serial))
  const accepted = (): number => world.gmail.accepted.length
  await until(() => accepted() >= 20, 'the backlog goes in')
  const fresh = sampleMail(backlog + 1)
  const before = accepted()
  const logins = imap.ledger.logins.length
  const beganMs = performance.now()
  await world.source.deliver(fresh)
  await until(() => world.gmail.stored().has(sha256(fresh)), `the new mail: ${daemon.stderr().slice(-500)}`)
  const ahead = accepted() - before
  t.diagnostic(`behind ${ahead} others, after ${((performance.now() - beganMs) / 1000).toFixed(1)} s`)
  assert.ok(ahead < backlog / 2, `it came behind ${ahead} others`)
  assert.equal(imap.ledger.logins.length, logins)
  world.gmail.faults.clear()
  await until(() => accepted() === backlog + 1, 'all of it')
  assert.ok([...world.gmail.stored().values()].every(count => count === 1))
  daemon.kill('SIGTERM')
  assert.equal((await daemon.ended).code, 0)
})
