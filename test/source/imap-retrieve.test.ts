import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { FaultCode } from '../../src/base/fault.ts'
import type { BodyFault, ImapPlay } from '../servers/imap-server.ts'
import { faultOf, first, listAll, mail, never, octetsOf, rig } from './imap-harness.ts'

const windowOctets = 1024 * 1024
const patterned = (octets: number): Buffer =>
  Buffer.from(Array.from({ length: octets }, (_, at) => (at * 7 + (at >> 8)) & 0xff))

const awkward: Readonly<Record<string, Buffer>> = {
  'NUL octets': Buffer.from('Subject: a\r\n\r\n\0\0x\0'),
  'bare LF': Buffer.from('Subject: a\n\nb\nc'),
  'bare CR': Buffer.from('Subject: a\r\n\r\nb\rc\r'),
  '8-bit header and body': Buffer.from([
    0x53, 0x3a, 0x20, 0x83, 0xff, 0xfe, 13, 10, 13, 10, 0x8e, 0xa1, 0xc3, 0x28,
  ]),
  'no final line end': Buffer.from('Subject: a\r\n\r\nend'),
  'only a header': Buffer.from('Subject: a\r\n\r\n'),
  'no empty line': Buffer.from('Subject: a'),
  'one octet': Buffer.from('.'),
  'what looks like IMAP': Buffer.from('Subject: {5}\r\n\r\n)\r\n* 1 EXPUNGE\r\nA OK {3}\r\nabc'),
  dots: Buffer.from('Subject: a\r\n\r\n.\r\n..\r\n'),
  'a line of 3 MB': Buffer.concat([Buffer.from('Subject: a\r\n\r\n'), Buffer.alloc(3_000_000, 'z')]),
  'exactly one window': patterned(windowOctets),
  'one octet less than a window': patterned(windowOctets - 1),
  'one octet more than a window': patterned(windowOctets + 1),
  'exactly two windows': patterned(2 * windowOctets),
}

test('octets arrive exactly as the server holds them', async t => {
  const { server, open } = await rig(t, { folders: { INBOX: Object.values(awkward) } })
  const session = await open()
  const entries = await listAll(session)
  for (const [at, [name, octets]] of Object.entries(awkward).entries()) {
    await t.test(name, async () => {
      const entry = entries[at]
      assert.ok(entry !== undefined)
      assert.ok((await octetsOf(session, entry)).equals(octets))
    })
  }
  assert.deepEqual(server.ledger.madeSeen, [])
  assert.ok(server.ledger.commands.every(({ text }) => !/BODY\[|BINARY|RFC822 |RFC822\.TEXT/.test(text)))
})

test('any octets arrive exactly, with any size announced and however few octets a partial FETCH gives', async t => {
  const { server, open } = await rig(t)
  const session = await open()
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ minLength: 1, maxLength: 3000 }),
      fc.option(fc.integer({ min: 0, max: 5000 }), { nil: undefined }),
      fc.option(fc.integer({ min: 200, max: 4000 }), { nil: undefined }),
      async (octets, size, most) => {
        server.faults.size = () => size
        if (most === undefined) delete server.faults.capPartial
        else server.faults.capPartial = most
        const uid = server.deliver('INBOX', Buffer.from(octets))
        // A size that is wrong and by chance ends exactly where a capped answer does cannot be told apart.
        fc.pre(size === undefined || size === octets.length || most === undefined || size % most !== 0)
        const entry = (await listAll(session)).find(each => each.handle === uid)
        assert.ok(entry !== undefined)
        assert.ok((await octetsOf(session, entry)).equals(Buffer.from(octets)))
      },
    ),
    { numRuns: 60 },
  )
})

test('a small message costs one FETCH', async t => {
  const { server, open } = await rig(t, { folders: { INBOX: [mail('a')] } })
  const session = await open()
  const entry = first(await listAll(session))
  const before = server.ledger.commands.length
  await octetsOf(session, entry)
  assert.deepEqual(
    server.ledger.commands.slice(before).map(({ text }) => text),
    ['UID FETCH 1 (UID RFC822.SIZE INTERNALDATE BODY.PEEK[]<0.1048576>)'],
  )
})

