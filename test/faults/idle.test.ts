/**
 * The watch over a week, in a time of its own (scripts/soak/), and in the time that everybody has: a daemon whose server
 * is restarted, whose connection dies without a word, and which is killed in the middle of a look.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, it, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { sampleMail } from '../../scripts/sandbox/mail.ts'
import { WeatherProxy } from '../../scripts/soak/weather-proxy.ts'
import { dovecotMissing } from '../servers/dovecot.ts'
import { requireServer } from '../servers/required.ts'
import { sha256 } from '../servers/source-server.ts'
import { until } from '../servers/until.ts'
import { answerOf, startWorld, type World } from '../servers/world.ts'

const hardlyEver = '0 0 1 1 *'

interface WatchOfStatus {
  readonly watched: boolean
  readonly told: readonly string[]
  readonly fault: { readonly code: string } | null
}

async function watchOf(world: World): Promise<WatchOfStatus | null> {
  const [mailbox] = answerOf(await world.run(['status', '--json'])).mailboxes as {
    watch: WatchOfStatus | null
  }[]
  return mailbox?.watch ?? null
}

// Nearly all of it is waiting, so they wait beside one another.
describe('IDLE on a real Dovecot, through a proxy', {
  concurrency: 3,
  skip: requireServer('dovecot', dovecotMissing()),
}, () => {
  /** A daemon that idles behind a proxy. */
  async function idling(t: TestContext, env: Record<string, string>) {
    const plain = await startWorld({ protocol: 'imap', server: 'dovecot' })
    t.after(() => plain.stop())
    const { dovecot } = plain.source
    assert.ok(dovecot)
    const proxy = new WeatherProxy(dovecot.ports.imap)
    const reach = { MAIL_PORT: String(await proxy.listen()), MAIL_SECURITY: 'none' }
    const source = { ...plain.source, env: { ...plain.source.env, ...reach }, stop: async () => {} }
    const world = await startWorld({ protocol: 'imap', source, env: { ALERT_MAIL: 'no', ...env } })
    t.after(async () => {
      await world.stop()
      await proxy.close()
    })
    const daemon = world.start(['run'])
    await until(() => proxy.isIdling, 'it idles')
    return { world, proxy, dovecot, daemon }
  }
  const arrives = (world: World, serial: number, withinMs: number): Promise<void> =>
    until(() => world.gmail.stored().get(sha256(sampleMail(serial))) === 1, `mail ${serial}`, withinMs)

  it('a week in a time of its own: no day stalls, each is told, and logins are few', async () => {
    const script = fileURLToPath(new URL('../../scripts/soak-idle.ts', import.meta.url))
    const child = spawn(process.execPath, [
      '--disable-warning=ExperimentalWarning',
      script,
      '--share',
      '0.01',
    ])
    let printed = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        printed += text
      })
    const [code] = await once(child, 'close')
    assert.equal(code, 0, printed)
    assert.match(printed, /no silent stall$/m)
    assert.equal(printed.match(/ logins of /g)?.length, 8)
  })

  it('Dovecot is restarted while it idles: the next mail comes at once, and the new watch is told in status', async t => {
    const { world, proxy, dovecot, daemon } = await idling(t, { SCHEDULE: hardlyEver })
    await world.source.deliver(sampleMail(1))
    await arrives(world, 1, 20_000)
    assert.equal(proxy.logins, 1)
    for (let round = 2; round <= 3; round += 1) {
      proxy.drop()
      await dovecot.restart()
      await until(() => proxy.isIdling && proxy.logins === round, 'it idles again')
      await world.source.deliver(sampleMail(round))
      await arrives(world, round, 10_000)
    }
    const watch = await watchOf(world)
    assert.deepEqual([watch?.watched, watch?.told, watch?.fault], [true, ['INBOX'], null])
    proxy.weather.isDown = true
    proxy.drop()
    await until(
      async () => (await watchOf(world))?.fault?.code === 'source.connection-lost',
      'the end is told',
    )
    daemon.kill('SIGTERM')
    assert.equal((await daemon.ended).code, 0)
  })

  it('a connection that dies without a word is found dead by the next poll, in ten seconds', async t => {
    const { world, proxy, daemon } = await idling(t, { SCHEDULE: '*/3 * * * * *' })
    proxy.freeze()
    await world.source.deliver(sampleMail(1))
    // Three seconds to the poll, ten for the proof, and the pull.
    await arrives(world, 1, 20_000)
    await until(() => proxy.isIdling, 'it idles on the new connection')
    assert.equal(proxy.logins, 2)
    daemon.kill('SIGTERM')
    assert.equal((await daemon.ended).code, 0)
  })

  it('mail that comes between an IDLE that the server ended and the next is told as that begins', async t => {
    const { world, proxy, daemon } = await idling(t, { SCHEDULE: hardlyEver })
    await world.source.deliver(sampleMail(1))
    await arrives(world, 1, 20_000)
    proxy.weather.idleMs = 1500
    // The IDLE of now is ended by us, in 120 s, so the second mail brings the first that the server will end.
    await world.source.deliver(sampleMail(2))
    await arrives(world, 2, 20_000)
    for (let serial = 3; serial <= 5; serial += 1) {
      await until(() => proxy.isIdling, 'an IDLE that the server will end')
      const asked: string[] = []
      proxy.beforeNextIdle = async () => {
        await world.source.deliver(sampleMail(serial))
        proxy.onLine = (who, line) => {
          if (who === 'client') asked.push(line.replace(/^\S+ /, '').replace(/ .*BODY.*/, ' BODY'))
        }
      }
      await arrives(world, serial, 10_000)
      proxy.onLine = undefined
      assert.deepEqual(
        asked.slice(0, 2),
        ['DONE', 'UID BODY'],
        'it was told by that IDLE, and asked for at once',
      )
    }
    assert.equal(proxy.logins, 1)
    daemon.kill('SIGTERM')
    assert.equal((await daemon.ended).code, 0)
  })

  it('killed in the middle of a quick look, it brings the mail once after the next start', async t => {
    const { world, proxy, daemon } = await idling(t, { SCHEDULE: hardlyEver })
    const looked = Promise.withResolvers<void>()
    proxy.onLine = (who, line) => {
      if (who === 'client' && line.includes('BODY.PEEK[]<0.65536>')) {
        proxy.freeze()
        looked.resolve()
      }
    }
    await world.source.deliver(sampleMail(1))
    await looked.promise
    daemon.kill('SIGKILL')
    assert.equal((await daemon.ended).signal, 'SIGKILL')
    assert.equal(world.gmail.accepted.length, 0)
    proxy.onLine = undefined
    const again = world.start(['run'])
    await arrives(world, 1, 20_000)
    await world.source.deliver(sampleMail(2))
    await arrives(world, 2, 20_000)
    assert.equal(world.gmail.accepted.length, 2)
    again.kill('SIGTERM')
    assert.equal((await again.ended).code, 0)
  })
})
