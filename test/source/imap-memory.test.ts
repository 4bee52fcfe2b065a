import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { startImapServer } from '../servers/imap-server.ts'
import { password, user } from './imap-harness.ts'

/** Run in a process of its own, so that only the client's memory is measured. */
const client = `
import { createHash } from 'node:crypto'
import { systemClock } from '${new URL('../../src/base/clock.ts', import.meta.url).href}'
import { makeImapSource } from '${new URL('../../src/source/imap.ts', import.meta.url).href}'
import { Secret } from '${new URL('../../src/base/secret.ts', import.meta.url).href}'
const server = { host: '127.0.0.1', port: Number(process.env.PORT), security: 'none' }
const folders = [{ name: 'INBOX' }]
const mailbox = { name: 'box', server, user: '${user}', password: Secret.of('${password}'), folders }
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
const big = await read(entries[1])
const after = process.resourceUsage().maxRSS
await session.close()
console.log(JSON.stringify({ ...big, addedMiB: (after - before) / 1024 }))
`

test('a message of 100 MiB adds less than 64 MiB of memory and comes exactly', {
  timeout: 60_000,
}, async t => {
  const small = Buffer.alloc(10_000, 'Subject: small\r\n')
  const big = Buffer.alloc(100 * 1024 * 1024, 'Subject: big \x00\xff\r\n', 'latin1')
  const server = await startImapServer({ folders: { INBOX: [small, big] } })
  t.after(() => server.stop())
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module-typescript', '-e', client],
    {
      env: { ...process.env, PORT: String(server.port) },
    },
  )
  const { octets, sha256, addedMiB } = JSON.parse(stdout)
  assert.equal(octets, big.length)
  assert.equal(sha256, createHash('sha256').update(big).digest('hex'))
  t.diagnostic(`added ${addedMiB.toFixed(1)} MiB`)
  assert.ok(addedMiB < 64, `added ${addedMiB} MiB`)
})
