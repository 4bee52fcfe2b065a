/** The soak's stage: three mailboxes, one Gmail account, the bridge on the real adapters and real sockets. */
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { type Bridge, openBridge } from '../../src/bridge.ts'
import { loadConfig } from '../../src/config/load.ts'
import { makeLog } from '../../src/log/log.ts'
import { type GmailServer, startGmailServer } from '../../test/servers/gmail/gmail-server.ts'
import { least, reading } from '../../test/servers/gmail/oauth.ts'
import { startHikyaku } from '../../test/servers/hikyaku.ts'
import { type ImapServer, startImapServer } from '../../test/servers/imap-server.ts'
import { PlayedClock } from '../../test/servers/in-process.ts'
import { type Pop3Server, startPop3Server } from '../../test/servers/pop3-server.ts'
import type { Weather } from './weather.ts'

export const names = ['keep', 'delete', 'imap'] as const
export type Name = (typeof names)[number]

export type ImapPolicy = 'move:Done' | 'delete-after:2d'

const password = 'correct horse battery staple'
const address = 'owner@example.test'
const preloads = [
  fileURLToPath(new URL('shifted-clock.ts', import.meta.url)),
  fileURLToPath(new URL('../../test/faults/kill-preload.ts', import.meta.url)),
]

export interface Stage {
  readonly clock: PlayedClock
  readonly pop3: Readonly<Record<'keep' | 'delete', Pop3Server>>
  readonly imap: ImapServer
  readonly gmail: GmailServer
  readonly bridge: Bridge
  /** Secrets found in the log; there should be none. */
  readonly leaks: readonly string[]
  open(policy: ImapPolicy): Promise<void>
  close(): Promise<void>
  /** A real process carries for a while and is killed at its `killAt`th step, or ends by itself. True: killed. */
  runChild(args: readonly string[], killAt: number): Promise<boolean>
  stop(): Promise<void>
}

/** @param mayRead the account's consent includes gmail.readonly */
export async function startStage(weather: Weather, mayRead: boolean): Promise<Stage> {
  // In memory where there is such a place: what SIGKILL leaves is the same there, and no disk is waited for.
  const room = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
  const folder = await mkdtemp(join(room, 'hikyaku-soak-'))
  const clock = new PlayedClock()
  const gmail = await startGmailServer({
    accounts: [address],
    clock,
    keepBodyOctets: 0,
    ledgerEntries: 100,
  })
  Object.assign(gmail.faults, { take: weather.gmail.bind(weather) })
  const users = { owner: password }
  const faults = { line: weather.pop3.bind(weather) }
  const pop3 = {
    keep: await startPop3Server({ users, faults: { ...faults } }),
    delete: await startPop3Server({ users, faults: { ...faults } }),
  }
  const imap = await startImapServer({
    users,
    folders: { Done: [] },
    faults: { at: weather.imap.bind(weather) },
  })
  const scopes = mayRead ? reading : least
  const secrets = [password, gmail.client.secret ?? '', gmail.grant(address, scopes)]
  const files = ['password', 'client-secret', 'refresh-token']
  for (const [index, name] of files.entries())
    await writeFile(join(folder, name), secrets[index] ?? '', { mode: 0o600 })
  const configFile = join(folder, 'soak.yaml')
  const env = {
    HIKYAKU_CONFIG: configFile,
    HIKYAKU_LANG: 'en',
    GMAIL_API_ROOT: gmail.url,
    GOOGLE_TOKEN_URL: gmail.tokenUrl,
    GOOGLE_AUTH_URL: gmail.authUrl,
    GOOGLE_REVOKE_URL: gmail.revokeUrl,
  }
  const leaks: string[] = []
  const stream = new Writable({
    write(chunk, _encoding, done) {
      const text = String(chunk)
      if (secrets.some(secret => text.includes(secret))) leaks.push(text.slice(0, 300))
      done()
    },
  })
  let bridge: Bridge | undefined

  const mailbox = (name: Name, protocol: string, port: number, afterImport: string): string[] => [
    `  - name: ${name}`,
    `    protocol: ${protocol}`,
    '    host: 127.0.0.1',
    `    port: ${port}`,
    '    security: none',
    '    user: owner',
    `    passwordFile: ${join(folder, 'password')}`,
    `    afterImport: ${afterImport}`,
    '    labels: [soak]',
    '    verify: no',
  ]
  const writeConfig = (policy: ImapPolicy): Promise<void> =>
    writeFile(
      configFile,
      [
        `stateDir: ${join(folder, 'state')}`,
        'logFormat: json',
        'alertMail: no',
        'accounts:',
        `  - address: ${address}`,
        `    clientId: ${gmail.client.id}`,
        `    clientSecretFile: ${join(folder, 'client-secret')}`,
        `    refreshTokenFile: ${join(folder, 'refresh-token')}`,
        '    unitsPerMinute: 1200000',
        '    importsInFlight: 3',
        'mailboxes:',
        ...mailbox('keep', 'pop3', pop3.keep.port, 'keep'),
        ...mailbox('delete', 'pop3', pop3.delete.port, 'delete'),
        ...mailbox('imap', 'imap', imap.port, policy),
        '',
      ].join('\n'),
    )

  const self: Stage = {
    clock,
    pop3,
    imap,
    gmail,
    get bridge() {
      if (bridge === undefined) throw new Error('the bridge is closed')
      return bridge
    },
    leaks,
    async open(policy) {
      await writeConfig(policy)
      const config = await loadConfig({ env, cwd: folder })
      bridge = await openBridge(config, makeLog({ level: 'info', format: 'json', stream }), clock)
    },
    async close() {
      await bridge?.close()
      bridge = undefined
    },
    async runChild(args, killAt) {
      const child = startHikyaku(args, {
        cwd: folder,
        env: { ...env, SOAK_SHIFT_MS: String(clock.offsetMs), HIKYAKU_KILL_AT: String(killAt) },
        nodeArgs: preloads.flatMap(file => ['--import', file]),
      })
      const timer = setTimeout(() => child.kill('SIGKILL'), 120_000)
      const ended = await child.ended
      clearTimeout(timer)
      const printed = ended.stdout + ended.stderr
      if (secrets.some(secret => printed.includes(secret))) leaks.push(printed.slice(0, 300))
      return ended.signal === 'SIGKILL'
    },
    async stop() {
      await self.close()
      await pop3.keep.close()
      await pop3.delete.close()
      await imap.stop()
      await gmail.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
  return self
}
