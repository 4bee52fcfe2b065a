/**
 * The contract of source.ts as tests: what every source must do, over whatever protocol and from whatever server.
 * contract.test.ts runs it over both sources, on the stand-ins and on a real Dovecot.
 */
import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import { Fault, type FaultCode } from '../../src/base/fault.ts'
import type { Listed, Source, SourceSession } from '../../src/source/source.ts'
import { corpus } from '../messages/corpus.ts'
import { sha256 } from '../servers/source-server.ts'
import { until } from '../servers/until.ts'

/** One server with one mailbox, and a source for it. */
export interface Rig {
  readonly source: Source
  /** A source that gives a wrong password. */
  readonly stranger: Source
  readonly folder: string
  deliver(octets: Buffer): Promise<void>
  /** SHA-256 of what the mailbox holds now, in any order. */
  stored(): Promise<string[]>
  /** What this server sends for a message that was delivered so. */
  served(octets: Buffer): Buffer
  /** What a server plays on demand; undefined for a real one, and those tests are then left out. */
  readonly play: Play | undefined
  stop(): Promise<void>
}

export interface Play {
  /** Takes one message away behind the session's back. */
  vanish(octets: Buffer): void
  /** Resets the connection after so many octets of the next body. */
  cutNextBody(afterOctets: number): void
  /** Says nothing more on any connection. */
  fallSilent(): void
  /** Connections open now. */
  connections(): number
}

export const never = new AbortController().signal
const nothingKnown = (): boolean => false

export const message = (name: string, body = 'text\r\n'): Buffer =>
  Buffer.from(`From: a@example.jp\r\nSubject: ${name}\r\nMessage-ID: <${name}@x>\r\n\r\n${body}`)

async function read(session: SourceSession, entry: Listed, signal = never): Promise<Buffer> {
  const parts: Uint8Array[] = []
  const octets = await session.retrieve(entry, { write: part => void parts.push(part) }, signal)
  const whole = Buffer.concat(parts)
  assert.equal(octets, whole.length, 'the count is the count of what was written')
  return whole
}

const codes = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'no fault',
    error => (error instanceof Fault ? error.code : String(error)),
  )

async function faults(work: Promise<unknown>, ...expected: FaultCode[]): Promise<void> {
  const code = await codes(work)
  assert.ok(
    expected.some(one => one === code),
    `expected ${expected.join(' or ')}, got ${code}`,
  )
}

/**
 * @param start makes a fresh mailbox for each test
 * @param plays whether its server plays on demand
 */
