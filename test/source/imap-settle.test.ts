import assert from 'node:assert/strict'
import { test } from 'node:test'
import { usualCapabilities } from '../servers/imap-server.ts'
import { faultOf, listAll, mail, never, rig } from './imap-harness.ts'

const without = (...names: string[]): readonly string[] =>
  usualCapabilities.filter(name => !names.includes(name))
const five = { INBOX: ['a', 'b', 'c', 'd', 'e'].map(name => mail(name)) }

test('delete takes exactly the messages that were named, whatever other clients marked', async t => {
  const { server, open } = await rig(t, { folders: five })
  const session = await open()
  const entries = await listAll(session)
  server.folder('INBOX')?.messages[1]?.flags.add('\\Deleted')
  await session.settle(
    entries.filter(entry => [1, 3, 4].includes(entry.handle)),
    { do: 'delete' },
    never,
  )
  assert.deepEqual(
    server.ledger.expunged.map(({ uid }) => uid),
    [1, 3, 4],
  )
  assert.deepEqual(
    server.folder('INBOX')?.messages.map(({ uid }) => uid),
    [2, 5],
  )
  assert.ok(server.ledger.commands.every(({ text }) => text !== 'EXPUNGE' && text !== 'CLOSE'))
  assert.deepEqual(
    (await listAll(session)).map(({ handle }) => handle),
    [2, 5],
  )
})

test('without UIDPLUS nothing is deleted and nothing is marked: source.cannot-settle', async t => {
  const { server, open } = await rig(t, { folders: five, capabilities: without('UIDPLUS') })
  const session = await open()
  assert.equal(session.abilities.canDelete, false)
  const fault = await faultOf(
    session.settle(await listAll(session), { do: 'delete' }, never),
    'source.cannot-settle',
  )
  assert.equal(fault.facts.folder, 'INBOX')
  assert.ok(server.ledger.commands.every(({ text }) => !/STORE|EXPUNGE/.test(text)))
  assert.equal(server.folder('INBOX')?.messages.length, 5)
  await session.close()
  assert.deepEqual(server.ledger.expunged, [])
})

test('move makes the folder where it is missing, and moves exactly the messages that were named', async t => {
  const { server, open } = await rig(t, { folders: five })
  const session = await open()
  const entries = await listAll(session)
  await session.settle(entries.slice(1, 3), { do: 'move', folder: 'Done' }, never)
  await session.settle(entries.slice(4), { do: 'move', folder: 'Done' }, never)
  assert.deepEqual(
    server.folder('Done')?.messages.map(({ octets }) => octets),
    ['b', 'c', 'e'].map(name => mail(name)),
  )
  assert.deepEqual(
    server.folder('INBOX')?.messages.map(({ uid }) => uid),
    [1, 4],
  )
})

test('move without MOVE copies, then deletes by UID; nothing of others goes', async t => {
  const { server, open } = await rig(t, { folders: five, capabilities: without('MOVE') })
  const session = await open()
  const entries = await listAll(session)
  server.folder('INBOX')?.messages[4]?.flags.add('\\Deleted')
  await session.settle(entries.slice(0, 2), { do: 'move', folder: 'Done' }, never)
  assert.deepEqual(
    server.folder('Done')?.messages.map(({ octets }) => octets),
    ['a', 'b'].map(name => mail(name)),
  )
  assert.deepEqual(
    server.ledger.expunged.map(({ uid }) => uid),
    [1, 2],
  )
  assert.equal(server.folder('INBOX')?.messages.length, 3)
})

test('a MOVE that is announced and not understood is done by COPY', async t => {
  const { server, open } = await rig(t, {
    folders: five,
    faults: {
      at: ({ verb }) => (verb === 'UID MOVE' ? { do: 'answer', pieces: ['{tag} BAD what?\r\n'] } : undefined),
    },
  })
  const session = await open()
  await session.settle((await listAll(session)).slice(0, 1), { do: 'move', folder: 'Done' }, never)
  assert.equal(server.folder('Done')?.messages.length, 1)
  assert.deepEqual(
    server.ledger.expunged.map(({ uid }) => uid),
    [1],
  )
})

test('move with neither MOVE nor UIDPLUS copies nothing: source.cannot-settle', async t => {
  const { server, open } = await rig(t, { folders: five, capabilities: without('MOVE', 'UIDPLUS') })
  const session = await open()
  await faultOf(
    session.settle(await listAll(session), { do: 'move', folder: 'Done' }, never),
    'source.cannot-settle',
  )
  assert.equal(server.folder('Done'), undefined)
})