for (const [name, size] of [
  ['too large', (octets: number) => octets + 5],
  ['too small', (octets: number) => octets - 5],
  ['missing', () => undefined],
] as const) {
  test(`an announced size that is ${name} is a hint only: the message comes whole`, async t => {
    const { open } = await rig(t, {
      folders: { INBOX: [mail('a'), patterned(windowOctets + 9)] },
      faults: { size },
    })
    const session = await open()
    const [one, two] = await listAll(session)
    assert.ok(one !== undefined && two !== undefined)
    assert.deepEqual(await octetsOf(session, one), mail('a'))
    assert.ok((await octetsOf(session, two)).equals(patterned(windowOctets + 9)))
  })
}

for (const octets of [100, windowOctets - 1, windowOctets, windowOctets + 1, 3 * windowOctets]) {
  test(`a server that ignores the partial FETCH gives a message of ${octets} octets whole, once`, async t => {
    const { open } = await rig(t, {
      folders: { INBOX: [patterned(octets)] },
      faults: { ignorePartial: true },
    })
    const session = await open()
    assert.ok((await octetsOf(session, first(await listAll(session)))).equals(patterned(octets)))
  })
}

const wrong: readonly (readonly [BodyFault, FaultCode])[] = [
  ['nil', 'message.not-retrieved'],
  ['none', 'message.not-retrieved'],
  ['quoted-empty', 'message.empty'],
  ['zero', 'message.empty'],
  ['wrong-uid', 'message.not-retrieved'],
]

for (const [as, code] of wrong) {
  test(`a body that comes as ${as} is ${code}, and the next message is retrieved on the same connection`, async t => {
    const { server, open } = await rig(t, { folders: { INBOX: [mail('a'), mail('b')] } })
    const session = await open()
    const [one, two] = await listAll(session)
    assert.ok(one !== undefined && two !== undefined)
    server.faults.at = ({ verb, text }) =>
      verb === 'UID FETCH' && text.includes('BODY') ? { do: 'body', as } : undefined
    const fault = await faultOf(octetsOf(session, one), code)
    assert.equal(fault.scope, 'message')
    server.faults.at = () => undefined
    assert.deepEqual(await octetsOf(session, two), mail('b'))
    assert.equal(server.ledger.logins.length, 1)
  })
}

for (const as of ['no-row', 'empty-row'] as const) {
  test(`an OK with ${as} for a message that is still there is not its end: it is not retrieved`, async t => {
    const { server, open } = await rig(t, { folders: { INBOX: [mail('a')] } })
    const session = await open()
    const entry = first(await listAll(session))
    server.faults.at = ({ verb, text }) =>
      verb === 'UID FETCH' && text.includes('BODY') ? { do: 'body', as } : undefined
    await faultOf(octetsOf(session, entry), 'message.not-retrieved')
  })
}

for (const [as, octets] of [
  ['literal8', Buffer.from('Subject: a\r\n\r\n\0\xff', 'latin1')],
  ['quoted', Buffer.from('Subject: a')],
] as const) {
  test(`a body that comes as ${as} is taken exactly`, async t => {
    const { server, open } = await rig(t, { folders: { INBOX: [octets] } })
    const session = await open()
    const entry = first(await listAll(session))
    server.faults.at = ({ verb }) => (verb === 'UID FETCH' ? { do: 'body', as } : undefined)
    assert.deepEqual(await octetsOf(session, entry), octets)
  })
}

test('a quoted string with 8-bit octets cannot be exact and is not taken', async t => {
  const { server, open } = await rig(t, { folders: { INBOX: [Buffer.from('Subject: \x83\xff', 'latin1')] } })
  const session = await open()
  const entry = first(await listAll(session))
  server.faults.at = ({ verb }) => (verb === 'UID FETCH' ? { do: 'body', as: 'quoted' } : undefined)
  await faultOf(octetsOf(session, entry), 'message.not-retrieved')
})

