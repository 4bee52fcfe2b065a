import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { startImapServer } from '../servers/imap-server.ts'
import { password, user } from './imap-harness.ts'

/** Run in a process of its own, so that only the client's memory is measured: `work` sets `outcome`. */
const clientOf = (work: string): string => `
import { createHash } from 'node:crypto'
import { systemClock } from '${new URL('../../src/base/clock.ts', import.meta.url).href}'
import { makeImapSource } from '${new URL('../../src/source/imap.ts', import.meta.url).href}'
import { Secret } from '${new URL('../../src/base/secret.ts', import.meta.url).href}'
const server = { host: '127.0.0.1', port: Number(process.env.PORT), security: 'none' }
const folders = [{ name: 'INBOX' }]
const mailbox = { name: 'box', server, user: '${user}', credential: { kind: 'password', password: Secret.of('${password}') }, folders }
const signal = new AbortController().signal
const session = await makeImapSource({ mailbox, clock: systemClock }).open(signal)
const { entries } = await session.list('INBOX', () => false, signal)
const read = async entry => {
  const hash = createHash('sha256')
  const octets = await session.retrieve(entry, { write: chunk => { hash.update(chunk) } }, signal)
  return { octets, sha256: hash.digest('hex') }
}
await read(entries[0])
const before = process.resourceUsage().maxRSS
let outcome
${work}
const after = process.resourceUsage().maxRSS
await session.close()
console.log(JSON.stringify({ ...outcome, addedMiB: (after - before) / 1024 }))
`

async function run(
  work: string,
  port: number,
): Promise<Readonly<Record<string, unknown>> & { addedMiB: number }> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module-typescript', '-e', clientOf(work)],
    { env: { ...process.env, PORT: String(port) } },
  )
  return JSON.parse(stdout)
}

test('a message of 100 MiB adds less than 64 MiB of memory and comes exactly', {
  timeout: 60_000,
}, async t => {
  const small = Buffer.alloc(10_000, 'Subject: small\r\n')
  const big = Buffer.alloc(100 * 1024 * 1024, 'Subject: big \x00\xff\r\n', 'latin1')
  const server = await startImapServer({ folders: { INBOX: [small, big] } })
  t.after(() => server.stop())
  const { octets, sha256, addedMiB } = await run('outcome = await read(entries[1])', server.port)
  assert.equal(octets, big.length)
  assert.equal(sha256, createHash('sha256').update(big).digest('hex'))
  t.diagnostic(`added ${addedMiB.toFixed(1)} MiB`)
  assert.ok(addedMiB < 64, `added ${addedMiB} MiB`)
})

/** Digests of all messages in one. */
const together = (digests: readonly string[]): string =>
  createHash('sha256').update(digests.toSorted().join()).digest('hex')

test('10,000 small messages, many at a time, add less than 48 MiB of memory and come exactly', {
  timeout: 60_000,
}, async t => {
  const rest = Buffer.alloc(8_000, 'x\r\n')
  const messages = Array.from({ length: 10_000 }, (_, at) =>
    Buffer.concat([Buffer.from(`Subject: ${at}\r\n\r\n`), rest]),
  )
  const server = await startImapServer({ folders: { INBOX: messages } })
  t.after(() => server.stop())
  const { sha256, addedMiB } = await run(
    `
    session.foresee(entries.slice(1).map(entry => ({ entry, octets: entry.octets, isAlone: false })))
    const digests = []
    const waiting = entries.slice(1).values()
    const lane = async () => { for (const entry of waiting) digests.push((await read(entry)).sha256) }
    await Promise.all(Array.from({ length: 6 }, lane))
    outcome = { sha256: createHash('sha256').update(digests.sort().join()).digest('hex') }
    `,
    server.port,
  )
  const digests = messages.slice(1).map(octets => createHash('sha256').update(octets).digest('hex'))
  assert.equal(sha256, together(digests))
  const sets = server.ledger.commands.filter(({ text }) => text.includes('BODY'))
  t.diagnostic(`added ${addedMiB.toFixed(1)} MiB, ${sets.length} commands`)
  assert.ok(sets.length < 200)
  assert.ok(addedMiB < 48, `added ${addedMiB} MiB`)
})
