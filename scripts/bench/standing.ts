/**
 * What waiting costs: memory, and CPU seconds an hour, with as many mailboxes as people have, in which nothing comes.
 * Real Dovecot, and for 1,000 mailboxes the stand-in, since a Dovecot takes an inotify instance for each who idles and
 * systems give 128. Each IMAP mailbox has had one mail before, as in use: IDLE that was never seen to tell of mail is
 * begun again every five seconds. CPU is measured over a window and multiplied: 120 s hold two polls of every POP3
 * mailbox, and of IMAP (every five minutes) those of two mailboxes in five; with --quick 10 s, which hold few polls or
 * none. All fleets wait through the same window, side by side.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { type DovecotServer, dovecotMissing, startDovecot } from '../../test/servers/dovecot.ts'
import { type GmailServer, startGmailServer } from '../../test/servers/gmail/gmail-server.ts'
import { gmailEnv, startHikyaku, until } from '../../test/servers/hikyaku.ts'
import { type ImapServer, startImapServer } from '../../test/servers/imap-server.ts'
import { program } from '../../test/servers/local.ts'
import type { Protocol } from '../../test/servers/source-server.ts'
import { build } from './build.ts'
import { mailOf } from './mail.ts'
import { atMost, type BenchOptions, figure, type Measure } from './measure.ts'
import { startPeer } from './peer.ts'
import { cpuSeconds, proportionalMiB, residentMiB } from './process.ts'

const password = 'bench'

interface Fleet {
  readonly name: string
  readonly pids: readonly number[]
  /** Pulls that ended. */
  pulls?(): number
  stop(): Promise<void>
}

interface Place {
  /** Of the server. */
  readonly port: number
  readonly gmail: GmailServer
  readonly folder: string
}

const users = (count: number): string[] => Array.from({ length: count }, (_, number) => `user${number}`)

/** The goals, MiB; the rest is for comparison. */
const goalsMiB: Readonly<Record<string, number>> = { 'imap.1.hikyaku': 75, 'imap.10.hikyaku': 90 }

export async function benchStanding(options: BenchOptions): Promise<readonly Measure[]> {
  const missing = process.platform === 'linux' ? dovecotMissing() : 'only measured on Linux'
  if (missing !== undefined) {
    options.tell(`standing: ${missing}`)
    return []
  }
  build(options.tell)
  const most = options.quick ? 10 : 100
  const many = options.quick ? 0 : 1000
  const windowMs = options.quick ? 10_000 : 120_000
  const folder = await mkdtemp(join(tmpdir(), 'hikyaku-bench-'))
  const dovecot = await startDovecot({
    users: Object.fromEntries(users(most).map(user => [user, password])),
    settings: 'service imap {\n  process_limit = 1000\n}\nservice pop3 {\n  process_limit = 1000\n}',
  })
  const standIn = await startImapServer({
    users: Object.fromEntries(users(many).map(user => [user, password])),
  })
  const gmail = await startGmailServer({ keepBodyOctets: 0, ledgerEntries: 100 })
  const fleets: Fleet[] = []
  try {
    const place = { gmail, folder }
    const start = async (protocol: Protocol, count: number): Promise<void> => {
      options.tell(`standing: ${count} ${protocol} mailboxes`)
      const port = count > most ? standIn.port : dovecot.ports[protocol]
      fleets.push(await startOurs(protocol, count, { ...place, port }))
      if (program('fetchmail') === undefined) options.tell('standing: fetchmail not there')
      else if (count <= 10 || protocol === 'pop3')
        fleets.push(await startFetchmails(protocol, count, { ...place, port }))
    }
    for (const count of new Set([1, 10, most, many])) if (count > 0) await start('imap', count)
    await showMail(fleets, dovecot, standIn, most)
    // Its first pull brings that mail.
    await start('pop3', most)
    // What a start leaves behind is collected, and its polls are over.
    await pause(options.quick ? 3_000 : 20_000)
    options.tell(`standing: waiting ${windowMs / 1000} s`)
    const before = fleets.map(({ pids }) => cpuSeconds(pids))
    const startMs = performance.now()
    await pause(windowMs)
    const hours = (performance.now() - startMs) / 3_600_000
    const note = `${Math.round(hours * 3600)} s x ${Math.round(1 / hours)}`
    const taken = fleets.map(({ name, pids }, index) => ({
      name: `standing.${name}`,
      goalMiB: goalsMiB[name],
      residentMiB: residentMiB(pids),
      proportionalMiB: proportionalMiB(pids),
      cpu: (cpuSeconds(pids) - (before[index] ?? 0)) / hours,
    }))
    const memory = (name: string): number =>
      taken.find(fleet => fleet.name === `standing.${name}`)?.residentMiB ?? Number.NaN
    const further = (count: number): Measure =>
      atMost(
        `standing.imap.${count}.further`,
        (memory(`imap.${count}.hikyaku`) - memory('imap.10.hikyaku')) / (count - 10),
        'MiB for each beyond ten',
        0.3,
      )
    return [
      ...taken.flatMap(fleet => [
        fleet.goalMiB === undefined
          ? figure(`${fleet.name}.rss`, fleet.residentMiB, 'MiB')
          : atMost(`${fleet.name}.rss`, fleet.residentMiB, 'MiB', fleet.goalMiB),
        figure(`${fleet.name}.pss`, fleet.proportionalMiB, 'MiB, shared pages once'),
        figure(`${fleet.name}.cpu`, fleet.cpu, 'CPU s an hour', note),
      ]),
      ...(options.quick ? [] : [further(most), further(many)]),
    ]
  } finally {
    for (const { stop } of fleets) await stop()
    await dovecot.stop()
    await standIn.stop()
    await gmail.close().catch(error => options.tell(String(error)))
    await rm(folder, { recursive: true, force: true })
  }
}

