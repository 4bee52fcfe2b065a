/** Run by memory.test.ts: uploads made-up messages of argv[3] octets, and prints how far the memory rose. */
import { createHash } from 'node:crypto'
import { systemClock } from '../../src/base/clock.ts'
import { Secret } from '../../src/base/secret.ts'
import { makeAppendGmail } from '../../src/gmail/append/append.ts'
import type { Gmail } from '../../src/gmail/gmail.ts'
import { makeGmail } from '../../src/gmail/google.ts'
import type { RawMessage } from '../../src/message/message.ts'
import { accountFor, anImport, endpointsFor, messageOf, never } from './scripted.ts'

const [origin = '', octetsText = ''] = process.argv.slice(2)
const octets = Number(octetsText)
const piece = Buffer.alloc(64 * 1024, 'every line of this is the same\r\n')

async function* chunks(): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < octets; at += piece.length) yield piece.subarray(0, octets - at)
}
const digest = createHash('sha256')
for await (const chunk of chunks()) digest.update(chunk)
const large: RawMessage = { ...messageOf(piece), octets, sha256: digest.digest('hex'), chunks }

/** By IMAP where the server is one of it. */
function makeAdapter(): Gmail {
  const clock = systemClock
  const { protocol, hostname: host, port } = new URL(origin)
  if (protocol !== 'imap:')
    return makeGmail({ account: accountFor(), endpoints: endpointsFor(origin, origin), clock })
  const password = Secret.of('abcdefghijklmnop')
  return makeAppendGmail({
    account: {
      name: 'home',
      address: 'owner@example.test',
      importsInFlight: 2,
      unitsPerMinute: 6000,
      password,
    },
    server: { host, port: Number(port), security: 'none' },
    clock,
  })
}
const gmail = makeAdapter()
await gmail.import(messageOf(piece), anImport(), never)
const before = process.memoryUsage.rss()
let most = before
const watch = setInterval(() => {
  most = Math.max(most, process.memoryUsage.rss())
}, 2)
const answers = await Promise.all([1, 2].map(() => gmail.import(large, anImport(), never)))
clearInterval(watch)
await gmail.close()
const right = answers.every(answer => answer.sentSha256 === large.sha256)
console.log(JSON.stringify({ right, roseBy: Math.max(most, process.memoryUsage.rss()) - before }))
