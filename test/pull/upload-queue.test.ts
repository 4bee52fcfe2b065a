/** The queue of one account, with the real adapter behind it and the stand-in for Gmail, which holds what it is told to. */
import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import { beginsInMs, slowAfterMs, smallOctets } from '../../src/base/in-flight.ts'
import { Secret } from '../../src/base/secret.ts'
import { makeGmail } from '../../src/gmail/google.ts'
import { type Place, type Upload, UploadQueue } from '../../src/pull/upload-queue.ts'
import { mail } from '../faults/harness.ts'
import { makeFakeClock } from '../gmail/fake-clock.ts'
import { accountFor, anImport, messageOf, never } from '../gmail/scripted.ts'
import { startGmailServer } from '../servers/gmail/gmail-server.ts'
import { until } from '../servers/until.ts'

const largeOctets = smallOctets + 1000

interface Rig {
  readonly queue: UploadQueue
  /** Subjects of the uploads, in the order in which they reached Gmail. */
  arrived(): readonly string[]
  enter(mailbox: string, octets: number | undefined, signal?: AbortSignal): Promise<Place | undefined>
  /** Enters and uploads; resolves to whether it was begun. */
  upload(mailbox: string, subject: string, octets?: number, more?: Partial<Upload>): Promise<boolean>
  /** From now on uploads are not answered, until the function is called. */
  hold(): () => void
  /** Passes time for the queue, which knows no other: on a busy machine too none is slow that is not to be. */
  pass(ms: number): Promise<void>
}

async function openRig(t: TestContext, inFlight: number): Promise<Rig> {
  const server = await startGmailServer()
  const { url, authUrl, tokenUrl, revokeUrl, client } = server
  const clientSecret = Secret.of(client.secret ?? '')
  const refreshToken = Secret.of(server.grant())
  const gmail = makeGmail({
    account: accountFor({
      address: 'owner@example.test',
      credential: { kind: 'user', clientId: client.id, clientSecret, refreshToken },
      unitsPerMinute: 1_200_000,
      importsInFlight: 3,
    }),
    endpoints: { apiRoot: url, authUrl, tokenUrl, revokeUrl },
    clock: systemClock,
  })
  const clock = makeFakeClock()
  const queue = new UploadQueue(inFlight, clock)
  t.after(async () => {
    await queue.close()
    await gmail.close()
    await server.close()
  })
  let id = 0
  const enter: Rig['enter'] = (mailbox, octets, signal = never) => {
    id += 1
    return queue.enter(id, mailbox, octets, signal)
  }
  return {
    queue,
    enter,
    pass: clock.advance,
    arrived: () =>
      server.ledger.of('import').map(({ body }) => /Subject: (\S+)/.exec(body.toString('latin1'))?.[1] ?? ''),
    async upload(mailbox, subject, octets = 300, more = {}) {
      const raw = messageOf(mail(subject, octets), 65_536)
      const place = await enter(mailbox, raw.octets)
      const run = async (closing: AbortSignal): Promise<void> => {
        await gmail.import(raw, anImport(), closing)
      }
      assert.ok(place)
      return place.upload({ key: subject, octets: raw.octets, stopping: never, run, ...more })
    },
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>()
      server.faults.always('import', { kind: 'hold', until: promise, stage: 'after-body' })
      return () => {
        server.faults.clear()
        resolve()
      }
    },
  }
}

const settled = (): Promise<void> => new Promise(resolve => setTimeout(resolve, 50))

