/** The verifying process: its deadline, its bounds, and what becomes of who was in it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Subject } from '../../src/authentication/authentication.ts'
import { type Lookup, tableLookup } from '../../src/authentication/dns.ts'
import { makeLooker } from '../../src/authentication/look.ts'
import { unknownHost } from '../../src/authentication/stamped.ts'
import { systemClock } from '../../src/base/clock.ts'
import { articleZone, googleKey, googleReport } from '../authentication/article.ts'
import { messageOf } from '../authentication/world.ts'
import { largeMessages } from './messages.ts'

const subject: Subject = { host: unknownHost, verify: true, forwardingAddress: undefined }
const honest = messageOf(googleReport(googleKey))
const zone = tableLookup(articleZone('reject'))
const never: Lookup = () => new Promise(() => {})

/** Within every bound, and seconds of hashing. */
const slow = largeMessages.find(({ complexity }) => complexity === undefined)

test('a message that takes longer than the deadline is broken off, and who was beside it is verified', async t => {
  assert.ok(slow)
  // An answer that comes only once the process was ended: the honest message is in it by then.
  let held = true
  const gate = Promise.withResolvers<void>()
  const lookup: Lookup = async (name, type) => {
    if (held) await gate.promise
    return zone(name, type)
  }
  const looker = makeLooker(systemClock, lookup, { deadlineMs: 700 })
  t.after(() => looker.close())
  const octets = slow.octets()
  const hostile = looker.look(messageOf(octets, 64 * 1024), subject)
  const beside = looker.look(honest, subject)
  const broken = await hostile
  assert.deepEqual(broken?.verified, { state: 'broken-off' })
  assert.equal(broken?.stamped.host, 'mx.host.example', 'what is stamped is told all the same')
  held = false
  gate.resolve()
  const authentication = await beside
  assert.ok(authentication)
  // Where this machine is so busy that the deadline passed once more, it was alone then.
  if (authentication.verified.state === 'done') assert.equal(authentication.verified.dkim[0]?.verdict, 'pass')
  else assert.equal(authentication.verified.state, 'broken-off')
})

test('the seventeenth message at once is not looked at, and says so; an end from outside waits for nobody', async () => {
  const looker = makeLooker(systemClock, never)
  const looks = Array.from({ length: 16 }, () => looker.look(honest, subject))
  assert.deepEqual((await looker.look(honest, subject))?.verified, { state: 'too-busy' })
  await looker.close()
  assert.deepEqual(await Promise.all(looks), Array(16).fill(undefined))
  assert.equal(await looker.look(honest, subject), undefined)
})

test('who waits for his turn for too long is told so', async t => {
  const looker = makeLooker(systemClock, never, { waitMs: 50 })
  t.after(() => looker.close())
  const looks = Array.from({ length: 12 }, () => looker.look(honest, subject))
  const states = (await Promise.all(looks)).map(one => one?.verified.state)
  assert.ok(states.includes('too-busy'), String(states))
})

test('a process that stood still for longer than the deadline breaks nobody off who was not at fault', async t => {
  // It is begun once it asks; then nothing is heard here while its answers and its deadline come due.
  let stoodStill = false
  const lookup: Lookup = (name, type) => {
    if (!stoodStill) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3000)
    stoodStill = true
    return zone(name, type)
  }
  const looker = makeLooker(systemClock, lookup, { deadlineMs: 2000 })
  t.after(() => looker.close())
  assert.equal((await looker.look(honest, subject))?.verified.state, 'done')
  assert.ok(stoodStill)
})

test('octets that can no longer be read break the look off', async t => {
  const looker = makeLooker(systemClock, zone)
  t.after(() => looker.close())
  const gone = {
    ...honest,
    // biome-ignore lint/correctness/useYield: it fails before its first octet
    async *chunks(): AsyncGenerator<Uint8Array> {
      throw new Error('discarded')
    },
  }
  assert.deepEqual((await looker.look(gone, subject))?.verified, { state: 'broken-off' })
  assert.equal((await looker.look(honest, subject))?.verified.state, 'done')
})
