/** `list`: each message with its face, read from a real server at that moment, in both languages and 80 columns. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { measureWidth } from '../../src/base/text-width.ts'
import { presets } from '../servers/gmail/gmail-server.ts'
import { answerOf, startWorld, type World } from '../servers/world.ts'

const mail = (subject: string, from: string, id: string): Buffer =>
  Buffer.from(
    `From: ${from}\r\nTo: shop@example.test\r\nSubject: ${subject}\r\nDate: Wed, 25 Nov 2026 09:00:00 +0900\r\nMessage-ID: <${id}@example.org>\r\n\r\nhello\r\n`,
  )

describe('hikyaku list', () => {
  let world: World
  before(async () => {
    world = await startWorld({ protocol: 'imap' })
    await world.source.deliver(mail('plain', 'Ann <ann@example.org>', 'one'))
    assert.equal((await world.run(['pull'])).code, 0)
    world.gmail.faults.next('import', presets.messageTooLarge())
    await world.source.deliver(
      mail('=?UTF-8?B?5rOo5paHIDEyMw==?= \u001b[31mred\u202e', '=?UTF-8?B?5bqX6ZW3?= <t@example.jp>', 'two'),
    )
    await world.run(['pull'])
  })
  after(() => world.stop())

  it('names what is set aside by its subject and sender, with the reason and what to do', async () => {
    for (const language of ['en', 'ja']) {
      const ended = await world.run(['list', '--refused'], { env: { HIKYAKU_LANG: language } })
      assert.equal(ended.code, 0, ended.stderr)
      assert.match(ended.stdout, /#2 .*INBOX/)
      assert.match(ended.stdout, /注文 123 \\x1b\[31mred/)
      assert.match(ended.stdout, /店長 <t@example\.jp>/)
      assert.match(ended.stdout, / {2}→ /)
      assert.doesNotMatch(ended.stdout, /plain/)
      for (const line of ended.stdout.split('\n')) {
        assert.ok(measureWidth(line) <= 80, line)
        assert.doesNotMatch(line, /[\p{Cc}\p{Cf}]/u)
      }
    }
  })

  it('shows the same face in status, one thing a line', async () => {
    const ended = await world.run(['status'], { env: { HIKYAKU_LANG: 'ja', TZ: 'Asia/Tokyo' } })
    assert.match(ended.stdout, /^ {2}#2 {2}注文 123 \\x1b\[31mred\S*$/m)
    assert.match(ended.stdout, /^ {6}店長 <t@example\.jp> · 2026\/11\/25 9:00$/m)
    assert.match(ended.stdout, /^ {6}<two@example\.org>$/m)
    for (const line of ended.stdout.split('\n')) assert.ok(measureWidth(line) <= 80, line)
  })

  it('shows what came last, and nothing that nobody asked for', async () => {
    const recent = answerOf(await world.run(['list', '--recent', '5', '--json'])) as {
      mailboxes: { messages: { subject: string; gmailId: string; importedAt: string }[] }[]
    }
    const [message] = recent.mailboxes[0]?.messages ?? []
    assert.equal(message?.subject, 'plain')
    assert.match(message?.gmailId ?? '', /./)
    assert.ok(Date.parse(message?.importedAt ?? '') > 0)
    const waiting = await world.run(['list', '--waiting'])
    assert.match(waiting.stdout, /: 0 messages/)
    const wrong = await world.run(['list', '--recent', 'x'])
    assert.equal(wrong.code, 2)
  })

  it('keeps to the Message-ID where the owner wants no subjects, or the server is not there', async () => {
    const quiet = await world.run(['list', '--refused'], { env: { KEEP_SUBJECTS: 'no' } })
    assert.doesNotMatch(quiet.stdout, /注文|店長/)
    assert.match(quiet.stdout, /<two@example\.org>/)
    const gone = await world.run(['list', '--refused'], { env: { MAIL_PORT: '1' } })
    assert.equal(gone.code, 0, gone.stderr)
    assert.match(gone.stdout, /could not be asked/)
    assert.match(gone.stdout, /<two@example\.org>/)
  })
})
