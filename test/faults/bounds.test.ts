/** What ends by time or by the disk: messages that trickle in, and a spool beside which others need room. */
import assert from 'node:assert/strict'
import { statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import { Fault } from '../../src/base/fault.ts'
import { octetLimit } from '../../src/message/message.ts'
import { makeSpooler } from '../../src/message/spool.ts'
import { makeImapSource } from '../../src/source/imap.ts'
import { usualImapDeadlines as imapDeadlines } from '../../src/source/imap-deadlines.ts'
import { makePop3Source } from '../../src/source/pop3.ts'
import { usualPop3Deadlines as pop3Deadlines } from '../../src/source/pop3-deadlines.ts'
import { requireServer } from '../servers/required.ts'
import { type Answer, imapRogue, pop3Rogue, startRogueServer } from '../servers/rogue-server.ts'
import { diskMissing, mountDisk } from '../servers/small-disk.ts'
import { faultOf, mailboxOf, never } from '../source/imap-harness.ts'

/** One octet after the other, faster than any limit on silence. */
const trickle = (begin = ''): Answer => ({ begin, piece: () => Buffer.from('x'), everyMs: 5 })
const sink = { write: () => {} }

test('the usual end of one message is ten minutes, or its size at 2 kB/s', () => {
  for (const { messageMs, messageOctetsPerSecond } of [imapDeadlines, pop3Deadlines]) {
    assert.equal(messageMs, 600_000)
    assert.equal(messageOctetsPerSecond, 2000)
  }
})

for (const verb of ['greeting', 'CAPA', 'PASS', 'LIST', 'UIDL', 'RETR', 'TOP'] as const) {
  test(`G6: POP3 that trickles at ${verb} is ended by the total time`, { timeout: 30_000 }, async t => {
    const begin = verb === 'greeting' || verb === 'PASS' ? '+OK ' : '+OK\r\n'
    const at = (words: readonly string[]) => (words[0] === verb ? trickle(begin) : undefined)
    const server = await startRogueServer(
      'pop3',
      pop3Rogue(at, verb === 'greeting' ? trickle(begin) : undefined),
    )
    t.after(() => server.close())
    const limits = { greetingMs: 300, capaMs: 300, loginMs: 300, listMs: 300, messageMs: 300 }
    const mailbox = { ...mailboxOf({ port: server.port }), protocol: 'pop3' as const }
    const source = makePop3Source({ mailbox, clock: systemClock, deadlines: limits })
    const story = async (): Promise<void> => {
      const session = await source.open(never)
      try {
        const { entries } = await session.list('', () => false, never)
        const [entry] = entries
        assert.ok(entry)
        if (verb === 'TOP') await session.peekHeader(entry, never)
        else await session.retrieve(entry, sink, never)
      } finally {
        session.abandon()
      }
    }
    // CAPA is left out after it broke a connection, and all is well without.
    if (verb === 'CAPA') await story()
    else await faultOf(story(), 'source.timeout')
    assert.ok(server.flooded() > 5, 'it did trickle')
  })
}

for (const verb of ['greeting', 'LOGIN', 'SELECT', 'UID SEARCH', 'UID FETCH', 'BODY'] as const) {
  test(`G6: IMAP that trickles at ${verb} is ended by the total time`, { timeout: 30_000 }, async t => {
    const at = (words: readonly string[]): Answer | undefined => {
      const line = words.join(' ')
      if (verb === 'BODY')
        return /BODY/.test(line) ? trickle('* 1 FETCH (UID 1 BODY[]<0> {9000}\r\n') : undefined
      return line.toUpperCase().startsWith(verb) ? trickle('* OK ') : undefined
    }
    const server = await startRogueServer(
      'imap',
      imapRogue(at, verb === 'greeting' ? trickle('* OK ') : undefined),
    )
    t.after(() => server.close())
    const deadlines = { greeting: 300, login: 300, command: 300, list: 300, listStep: 0, messageMs: 300 }
    const source = makeImapSource({
      mailbox: mailboxOf({ port: server.port }),
      clock: systemClock,
      deadlines,
    })
    const story = async (): Promise<void> => {
      const session = await source.open(never)
      try {
        const { entries } = await session.list('INBOX', () => false, never)
        const [entry] = entries
        assert.ok(entry)
        await session.retrieve(entry, sink, never)
      } finally {
        session.abandon()
      }
    }
    const fault = await faultOf(story(), 'source.timeout')
    if (verb === 'BODY') assert.equal(fault.scope, 'message')
    assert.ok(server.flooded() > 5, 'it did trickle')
  })
}

test('G7: a spool leaves a reserve of the disk and says so; what needs no file goes on', {
  skip: requireServer('small disk', diskMissing()),
}, async () => {
  const { path: disk, release } = mountDisk(64 << 20)
  try {
    writeFileSync(join(disk, 'ballast'), Buffer.alloc(40 * 1024 * 1024))
    const spooler = makeSpooler(join(disk, 'spool'))
    const spool = spooler.take(octetLimit(150 * 1024 * 1024))
    const thrown = await (async () => {
      for (;;) await spool.write(Buffer.alloc(65_536))
    })().catch(error => error as unknown)
    assert.ok(thrown instanceof Fault, String(thrown))
    assert.equal(thrown.code, 'state.disk-full')
    assert.equal(thrown.scope, 'message')
    assert.equal(thrown.retry, 'later')
    const { bavail, bsize } = statfsSync(disk)
    assert.ok(bavail * bsize >= 0.05 * 64 * 1024 * 1024, `${bavail * bsize} octets are left`)
    const small = spooler.take(octetLimit(1000))
    await small.write(Buffer.from('small'))
    assert.equal((await small.seal()).octets, 5)
    await spool.discard()
    assert.ok(statfsSync(disk).bavail * bsize > 20 * 1024 * 1024, 'the room is given back')
  } finally {
    release()
  }
})

test('G7: no spool is without a limit', () => {
  for (const none of [Number.MAX_SAFE_INTEGER, Number.POSITIVE_INFINITY, Number.NaN, 0, -1, 1.5])
    assert.throws(() => octetLimit(none), { code: 'bug' })
})
