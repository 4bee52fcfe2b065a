/** MAIL_SECURITY=none is for this computer only, and a name's word for that is not enough: `localhost` may resolve to anything. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import { type TestContext, test } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import { dialServer } from '../../src/source/dial.ts'
import { makeImapSource } from '../../src/source/imap.ts'
import { mailboxOf } from './imap-harness.ts'
import { never, rejectsWith, sourceFor } from './pop3-helpers.ts'

/** An address of this computer that is not its loopback: what goes to it stays here all the same. */
const elsewhere = Object.values(networkInterfaces())
  .flatMap(list => list ?? [])
  .find(({ internal, family }) => !internal && family === 'IPv4')?.address
const skip = elsewhere === undefined && 'this computer has no address but its loopback'

/** Greets, agrees to everything, and keeps what it was told. */
async function listen(
  t: TestContext,
  greeting: string,
): Promise<{ port: number; heard(): string; connections(): number }> {
  let heard = ''
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket.on('error', () => {}))
    socket.write(greeting)
    socket.on('data', octets => {
      heard += octets.toString('latin1')
      socket.write('+OK\r\n')
    })
  })
  server.listen(0, elsewhere)
  await once(server, 'listening')
  t.after(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise(resolve => server.close(resolve))
  })
  const address = server.address()
  assert.ok(typeof address === 'object' && address)
  return { port: address.port, heard: () => heard, connections: () => sockets.size }
}

test('POP3: localhost that resolves elsewhere is told nothing in clear text', { skip }, async t => {
  const server = await listen(t, '+OK ready\r\n')
  const lookup = async () => [{ address: elsewhere ?? '', family: 4 }]
  const source = sourceFor(server, { server: { host: 'localhost' }, lookup })
  const fault = await rejectsWith('config.invalid', source.open(never))
  assert.equal(fault.scope, 'mailbox')
  assert.equal(server.heard(), '')
})

test('POP3: another computer is not even connected to in clear text', { skip }, async t => {
  const server = await listen(t, '+OK ready\r\n')
  await rejectsWith('config.invalid', sourceFor(server, { server: { host: elsewhere ?? '' } }).open(never))
  assert.equal(server.connections(), 0)
})

test('IMAP: another computer is not even connected to in clear text', { skip }, async t => {
  const server = await listen(t, '* OK [CAPABILITY IMAP4rev1] ready\r\n')
  const mailbox = mailboxOf({ port: server.port, host: elsewhere ?? '' })
  const source = makeImapSource({ mailbox, clock: systemClock })
  await rejectsWith('config.invalid', source.open(never))
  assert.equal(server.connections(), 0)
})

test('either protocol’s way in gives localhost nothing where it resolves elsewhere', { skip }, async t => {
  const server = await listen(t, '* OK [CAPABILITY IMAP4rev1] ready\r\n')
  const { server: settings } = mailboxOf({ port: server.port, host: 'localhost' })
  const lookup = async () => [{ address: elsewhere ?? '', family: 4 }]
  const clearText = { ...settings, security: 'none' as const }
  const options = { clock: systemClock, connectMs: 5000, signal: never, lookup }
  await rejectsWith('config.invalid', dialServer(clearText, options))
  assert.equal(server.heard(), '')
  const socket = await dialServer({ ...clearText, security: 'starttls' }, options)
  socket.destroy()
})