/** One mail for each, which IDLE tells of. */
async function showMail(
  fleets: readonly Fleet[],
  dovecot: DovecotServer,
  standIn: ImapServer,
  most: number,
): Promise<void> {
  const watching = fleets.flatMap(({ name, pulls }) =>
    name.startsWith('imap') && pulls !== undefined ? [{ name, pulls }] : [],
  )
  // The watches begin behind the first pulls.
  await pause(5_000)
  const before = watching.map(({ pulls }) => pulls())
  for (const [serial, user] of users(most).entries())
    await dovecot.deliver('', mailOf(serial, 2_000), { user })
  const many = watching.reduce((sum, { name }) => Math.max(sum, Number(name.split('.')[1])), 0)
  const idling = (): number =>
    new Set(standIn.ledger.commands.flatMap(({ text, session }) => (text === 'IDLE' ? [session] : []))).size
  if (many > most) await until(() => idling() >= many, 'every one of many to idle', 120_000)
  standIn.deliver('INBOX', mailOf(most, 2_000))
  for (const [index, { name, pulls }] of watching.entries()) {
    const count = Number(name.split('.')[1])
    await until(() => pulls() >= (before[index] ?? 0) + count, `the mail of ${name}`, 120_000)
  }
}

async function startOurs(protocol: Protocol, count: number, place: Place): Promise<Fleet> {
  const folder = join(place.folder, `${protocol}-${count}`)
  await mkdir(folder, { mode: 0o700 })
  const secrets = { ...gmailEnv(place.gmail) }
  for (const name of ['GOOGLE_CLIENT_SECRET', 'GOOGLE_REFRESH_TOKEN'])
    await writeFile(join(folder, name), secrets[name] ?? '', { mode: 0o600 })
  await writeFile(join(folder, 'password'), password, { mode: 0o600 })
  const mailboxes = users(count).map(
    user =>
      `  - { name: ${user}, protocol: ${protocol}, host: 127.0.0.1, port: ${place.port}, ` +
      `security: none, user: ${user}, passwordFile: password }`,
  )
  const config = join(folder, 'hikyaku.yaml')
  await writeFile(
    config,
    `accounts:\n  - { name: a, address: ${secrets.GMAIL_ACCOUNT}, clientId: ${secrets.GOOGLE_CLIENT_ID}, ` +
      'clientSecretFile: GOOGLE_CLIENT_SECRET, refreshTokenFile: GOOGLE_REFRESH_TOKEN }\n' +
      `mailboxes:\n${mailboxes.join('\n')}\n`,
    { mode: 0o600 },
  )
  const { GMAIL_API_ROOT = '', GOOGLE_AUTH_URL = '', GOOGLE_TOKEN_URL = '', GOOGLE_REVOKE_URL = '' } = secrets
  const running = startHikyaku(['run'], {
    cli: build(() => {}),
    cwd: folder,
    env: {
      ...{ GMAIL_API_ROOT, GOOGLE_AUTH_URL, GOOGLE_TOKEN_URL, GOOGLE_REVOKE_URL },
      ...{ HIKYAKU_CONFIG: config, STATE_DIR: join(folder, 'state') },
      ...{ LOG_LEVEL: 'debug', LOG_FORMAT: 'json' },
    },
  })
  const stop = async (): Promise<void> => {
    running.kill('SIGKILL')
    await running.ended
  }
  const pulls = (): number => (running.stdout() + running.stderr()).split('pullDone').length - 1
  try {
    await until(() => pulls() >= count, `${count} first pulls over ${protocol}`, 240_000)
  } catch (cause) {
    await stop()
    throw new Error(running.stderr().slice(-2_000), { cause })
  }
  return { name: `${protocol}.${count}.hikyaku`, pids: [running.pid], pulls, stop }
}

/** IMAP: a process for each, since one fetchmail watches one mailbox. POP3: one that polls all each minute. */
async function startFetchmails(protocol: Protocol, count: number, place: Place): Promise<Fleet> {
  const account = (user: string): string =>
    `  username "${user}" password "${password}" sslproto '' ${protocol === 'imap' ? 'idle ' : ''}keep\n  mda "cat >/dev/null"\n`
  const poll = `poll 127.0.0.1 service ${place.port} protocol ${protocol} auth password`
  const texts =
    protocol === 'imap'
      ? users(count).map(user => `${poll}\n${account(user)}`)
      : [
          `set daemon 60\n${users(count)
            .map(user => `${poll}\n${account(user)}`)
            .join('')}`,
        ]
  const peers = await Promise.all(
    texts.map(async (text, index) => {
      const folder = join(place.folder, `fetchmail-${protocol}-${count}-${index}`)
      await mkdir(folder, { mode: 0o700 })
      await writeFile(join(folder, 'rc'), text, { mode: 0o600 })
      return startPeer('fetchmail', ['--nodetach', '--pidfile', join(folder, 'pid'), '-f', 'rc'], folder)
    }),
  )
  return {
    name: `${protocol}.${count}.fetchmail`,
    pids: peers.map(({ pid }) => pid),
    async stop() {
      for (const { stop } of peers) await stop()
    },
  }
}
