/**
 * What waiting costs: memory, and CPU seconds an hour, with as many mailboxes as people have, in which nothing comes.
 * Real Dovecot. CPU is measured over a window and multiplied: 120 s hold two polls of every POP3 mailbox, and of IMAP
 * (every five minutes) those of two mailboxes in five; with --quick 10 s, which hold few polls or none. All fleets
 * wait through the same window, side by side.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { type DovecotServer, dovecotMissing, startDovecot } from '../../test/servers/dovecot.ts'
import { type GmailServer, startGmailServer } from '../../test/servers/gmail/gmail-server.ts'
import { gmailEnv, startHikyaku, until } from '../../test/servers/hikyaku.ts'
import { program } from '../../test/servers/local.ts'
import type { Protocol } from '../../test/servers/source-server.ts'
import { build } from './build.ts'
import { atMost, type BenchOptions, figure, type Measure } from './measure.ts'
import { startPeer } from './peer.ts'
import { cpuSeconds, proportionalMiB, residentMiB } from './process.ts'

const password = 'bench'

interface Fleet {
  readonly name: string
  readonly pids: readonly number[]
  stop(): Promise<void>
}

interface Place {
  readonly dovecot: DovecotServer
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
  const windowMs = options.quick ? 10_000 : 120_000
  const folder = await mkdtemp(join(tmpdir(), 'hikyaku-bench-'))
  const dovecot = await startDovecot({
    users: Object.fromEntries(users(most).map(user => [user, password])),
    settings: 'service imap {\n  process_limit = 1000\n}\nservice pop3 {\n  process_limit = 1000\n}',
  })
  const gmail = await startGmailServer()
  const fleets: Fleet[] = []
  try {
    const place = { dovecot, gmail, folder }
    for (const [protocol, count] of [
      ['imap', 1],
      ['imap', 10],
      ...(options.quick ? [] : [['imap', 100] as const]),
      ['pop3', most],
    ] as const) {
      options.tell(`standing: ${count} ${protocol} mailboxes`)
      fleets.push(await startOurs(protocol, count, place))
      if (program('fetchmail') === undefined) options.tell('standing: fetchmail not there')
      else if (count <= 10 || protocol === 'pop3') fleets.push(await startFetchmails(protocol, count, place))
    }
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
    return [
      ...taken.flatMap(fleet => [
        fleet.goalMiB === undefined
          ? figure(`${fleet.name}.rss`, fleet.residentMiB, 'MiB')
          : atMost(`${fleet.name}.rss`, fleet.residentMiB, 'MiB', fleet.goalMiB),
        figure(`${fleet.name}.pss`, fleet.proportionalMiB, 'MiB, shared pages once'),
        figure(`${fleet.name}.cpu`, fleet.cpu, 'CPU s an hour', note),
      ]),
      ...(most < 100
        ? []
        : [
            atMost(
              'standing.imap.further',
              (memory('imap.100.hikyaku') - memory('imap.10.hikyaku')) / 90,
              'MiB a further mailbox',
              0.3,
            ),
          ]),
    ]
  } finally {
    for (const { stop } of fleets) await stop()
    await dovecot.stop()
    await gmail.close().catch(error => options.tell(String(error)))
    await rm(folder, { recursive: true, force: true })
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
      `  - { name: ${user}, protocol: ${protocol}, host: 127.0.0.1, port: ${place.dovecot.ports[protocol]}, ` +
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
  try {
    const pulls = (): number => (running.stdout() + running.stderr()).split('pullDone').length - 1
    await until(() => pulls() >= count, `${count} first pulls over ${protocol}`, 120_000)
  } catch (cause) {
    await stop()
    throw new Error(running.stderr().slice(-2_000), { cause })
  }
  return { name: `${protocol}.${count}.hikyaku`, pids: [running.pid], stop }
}

/** IMAP: a process for each, since one fetchmail watches one mailbox. POP3: one that polls all each minute. */
async function startFetchmails(protocol: Protocol, count: number, place: Place): Promise<Fleet> {
  const account = (user: string): string =>
    `  username "${user}" password "${password}" sslproto '' ${protocol === 'imap' ? 'idle ' : ''}keep\n  mda "true"\n`
  const poll = `poll 127.0.0.1 service ${place.dovecot.ports[protocol]} protocol ${protocol} auth password`
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