test('another message under the same UID in the middle of a retrieval is noticed', async t => {
  const { server, open } = await rig(t, { folders: { INBOX: [patterned(3 * windowOctets)] } })
  const session = await open()
  const entry = first(await listAll(session))
  server.faults.at = ({ text }) => {
    if (text.includes(`<${windowOctets}.`)) server.faults.size = octets => octets + 1
    return undefined
  }
  const fault = await faultOf(octetsOf(session, entry), 'message.not-retrieved')
  assert.match(String(fault.facts.reason), /another message/)
})

test('a message expunged in the middle of a retrieval is gone, never a short success', async t => {
  const { server, open } = await rig(t, { folders: { INBOX: [patterned(3 * windowOctets)] } })
  const session = await open()
  const entry = first(await listAll(session))
  server.faults.at = ({ text }) => {
    if (text.includes(`<${windowOctets}.`)) server.expunge('INBOX', 1)
    return undefined
  }
  await faultOf(octetsOf(session, entry), 'message.gone')
})

test('NO to a FETCH leaves the message and goes on; NO because it is expunged says gone', async t => {
  const { server, open } = await rig(t, { folders: { INBOX: [mail('a'), mail('b')] } })
  const session = await open()
  const [one, two] = await listAll(session)
  assert.ok(one !== undefined && two !== undefined)
  const no: ImapPlay = { do: 'answer', pieces: ['{tag} NO Some messages could not be FETCHed\r\n'] }
  server.faults.at = ({ text }) => (text.includes('FETCH 1 ') && text.includes('BODY') ? no : undefined)
  const fault = await faultOf(octetsOf(session, one), 'message.not-retrieved')
  assert.equal(fault.facts.words, 'Some messages could not be FETCHed')
  assert.deepEqual(await octetsOf(session, two), mail('b'))
  server.expunge('INBOX', 1)
  await faultOf(octetsOf(session, one), 'message.gone')
})

const soft: readonly (readonly [string, FaultCode])[] = [
  ['[OVERQUOTA] Account exceeded bandwidth', 'source.limited'],
  ['[UNAVAILABLE] Backend is away', 'source.limited'],
  ['[LIMIT] Slow down', 'source.limited'],
  ['[INUSE] Mailbox in use', 'source.busy'],
]

for (const [words, code] of soft) {
  test(`NO ${words} to a FETCH is a passing state of the mailbox, not a fault of the message`, async t => {
    const { server, open } = await rig(t, { folders: { INBOX: [mail('a')] } })
    const session = await open()
    const entry = first(await listAll(session))
    server.faults.at = ({ verb }) =>
      verb === 'UID FETCH' ? { do: 'answer', pieces: [`{tag} NO ${words}\r\n`] } : undefined
    const fault = await faultOf(octetsOf(session, entry), code)
    assert.equal(fault.scope, 'mailbox')
    assert.equal(fault.retry, 'later')
  })
}

test('a throttled FETCH is told at once with the time that the server named, not retried in secret', async t => {
  const { server, open } = await rig(t, { folders: { INBOX: [mail('a')] } })
  const session = await open()
  const entry = first(await listAll(session))
  server.faults.at = ({ verb }) =>
    verb === 'UID FETCH'
      ? {
          do: 'answer',
          pieces: ['{tag} BAD Request is throttled. Suggested Backoff Time: 92415 milliseconds\r\n'],
        }
      : undefined
  const before = Date.now()
  const fault = await faultOf(octetsOf(session, entry), 'source.limited')
  assert.ok(fault.notBeforeMs !== undefined && fault.notBeforeMs >= before + 92_415)
  assert.equal(server.ledger.commands.filter(({ text }) => text.includes('BODY')).length, 1)
})

for (const ending of ['reset', 'end'] as const) {
  test(`a connection that ends by ${ending} inside a literal, at any octet, is a lost connection`, async t => {
    const octets = mail('cut')
    const { server, open } = await rig(t, { folders: { INBOX: [octets] } })
    for (const at of [
      0,
      1,
      Math.floor(octets.length / 2),
      octets.length - 1,
      octets.length,
      octets.length + 1,
    ]) {
      server.faults.at = () => undefined
      const session = await open()
      const entry = first(await listAll(session))
      server.faults.at = ({ verb }) =>
        verb === 'UID FETCH' ? { do: 'cut', of: 'literal', at, ending } : undefined
      await faultOf(octetsOf(session, entry), 'source.connection-lost')
    }
  })
}

