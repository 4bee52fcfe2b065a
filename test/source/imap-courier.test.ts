import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import { Secret } from '../../src/base/secret.ts'
import { makeImapSource } from '../../src/source/imap.ts'
import type { Source, SourceSession } from '../../src/source/source.ts'
import { type CourierServer, courierMissing, startCourier } from '../servers/courier.ts'
import { until } from '../servers/until.ts'
import { faultOf, first, listAll, mail, mailboxOf, never, octetsOf } from './imap-harness.ts'

describe('the IMAP source on a real Courier', { skip: courierMissing() ?? false }, () => {
  let server: CourierServer
  const sessions: SourceSession[] = []

  before(async () => {
    server = await startCourier()
  })
  after(async () => {
    for (const session of sessions) session.abandon()
    await server.stop()
  })

  const sourceOf = (folders: readonly string[]): Source => {
    const { caFile, ports, user, password } = server
    const reach = { port: ports.imaps, security: 'tls', host: 'localhost', caFile } as const
    const mailbox = {
      ...mailboxOf(reach, folders),
      user,
      credential: { kind: 'password', password: Secret.of(password) },
    } as const
    return makeImapSource({ mailbox, clock: systemClock, deadlines: { quickIdle: 100 } })
  }
  const open = async (source: Source): Promise<SourceSession> => {
    const session = await source.open(never)
    sessions.push(session)
    return session
  }

  test('octets come as they are stored, raw 8-bit and UTF-8 headers and three windows included', async () => {
    const octets = [
      mail('plain'),
      Buffer.from('Subject: 日本語\r\n\r\nbody\r\n'),
      Buffer.from('Subject: \x83\xff\r\n\r\n\x8e\xa1\r\n', 'latin1'),
      Buffer.concat([Buffer.from('Subject: big\r\n\r\n'), Buffer.alloc(2_999_997, 'abcdefg h\r\n')]),
    ]
    for (const each of octets) await server.deliver('INBOX', each)
    const session = await open(sourceOf(['INBOX']))
    const entries = await listAll(session)
    assert.equal(entries.length, octets.length)
    const got = []
    for (const entry of entries) got.push((await octetsOf(session, entry)).toString('base64'))
    assert.deepEqual(got.sort(), octets.map(each => each.toString('base64')).sort())
    assert.ok((await listAll(session)).every(entry => entry.seen === false))
  })

  test('a missing folder is told, moving makes its target, deleting takes only what was named', async () => {
    for (const name of ['a', 'b', 'c']) await server.deliver('INBOX.Settle', mail(name))
    const session = await open(sourceOf(['INBOX.Settle']))
    await faultOf(listAll(session, 'INBOX.Nope'), 'source.folder-missing')
    const entries = await listAll(session, 'INBOX.Settle')
    await session.settle(entries.slice(0, 1), { do: 'delete' }, never)
    await session.settle(entries.slice(1, 2), { do: 'move', folder: 'INBOX.Erledigt & 済' }, never)
    assert.equal(first(await listAll(session, 'INBOX.Settle')).uid, entries[2]?.uid)
    assert.equal((await listAll(session, 'INBOX.Erledigt & 済')).length, 1)
  })

  test('a message keeps its UID in a folder that nobody else ever opened', async () => {
    await server.deliver('INBOX.Alone', mail('a'))
    const source = sourceOf(['INBOX.Alone'])
    const [shown] = await listAll(await open(source), 'INBOX.Alone')
    // Courier makes UIDVALIDITY of the second in which it numbers a folder.
    const second = (): number => Math.floor(Date.now() / 1000)
    const then = second()
    await until(() => second() > then + 1, 'the clock to go on')
    assert.deepEqual(await listAll(await open(source), 'INBOX.Alone'), [shown])
  })

  test('a message that comes with an earlier file name does not take the UID of one that was fetched', async () => {
    await server.deliver('INBOX.Late', mail('first'), { name: '1700000000.M1P1.host' })
    const source = sourceOf(['INBOX.Late'])
    const session = await open(source)
    const before = [...(await listAll(session, 'INBOX.Late'))]
    // A large message has its name when its delivery begins, and stands in the folder when that ends.
    for (const [name, subject] of [
      ['1700000009.M1P1.host', 'quick'],
      ['1700000005.M1P1.host', 'slow'],
    ] as const) {
      await server.deliver('INBOX.Late', mail(subject), { name })
      before.push(...(await listAll(session, 'INBOX.Late')).slice(before.length))
    }
    const after = await listAll(await open(source), 'INBOX.Late')
    assert.deepEqual(after, before)
    const subjects = []
    for (const entry of after)
      subjects.push(/^Subject: .*$/m.exec((await octetsOf(session, entry)).toString('latin1'))?.[0])
    assert.deepEqual(subjects, ['Subject: first', 'Subject: quick', 'Subject: slow'])
  })

  test('new mail is announced within seconds, although IDLE would take a minute', async () => {
    await server.deliver('INBOX.Watch', mail('first'))
    const abort = new AbortController()
    let news = 0
    let alive = 0
    const onNews = (): void => {
      news += 1
    }
    const onAlive = (): void => {
      alive += 1
    }
    const ended = sourceOf(['INBOX.Watch']).watch?.(onNews, onAlive, abort.signal) ?? Promise.resolve()
    ended.catch(() => {})
    await until(() => alive >= 3, 'two NOOPs')
    const before = news
    await server.deliver('INBOX.Watch', mail('second'))
    await until(() => news > before, 'the announcement')
    abort.abort()
    await assert.rejects(ended)
  })
})
