/** Verification runs beside the import: a DNS that never answers must cost the mail nothing. */
import assert from 'node:assert/strict'
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import { sampleMail } from '../../scripts/sandbox/mail.ts'
import { corpus } from '../messages/corpus.ts'
import { until } from '../servers/until.ts'
import { answerOf, startWorld, type World } from '../servers/world.ts'

const preload = new URL('dns-preload.ts', import.meta.url).href

describe('with a DNS server that never answers', { timeout: 120_000 }, () => {
  let world: World
  let dns: Socket
  let asked = 0

  before(async () => {
    dns = createSocket('udp4', () => {
      asked += 1
    })
    dns.bind(0, '127.0.0.1')
    await once(dns, 'listening')
    world = await startWorld({
      protocol: 'imap',
      env: {
        VERIFY: 'yes',
        HIKYAKU_TEST_DNS: `127.0.0.1:${dns.address().port}`,
        SCHEDULE: '0 0 1 1 *',
        ALERT_MAIL: 'no',
      },
    })
  })
  after(async () => {
    await world.stop()
    dns.close()
  })

  it('new mail is imported while earlier mail is still being verified, refused mail holds nothing up, and the daemon ends at SIGTERM', async () => {
    const refused = corpus().find(({ name }) => name === 'two-from')?.octets
    assert.ok(refused)
    const daemon = world.start(['run'], { nodeArgs: ['--import', preload] })
    const began = performance.now()
    await world.source.deliver(refused)
    for (let serial = 0; serial < 12; serial += 1) {
      await world.source.deliver(sampleMail(serial))
      await until(() => world.gmail.accepted.length === serial + 1, `mail ${serial} in Gmail`)
      if (serial === 0) await until(() => asked > 0, 'verification has begun')
    }
    // A look waits 4 s for its DNS, and twelve came one after the other: 48 s if each had waited for its own. A
    // machine that does much else at the same time is not taken for that.
    const tookMs = performance.now() - began
    assert.ok(tookMs < 24_000, `twelve mails took ${Math.round(tookMs)} ms`)
    daemon.kill('SIGTERM')
    assert.equal((await daemon.ended).code, 0)
    const [mailbox] = answerOf(await world.run(['status', '--json'])).mailboxes as {
      stages: Record<string, number>
      conserved: boolean
    }[]
    assert.deepEqual([mailbox?.stages.settled, mailbox?.stages.refused, mailbox?.conserved], [12, 1, true])
  })
})
