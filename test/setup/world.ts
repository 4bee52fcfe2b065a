/** What a set-up needs around it: a real mail server, the Gmail stand-in, names, a home folder. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DnsServer, startDnsServer } from '../authentication/dns-server.ts'
import { makeCertificates } from '../servers/certificates.ts'
import { type DovecotServer, startDovecot } from '../servers/dovecot.ts'
import { type GmailServer, startGmailServer } from '../servers/gmail/gmail-server.ts'
import { removeFolder } from '../servers/local.ts'

export const address = 'shop@example.test'
export const password = 'correct horse'
export const owner = 'owner@example.test'

export interface SetupWorld {
  readonly home: string
  readonly dovecot: DovecotServer
  readonly gmail: GmailServer
  readonly names: DnsServer
  readonly env: Readonly<Record<string, string>>
  /** Where the platform keeps them on Linux. */
  readonly configFile: string
  readonly stateDir: string
  deliver(folder: string, subject: string): Promise<void>
  stop(): Promise<void>
}

/** Message-IDs differ over all worlds of a process. */
let count = 0

export const startMailServer = (settings = ''): Promise<DovecotServer> =>
  startDovecot({ users: { [address]: password }, settings })

/**
 * @param certificate what Dovecot shows: one for 127.0.0.1, or one for mail.example.invalid
 * @param shared a Dovecot that outlives this world
 */
export async function startSetupWorld(
  certificate: 'good' | 'wrongName' = 'good',
  shared?: DovecotServer,
): Promise<SetupWorld> {
  const home = await mkdtemp(join(tmpdir(), 'hikyaku-setup-'))
  const other = certificate === 'good' ? undefined : await makeCertificates(join(home, 'tls'))
  const settings =
    other === undefined
      ? ''
      : `ssl_cert = <${other.wrongName.certFile}\nssl_key = <${other.wrongName.keyFile}\n`
  const dovecot = shared ?? (await startMailServer(settings))
  const gmail = await startGmailServer({ accounts: [owner, 'other@example.test'], oauth: { testing: true } })
  const names = await startDnsServer({
    'example.test': { MX: [{ exchange: 'mx.example.test', priority: 10 }] },
    '_imaps._tcp.example.test': { SRV: [{ name: '127.0.0.1', port: dovecot.ports.imaps }] },
    '_pop3s._tcp.example.test': { SRV: [{ name: '127.0.0.1', port: dovecot.ports.pop3s }] },
  })
  const { installed } = gmail.clientJson()
  await writeFile(join(home, 'client.json'), JSON.stringify({ installed }))
  await writeFile(join(home, 'web.json'), JSON.stringify({ web: installed }))
  await writeFile(join(home, 'password'), `${password}\n`, { mode: 0o600 })
  await mkdir(join(home, 'bin'))
  return {
    home,
    dovecot,
    gmail,
    names,
    env: {
      HOME: home,
      LANG: 'en_US.UTF-8',
      GMAIL_API_ROOT: gmail.url,
      GOOGLE_AUTH_URL: gmail.authUrl,
      GOOGLE_TOKEN_URL: gmail.tokenUrl,
      GOOGLE_REVOKE_URL: gmail.revokeUrl,
      TEST_DNS_SERVER: names.server,
      NODE_EXTRA_CA_CERTS: other?.ca.certFile ?? dovecot.caFile,
    },
    configFile: join(home, '.config/hikyaku/config.yaml'),
    stateDir: join(home, '.local/state/hikyaku'),
    deliver: async (folder, subject) => {
      count += 1
      const lines = [
        `From: guest${count}@example.org`,
        `To: ${address}`,
        `Subject: ${subject}`,
        `Message-ID: <${count}@example.org>`,
        'Date: Wed, 25 Nov 2026 09:00:00 +0900',
        '',
        subject,
        '',
      ]
      await dovecot.deliver(folder, Buffer.from(lines.join('\r\n')))
    },
    stop: async () => {
      if (shared === undefined) await dovecot.stop()
      await gmail.close()
      await names.close()
      await removeFolder(home)
      await rm(home, { recursive: true, force: true })
    },
  }
}