export function sourceContract(start: () => Promise<Rig>, plays: boolean): void {
  /** One test with its own server; nothing may stay open after it. */
  const promise = (
    title: string,
    work: (rig: Rig, open: () => Promise<SourceSession>) => Promise<void>,
  ): void => {
    test(title, { timeout: 60_000 }, async () => {
      const rig = await start()
      const sessions: SourceSession[] = []
      const open = async (): Promise<SourceSession> => {
        const session = await rig.source.open(never)
        sessions.push(session)
        return session
      }
      try {
        await work(rig, open)
        for (const session of sessions) session.abandon()
        const { play } = rig
        if (play !== undefined) await until(() => play.connections() === 0, 'every connection is closed')
      } finally {
        for (const session of sessions) session.abandon()
        await rig.stop()
      }
    })
  }
  /** As `promise`, with so many messages delivered and listed. */
  const listed = (
    title: string,
    names: readonly string[],
    work: (rig: Rig, session: SourceSession, entries: readonly Listed[]) => Promise<void>,
  ): void =>
    promise(title, async (rig, open) => {
      for (const name of names) await rig.deliver(message(name))
      const session = await open()
      await work(rig, session, await list(rig, session))
    })
  const list = async (rig: Rig, session: SourceSession): Promise<readonly Listed[]> => {
    const { folder, entries } = await session.list(rig.folder, nothingKnown, never)
    assert.equal(folder, rig.folder)
    return entries
  }
  const find = async (
    session: SourceSession,
    entries: readonly Listed[],
    octets: Buffer,
  ): Promise<Listed> => {
    for (const entry of entries) if ((await read(session, entry)).equals(octets)) return entry
    return assert.fail('the message is listed')
  }

  promise('an empty mailbox is an empty listing', async (rig, open) => {
    assert.deepEqual(await list(rig, await open()), [])
  })

  promise(
    'each message is listed once, with a name that lasts over sessions and a size',
    async (rig, open) => {
      for (const name of ['a', 'b', 'c']) await rig.deliver(message(name))
      const first = await list(rig, await open())
      const second = await list(rig, await open())
      const names = first.map(entry => entry.uid)
      assert.equal(new Set(names).size, 3)
      assert.ok(names.every(name => name !== undefined && name !== ''))
      assert.deepEqual(
        second.map(entry => entry.uid),
        names,
      )
      for (const entry of first) assert.ok(Math.abs((entry.octets ?? 0) - message('a').length) <= 2)
      // A mailbox that is known still lists everything.
      const session = await open()
      const known = await session.list(rig.folder, () => true, never)
      assert.deepEqual(
        known.entries.map(entry => entry.uid),
        names,
      )
    },
  )

  promise('every message of the corpus comes as the server sends it, octet for octet', async (rig, open) => {
    for (const { octets } of corpus()) await rig.deliver(octets)
    const session = await open()
    const entries = await list(rig, session)
    const got: string[] = []
    for (const entry of entries) got.push(sha256(await read(session, entry)))
    const expected = corpus().map(({ octets }) => sha256(rig.served(octets)))
    assert.deepEqual(got.sort(), expected.sort())
  })

  promise('what is foreseen comes exactly, in whatever order it is then asked for', async (rig, open) => {
    const sent = Array.from({ length: 150 }, (_, n) => message(`m${n}`, 'line\r\n'.repeat((n * 7) % 50)))
    for (const octets of [...sent, ...corpus().map(({ octets }) => octets)]) await rig.deliver(octets)
    const session = await open()
    const entries = await list(rig, session)
    session.foresee?.(
      entries.map(entry => ({ entry, octets: entry.octets, isAlone: entry.handle % 7 === 0 })),
    )
    const got: string[] = []
    const waiting = [
      ...entries.filter((_, n) => n % 3 > 0),
      ...entries.filter((_, n) => n % 3 === 0),
    ].values()
    const lane = async (): Promise<void> => {
      for (const entry of waiting) got.push(sha256(await read(session, entry)))
    }
    await Promise.all(Array.from({ length: 6 }, lane))
    const expected = [...sent, ...corpus().map(({ octets }) => octets)].map(octets =>
      sha256(rig.served(octets)),
    )
    assert.deepEqual(got.sort(), expected.sort())
  })

  promise('messages may be asked for in any order, twice, and all at once', async (rig, open) => {
    const names = Array.from({ length: 12 }, (_, n) => `m${n}`)
    for (const [n, name] of names.entries()) await rig.deliver(message(name, 'line\r\n'.repeat(n * 400)))
    const session = await open()
    const entries = [...(await list(rig, session))].reverse()
    const expected = names.map((name, n) => sha256(message(name, 'line\r\n'.repeat(n * 400)))).sort()
    for (let round = 0; round < 2; round += 1) {
      const all = await Promise.all(entries.map(entry => read(session, entry)))
      assert.deepEqual(all.map(sha256).sort(), expected)
    }
  })

  promise('a slow reader is waited for, and the octets are right all the same', async (rig, open) => {
    const octets = message('slow', 'a line of text\r\n'.repeat(60_000))
    await rig.deliver(octets)
    const session = await open()
    const [entry] = await list(rig, session)
    assert.ok(entry)
    const parts: Uint8Array[] = []
    let writing = 0
    const count = await session.retrieve(
      entry,
      {
        write: async part => {
          writing += 1
          assert.equal(writing, 1, 'one piece at a time')
          await new Promise(resolve => setImmediate(resolve))
          parts.push(part)
          writing -= 1
        },
      },
      never,
    )
    assert.equal(count, octets.length)
    assert.ok(octets.equals(Buffer.concat(parts)))
  })

  listed('what a sink throws ends the retrieval with just that', ['a'], async (_rig, session, [entry]) => {
    assert.ok(entry)
    const full = new Fault('state.disk-full')
    const sink = { write: () => Promise.reject(full) }
    await assert.rejects(session.retrieve(entry, sink, never), error => error === full)
  })

  promise('looking at mail leaves no trace: reading is not marked', async (rig, open) => {
    await rig.deliver(message('a'))
    const session = await open()
    const [entry] = await list(rig, session)
    assert.ok(entry)
    await read(session, entry)
    await session.peekHeader(entry, never)
    await session.close()
    const [again] = await list(rig, await open())
    assert.equal(again?.seen, entry.seen)
    assert.equal(again?.uid, entry.uid)
    assert.deepEqual(await rig.stored(), [sha256(message('a'))])
  })

  listed(
    'the header alone is the header section with its empty line',
    ['a'],
    async (_rig, session, [entry]) => {
      assert.ok(entry)
      const header = await session.peekHeader(entry, never)
      const whole = message('a').toString()
      assert.equal(header?.toString(), whole.slice(0, whole.indexOf('\r\n\r\n') + 4))
    },
  )

  promise('a header longer than 256 KiB is cut there and no further message suffers', async (rig, open) => {
    const long = `X-Long: ${'y'.repeat(900)}\r\n`.repeat(400)
    await rig.deliver(Buffer.from(`From: a@example.jp\r\n${long}\r\ntext\r\n`))
    const session = await open()
    const [entry] = await list(rig, session)
    assert.ok(entry)
    const header = await session.peekHeader(entry, never)
    assert.ok(header === undefined || (header.length <= 256 * 1024 && header.length > 200 * 1024))
    assert.equal((await read(session, entry)).length, 20 + 400 * 910 + 8)
  })

  listed(
    'exactly what is named is deleted, proved by a later listing',
    ['a', 'b', 'c', 'd'],
    async (rig, session, entries) => {
      const [b, d] = [await find(session, entries, message('b')), await find(session, entries, message('d'))]
      await rig.deliver(message('late'))
      await session.settle([b, d], { do: 'delete' }, never)
      await session.close()
      const left = ['a', 'c', 'late'].map(name => sha256(message(name))).sort()
      assert.deepEqual((await rig.stored()).sort(), left)
    },
  )

  listed('deleting nothing deletes nothing', ['a'], async (rig, session) => {
    await session.settle([], { do: 'delete' }, never)
    await session.close()
    assert.equal((await rig.stored()).length, 1)
  })

  listed(
    'a session that is abandoned twice, and after its end, does nothing more',
    ['a'],
    async (rig, session) => {
      session.abandon()
      session.abandon()
      await faults(session.list(rig.folder, nothingKnown, never), 'source.connection-lost')
      assert.equal((await rig.stored()).length, 1)
    },
  )

  promise('a wrong password is a refused login for the owner, and no connection stays', async rig => {
    await faults(rig.stranger.open(never), 'source.login-refused')
  })

  promise(
    'an abort ends opening, listing and reading at once with the reason, and leaves no listener',
    async (rig, open) => {
      await rig.deliver(message('a', 'a line of text\r\n'.repeat(10_000)))
      const reason = new DOMException('stop', 'AbortError')
      const gone = AbortSignal.abort(reason)
      const isReason = (error: unknown): boolean =>
        error instanceof DOMException && error.name === 'AbortError'
      await assert.rejects(rig.source.open(gone), isReason)
      const session = await open()
      const controller = new AbortController()
      const [entry] = (await session.list(rig.folder, nothingKnown, controller.signal)).entries
      assert.ok(entry)
      await session.retrieve(entry, { write: () => {} }, controller.signal)
      assert.equal(getEventListeners(controller.signal, 'abort').length, 0)
      let pieces = 0
      const reading = session.retrieve(
        entry,
        {
          write: () => {
            pieces += 1
            controller.abort(reason)
          },
        },
        controller.signal,
      )
      await assert.rejects(reading, isReason)
      assert.ok(pieces > 0)
    },
  )

  if (!plays) return

  listed(
    'what vanished behind our back is said to be gone, and the others are still read',
    ['a', 'b'],
    async (rig, session, entries) => {
      const a = await find(session, entries, message('a'))
      const other = entries.find(entry => entry !== a)
      assert.ok(other)
      rig.play?.vanish(message('a'))
      await faults(session.retrieve(a, { write: () => {} }, never), 'message.gone')
      assert.ok((await read(session, other)).equals(message('b')))
      await session.settle([a], { do: 'delete' }, never)
      await session.close()
    },
  )

  for (const after of [0, 1, 50, 5000]) {
    promise(
      `a connection cut after ${after} octets of a body is a fault and never a short message`,
      async (rig, open) => {
        await rig.deliver(message('a', 'a line of text\r\n'.repeat(1000)))
        const session = await open()
        const [entry] = await list(rig, session)
        assert.ok(entry)
        rig.play?.cutNextBody(after)
        const lost = ['source.connection-lost', 'source.timeout'] as const
        await faults(session.retrieve(entry, { write: () => {} }, never), ...lost)
        // What was still to come on that connection fails as well, at once.
        await faults(session.retrieve(entry, { write: () => {} }, never), ...lost)
        await faults(session.list(rig.folder, nothingKnown, never), ...lost)
      },
    )
  }

  listed('a server that falls silent is given up in time', ['a'], async (rig, session, [entry]) => {
    assert.ok(entry)
    rig.play?.fallSilent()
    await faults(session.retrieve(entry, { write: () => {} }, never), 'source.timeout')
    await faults(rig.source.open(never), 'source.timeout')
  })

  promise('a server that is not there is unreachable', async rig => {
    await rig.stop()
    await faults(rig.source.open(never), 'source.unreachable')
  })
}
