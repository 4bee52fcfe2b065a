/**
 * What a message of 100 MiB costs in memory: `hikyaku run` as its users run it, a real Dovecot over TLS, and the
 * kernel's own word for how much the process held (VmRSS and VmHWM of /proc/PID/status, proc(5)). Its own peak is
 * counted from when it idled, so what starting up cost does not hide anything.
 */
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { after, before, describe, it } from 'node:test'
import { sampleMail } from '../../scripts/sandbox/mail.ts'
import { openJournal } from '../../src/journal/sqlite.ts'
import { type DnsServer, startDnsServer } from '../authentication/dns-server.ts'
import { type LargeMessage, large, mebibyte } from '../messages/large.ts'
import { dovecotMissing } from '../servers/dovecot.ts'
import type { Running } from '../servers/hikyaku.ts'
import { requireServer } from '../servers/required.ts'
import { until } from '../servers/until.ts'
import { startWorld, type World } from '../servers/world.ts'

const skip =
  requireServer('dovecot', dovecotMissing()) || (process.platform === 'linux' ? false : 'needs /proc')

/**
 * Less than one of these messages. The optimizing compiler, which rests while nothing comes, and the code that is forgotten
 * meanwhile (base/engine.ts) are in memory by then and were not when idle: up to 30 MiB that belong to no message.
 */
const mostMiB = 92
const preload = new URL('dns-preload.ts', import.meta.url).href

/** A field of /proc/PID/status, MiB. */
async function memoryMiB(pid: number, field: 'VmRSS' | 'VmHWM'): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1024
}

/** The most that the process holds until `done`, MiB: the kernel's high-water mark, begun anew here. */
async function peakWhile(pid: number, done: () => boolean | Promise<boolean>, what: string): Promise<number> {
  // proc(5): writing 5 sets VmHWM to the present VmRSS. Where that is not allowed the samples must do.
  const kept = await writeFile(`/proc/${pid}/clear_refs`, '5').then(
    () => true,
    () => false,
  )
  let most = 0
  await until(
    async () => {
      most = Math.max(most, await memoryMiB(pid, 'VmRSS'))
      return done()
    },
    what,
    120_000,
  )
  return Math.max(most, kept ? await memoryMiB(pid, 'VmHWM') : most)
}

/** A signature that does not hold costs as much as one that does: the whole body is hashed for it. */
async function* signed(message: LargeMessage): AsyncGenerator<Buffer> {
  const nothing = Buffer.alloc(256, 1).toString('base64')
  const tags = `v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.jp; s=hikyaku; h=from:to:subject; bh=${nothing.slice(0, 43)}=; b=${nothing}`
  yield Buffer.from(`DKIM-Signature: ${tags.replaceAll('; ', ';\r\n ')}\r\n`)
  yield* message.chunks()
}

for (const protocol of ['pop3', 'imap'] as const) {
  describe(`memory over ${protocol} from a real Dovecot`, { skip, timeout: 240_000 }, () => {
    let world: World
    let daemon: Running
    let dns: DnsServer
    let idleMiB: number

    before(async () => {
      const schedule = protocol === 'pop3' ? { SCHEDULE: '* * * * * *' } : {}
      dns = await startDnsServer({})
      const env = { VERIFY: 'yes', HIKYAKU_TEST_DNS: dns.server, ...schedule }
      world = await startWorld({ protocol, server: 'dovecot', env })
      // One small message first: idle is after everything was loaded and used once.
      await world.source.deliver(sampleMail(1))
      daemon = world.start(['run'], { nodeArgs: ['--import', preload] })
      await until(() => world.gmail.accepted.length === 1, 'the first mail in Gmail')
      idleMiB = await memoryMiB(daemon.pid, 'VmRSS')
    })
    after(async () => {
      await world.stop()
      await dns.close()
    })

    it(`100 MiB pass octet for octet and cost less than ${mostMiB} MiB above idle, also two at once`, async t => {
      for (const [round, names] of [['one'], ['two', 'three']].entries()) {
        const mails = names.map(name => large(100 * mebibyte, name))
        const before = world.gmail.accepted.length
        for (const mail of mails) await world.source.dovecot?.deliver('INBOX', mail.chunks())
        const arrived = (): boolean => world.gmail.accepted.length === before + mails.length
        const peakMiB = await peakWhile(daemon.pid, arrived, `${names.length} large messages in Gmail`)
        const aboveMiB = peakMiB - idleMiB
        t.diagnostic(
          `${protocol}, ${names.length} x 100 MiB: idle ${idleMiB.toFixed(0)} MiB, peak ${peakMiB.toFixed(0)} MiB, ${aboveMiB.toFixed(0)} MiB above`,
        )
        for (const mail of mails) assert.equal(world.gmail.stored().get(mail.sha256), 1)
        assert.ok(aboveMiB < mostMiB, `round ${round}: ${aboveMiB.toFixed(1)} MiB above idle`)
      }
    })

    it(`verifying its signature beside the import costs less than ${mostMiB} MiB above idle`, async t => {
      const journal = await openJournal(world.stateDir, 'look')
      t.after(() => journal?.close())
      let results: string | undefined
      // A look that takes longer than 5 s is broken off, which a busy machine may need: it is given another one.
      for (let tries = 0; tries < 3 && (results === undefined || /broken-off/.test(results)); tries += 1) {
        const name = `signed-${protocol}-${tries}`
        const before = world.gmail.accepted.length
        await world.source.dovecot?.deliver('INBOX', signed(large(100 * mebibyte, name)))
        const done = async (): Promise<boolean> => {
          results = (await journal?.byMessageId(`<${name}@large.example>`))?.[0]?.authentication
          return world.gmail.accepted.length === before + 1 && results !== undefined
        }
        const aboveMiB = (await peakWhile(daemon.pid, done, 'imported and verified')) - idleMiB
        t.diagnostic(`${protocol}, 100 MiB with a signature: ${aboveMiB.toFixed(0)} MiB above`)
        assert.ok(aboveMiB < mostMiB, `${aboveMiB.toFixed(1)} MiB above idle`)
      }
      assert.match(results ?? '', /body-changed/, 'the body was hashed to its end')
      daemon.kill('SIGTERM')
      assert.equal((await daemon.ended).code, 0)
    })
  })
}
