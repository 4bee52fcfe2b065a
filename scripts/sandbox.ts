/**
 * The sandbox: an embedded mailbox, a Gmail stand-in and the real daemon on loopback, no account anywhere.
 *
 *   npm run sandbox                          drops a mail every few seconds and shows each arrive, until Ctrl-C
 *   npm run sandbox -- --dashboard           the same on the daemon's page, in a browser
 *   npm run sandbox -- --once --messages N --protocol pop3|imap [--server dovecot] [--json]
 *
 * Where nobody watches (standard output is no terminal) it ends by itself, as with --once.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { chooseLanguage } from '../src/base/language.ts'
import { computePercentiles } from '../src/status/mailbox-status.ts'
import { dovecotMissing } from '../test/servers/dovecot.ts'
import { startGmailServer } from '../test/servers/gmail/gmail-server.ts'
import { hikyaku, type Running, startHikyaku } from '../test/servers/hikyaku.ts'
import { type Protocol, sha256, startSource } from '../test/servers/source-server.ts'
import { until } from '../test/servers/until.ts'
import { makeSandboxEnv } from './sandbox/env.ts'
import { sampleMail } from './sandbox/mail.ts'
import { sandboxWords } from './sandbox/words.ts'

const { values } = parseArgs({
  options: {
    once: { type: 'boolean', default: false },
    messages: { type: 'string', default: '20' },
    protocol: { type: 'string', default: 'imap' },
    server: { type: 'string', default: 'stand-in' },
    json: { type: 'boolean', default: false },
    'after-import': { type: 'string', default: 'keep' },
    dashboard: { type: 'boolean', default: false },
    minutes: { type: 'string', default: '30' },
    help: { type: 'boolean', default: false },
  },
})

const usage =
  'usage: npm run sandbox -- [--once] [--messages N] [--protocol pop3|imap] [--server stand-in|dovecot] [--after-import keep|delete] [--json]\n       npm run sandbox -- --dashboard [--minutes N] [--protocol pop3|imap] [--server stand-in|dovecot]'

function fail(why: string): never {
  console.error(`${why}\n${usage}`)
  process.exit(2)
}

if (values.help) {
  console.log(usage)
  process.exit(0)
}
const protocol: Protocol =
  values.protocol === 'pop3' || values.protocol === 'imap'
    ? values.protocol
    : fail('--protocol is pop3 or imap')
const kind =
  values.server === 'dovecot' || values.server === 'stand-in'
    ? values.server
    : fail('--server is stand-in or dovecot')
const messages = Number(values.messages)
if (!Number.isInteger(messages) || messages < 1 || messages > 100_000)
  fail('--messages is a number from 1 to 100000')
const missing = kind === 'dovecot' ? dovecotMissing() : undefined
if (missing !== undefined) fail(missing)

const language = chooseLanguage({ env: process.env })
const words = sandboxWords[language]

if (values.dashboard) {
  const minutes = Number(values.minutes)
  if (!Number.isInteger(minutes) || minutes < 1 || minutes > 24 * 60)
    fail('--minutes is a number from 1 to 1440')
  if (values.once || values.json)
    fail('--dashboard shows mail until Ctrl-C: neither --once nor --json goes with it')
  const { showDashboard } = await import('./sandbox/dashboard.ts')
  process.exit(await showDashboard({ protocol, kind, language, minutes }))
}

interface Dropped {
  readonly sha256: string
  readonly atMs: number
}

const folder = await mkdtemp(join(tmpdir(), 'hikyaku-sandbox-'))
const gmail = await startGmailServer()
const source = await startSource(protocol, kind)
const env = {
  ...makeSandboxEnv({ source, gmail, folder, protocol, language }),
  AFTER_IMPORT: values['after-import'],
  // Everything stays on loopback: no DNS questions.
  VERIFY: 'no',
  LOG_LEVEL: 'info',
}
const dropped = new Map<string, Dropped>()
let daemon: Running | undefined
/** Mail that waited before the daemon was there is counted from its start. */
let startedMs = 0
let interrupted: NodeJS.Signals | undefined
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => {
    // Who asks a second time does not want to wait.
    if (interrupted !== undefined) daemon?.kill('SIGKILL')
    interrupted = name
  })
}

function start(): Running {
  startedMs = Date.now()
  return startHikyaku(['run'], { env, cwd: folder, ownGroup: true })
}

const latencyOf = (sent: Dropped, atMs: number): number => atMs - Math.max(sent.atMs, startedMs)

