import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import { Secret } from '../../src/base/secret.ts'
import { makeImapSource } from '../../src/source/imap.ts'
import type { ImapDeadlines } from '../../src/source/imap-deadlines.ts'
import type { Source, SourceSession } from '../../src/source/source.ts'
import { type DovecotServer, dovecotMissing, startDovecot } from '../servers/dovecot.ts'
import { requireServer } from '../servers/required.ts'
import { until } from '../servers/until.ts'
import { faultOf, first, listAll, mail, mailboxOf, never, octetsOf } from './imap-harness.ts'

describe('the IMAP source on a real Dovecot', { skip: requireServer('dovecot', dovecotMissing()) }, () => {
  let server: DovecotServer
  const sessions: SourceSession[] = []

  before(async () => {
    server = await startDovecot()
  })
  after(async () => {
    for (const session of sessions) session.abandon()
    await server.stop()
  })

  const sourceOf = (
    folders: readonly string[],
    how: { security?: 'tls' | 'starttls' | 'none'; secret?: string; deadlines?: Partial<ImapDeadlines> } = {},
  ): Source => {
    const security = how.security ?? 'tls'
    const port = security === 'tls' ? server.ports.imaps : server.ports.imap
    const mailbox = {
      ...mailboxOf({ port, security, host: 'localhost', caFile: server.caFile }, folders),
      user: server.user,
      credential: { kind: 'password', password: Secret.of(how.secret ?? server.password) } as const,
    }
    return makeImapSource({ mailbox, clock: systemClock, deadlines: how.deadlines ?? {} })
  }
  const open = async (source: Source): Promise<SourceSession> => {
    const session = await source.open(never)
    sessions.push(session)
    return session
  }

  for (const security of ['tls', 'starttls', 'none'] as const) {
    test(`octets come over ${security} as they are stored`, async () => {
      const folder = `Bytes-${security}`
      const octets = [
        mail('plain'),
        Buffer.concat([
          Buffer.from('Subject: \x83e\r\n\r\n', 'latin1'),
          Buffer.from([0x8e, 0xa1, 0xff, 13, 10]),
        ]),
        Buffer.from('Subject: dots\r\n\r\n.\r\n..\r\n'),
        Buffer.concat([Buffer.from('Subject: big\r\n\r\n'), Buffer.alloc(3_000_000, 'abcdefg hij\r\n')]),
        Buffer.from('Subject: no end\r\n\r\nx'),
      ]
      for (const each of octets) await server.deliver(folder, each)
      const session = await open(sourceOf([folder], { security }))
      const entries = await listAll(session, folder)
      assert.equal(entries.length, octets.length)
      // Two in one second have no order in a Maildir.
      const got = []
      for (const entry of entries) {
        const one = await octetsOf(session, entry)
        assert.equal(one.length, entry.octets)
        assert.equal(entry.seen, false)
        got.push(one.toString('base64'))
      }
      assert.deepEqual(got.sort(), octets.map(each => each.toString('base64')).sort())
      assert.ok((await listAll(session, folder)).every(entry => entry.seen === false))
      await session.close()
    })
  }

  test('a wrong password is refused as such', async () => {
    await faultOf(sourceOf(['INBOX'], { secret: 'wrong' }).open(never), 'source.login-refused')
  })

  test('a missing folder names those that exist, Japanese ones decoded, and others are pulled', async () => {
    await server.deliver('迷惑メール', mail('spam'))
    const session = await open(sourceOf(['Nope', '迷惑メール']))
    const fault = await faultOf(listAll(session, 'Nope'), 'source.folder-missing')
    assert.match(String(fault.facts.folders), /迷惑メール/)
    assert.deepEqual(await octetsOf(session, first(await listAll(session, '迷惑メール'))), mail('spam'))
  })

  test('deleting and moving take exactly the named messages', async () => {
    for (const name of ['a', 'b', 'c', 'd']) await server.deliver('Settle', mail(name))
    const session = await open(sourceOf(['Settle']))
    const entries = await listAll(session, 'Settle')
    await session.settle(entries.slice(0, 1), { do: 'delete' }, never)
    await session.settle(entries.slice(1, 3), { do: 'move', folder: 'Erledigt & fertig' }, never)
    const left = await listAll(session, 'Settle')
    assert.deepEqual(
      left.map(entry => entry.uid),
      entries.slice(3).map(entry => entry.uid),
    )
    assert.equal((await listAll(session, 'Erledigt & fertig')).length, 2)
  })

  test('after the server forgot its UIDs the old names reach nothing', async () => {
    await server.deliver('Reset', mail('r'))
    const session = await open(sourceOf(['Reset']))
    const old = first(await listAll(session, 'Reset'))
    await session.close()
    await server.forgetUids('Reset')
    const again = await open(sourceOf(['Reset']))
    assert.notEqual(first(await listAll(again, 'Reset')).uid, old.uid)
    await faultOf(octetsOf(again, old), 'message.gone')
    await faultOf(again.settle([old], { do: 'delete' }, never), 'source.identity-unsafe')
  })

  test('new mail is announced while idling, and IDLE is renewed with proof of life', async () => {
    await server.deliver('Watch', mail('first'))
    const abort = new AbortController()
    let news = 0
    let alive = 0
    const source = sourceOf(['Watch'], { deadlines: { idle: 300 } })
    const ended = source.watch?.(
      () => {
        news += 1
      },
      () => {
        alive += 1
      },
      abort.signal,
    )
    ended?.catch(() => {})
    await until(() => alive >= 5, 'two IDLEs')
    const before = news
    await server.deliver('Watch', mail('second'))
    await until(() => news > before, 'the announcement')
    abort.abort()
    await assert.rejects(ended ?? Promise.resolve())
  })
})
