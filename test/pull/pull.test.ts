import assert from 'node:assert/strict'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { sampleMail } from '../../scripts/sandbox/mail.ts'
import { dovecotMissing } from '../servers/dovecot.ts'
import { requireServer } from '../servers/required.ts'
import { type Protocol, sha256 } from '../servers/source-server.ts'
import { until } from '../servers/until.ts'
import { answerOf, startWorld, type World } from '../servers/world.ts'

const skip = requireServer('dovecot', dovecotMissing())

for (const protocol of ['pop3', 'imap'] as const satisfies readonly Protocol[]) {
  describe(`pull over ${protocol} from a real Dovecot, configured by environment only`, { skip }, () => {
    let world: World
    const mails = Array.from({ length: 12 }, (_, serial) => sampleMail(serial))

    before(async () => {
      world = await startWorld({ protocol, server: 'dovecot' })
      for (const mail of mails) await world.source.deliver(mail)
    })
    after(() => world.stop())

    it('shows with --dry-run what would come, and changes nothing', async () => {
      const ended = await world.run(['pull', '--dry-run', '--json'])
      assert.equal(ended.code, 0, ended.stderr)
      const [mailbox] = answerOf(ended).mailboxes as { listed: number; fresh: number; octets: number }[]
      assert.equal(mailbox?.fresh, 12)
      assert.ok((mailbox?.octets ?? 0) >= mails.reduce((sum, mail) => sum + mail.length, 0))
      assert.equal(world.gmail.accepted.length, 0)
    })

    it('imports everything, each octet as it was, unread and in the inbox', async () => {
      const ended = await world.run(['pull', '--json'])
      assert.equal(ended.code, 0, ended.stderr + ended.stdout)
      const answer = answerOf(ended)
      assert.equal(answer.imported, 12)
      assert.deepEqual([...world.gmail.stored().keys()].sort(), mails.map(sha256).sort())
      for (const message of world.gmail.messages()) {
        assert.deepEqual([...message.labelIds].sort(), ['INBOX', 'UNREAD'])
      }
    })

    it('imports nothing the second time and leaves the mail where it is', async () => {
      const ended = await world.run(['pull', '--json'])
      assert.equal(ended.code, 0, ended.stderr)
      assert.equal(answerOf(ended).imported, 0)
      assert.equal(world.gmail.accepted.length, 12)
      assert.equal((await world.source.stored()).length, 12)
    })

    it('empties the maildrop once the owner switches to AFTER_IMPORT=delete, without importing again', async () => {
      await world.source.deliver(sampleMail(99))
      const ended = await world.run(['pull', '--json'], { env: { AFTER_IMPORT: 'delete' } })
      assert.equal(ended.code, 0, ended.stderr + ended.stdout)
      assert.equal(answerOf(ended).imported, 1)
      assert.deepEqual(await world.source.stored(), [])
      assert.equal(world.gmail.accepted.length, 13)
      const status = answerOf(await world.run(['status', '--json']))
      const [mailbox] = status.mailboxes as { stages: { settled: number }; conserved: boolean }[]
      assert.equal(mailbox?.stages.settled, 13)
      assert.equal(mailbox?.conserved, true)
    })

    it('leaves no temporary file and no open connection behind', async () => {
      const names = await readdir(world.stateDir, { recursive: true })
      assert.deepEqual(
        names.filter(name => name.endsWith('.spool')),
        [],
      )
    })
  })
}

describe('hikyaku run while it idles over IMAP on a real Dovecot', { skip }, () => {
  it('has new mail in Gmail within a second, at the median, and stops well on SIGTERM', async () => {
    const world = await startWorld({ protocol: 'imap', server: 'dovecot' })
    try {
      const daemon = world.start(['run'])
      await world.source.deliver(sampleMail(0))
      await until(() => world.gmail.accepted.length === 1, 'the first mail')
      const latencies: number[] = []
      for (let serial = 1; serial <= 7; serial++) {
        const began = performance.now()
        await world.source.deliver(sampleMail(serial))
        await until(() => world.gmail.accepted.length === serial + 1, `mail ${serial}`)
        latencies.push(performance.now() - began)
      }
      const median = latencies.sort((a, b) => a - b)[3] ?? Number.POSITIVE_INFINITY
      assert.ok(median < 1000, `median ${median} ms of ${latencies.map(Math.round).join(', ')}`)
      daemon.kill('SIGTERM')
      const ended = await daemon.ended
      assert.equal(ended.code, 0, ended.stderr)
      assert.equal(world.gmail.accepted.length, 8)
    } finally {
      await world.stop()
    }
  })
})

