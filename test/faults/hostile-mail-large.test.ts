/** What the corpus has of many megabytes, and its worst, on a real Dovecot: each with a plain mail behind it. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { copies, type Watched, watchDaemon } from '../hostile/daemon.ts'
import { type HostileMessage, hostileMessages, largeMessages } from '../hostile/messages.ts'
import { dovecotMissing } from '../servers/dovecot.ts'
import { requireServer } from '../servers/required.ts'

const skip =
  requireServer('dovecot', dovecotMissing()) || (process.platform === 'linux' ? false : 'needs /proc')

const worst = [
  'one field of 170,000 folds and no signature',
  '5 signatures of 97 kB, each below the limit of Postfix',
]

for (const protocol of ['imap', 'pop3'] as const) {
  describe(`hostile mail over ${protocol} from a real Dovecot`, { skip, timeout: 110_000 }, () => {
    let watched: Watched
    let aloneMs: number

    before(async () => {
      watched = await watchDaemon({ protocol, server: 'dovecot' })
      await watched.deliver(watched.innocent())
      aloneMs = await watched.deliver(watched.innocent())
      await watched.reset()
    })
    after(() => watched.stop())

    const all: readonly HostileMessage[] = [
      ...hostileMessages.filter(({ name }) => worst.includes(name)),
      ...largeMessages,
    ]
    for (const { name, octets } of all) {
      test(`G1: ${name}: the plain mail behind it is in Gmail within 5 s`, async t => {
        const message = octets()
        const tookMs = await watched.deliver(message, watched.innocent())
        const { loopMs, rssMiB } = await watched.measure()
        t.diagnostic(
          `${(message.length / 1e6).toFixed(1)} MB; plain mail alone ${Math.round(aloneMs)} ms, behind it ${Math.round(tookMs)} ms; loop ${loopMs} ms, RSS ${rssMiB} MiB so far`,
        )
        assert.ok(tookMs < Math.max(5000, 10 * aloneMs), `${tookMs} ms`)
        assert.ok(loopMs < 200, `${loopMs} ms of CPU time`)
        assert.ok(rssMiB < 256, `${rssMiB} MiB`)
      })
    }

    test('and nothing stands in Gmail twice', async () => {
      await watched.deliver(watched.innocent())
      assert.deepEqual(copies(watched.world), [1])
    })
  })
}