async function drop(serial: number): Promise<void> {
  const octets = sampleMail(serial)
  const digest = sha256(octets)
  dropped.set(digest, { sha256: digest, atMs: Date.now() })
  await source.deliver(octets)
}

const tell = (line: string): void => {
  if (!values.json) console.log(line)
}

async function stop(): Promise<void> {
  if (daemon !== undefined) {
    daemon.kill('SIGTERM')
    await daemon.ended
  }
  await source.stop()
  await gmail.close()
  await rm(folder, { recursive: true, force: true })
}

/** Shows what has newly arrived in Gmail; the latency is from the mailbox to Gmail's own book. */
function showArrivals(from: number): number {
  for (const one of gmail.accepted.slice(from)) {
    const sent = dropped.get(one.sha256)
    const latency = sent === undefined ? '?' : (latencyOf(sent, one.atMs) / 1000).toFixed(2)
    tell(words.inGmail(one.id, one.octets, latency, sent !== undefined))
  }
  return gmail.accepted.length
}

async function runOnce(): Promise<number> {
  for (let serial = 0; serial < messages; serial++) await drop(serial)
  tell(words.waiting(messages, protocol.toUpperCase(), words.servers[kind]))
  daemon = start()
  let shown = 0
  await until(
    () => {
      shown = showArrivals(shown)
      return daemon?.hasEnded() || interrupted !== undefined || gmail.accepted.length >= messages
    },
    `${messages} messages in Gmail`,
    60_000 + messages * 200,
  ).catch(error => tell(String(error)))
  if (interrupted !== undefined) return 130
  const emptied = async (): Promise<boolean> => (await source.stored()).length === 0
  if (values['after-import'] !== 'keep')
    await until(emptied, 'an empty mailbox', 30_000).catch(error => tell(String(error)))
  daemon.kill('SIGTERM')
  const ended = await daemon.ended
  daemon = undefined
  // The journal's word, beside the stand-ins' ledgers; a last pull proves what was settled.
  const proof = await hikyaku(['pull', '--json'], { env, cwd: folder, timeoutMs: 120_000 })
  const status = JSON.parse((await hikyaku(['status', '--json'], { env, cwd: folder })).stdout)
  if (status.mailboxes === undefined) {
    console.error(ended.stderr.slice(-4000), JSON.stringify(status))
    return 1
  }
  const { stages, conservation } = status.mailboxes[0]
  const stored = gmail.stored()
  const latencies = gmail.accepted.flatMap(one => {
    const sent = dropped.get(one.sha256)
    return sent === undefined ? [] : [latencyOf(sent, one.atMs)]
  })
  const { p50 = null, p95 = null } = computePercentiles(latencies) ?? {}
  const result = {
    protocol,
    listed: conservation.listed as number,
    imported: conservation.imported as number,
    settled: stages.settled as number,
    refused: stages.refused as number,
    identical: [...dropped.keys()].filter(digest => stored.has(digest)).length,
    duplicates:
      [...stored.values()].reduce((sum, count) => sum + count - 1, 0) + gmail.accepted.length - stored.size,
    latencyMs: { p50, p95 },
  }
  if (values.json) console.log(JSON.stringify(result))
  else tell(JSON.stringify(result, null, 2))
  const good =
    result.imported === messages &&
    result.identical === messages &&
    result.duplicates === 0 &&
    ended.code === 0 &&
    proof.code === 0 &&
    gmail.bugs.length === 0
  if (!good) console.error(ended.stderr.slice(-4000), proof.stdout, proof.stderr)
  return good ? 0 : 1
}

async function runForever(): Promise<number> {
  console.log(words.forever(protocol.toUpperCase(), words.servers[kind]))
  daemon = start()
  daemon.child.stderr?.pipe(process.stderr)
  let shown = 0
  let nextMs = 0
  for (let serial = 0; !daemon.hasEnded() && interrupted === undefined; ) {
    if (Date.now() >= nextMs) {
      await drop(serial)
      serial += 1
      // As hikyaku itself will number it.
      tell(words.arrives(serial))
      nextMs = Date.now() + 3000
    }
    shown = showArrivals(shown)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  if (interrupted !== undefined) return 0
  console.error(words.ended)
  return 1
}

let exitCode = 70
try {
  exitCode = await (values.once || process.stdout.isTTY !== true ? runOnce() : runForever())
} finally {
  await stop()
}
process.exit(exitCode)
