/** RETR of many messages behind one another: how many, whose faults, and what is not asked for. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import { Fault } from '../../src/base/fault.ts'
import type { Listed, SourceSession } from '../../src/source/source.ts'
import { listAll, never, openAt, plain, retrieve, serve, sourceFor } from './pop3-helpers.ts'

const foresee = (session: SourceSession, entries: readonly Listed[]): void =>
  session.foresee?.(entries.map(entry => ({ entry, octets: entry.octets, isAlone: false })))

const sink = { write: () => {} }

interface Counting {
  readonly port: number
  /** How many RETR had come unanswered, each time before they were answered. */
  readonly batches: number[]
}

/** A server with `count` messages of `octets` that answers RETR only once no more of them come. */
async function countBatches(t: TestContext, count: number, octets: number, breaksAt = 0): Promise<Counting> {
  const batches: number[] = []
  const body = `Subject: x\r\n\r\n${'x'.repeat(octets - 16)}\r\n`
  const listing = (line: (number: number) => string): string =>
    `+OK\r\n${Array.from({ length: count }, (_, at) => `${at + 1} ${line(at + 1)}\r\n`).join('')}.\r\n`
  const answers: Record<string, string> = {
    CAPA: '+OK\r\nPIPELINING\r\nUIDL\r\nUSER\r\n.\r\n',
    STAT: `+OK ${count} ${count * octets}\r\n`,
    LIST: listing(() => String(octets)),
    UIDL: listing(number => `u${number}`),
  }
  const talk = (socket: Socket): void => {
    let input = ''
    let held: string[] = []
    let timer: NodeJS.Timeout | undefined
    const answerHeld = (): void => {
      batches.push(held.length)
      for (const line of held) {
        if (line === `RETR ${breaksAt}`) return void socket.destroy()
        socket.write(`+OK\r\n${body}.\r\n`)
      }
      held = []
    }
    socket.on('error', () => {})
    socket.on('close', () => clearTimeout(timer))
    socket.write('+OK\r\n')
    socket.on('data', chunk => {
      const lines = (input + chunk.toString('latin1')).split('\r\n')
      input = lines.pop() ?? ''
      for (const line of lines) {
        if (!line.startsWith('RETR')) {
          if (held.length > 0) answerHeld()
          socket.write(answers[line] ?? '+OK\r\n')
          continue
        }
        held.push(line)
        clearTimeout(timer)
        timer = setTimeout(answerHeld, 30)
      }
    })
  }
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    talk(socket)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  return { port: address.port, batches }
}

/** As a pull does: so many at a time, in order. */
async function retrieveAll(
  session: SourceSession,
  entries: readonly Listed[],
  lanes = 6,
): Promise<unknown[]> {
  const outcomes: unknown[] = []
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < entries.length) {
      const at = next++
      const entry = entries[at]
      assert.ok(entry)
      outcomes[at] = await session.retrieve(entry, sink, never).catch((error: unknown) => error)
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  return outcomes
}

test('a round trip brings hundreds of small messages, and more where they are taken at once', async t => {
  const { port, batches } = await countBatches(t, 4000, 500)
  const session = await openAt(t, { port })
  const entries = await listAll(session)
  foresee(session, entries)
  const outcomes = await retrieveAll(session, entries)
  assert.ok(outcomes.every(octets => octets === 500))
  assert.equal(batches[0], 512)
  assert.ok(Math.max(...batches) > 1000 && Math.max(...batches) <= 2048, String(batches))
  await session.close()
})

test('of larger ones no more are under way than 8 MiB, and 2 at first', async t => {
  const { port, batches } = await countBatches(t, 200, 200_000)
  const session = await openAt(t, { port })
  const entries = await listAll(session)
  foresee(session, entries)
  const outcomes = await retrieveAll(session, entries)
  assert.ok(outcomes.every(octets => octets === 200_000))
  assert.equal(batches[0], Math.floor((2 * 1024 * 1024) / 201_024))
  assert.ok(Math.max(...batches) <= (8 * 1024 * 1024) / 201_024, String(batches))
})

test('where messages are taken slowly few are brought before somebody wants them', async t => {
  const { port, batches } = await countBatches(t, 200, 500)
  let aheadMs = 0
  const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + aheadMs }
  const session = await openAt(t, { port }, { clock })
  const entries = await listAll(session)
  foresee(session, entries)
  for (const entry of entries.slice(0, 100)) {
    await session.retrieve(entry, sink, never)
    aheadMs += 2000
  }
  assert.ok(
    batches.slice(1).every(batch => batch <= 8),
    String(batches),
  )
})

test('a connection that breaks at one of many is blamed on that one, and the next session asks for few', async t => {
  const { port, batches } = await countBatches(t, 100, 500, 20)
  const source = sourceFor({ port })
  const session = await source.open(never)
  const entries = await listAll(session)
  foresee(session, entries)
  const outcomes = await retrieveAll(session, entries)
  const scopes = outcomes.map(outcome => (outcome instanceof Fault ? outcome.scope : outcome))
  assert.deepEqual(scopes.slice(0, 19), Array(19).fill(500))
  assert.equal(scopes[19], 'message')
  assert.ok(scopes.slice(20).every(scope => scope === 'mailbox'))
  batches.length = 0
  const again = await source.open(never)
  t.after(() => again.abandon())
  const others = (await listAll(again)).filter(({ handle }) => handle > 20)
  foresee(again, others)
  assert.ok((await retrieveAll(again, others)).every(octets => octets === 500))
  assert.ok(
    batches.every(batch => batch <= 16),
    String(batches),
  )
})

