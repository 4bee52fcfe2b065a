/** The POP3 source on real servers: what it hands on is what they serve, whole and in the right order. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { corpus } from '../messages/corpus.ts'
import { type CourierServer, courierMissing, startCourier } from '../servers/courier.ts'
import { type DovecotServer, dovecotMissing, startDovecot } from '../servers/dovecot.ts'
import { sha256 } from '../servers/pop3-maildrop.ts'
import { requireServer } from '../servers/required.ts'
import {
  keepingSink,
  listAll,
  never,
  openAt,
  rejectsWith,
  retrieve,
  type SourceOptions,
  sourceFor,
} from './pop3-helpers.ts'

/** Over POP3 both servers send CRLF for every line end and end the last line; all else is as delivered. */
const served = (octets: Buffer): Buffer => {
  const lines = octets.toString('latin1').replace(/(?<!\r)\n/g, '\r\n')
  return Buffer.from(lines.endsWith('\r\n') ? lines : `${lines}\r\n`, 'latin1')
}

type Real = Pick<DovecotServer, 'ports' | 'user' | 'password' | 'caFile'>

const options = ({ user, password, caFile }: Real, tls: boolean): SourceOptions => ({
  user,
  password,
  server: tls ? { security: 'tls', host: 'localhost', caFile } : {},
})

const starters = {
  Dovecot: { start: () => startDovecot(), missing: dovecotMissing() },
  Courier: { start: () => startCourier(), missing: courierMissing() },
} as const

for (const [name, { start, missing }] of Object.entries(starters)) {
  describe(name, { skip: requireServer(name.toLowerCase(), missing) }, () => {
    let server: DovecotServer | CourierServer
    before(async () => {
      server = await start()
      for (const { octets } of corpus()) await server.deliver('', octets)
    })
    after(() => server?.stop())

    // Courier's STLS does not work in its private set-up here, with openssl's client neither.
    for (const security of ['none', 'tls', ...(name === 'Dovecot' ? (['starttls'] as const) : [])] as const) {
      test(`every corpus message is handed on as served, over ${security}`, async t => {
        const { server: over, ...login } = options(server, security !== 'none')
        const port = security === 'tls' ? server.ports.pop3s : server.ports.pop3
        const session = await openAt(t, { port }, { ...login, server: { ...over, security } })
        const entries = await listAll(session)
        assert.equal(entries.length, corpus().length)
        assert.ok(entries.every(entry => entry.uid !== undefined && entry.octets !== undefined))
        // In clear text many at a time, over TLS as they are asked for.
        if (security === 'none')
          session.foresee?.(entries.map(entry => ({ entry, octets: entry.octets, isAlone: false })))
        const all = await Promise.all(entries.map(entry => retrieve(session, entry)))
        const got = all.map(octets => sha256(octets)).sort()
        const expected = corpus().map(({ octets }) => sha256(served(octets)))
        assert.deepEqual(got, expected.sort())
        for (const [at, entry] of entries.entries()) {
          const header = await session.peekHeader(entry, never)
          assert.ok(
            header && all[at]?.subarray(0, header.length).equals(header),
            `the header of ${entry.handle}`,
          )
        }
        await session.close()
      })
    }

    // Courier delays the answer by five seconds, which teaches nothing.
    test('a wrong password is a refused login', { skip: name === 'Courier' }, async () => {
      const { user } = server
      const source = sourceFor({ port: server.ports.pop3 }, { user, password: 'wrong' })
      await rejectsWith('source.login-refused', source.open(never))
    })

    test('what is settled is gone from the next listing, and nothing else is', async t => {
      const at = { port: server.ports.pop3 }
      const session = await openAt(t, at, options(server, false))
      const entries = await listAll(session)
      const [first] = entries
      assert.ok(first)
      await session.retrieve(first, keepingSink(), never)
      await session.settle([first], { do: 'delete' }, never)
      await session.close()
      const left = await listAll(await openAt(t, at, options(server, false)))
      assert.deepEqual(
        left.map(entry => entry.uid),
        entries.slice(1).map(entry => entry.uid),
      )
    })
  })
}
