/** Answers that mean something else than they look like: a folder that is not missing, a part that is not ours. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ImapPlay } from '../servers/imap-faults.ts'
import { usualCapabilities } from '../servers/imap-server.ts'
import { faultOf, listAll, never, octetsOf, rig } from './imap-harness.ts'

const answer = (...lines: string[]): ImapPlay => ({
  do: 'answer',
  pieces: lines.map(line => `${line}\r\n`),
})

test('a server that is in trouble and lists no folders has lost none', async t => {
  const { server, open } = await rig(t)
  server.faults.at = ({ verb }) => {
    if (verb === 'SELECT') return answer('{tag} NO [UNAVAILABLE] the store is being moved')
    return verb === 'LIST' ? answer('{tag} OK done') : undefined
  }
  const session = await open()
  const fault = await faultOf(session.list('INBOX', () => false, never))
  assert.notEqual(fault.code, 'source.folder-missing')
  assert.match(String(fault.facts.words), /being moved/)
})

test('a folder that says it holds more than is ever listed is not asked what', async t => {
  const { server, open } = await rig(t)
  server.faults.at = ({ verb }) =>
    verb === 'SELECT'
      ? answer('* 200001 EXISTS', '* OK [UIDVALIDITY 7] valid', '{tag} OK [READ-ONLY] done')
      : undefined
  await faultOf(
    (await open()).list('INBOX', () => false, never),
    'source.over-budget',
  )
  assert.ok(!server.ledger.commands.some(({ text }) => text.startsWith('UID SEARCH')))
})

for (const [what, more] of [
  ['that are read at once', ''],
  ['of an unusual form', ' X-ODD (a (b))'],
] as const) {
  test(`rows ${what}, more of them than there are messages, end the session and not the process`, async t => {
    const rows = Array.from({ length: 8000 }, (_, at) => `* ${at + 1} FETCH (UID ${at + 1} FLAGS ()${more})`)
    const { server, open } = await rig(t)
    server.faults.at = ({ verb }) => {
      if (verb === 'SELECT')
        return answer('* 5000 EXISTS', '* OK [UIDVALIDITY 7] valid', '{tag} OK [READ-ONLY] done')
      if (verb === 'UID SEARCH') return answer('{tag} NO not now')
      return verb === 'UID FETCH' ? answer(...rows, '{tag} OK done') : undefined
    }
    const session = await open()
    await faultOf(
      session.list('INBOX', () => false, never),
      'source.over-budget',
    )
    assert.equal(session.usable, false)
  })
}

const octets = Buffer.from('From: a@example.net\r\nSubject: right\r\n\r\nbody\r\n')
const other = octets.toString().replace('right', 'wrong')
const row = (text: string, origin = 0): string =>
  `* 1 FETCH (UID 1 RFC822.SIZE ${octets.length} INTERNALDATE "17-Jul-2026 02:44:25 +0000" BODY[]<${origin}> {${text.length}}\r\n${text})`

for (const [what, lines] of [
  ['two bodies', [row(octets.toString()), row(other)]],
  ['a part that begins elsewhere', [row(octets.toString(), 5)]],
] as const) {
  test(`${what} in the answer to one FETCH: nothing of it is taken`, async t => {
    const { server, open } = await rig(t, { folders: { INBOX: [octets] } })
    const session = await open()
    const [entry] = await listAll(session)
    assert.ok(entry)
    server.faults.at = ({ verb, text }) =>
      verb === 'UID FETCH' && text.includes('BODY') ? answer(...lines, '{tag} OK done') : undefined
    await faultOf(octetsOf(session, entry), 'message.not-retrieved')
    delete server.faults.at
    assert.deepEqual(await octetsOf(session, entry), octets)
  })
}

test('a server that gives one part and then the whole message is not believed', async t => {
  const large = Buffer.concat([octets, Buffer.alloc(1_500_000, 'line\r\n')])
  const { server, open } = await rig(t, { folders: { INBOX: [large] } })
  const session = await open()
  const [entry] = await listAll(session)
  assert.ok(entry)
  server.faults.at = ({ text }) => {
    server.faults.ignorePartial = text.includes('<1048576.')
    return undefined
  }
  await faultOf(octetsOf(session, entry), 'message.not-retrieved')
  delete server.faults.at
  server.faults.ignorePartial = false
  assert.equal((await octetsOf(session, entry)).equals(large), true)
})

test('a message that is far longer than announced is left after its first part', async t => {
  const endless = Buffer.concat([octets, Buffer.alloc(5_000_000, 'line\r\n')])
  const { server, open } = await rig(t, { folders: { INBOX: [endless] } })
  server.faults.size = () => 1000
  const session = await open()
  const [entry] = await listAll(session)
  assert.ok(entry)
  await faultOf(octetsOf(session, entry), 'message.over-announced')
  assert.equal(server.ledger.commands.filter(({ text }) => text.includes('BODY.PEEK[]')).length, 1)
})

test('what could not be copied is not deleted, and the others are moved', async t => {
  const { server, open } = await rig(t, { folders: { INBOX: [octets, Buffer.from(other)] } })
  server.faults.capabilitiesAfterLogin = usualCapabilities.filter(name => name !== 'MOVE')
  server.faults.at = ({ text }) =>
    /^UID COPY (2|1:2|1,2) /.test(text) ? answer('{tag} NO not this one') : undefined
  const session = await open()
  const refused = await session.settle(await listAll(session), { do: 'move', folder: 'Done' }, never)
  assert.deepEqual(
    refused.map(({ entry }) => entry.handle),
    [2],
  )
  const uidsIn = (name: string) => server.folder(name)?.messages.map(message => String(message.octets))
  assert.deepEqual(uidsIn('INBOX'), [other])
  assert.deepEqual(uidsIn('Done'), [String(octets)])
})