describe('bad input', () => {
  let world: World
  before(async () => {
    world = await startWorld({ protocol: 'pop3' })
    await world.source.deliver(sampleMail(1))
  })
  after(() => world.stop())

  const refused = async (
    args: readonly string[],
    env: Record<string, string>,
    code: number,
    words: RegExp,
  ): Promise<void> => {
    const ended = await world.run(args, { env })
    assert.equal(ended.code, code, `${ended.stdout}${ended.stderr}`)
    assert.match(ended.stderr + ended.stdout, words)
    assert.doesNotMatch(ended.stderr + ended.stdout, /correct horse|\bat .*\.ts:\d+/)
    assert.equal((await world.source.stored()).length, 1, 'the mail is still at the source')
    assert.equal(world.gmail.accepted.length, 0)
  }

  it('a wrong password ends with 77 and says what to do', () =>
    refused(['pull'], { MAIL_PASSWORD: 'wrong' }, 77, /password/i))
  it('an unknown host ends with 69', () =>
    refused(
      ['pull'],
      { MAIL_HOST: 'no-such-host.invalid', MAIL_SECURITY: 'tls' },
      69,
      /no-such-host\.invalid/,
    ))
  it('a closed port ends with 69', () =>
    refused(['pull'], { MAIL_PORT: '1' }, 69, /does not accept a connection/))
  it('a missing variable ends with 78 and is named', () =>
    refused(['pull'], { MAIL_USER: '' }, 78, /MAIL_USER/))
  it('an unreadable CA file ends with 78 and is named', () =>
    refused(['pull'], { MAIL_CA_FILE: '/nonexistent/ca.pem' }, 78, /\/nonexistent\/ca\.pem/))
  it('a CA file that is no certificate ends with 78', async () => {
    const file = join(world.folder, 'not.pem')
    await writeFile(file, 'hello')
    await refused(['pull'], { MAIL_CA_FILE: file }, 78, /not\.pem/)
  })
  it('an unknown option ends with 2', () => refused(['pull', '--frobnicate'], {}, 2, /--frobnicate/))
  it('an unknown verb ends with 2', () => refused(['pul'], {}, 2, /pul/))
  it('a revoked consent ends with 77', () =>
    refused(['pull'], { GOOGLE_REFRESH_TOKEN: 'revoked-token' }, 77, /Google/))
  it('answers with --json in one object on standard output', async () => {
    const ended = await world.run(['pull', '--json'], { env: { MAIL_PASSWORD: 'wrong' } })
    assert.equal(ended.code, 77)
    const answer = answerOf(ended)
    assert.equal(answer.ok, false)
    assert.match(JSON.stringify(answer), /source\.login-refused/)
  })
  it('a second instance is refused and the first goes on', async () => {
    const daemon = world.start(['run'])
    await until(() => world.gmail.accepted.length === 1, 'the first mail')
    const second = await world.run(['run'])
    assert.equal(second.code, 75)
    assert.match(second.stderr, /already|another/i)
    daemon.kill('SIGTERM')
    assert.equal((await daemon.ended).code, 0)
  })
})

describe('TLS to a real Dovecot', { skip }, () => {
  it('refuses a certificate for another name, and one that nobody vouches for', async () => {
    const world = await startWorld({ protocol: 'pop3', server: 'dovecot' })
    try {
      const untrusted = await world.run(['pull', '--json'], { env: { MAIL_CA_FILE: '' } })
      assert.equal(untrusted.code, 69, untrusted.stderr + untrusted.stdout)
      assert.match(untrusted.stdout, /source\.tls-untrusted/)
      const named = await world.run(['pull', '--json'], { env: { MAIL_HOST: 'localhost.localdomain' } })
      assert.equal(named.code, 69)
      assert.match(named.stdout, /source\.(tls-name|unknown-host)/)
    } finally {
      await world.stop()
    }
  })
})
