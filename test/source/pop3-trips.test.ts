/** How few trips a poll takes, and that nothing is risked for it: what the stand-in was asked, in order. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Clock, systemClock } from '../../src/base/clock.ts'
import type { Listing, Source, SourceSession } from '../../src/source/source.ts'
import { type Pop3Server, usualCapabilities } from '../servers/pop3-server.ts'
import { listAll, never, plain, rejectsWith, retrieve, serve, sourceFor } from './pop3-helpers.ts'

const minuteMs = 60_000

/** The commands of what `work` does, in order. */
async function commandsOf(server: Pop3Server, work: () => Promise<unknown>): Promise<string[]> {
  const from = server.ledger.commands.length
  await work()
  return server.ledger.commands.slice(from)
}

async function poll(source: Source, use: (session: SourceSession) => Promise<unknown>): Promise<void> {
  const session = await source.open(never)
  await use(session)
  await session.close()
}

async function listAndRecord(session: SourceSession): Promise<Listing> {
  const listing = await session.list('', () => false, never)
  listing.noteRecorded?.()
  return listing
}

/** Monotonic time that a test moves on. */
function movedClock(): Clock & { pass(ms: number): void } {
  let passed = 0
  return {
    ...systemClock,
    monotonicMs: () => systemClock.monotonicMs() + passed,
    pass: ms => {
      passed += ms
    },
  }
}

const firstLogin = ['CAPA', 'UTF8', 'USER user', 'PASS ***', 'CAPA']
const nextLogin = ['UTF8', 'USER user', 'PASS ***']
const everything = ['STAT', 'LIST', 'UIDL']

test('the first poll asks step by step, the next remembers CAPA and shows by STAT that nothing came', async t => {
  const server = await serve(t, { messages: [plain(1), plain(2)] })
  const source = sourceFor(server)
  const first = await commandsOf(server, () => poll(source, listAndRecord))
  assert.deepEqual(first, [...firstLogin, ...everything, 'QUIT'])
  const second = await commandsOf(server, () =>
    poll(source, async session => assert.equal(await session.standsUnchanged?.('', never), 2)),
  )
  assert.deepEqual(second, [...nextLogin, 'STAT', 'QUIT'])
})

test('USER and PASS leave in one packet only where this very login was accepted before', async t => {
  const server = await serve(t, {})
  const source = sourceFor(server, { deadlines: { loginMs: 100, commandMs: 100 } })
  await poll(source, listAll)
  // A server that throws away what came ahead shows that it did: PASS gets no answer.
  server.faults.dropsPipelined = true
  const commands = await commandsOf(server, () => poll(source, async () => {}))
  assert.deepEqual(commands.slice(-6), [...firstLogin, 'QUIT'], 'a second connection, step by step')
  assert.equal(server.ledger.connections, 3)
  server.faults.dropsPipelined = false
  const remembered = await commandsOf(server, () => poll(source, async () => {}))
  assert.deepEqual(remembered, [...nextLogin, 'QUIT'])
  server.faults.dropsPipelined = true
  await poll(source, async () => {})
  assert.equal(server.ledger.connections, 5, 'that this server cannot bear it is remembered')
})

test('a refused USER is one refused login, and the next one shows no password to who refuses the name', async t => {
  const server = await serve(t, {})
  const source = sourceFor(server)
  await poll(source, listAll)
  server.faults.line = ({ verb }) =>
    verb === 'USER' ? { answer: '-ERR [AUTH] Plaintext authentication disallowed\r\n' } : undefined
  const fault = await rejectsWith('source.login-method', source.open(never))
  assert.equal(fault.loginRefused, true)
  const connections = server.ledger.connections
  const commands = await commandsOf(server, () => rejectsWith('source.login-method', source.open(never)))
  assert.deepEqual(commands, ['CAPA', 'UTF8', 'USER user'])
  assert.equal(server.ledger.connections, connections + 1, 'and it is tried once')
})

test('a password that is refused all at once is refused once, and CAPA is asked again', async t => {
  const server = await serve(t, {})
  const source = sourceFor(server)
  await poll(source, listAll)
  server.faults.login = '-ERR [AUTH] Authentication failed.'
  await rejectsWith('source.login-refused', source.open(never))
  assert.equal(server.ledger.failedLogins.length, 1)
  delete server.faults.login
  const commands = await commandsOf(server, () => poll(source, async () => {}))
  assert.deepEqual(commands, [...firstLogin, 'QUIT'])
})