test('a COPY that is refused deletes nothing', async t => {
  const { server, open } = await rig(t, {
    folders: five,
    capabilities: without('MOVE'),
    faults: {
      at: ({ verb }) =>
        verb === 'UID COPY' ? { do: 'answer', pieces: ['{tag} NO [OVERQUOTA] full\r\n'] } : undefined,
    },
  })
  const session = await open()
  await faultOf(
    session.settle(await listAll(session), { do: 'move', folder: 'Done' }, never),
    'source.limited',
  )
  assert.deepEqual(server.ledger.expunged, [])
})

test('a folder that is open for reading only is source.read-only, and nothing is asked of it', async t => {
  const { server, open } = await rig(t, { folders: five, faults: { readOnly: true } })
  const session = await open()
  await faultOf(session.settle(await listAll(session), { do: 'delete' }, never), 'source.read-only')
  assert.ok(server.ledger.commands.every(({ text }) => !/STORE|EXPUNGE/.test(text)))
})

test('a message that another client deleted meanwhile does not keep the others from being settled', async t => {
  const { server, open } = await rig(t, { folders: five })
  const session = await open()
  const entries = await listAll(session)
  server.expunge('INBOX', 2)
  await session.settle(entries.slice(0, 3), { do: 'delete' }, never)
  assert.deepEqual(
    server.ledger.expunged.map(({ uid }) => uid),
    [1, 3],
  )
})

test('thousands of messages are settled in commands of bounded length', async t => {
  const octets = mail('same')
  const { server, open } = await rig(t, { folders: { INBOX: Array.from({ length: 3000 }, () => octets) } })
  const session = await open()
  const odd = (await listAll(session)).filter(({ handle }) => handle % 2 === 1)
  await session.settle(odd, { do: 'delete' }, never)
  assert.equal(server.ledger.expunged.length, 1500)
  assert.ok(server.folder('INBOX')?.messages.every(({ uid }) => uid % 2 === 0))
  assert.ok(Math.max(...server.ledger.commands.map(({ text }) => text.length)) < 8_000)
})

test('entries of several folders are settled each in its own', async t => {
  const { server, open } = await rig(t, { folders: { INBOX: [mail('a')], Spam: [mail('b'), mail('c')] } })
  const session = await open()
  const entries = [...(await listAll(session)), ...(await listAll(session, 'Spam')).slice(1)]
  await session.settle(entries, { do: 'delete' }, never)
  assert.deepEqual(
    server.ledger.expunged.map(({ folder, uid }) => [folder, uid]),
    [
      ['INBOX', 1],
      ['Spam', 2],
    ],
  )
})

for (const ending of ['reset', 'end'] as const) {
  for (const verb of ['UID STORE', 'UID EXPUNGE', 'UID MOVE']) {
    test(`a connection that ends by ${ending} at ${verb} is a fault, never a silent success`, async t => {
      const { open } = await rig(t, {
        folders: five,
        faults: { at: moment => (moment.verb === verb ? { do: ending } : undefined) },
      })
      const session = await open()
      const action =
        verb === 'UID MOVE' ? ({ do: 'move', folder: 'Done' } as const) : ({ do: 'delete' } as const)
      await faultOf(session.settle(await listAll(session), action, never), 'source.connection-lost')
    })
  }
}

test('a LIST that is refused while settling is the server’s trouble, not a bug', async t => {
  const { server, open } = await rig(t, { folders: five })
  const session = await open()
  const entries = await listAll(session)
  server.faults.at = ({ verb }) =>
    verb === 'LIST' ? { do: 'answer', pieces: ['{tag} NO not now\r\n'] } : undefined
  await faultOf(session.settle(entries, { do: 'move', folder: 'Done' }, never), 'source.server-temporary')
  assert.equal(server.folder('INBOX')?.messages.length, 5)
})

test('a folder with messages whose SEARCH and FETCH are both refused is not an empty one', async t => {
  const { server, open } = await rig(t, { folders: five })
  const session = await open()
  server.faults.at = ({ verb }) =>
    /^UID (SEARCH|FETCH)$/.test(verb) ? { do: 'answer', pieces: ['{tag} NO not now\r\n'] } : undefined
  await faultOf(listAll(session), 'source.server-temporary')
})
