/**
 * Family F, row 19: POP3 servers whose lines end in bare LF are read; one that mixes is told as what it is, at once; and
 * on a server that keeps to CRLF a lone dot between bare LFs is never taken for the end of a message.
 * https://github.com/zetacomponents/Mail/issues/40, https://github.com/node-pop3/node-pop3/issues/27
 */
import assert from 'node:assert/strict'
import { createServer, type Server, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import type { Listed, SourceSession } from '../../src/source/source.ts'
import { keepingSink, never, rejectsWith, sourceFor } from '../source/pop3-helpers.ts'

interface Ends {
  readonly greeting: string
  readonly status: string
  /** Of listings and messages. */
  readonly body: string
}

/** Messages as they lie on the server, without stuffing. */
async function serve(
  t: TestContext,
  messages: readonly string[],
  ends: Ends,
  split = false,
): Promise<{ port: number }> {
  const sockets = new Set<Socket>()
  const server: Server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    const say = (text: string): void => {
      if (!split) socket.write(text, 'latin1')
      else for (const octet of Buffer.from(text, 'latin1')) socket.write(Buffer.of(octet))
    }
    const list = (rows: readonly string[]): string =>
      `+OK${ends.status}${rows.map(row => row + ends.body).join('')}.${ends.body}`
    let input = ''
    socket.on('data', chunk => {
      input += chunk.toString('latin1')
      for (let end = input.indexOf('\n'); end >= 0; end = input.indexOf('\n')) {
        const [verb = '', which = ''] = input.slice(0, end).trim().split(' ')
        input = input.slice(end + 1)
        const message = messages[Number(which) - 1] ?? ''
        const stuffed = message
          .split(ends.body)
          .map(line => (line.startsWith('.') ? `.${line}` : line))
          .join(ends.body)
        if (verb === 'CAPA') say(list(['USER', 'UIDL', 'TOP']))
        else if (verb === 'STAT') say(`+OK ${messages.length} 1${ends.status}`)
        else if (verb === 'LIST') say(list(messages.map((octets, at) => `${at + 1} ${octets.length}`)))
        else if (verb === 'UIDL') say(list(messages.map((_, at) => `${at + 1} id-${at}`)))
        else if (verb === 'RETR') say(`+OK${ends.status}${stuffed}.${ends.body}`)
        else if (verb === 'TOP')
          say(
            `+OK${ends.status}${stuffed.split(ends.body + ends.body)[0]}${ends.body}${ends.body}.${ends.body}`,
          )
        else say(`+OK${ends.status}`)
      }
    })
    say(`+OK ready${ends.greeting}`)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  return { port: typeof address === 'object' && address !== null ? address.port : 0 }
}

async function read(session: SourceSession, entry: Listed): Promise<string> {
  const sink = keepingSink()
  await session.retrieve(entry, sink, never)
  return sink.octets().toString('latin1')
}

const lf = '\n'
const crlf = '\r\n'

for (const split of [false, true]) {
  test(`F19: a server that ends every line in LF is read, its octets as they came${split ? ', one octet at a time' : ''}`, async t => {
    const messages = [
      'Subject: a\n\nbody\n',
      'Subject: dots\n\n.\n..\n.x\n',
      'Subject: mixed\r\n\r\ninside it CRLF\r\n',
      '\n\n\n',
      `Subject: long\n\n${'x'.repeat(70_000)}\n`,
    ]
    const server = await serve(t, messages, { greeting: lf, status: lf, body: lf }, split)
    const session = await sourceFor(server).open(never)
    t.after(() => session.abandon())
    const { entries, doubt } = await session.list('', () => false, never)
    assert.equal(doubt, undefined)
    assert.deepEqual(
      entries.map(({ uid }) => uid),
      messages.map((_, at) => `id-${at}`),
    )
    for (const [at, entry] of entries.entries()) assert.equal(await read(session, entry), messages[at])
    const [first] = entries
    assert.ok(first)
    assert.equal(String(await session.peekHeader(first, never)), 'Subject: a\n\n')
  })
}

for (const [name, ends] of [
  ['status lines in CRLF and listings in LF', { greeting: crlf, status: crlf, body: lf }],
  ['a greeting in CRLF and LF from then on', { greeting: crlf, status: lf, body: lf }],
] as const) {
  test(`F19: ${name}: told as what it is, without a wait`, async t => {
    const server = await serve(t, ['Subject: a\n\nbody\n'], ends)
    const session = await sourceFor(server).open(never)
    t.after(() => session.abandon())
    const began = performance.now()
    await rejectsWith(
      'source.line-ends',
      session.list('', () => false, never),
    )
    assert.ok(performance.now() - began < 5000)
  })
}

test('F19: on a server that keeps to CRLF a lone dot between bare LFs ends nothing', async t => {
  const messages = ['Subject: a\n\nbare\n.\nmore\n.\n\r\n', '\n.\n\r\n']
  const server = await serve(t, messages, { greeting: crlf, status: crlf, body: crlf }, true)
  const session = await sourceFor(server).open(never)
  t.after(() => session.abandon())
  const { entries } = await session.list('', () => false, never)
  for (const [at, entry] of entries.entries()) assert.equal(await read(session, entry), messages[at])
})

test('F19: a server that keeps to CRLF and ends one message in LF is told of that message, in seconds, and nothing is taken', async t => {
  const right = await serve(t, ['Subject: a\r\n\r\nbody\r\n'], { greeting: crlf, status: crlf, body: crlf })
  const proxy = createServer(down => {
    down.on('error', () => {})
    import('node:net').then(({ connect }) => {
      const up = connect(right.port, '127.0.0.1')
      up.on('error', () => {})
      down.on('data', octets => up.write(octets))
      up.on('data', octets => {
        const text = octets.toString('latin1')
        down.write(text.includes('Subject') ? '+OK\r\nSubject: a\n\nbody\n.\n' : text, 'latin1')
      })
      down.on('close', () => up.destroy())
    })
  })
  await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve))
  t.after(() => proxy.close())
  const address = proxy.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const session = await sourceFor({ port }, { deadlines: { progressMs: 300 } }).open(never)
  t.after(() => session.abandon())
  const { entries } = await session.list('', () => false, never)
  const [entry] = entries
  assert.ok(entry)
  const fault = await rejectsWith('source.line-ends', session.retrieve(entry, keepingSink(), never))
  assert.equal(fault.scope, 'message')
})