test('a listing that nobody recorded, one in doubt, and one of ten minutes ago let nothing stand unchanged', async t => {
  const server = await serve(t, { messages: [plain(1)] })
  const clock = movedClock()
  const source = sourceFor(server, { clock })
  const unchanged = async (): Promise<number | undefined> => {
    let count: number | undefined
    await poll(source, async session => {
      count = await session.standsUnchanged?.('', never)
    })
    return count
  }
  await poll(source, listAll)
  assert.equal(await unchanged(), undefined, 'not recorded')
  await poll(source, listAndRecord)
  assert.equal(await unchanged(), 1)
  clock.pass(9 * minuteMs)
  assert.equal(await unchanged(), 1)
  clock.pass(minuteMs)
  assert.equal(await unchanged(), undefined, 'ten minutes after the listing, whatever STAT said since')
  server.faults.line = ({ verb }) =>
    verb === 'LIST' ? { answer: '+OK\r\n1 20\r\nwhat?\r\n.\r\n' } : undefined
  await poll(source, async session => assert.ok((await listAndRecord(session)).doubt))
  assert.equal(await unchanged(), undefined, 'in doubt')
})

test('what was marked for deletion, another count and another size make a whole listing needed', async t => {
  const server = await serve(t, { messages: [plain(1), plain(2)] })
  const source = sourceFor(server)
  const unchanged = async (session: SourceSession) => session.standsUnchanged?.('', never)
  await poll(source, listAndRecord)
  const [message] = server.messages
  assert.ok(message)
  server.vanish(message)
  server.deliver(plain(9))
  await poll(source, async session => assert.equal(await unchanged(session), undefined, 'another size'))
  // Of a server that says +OK and deletes nothing only a listing shows it.
  server.faults.readOnly = true
  await poll(source, async session => {
    const { entries } = await listAndRecord(session)
    await session.settle(entries.slice(0, 1), { do: 'delete' }, never)
  })
  await poll(source, async session => assert.equal(await unchanged(session), undefined, 'marked'))
})

test('one small new message is asked for with the listing, and comes as it is', async t => {
  const server = await serve(t, { messages: [plain(1), plain(2)] })
  const source = sourceFor(server)
  await poll(source, listAndRecord)
  server.deliver(plain(300))
  const commands = await commandsOf(server, () =>
    poll(source, async session => {
      assert.equal(await session.standsUnchanged?.('', never), undefined)
      const { entries } = await listAndRecord(session)
      assert.ok((await retrieve(session, entries[2])).equals(plain(300)))
      assert.ok((await retrieve(session, entries[0])).equals(plain(1)))
    }),
  )
  assert.deepEqual(commands, [...nextLogin, 'STAT', 'LIST', 'UIDL', 'RETR 3', 'RETR 1', 'QUIT'])
})

test('several, or a large one, or where reading deletes, are asked for by name only', async t => {
  for (const [capabilities, fresh] of [
    [
      [...usualCapabilities, 'USER'],
      [plain(1), plain(2)],
    ],
    [[...usualCapabilities, 'USER'], [plain(9000)]],
    [[...usualCapabilities, 'USER', 'EXPIRE 0'], [plain(5)]],
    [['TOP', 'UIDL', 'USER'], [plain(5)]],
  ] as const) {
    const server = await serve(t, { messages: [plain(1)], capabilities })
    const source = sourceFor(server)
    await poll(source, listAndRecord)
    for (const octets of fresh) server.deliver(octets)
    await poll(source, async session => {
      await session.standsUnchanged?.('', never)
      await listAndRecord(session)
    })
    assert.deepEqual(
      server.ledger.commands.filter(line => line.startsWith('RETR')),
      [],
    )
  }
})

test('a connection that breaks at a message asked for ahead blames it, and the next session asks by name', async t => {
  const server = await serve(t, { messages: [plain(1)] })
  const source = sourceFor(server)
  await poll(source, listAndRecord)
  server.deliver(plain(2))
  server.faults.retrCut = { at: 5, how: 'fin' }
  const session = await source.open(never)
  await session.standsUnchanged?.('', never)
  const { entries } = await listAndRecord(session)
  const fault = await rejectsWith('source.connection-lost', retrieve(session, entries[1]))
  assert.equal(fault.scope, 'message')
  session.abandon()
  delete server.faults.retrCut
  server.deliver(plain(3))
  const commands = await commandsOf(server, () =>
    poll(source, async next => {
      await next.standsUnchanged?.('', never)
      await listAndRecord(next)
    }),
  )
  assert.deepEqual(commands, [...nextLogin, 'STAT', 'LIST', 'UIDL', 'QUIT'])
})

test('a maildrop that cannot be listed by lines sent behind one another is listed one by one', async t => {
  const server = await serve(t, { messages: [plain(1)], faults: {} })
  server.faults.line = ({ verb }) => {
    server.faults.dropsPipelined = verb === 'STAT'
    return undefined
  }
  const source = sourceFor(server, { deadlines: { listMs: 100 } })
  const session = await source.open(never)
  await rejectsWith('source.timeout', listAll(session))
  session.abandon()
  await poll(source, async next => assert.equal((await listAll(next)).length, 1))
})