test('silence inside a literal ends by the deadline, with the phase', async t => {
  const { server, open } = await rig(t, { folders: { INBOX: [mail('a')] }, deadlines: { silence: 100 } })
  const session = await open()
  const entry = first(await listAll(session))
  server.faults.at = ({ verb }) =>
    verb === 'UID FETCH' ? { do: 'cut', of: 'literal', at: 9, ending: 'silence' } : undefined
  const fault = await faultOf(octetsOf(session, entry), 'source.timeout')
  assert.equal(fault.facts.phase, 'retrieve')
})

test('a slow server is waited for as long as octets come', async t => {
  const { server, open } = await rig(t, { folders: { INBOX: [mail('slow')] }, deadlines: { silence: 250 } })
  const session = await open()
  const entry = first(await listAll(session))
  server.faults.at = ({ verb }) =>
    verb === 'UID FETCH' ? { do: 'trickle', octets: 12, everyMs: 30 } : undefined
  const began = performance.now()
  assert.deepEqual(await octetsOf(session, entry), mail('slow'))
  assert.ok(performance.now() - began > 250)
})

test('a trickle without end is cut off by the deadline of the whole command', async t => {
  const { server, open } = await rig(t, {
    folders: { INBOX: [mail('slow', 'x'.repeat(5000))] },
    deadlines: { silence: 100, command: 300 },
  })
  const session = await open()
  const entry = first(await listAll(session))
  server.faults.at = ({ verb }) =>
    verb === 'UID FETCH' ? { do: 'trickle', octets: 1, everyMs: 20 } : undefined
  await faultOf(octetsOf(session, entry), 'source.timeout')
})

test('a literal of 2 GiB that is only announced costs no memory and is a fault of that message alone', async t => {
  const { server, open } = await rig(t, { folders: { INBOX: [mail('a')] } })
  const session = await open()
  const entry = first(await listAll(session))
  server.faults.at = ({ verb }) =>
    verb === 'UID FETCH'
      ? { do: 'answer', pieces: ['* 1 FETCH (UID 1 BODY[]<0> {2147483648}\r\nabc'] }
      : undefined
  const fault = await faultOf(octetsOf(session, entry), 'message.not-retrieved')
  assert.equal(fault.scope, 'message')
})

for (const [name, pieces] of [
  ['a literal shorter than announced', ['* 1 FETCH (UID 1 BODY[]<0> {10}\r\nabc)\r\n{tag} OK done\r\n']],
  ['a literal longer than announced', ['* 1 FETCH (UID 1 BODY[]<0> {2}\r\nabc)\r\n{tag} OK done\r\n']],
  ['garbage', ['\x00\x01\x02 ((((\r\n', '{tag} MAYBE\r\n']],
] as const) {
  test(`${name} is never taken for a message`, async t => {
    const { server, open } = await rig(t, { folders: { INBOX: [mail('a')] }, deadlines: { silence: 100 } })
    const session = await open()
    const entry = first(await listAll(session))
    server.faults.at = ({ text }) => (text.includes('BODY') ? { do: 'answer', pieces } : undefined)
    const fault = await faultOf(octetsOf(session, entry))
    assert.match(fault.code, /^(source\.(timeout|protocol|connection-lost)|message\.not-retrieved)$/)
  })
}

test("octets that cannot be stored stop the retrieval with the sink's own words", async t => {
  const { open } = await rig(t, { folders: { INBOX: [patterned(2 * windowOctets + 5)] } })
  const session = await open()
  const full = new Error('disk full')
  let writes = 0
  const sink = {
    write: async (): Promise<void> => {
      writes += 1
      throw full
    },
  }
  const entry = first(await listAll(session))
  await assert.rejects(session.retrieve(entry, sink, never), error => error === full)
  assert.equal(writes, 1)
  assert.equal((await octetsOf(session, entry)).length, 2 * windowOctets + 5)
})
