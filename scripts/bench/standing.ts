/**
 * What waiting costs: memory, and CPU seconds an hour, with as many mailboxes as people have, in which nothing comes.
 * Real Dovecot, and for 1,000 mailboxes the stand-in, since a Dovecot takes an inotify instance for each who idles and
 * systems give 128. Each IMAP mailbox has had one mail before, as in use: IDLE that was never seen to tell of mail is
 * begun again every five seconds. All fleets wait through the same window, side by side.
 *
 * CPU is measured in two parts, which hold what an hour is made of. IMAP is looked at every five minutes, and its IDLE is
 * begun anew every two minutes in between: one look falls into the first part, one renewal of each mailbox into the
 * second, and an hour is twelve of the one and twenty-four of the other. The first part is a minute: one look of POP3,
 * of which an hour is sixty. With --quick it is 10 s, which hold few looks or none.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { type DovecotServer, dovecotMissing, startDovecot } from '../../test/servers/dovecot.ts'
import { type GmailServer, startGmailServer } from '../../test/servers/gmail/gmail-server.ts'
import { gmailEnv, startHikyaku } from '../../test/servers/hikyaku.ts'
import { type ImapServer, startImapServer } from '../../test/servers/imap-server.ts'
import { program } from '../../test/servers/local.ts'
import type { Protocol } from '../../test/servers/source-server.ts'
import { until } from '../../test/servers/until.ts'
import { build } from './build.ts'
import { mailOf } from './mail.ts'
import { atMost, type BenchOptions, figure, type Measure } from './measure.ts'
import { startPeer } from './peer.ts'
import { cpuSeconds, proportionalMiB, residentMiB } from './process.ts'

const password = 'bench'

/** So long after it begins every mailbox is waiting, as far as is foreseen, ms: then the look of IMAP falls due. */
const untilLookMs = 90_000
/** The window begins so long before that look; behind it the look is over, and behind that the renewal. */
const windowMs = { before: 5_000, ofLook: 55_000, ofRenewal: 80_000, quick: 10_000 }
const everyMs = 300_000

interface Fleet {
  readonly name: string
  readonly pids: readonly number[]
  /** @returns whether each of its mailboxes has been pulled since this call */
  watchPulls?(): () => boolean
  /** CPU seconds of an hour, by those of both parts of the window. */
  hourOf(ofLook: number, ofRenewal: number): number
  stop(): Promise<void>
}

const hourOf = {
  imap: (ofLook: number, ofRenewal: number): number => 12 * (ofLook + 2 * ofRenewal),
  pop3: (ofMinute: number): number => 60 * ofMinute,
} as const

interface Place {
  /** Of the server. */
  readonly port: number
  /** The server itself, where it is asked who was there: of a thousand mailboxes some lines of the log are lost. */
  readonly standIn?: ImapServer | undefined
  /** When IMAP is looked at, as a cron expression with seconds. */
  readonly lookAt: string
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
  let lookAtMs = Date.now() + untilLookMs
  const lookAt = new Date(lookAtMs)
  const everyFive = `${lookAt.getSeconds()} ${lookAt.getMinutes() % 5}-59/5 * * * *`
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
    const place = { gmail, folder, lookAt: everyFive }
    const start = async (protocol: Protocol, count: number): Promise<void> => {
      options.tell(`standing: ${count} ${protocol} mailboxes`)
      const at = count > most ? { port: standIn.port, standIn } : { port: dovecot.ports[protocol] }
      fleets.push(await startOurs(protocol, count, { ...place, ...at }))
      if (program('fetchmail') === undefined) options.tell('standing: fetchmail not there')
      else if (count <= 10 || protocol === 'pop3')
        fleets.push(await startFetchmails(protocol, count, { ...place, ...at }))
    }
    for (const count of new Set([1, 10, most, many])) if (count > 0) await start('imap', count)
    await showMail(fleets, dovecot, standIn, most)
    // Its first pull brings that mail.
    await start('pop3', most)
    // What a start leaves behind is collected, and its polls are over.
    await pause(options.quick ? 3_000 : 15_000)
    while (Date.now() > lookAtMs - windowMs.before) lookAtMs += everyMs
    if (!options.quick) await pause(lookAtMs - windowMs.before - Date.now())
    const parts = options.quick ? [windowMs.quick] : [windowMs.before + windowMs.ofLook, windowMs.ofRenewal]
    const seconds = parts.reduce((sum, ms) => sum + ms, 0) / 1000
    options.tell(`standing: waiting ${seconds} s`)
    const read = (): readonly number[] => fleets.map(({ pids }) => cpuSeconds(pids))
    const readings = [read()]
    for (const ms of parts) {
      await pause(ms)
      readings.push(read())
    }
    const cpuOf = (index: number, { hourOf }: Fleet): number => {
      const [atStart = 0, between = 0, atEnd = between] = readings.map(reading => reading[index] ?? 0)
      return options.quick ? ((atEnd - atStart) * 3600) / seconds : hourOf(between - atStart, atEnd - between)
    }
    const note = options.quick ? `${seconds} s x ${3600 / seconds}` : `of ${seconds} s`
    const taken = fleets.map((fleet, index) => ({
      name: `standing.${fleet.name}`,
      goalMiB: goalsMiB[fleet.name],
      residentMiB: residentMiB(fleet.pids),
      proportionalMiB: proportionalMiB(fleet.pids),
      cpu: cpuOf(index, fleet),
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
  // The watches begin behind the first pulls.
  await pause(5_000)
  const watching = fleets.flatMap(({ name, watchPulls }) =>
    name.startsWith('imap') && watchPulls !== undefined ? [{ name, isDone: watchPulls() }] : [],
  )
  // Before anybody idles again for another reason.
  standIn.deliver('INBOX', mailOf(most, 2_000))
  for (const [serial, user] of users(most).entries())
    await dovecot.deliver('', mailOf(serial, 2_000), { user })
  for (const { name, isDone } of watching) await until(isDone, `the mail of ${name}`, 120_000)
}

/** How many sessions said IDLE among the commands from `first` on. */
const idling = ({ ledger }: ImapServer, first: number): number =>
  new Set(ledger.commands.slice(first).flatMap(({ text, session }) => (text === 'IDLE' ? [session] : [])))
    .size

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
      `security: none, user: ${user}, passwordFile: password${
        protocol === 'imap' ? `, schedule: "${place.lookAt}"` : ''
      } }`,
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
  const watchPulls = (): (() => boolean) => {
    const { standIn } = place
    const first = standIn?.ledger.commands.length ?? pulls()
    // Who idles was pulled.
    return () => (standIn === undefined ? pulls() - first : idling(standIn, first)) >= count
  }
  try {
    await until(watchPulls(), `${count} first pulls over ${protocol}`, 240_000)
  } catch (cause) {
    await stop()
    throw new Error(running.stderr().slice(-2_000), { cause })
  }
  return {
    name: `${protocol}.${count}.hikyaku`,
    pids: [running.pid],
    hourOf: hourOf[protocol],
    watchPulls,
    stop,
  }
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
    hourOf: hourOf[protocol],
    async stop() {
      for (const { stop } of peers) await stop()
    },
  }
}