describe('the uploads of one account', { concurrency: true, timeout: 60_000 }, () => {
  test('are as many at once as the account allows, and one more where those are large', async t => {
    const { upload, hold, arrived } = await openRig(t, 2)
    const release = hold()
    const large = ['large1', 'large2', 'large3'].map(name => upload('a', name, largeOctets))
    await until(() => arrived().length === 2, 'two large ones')
    const small = upload('a', 'small')
    await until(() => arrived().length === 3, 'the small one')
    assert.equal(arrived()[2], 'small')
    release()
    await Promise.all([...large, small])
    assert.equal(arrived().length, 4)
  })

  test('leave room for a small one also where small ones do not come to their end', async t => {
    const { upload, hold, arrived, pass } = await openRig(t, 1)
    const release = hold()
    const first = upload('a', 'first')
    await until(() => arrived().length === 1, 'the first')
    const second = upload('a', 'second')
    await pass(slowAfterMs)
    await until(() => arrived().length === 2, 'the second')
    release()
    await Promise.all([first, second])
  })

  test('of the mailbox with the fewest under way come first', async t => {
    const { upload, hold, arrived } = await openRig(t, 1)
    const release = hold()
    const busy = ['busy1', 'busy2', 'busy3', 'busy4'].map(name => upload('busy', name))
    await until(() => arrived().length === 1, 'the first')
    const calm = upload('calm', 'calm1')
    release()
    await Promise.all([...busy, calm])
    assert.equal(arrived()[1], 'calm1')
  })

  test('that Gmail may take for one follow one another', async t => {
    const { upload, hold, arrived } = await openRig(t, 3)
    const release = hold()
    const twins = ['twin1', 'twin2'].map(name => upload('a', name, 300, { key: 'same' }))
    const other = upload('a', 'other')
    await until(() => arrived().includes('other'), 'what is another message')
    await settled()
    assert.deepEqual(arrived().toSorted(), ['other', 'twin1'])
    release()
    await Promise.all([...twins, other])
    assert.equal(arrived().at(-1), 'twin2')
  })

  test('are not begun after a stop, and those under way end', async t => {
    const { upload, hold, arrived, queue } = await openRig(t, 1)
    const release = hold()
    const stop = new AbortController()
    const all = ['one', 'two', 'three'].map(name => upload('a', name, 300, { stopping: stop.signal }))
    await until(() => arrived().length === 1, 'the first')
    stop.abort()
    assert.deepEqual(await Promise.all(all.slice(1)), [false, false])
    assert.deepEqual([queue.holds(1), queue.holds(2)], [true, false])
    release()
    assert.equal(await all[0], true)
    await queue.idle()
    assert.deepEqual([arrived(), queue.holds(1)], [['one'], false])
  })

  test('end within their grace when the queue is closed', async t => {
    const { upload, hold, arrived, queue } = await openRig(t, 1)
    const release = hold()
    const [first, second] = ['one', 'two'].map(name =>
      upload('a', name).catch((thrown: Error) => thrown.name),
    )
    await until(() => arrived().length === 1, 'the first')
    const closed = queue.close()
    assert.equal(await second, false)
    release()
    await closed
    assert.equal(await first, true)
  })

  test('of one mailbox end when that one is closed, and those of another go on', async t => {
    const { upload, hold, arrived, queue } = await openRig(t, 2)
    const release = hold()
    const begun = Promise.withResolvers<void>()
    const run = (closing: AbortSignal): Promise<void> => {
      begun.resolve()
      return new Promise(resolve => closing.addEventListener('abort', () => resolve()))
    }
    const ended = upload('a', 'ended', 300, { run })
    await begun.promise
    const kept = upload('b', 'kept')
    await until(() => arrived().length === 1, 'the upload of the other')
    const [dropped, follows] = [upload('a', 'dropped'), upload('b', 'follows')]
    const closed = queue.closeFor('a')
    assert.equal(await dropped, false)
    assert.equal(await ended, true)
    await closed
    release()
    assert.deepEqual(await Promise.all([kept, follows]), [true, true])
    // Opened anew it uploads again.
    assert.equal(await upload('a', 'again'), true)
    await Promise.all([queue.idle('a'), queue.idle()])
    assert.deepEqual(arrived(), ['kept', 'follows', 'again'])
  })
})

describe('the places of one account', () => {
  test('are bounded for each mailbox, and large messages have some of them only', async t => {
    const { enter } = await openRig(t, 2)
    const places = await Promise.all([1, 2, 3].map(() => enter('a', largeOctets)))
    assert.ok(places.every(place => place !== undefined))
    const waiting = enter('a', largeOctets)
    const small = await Promise.all([1, 2, 3].map(() => enter('a', 300)))
    assert.ok(
      small.every(place => place !== undefined),
      'the places of small ones are kept',
    )
    const stop = new AbortController()
    const seventh = enter('a', 300, stop.signal)
    assert.ok((await enter('b', undefined)) !== undefined, 'another mailbox has places of its own')
    stop.abort()
    assert.equal(await seventh, undefined, 'it was not waited for any longer')
    places[0]?.leave()
    places[0]?.leave()
    assert.ok((await waiting) !== undefined)
  })

  test('of large messages are bounded in octets over all mailboxes, beyond one for each', async t => {
    const { enter } = await openRig(t, 2)
    const half = 128 * 1024 * 1024
    const [first] = await Promise.all([enter('a', half), enter('b', half)])
    const second = enter('a', half)
    assert.ok((await enter('c', half)) !== undefined, 'each mailbox may have one')
    let isThere = false
    void second.then(() => {
      isThere = true
    })
    await settled()
    assert.equal(isThere, false)
    first?.leave()
    await second
  })

  test('go to the mailbox that has the fewest', async t => {
    const { enter } = await openRig(t, 2)
    const holders = ['a', 'b', 'c', 'd']
    const places = await Promise.all(
      holders.flatMap(name => Array.from({ length: 6 }, () => enter(name, 300))),
    )
    const order: string[] = []
    const wait = (name: string): Promise<void> => enter(name, 300).then(() => void order.push(name))
    const e = await enter('e', 300)
    assert.ok(e !== undefined, 'one small message of each mailbox always has a place')
    const waits = [wait('a'), wait('e')]
    places[0]?.leave()
    places[6]?.leave()
    places[12]?.leave()
    await Promise.all(waits)
    assert.deepEqual(order, ['e', 'a'])
  })
})

test('who may begin beside others is told by their number, size and age', () => {
  const at = (isLarge: boolean, beganMs: number) => ({ isLarge, beganMs })
  assert.equal(beginsInMs(true, [at(true, 0)], 2, 0), 0)
  assert.equal(beginsInMs(true, [at(true, 0), at(false, 0)], 2, 10_000), undefined)
  assert.equal(beginsInMs(false, [at(true, 0), at(true, 0)], 2, 0), 0)
  assert.equal(beginsInMs(false, [at(true, 0), at(false, 100)], 2, 300), slowAfterMs - 200)
  const slow = Array.from({ length: 5 }, () => at(false, 0))
  assert.equal(beginsInMs(false, slow, 2, 10_000), 0)
  assert.equal(beginsInMs(false, [...slow, at(false, 0)], 2, 10_000), undefined)
  assert.equal(beginsInMs(false, slow.slice(0, 2), 1, 10_000, false), undefined)
})
