/** One daemon with several mailboxes and two Gmail accounts by a YAML file, some of them broken. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { sampleMail } from '../../scripts/sandbox/mail.ts'
import { type GmailServer, startGmailServer } from '../servers/gmail/gmail-server.ts'
import { hikyaku, type Running, startHikyaku } from '../servers/hikyaku.ts'
import { type SourceServer, sha256, startSource } from '../servers/source-server.ts'
import { until } from '../servers/until.ts'

const first = 'owner@example.test'
const second = 'shop@example.test'

interface Told {
  readonly mailbox: string
  readonly stages: Readonly<Record<string, number>>
  readonly conserved: boolean
  readonly fault: { readonly code: string } | null
}

describe('several mailboxes and two Gmail accounts by YAML', () => {
  let folder: string
  let gmail: GmailServer
  let env: Record<string, string>
  let daemon: Running
  const sources: SourceServer[] = []

  /** The YAML lines that reach a stand-in. */
  const reach = ({ protocol, env: mail }: SourceServer): string =>
    `protocol: ${protocol}, host: ${mail.MAIL_HOST}, port: ${mail.MAIL_PORT}, security: none, user: ${mail.MAIL_USER}`
  const source = (index: number): SourceServer => sources[index] ?? assert.fail('a source')
  const statusOf = async (): Promise<Map<string, Told>> => {
    const { stdout } = await hikyaku(['status', '--json'], { env, cwd: folder })
    const { mailboxes } = JSON.parse(stdout) as { mailboxes: Told[] }
    return new Map(mailboxes.map(one => [one.mailbox, one]))
  }
  const digests = (account: string): string[] => [...gmail.stored(account).keys()].sort()
  const mails = (...serials: number[]): string[] => serials.map(serial => sha256(sampleMail(serial))).sort()

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hikyaku-many-'))
    gmail = await startGmailServer({ accounts: [first, second] })
    // 0: POP3 for the first account. 1: IMAP for the second. 2: its password is wrong. 3: its account's consent
    // has ended. 4: it accepts connections and says nothing.
    for (const protocol of ['pop3', 'imap', 'pop3', 'imap', 'pop3'] as const)
      sources.push(await startSource(protocol, 'stand-in'))
    const silent = source(4).pop3
    assert.ok(silent)
    silent.faults.line = () => 'silence'
    const yaml = `
stateDir: state
alertMail: no
accounts:
  - { name: one, address: ${first}, clientId: ${gmail.client.id}, unitsPerMinute: 1200000 }
  - { name: two, address: ${second}, clientId: ${gmail.client.id}, unitsPerMinute: 1200000 }
  - { name: ended, address: ${first}, clientId: ${gmail.client.id} }
mailboxes:
  - { name: silent, account: one, ${reach(source(4))}, verify: no, schedule: '* * * * * *' }
  - { name: locked, account: one, ${reach(source(2))}, verify: no, schedule: '* * * * * *' }
  - { name: orphan, account: ended, ${reach(source(3))}, verify: no, schedule: '* * * * * *' }
  - { name: pop, account: one, ${reach(source(0))}, verify: no, labels: [rental/shop, 注文], schedule: '* * * * * *' }
  - name: imap
    account: two
    protocol: imap
    host: ${source(1).env.MAIL_HOST}
    port: ${source(1).env.MAIL_PORT}
    security: none
    user: ${source(1).env.MAIL_USER}
    verify: no
    folders:
      - INBOX
      - Junk:spam
      - { name: 'Orders: 2026', to: label, labels: [Orders] }
`
    await writeFile(join(folder, 'hikyaku.yaml'), yaml)
    const password = 'correct horse battery'
    const clientSecret = gmail.client.secret ?? ''
    env = {
      HIKYAKU_CONFIG: 'hikyaku.yaml',
      GMAIL_API_ROOT: gmail.url,
      GOOGLE_AUTH_URL: gmail.authUrl,
      GOOGLE_TOKEN_URL: gmail.tokenUrl,
      GOOGLE_REVOKE_URL: gmail.revokeUrl,
      HIKYAKU_VAULT: 'environment',
      MAILBOX_POP_PASSWORD: password,
      MAILBOX_IMAP_PASSWORD: password,
      MAILBOX_LOCKED_PASSWORD: 'wrong',
      MAILBOX_ORPHAN_PASSWORD: password,
      MAILBOX_SILENT_PASSWORD: password,
      GOOGLE_ONE_CLIENT_SECRET: clientSecret,
      GOOGLE_TWO_CLIENT_SECRET: clientSecret,
      GOOGLE_ENDED_CLIENT_SECRET: clientSecret,
      GOOGLE_ONE_REFRESH_TOKEN: gmail.grant(first),
      GOOGLE_TWO_REFRESH_TOKEN: gmail.grant(second),
      GOOGLE_ENDED_REFRESH_TOKEN: 'revoked-long-ago',
    }
    for (let index = 0; index < 5; index += 1) await source(index).deliver(sampleMail(index))
    source(1).imap?.deliver('INBOX', sampleMail(10), { flags: ['\\Seen'] })
    await source(1).deliver(sampleMail(11), 'Junk')
    await source(1).deliver(sampleMail(12), 'Orders: 2026')
    daemon = startHikyaku(['run'], { env, cwd: folder })
  })
  after(async () => {
    daemon.kill('SIGKILL')
    await daemon.ended
    for (const one of sources) await one.stop()
    await gmail.close()
    await rm(folder, { recursive: true, force: true })
  })

  it('carries the mail of each mailbox to its own account and to no other', async () => {
    await until(
      () => gmail.stored(first).size >= 1 && gmail.stored(second).size >= 4,
      'the mail of the good mailboxes',
    )
    assert.deepEqual(digests(first), mails(0))
    assert.deepEqual(digests(second), mails(1, 10, 11, 12))
  })

  it('makes the labels by name and puts each folder’s mail where it belongs, read mail as read', () => {
    const labelsOf = (account: string, serial: number): string[] => {
      const { labels } = gmail.mailbox(account)
      const message = gmail.messages(account).find(one => one.sha256 === sha256(sampleMail(serial)))
      assert.ok(message, `mail ${serial} is in ${account}`)
      return message.labelIds.map(id => labels.find(label => label.id === id)?.name ?? id).sort()
    }
    assert.deepEqual(labelsOf(first, 0), ['INBOX', 'UNREAD', 'rental/shop', '注文'])
    assert.deepEqual(labelsOf(second, 1), ['INBOX', 'UNREAD'])
    assert.deepEqual(labelsOf(second, 10), ['INBOX'], 'it was read at the source')
    assert.deepEqual(labelsOf(second, 11), ['SPAM', 'UNREAD'])
    assert.deepEqual(labelsOf(second, 12), ['Orders', 'UNREAD'])
    const own = gmail.mailbox(first).labels.filter(label => label.type === 'user')
    // Gmail shows `rental/shop` inside `rental`, which is made for it.
    assert.deepEqual(own.map(label => label.name).sort(), ['rental', 'rental/shop', '注文'], 'each once')
  })

  it('goes on with the good ones while a password, a consent and a server are broken', async () => {
    await source(0).deliver(sampleMail(20))
    await source(1).deliver(sampleMail(21))
    await until(
      () =>
        digests(first).includes(sha256(sampleMail(20))) && digests(second).includes(sha256(sampleMail(21))),
      'new mail of both good mailboxes',
    )
    let status = new Map<string, Told>()
    const codeOf = (name: string): string | undefined => status.get(name)?.fault?.code
    await until(async () => {
      status = await statusOf()
      return codeOf('locked') !== undefined && codeOf('orphan') !== undefined
    }, 'the broken ones were tried, too')
    assert.deepEqual([status.get('pop')?.fault, status.get('imap')?.fault], [null, null])
    assert.deepEqual([codeOf('locked'), codeOf('orphan')], ['source.login-refused', 'gmail.consent-ended'])
    for (const [name, { conserved }] of status) assert.equal(conserved, true, name)
    for (const index of [2, 3, 4]) assert.equal((await source(index).stored()).length, 1, 'its mail waits')
  })

  it('asks a server that refuses the password once and not at every tick', () => {
    assert.equal(source(2).pop3?.ledger.failedLogins.length, 1)
  })

  it('ends all of them at SIGTERM, the silent server too', async () => {
    daemon.kill('SIGTERM')
    const ended = await daemon.ended
    assert.equal(ended.code, 0, ended.stderr)
    assert.doesNotMatch(ended.stderr + ended.stdout, /correct horse|revoked-long-ago/)
  })

  it('archives, and pulls one mailbox alone, where the owner says so', async () => {
    await source(0).deliver(sampleMail(30))
    await source(1).deliver(sampleMail(31))
    const one = await hikyaku(['pull', 'pop', '--json'], { env, cwd: folder })
    assert.equal(one.code, 0, one.stdout + one.stderr)
    assert.ok(digests(first).includes(sha256(sampleMail(30))))
    assert.ok(!digests(second).includes(sha256(sampleMail(31))))
    const yaml = `
stateDir: other-state
accounts:
  - { name: two, address: ${second}, clientId: ${gmail.client.id} }
mailboxes:
  - { name: imap, ${reach(source(1))}, verify: no, archive: yes, labels: [Archived] }
`
    await writeFile(join(folder, 'archive.yaml'), yaml)
    const archived = await hikyaku(['pull', '--json'], {
      env: { ...env, HIKYAKU_CONFIG: 'archive.yaml' },
      cwd: folder,
    })
    assert.equal(archived.code, 0, archived.stdout + archived.stderr)
    const message = gmail.messages(second).find(one => one.sha256 === sha256(sampleMail(31)))
    const label = gmail.mailbox(second).labels.find(one => one.name === 'Archived')?.id ?? ''
    assert.deepEqual([...(message?.labelIds ?? [])].sort(), [label, 'UNREAD'].sort())
  })
})