/** A server that reads no command while it writes. */
async function serveStubbornly(
  t: TestContext,
  count: number,
  octets: number,
): Promise<{ readonly port: number }> {
  const body = `Subject: x\r\n\r\n${'x'.repeat(octets - 16)}\r\n.\r\n`
  const listing = (line: (number: number) => string): string =>
    `+OK\r\n${Array.from({ length: count }, (_, at) => `${at + 1} ${line(at + 1)}\r\n`).join('')}.\r\n`
  const answers: Record<string, string> = {
    CAPA: '+OK\r\nPIPELINING\r\nUIDL\r\nTOP\r\n.\r\n',
    STAT: `+OK ${count} ${count * octets}\r\n`,
    LIST: listing(() => String(octets)),
    UIDL: listing(number => `u${number}`),
  }
  const answerOf = (line: string): string => {
    if (line.startsWith('RETR')) return `+OK\r\n${body}`
    return line.startsWith('TOP') ? '+OK\r\nSubject: x\r\n\r\n.\r\n' : (answers[line] ?? '+OK\r\n')
  }
  const sockets = new Set<Socket>()
  const talk = async (socket: Socket): Promise<void> => {
    socket.write('+OK\r\n')
    let input = ''
    for await (const chunk of socket) {
      const lines = (input + chunk.toString('latin1')).split('\r\n')
      input = lines.pop() ?? ''
      for (const line of lines) if (!socket.write(answerOf(line))) await once(socket, 'drain')
    }
  }
  const server = createServer({ highWaterMark: 1024 }, socket => {
    sockets.add(socket)
    talk(socket).catch(() => {})
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  return { port: address.port }
}

test('what is under way and not taken holds up no other command, nor a server that reads none while it writes', {
  timeout: 30_000,
}, async t => {
  const session = await openAt(t, await serveStubbornly(t, 1500, 4000))
  const entries = await listAll(session)
  foresee(session, entries)
  await retrieveAll(session, entries.slice(0, 200))
  // By now some megabytes are asked for, and nobody takes them.
  const header = await session.peekHeader(entries.at(-1) as Listed, never)
  assert.equal(header?.toString(), 'Subject: x\r\n\r\n')
  assert.ok((await retrieveAll(session, entries.slice(200))).every(octets => octets === 4000))
  await session.close()
})

test('what one message is refused, or is longer than announced, is that message’s alone', async t => {
  const messages = Array.from({ length: 40 }, (_, n) => plain(n + 1))
  messages[9] = plain(1000)
  const server = await serve(t, { messages })
  server.faults.line = ({ line }) => {
    if (line === 'RETR 4') return { answer: '-ERR no such message\r\n' }
    if (line !== 'LIST') return undefined
    const sizes = messages.map((octets, at) => `${at + 1} ${at === 9 ? 100 : octets.length}\r\n`)
    return { answer: `+OK\r\n${sizes.join('')}.\r\n` }
  }
  const session = await openAt(t, server)
  const entries = await listAll(session)
  foresee(session, entries)
  const outcomes = await Promise.allSettled(entries.map(entry => retrieve(session, entry)))
  for (const [at, outcome] of outcomes.entries()) {
    if (at === 3) assert.ok(outcome.status === 'rejected' && outcome.reason instanceof Fault)
    else
      assert.ok(
        outcome.status === 'fulfilled' && outcome.value.equals(messages[at] ?? Buffer.of()),
        `${at + 1}`,
      )
  }
  const asked = (number: number): number =>
    server.ledger.commands.filter(line => line === `RETR ${number}`).length
  assert.equal(asked(4), 1, 'a refusal is believed')
  assert.equal(asked(10), 2, 'too long to be kept, so it is asked for by itself')
  assert.equal(asked(11), 1)
})

test('nothing is asked for before it is wanted by one who met trouble, nor of a server that may delete what is read', async t => {
  const messages = Array.from({ length: 20 }, (_, n) => plain(n + 1))
  const retrs = (server: { ledger: { commands: readonly string[] } }): number =>
    server.ledger.commands.filter(line => line.startsWith('RETR')).length
  const usual = ['TOP', 'UIDL', 'USER', 'PIPELINING']
  for (const [capabilities, isAlone] of [
    [['TOP', 'UIDL', 'USER'], false],
    [[...usual, 'EXPIRE 0'], false],
    [usual, true],
  ] as const) {
    const server = await serve(t, { messages, capabilities })
    const session = await openAt(t, server)
    const entries = await listAll(session)
    session.foresee?.(entries.map(entry => ({ entry, octets: entry.octets, isAlone })))
    for (const entry of entries.slice(0, 3)) await retrieve(session, entry)
    await session.close()
    assert.equal(retrs(server), 3, capabilities.join())
  }
})

test('a session ends well, and deletes what it is told, while messages are under way that nobody takes', async t => {
  const messages = Array.from({ length: 100 }, (_, n) => plain(n + 1))
  const server = await serve(t, { messages })
  const session = await openAt(t, server)
  const entries = await listAll(session)
  foresee(session, entries)
  const [first] = entries
  assert.ok(first)
  assert.ok((await retrieve(session, first)).equals(plain(1)))
  await session.settle([first], { do: 'delete' }, never)
  await session.close()
  assert.equal(server.messages.length, 99)
})
