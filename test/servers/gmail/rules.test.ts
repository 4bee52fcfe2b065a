import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { Refusal } from './envelope.ts'
import { type GmailServer, startGmailServer } from './gmail-server.ts'
import { Mailbox } from './mailbox.ts'
import { defaultRules, type ImportRules, takeIn } from './messages.ts'
import { Octets, Spool } from './octets.ts'
import { hasExecutable, readHeader, refusedFrom } from './refusals.ts'

const spool = new Spool(1024, 4096)
const mail = (id: string, more = ''): string => `From: a@b.test\r\nMessage-ID: <${id}>\r\n${more}\r\ntext`

/** Takes one message in, as the paths do once the body has been read. */
function take(
  mailbox: Mailbox,
  text: string,
  {
    labelIds = ['INBOX'],
    query = '',
    method = 'import' as 'import' | 'insert',
    ...rules
  }: Partial<ImportRules> & {
    labelIds?: string[]
    query?: string
    method?: 'import' | 'insert'
  } = {},
): Record<string, unknown> {
  const data = new Octets(spool)
  data.append(Buffer.from(text))
  const request = { method, query: new URLSearchParams(query), labelIds, data }
  return takeIn(mailbox, { ...defaultRules, ...rules }, 1_000_000, request).answer
}

const box = (): Mailbox => new Mailbox('owner@example.test', [])

const open: GmailServer[] = []

describe('an import into the Gmail stand-in', () => {
  afterEach(async () => {
    for (const server of open.splice(0)) {
      await server.close()
      assert.deepEqual(server.bugs, [])
    }
    spool.close()
  })

  it('meets a first copy in the trash as the chosen rule says', () => {
    for (const [trashedCopy, copies, labels] of [
      ['merge', 1, [['TRASH', 'STARRED']]],
      ['revive', 1, [['INBOX', 'STARRED']]],
      ['new-copy', 2, [['TRASH'], ['INBOX', 'STARRED']]],
    ] as const) {
      const mailbox = box()
      const { id } = take(mailbox, mail('a@x'))
      mailbox.trash(String(id))
      take(mailbox, mail('a@x'), { labelIds: ['INBOX', 'STARRED'], trashedCopy })
      const held = [...mailbox.messages.values()]
      assert.equal(held.length, copies, trashedCopy)
      assert.deepEqual(
        held.map(message => message.labelIds),
        labels,
        trashedCopy,
      )
    }
  })

  it('keeps both copies where merging is off, and after the first was deleted', () => {
    const mailbox = box()
    const { id } = take(mailbox, mail('a@x'))
    take(mailbox, mail('a@x'), { mergeByMessageId: false })
    assert.equal(mailbox.messages.size, 2)
    const other = box()
    other.delete(String(take(other, mail('b@x')).id))
    assert.notEqual(take(other, mail('b@x')).id, id)
    assert.equal(other.messages.size, 1)
  })

  it('merges other octets under the same Message-ID, and the book shows both digests', () => {
    const mailbox = box()
    const { id } = take(mailbox, mail('a@x'))
    const second = take(mailbox, mail('a@x', 'Subject: other\r\n'), { mergedId: 'unknown' })
    const held = mailbox.get(String(id))
    assert.notEqual(second.id, id)
    assert.throws(() => mailbox.get(String(second.id)), Refusal)
    assert.equal(new Set(held.uploads).size, 2)
    assert.equal(held.imports, 2)
  })

  it('puts spam aside unless neverMarkSpam is set', () => {
    const mailbox = box()
    const isSpam = (): boolean => true
    assert.deepEqual(take(mailbox, mail('a@x'), { isSpam }).labelIds, ['SPAM'])
    assert.deepEqual(take(mailbox, mail('b@x'), { isSpam, query: 'neverMarkSpam=true' }).labelIds, ['INBOX'])
  })

  it('threads an import by its references and an insert not at all', () => {
    const mailbox = box()
    const { threadId } = take(mailbox, mail('a@x'))
    assert.equal(take(mailbox, mail('b@x', 'In-Reply-To:\r\n <a@x>\r\n')).threadId, threadId)
    assert.notEqual(
      take(mailbox, mail('c@x', 'References: <a@x>\r\n'), { method: 'insert' }).threadId,
      threadId,
    )
  })

  it('takes the date of the Date header, or its own where there is none to read', () => {
    const mailbox = box()
    const date = (more: string, query = ''): number =>
      mailbox.get(String(take(mailbox, mail(`${more}${query}`, more), { query }).id)).internalDateMs
    assert.equal(date('Date: Wed, 25 Nov 2026 09:00:00 +0900 (JST)\r\n'), Date.parse('2026-11-25T00:00:00Z'))
    assert.equal(date('Date: yesterday\r\n'), 1_000_000)
    assert.equal(date('', ''), 1_000_000)
    assert.equal(
      date('Date: Wed, 25 Nov 2026 09:00:00 +0900\r\n', 'internalDateSource=receivedTime'),
      1_000_000,
    )
  })

  it('reads From as Gmail’s refusals need it, and no more strictly', () => {
    const words = (header: string): string | undefined =>
      refusedFrom(readHeader(Buffer.from(`${header}\r\n\r\n`)).from)
    for (const good of [
      'From: a@b.test',
      'FROM : "Doe, Jane" <a@b.test>',
      'From: Doe, Jane <a@b.test>',
      'From: =?utf-8?B?5pel?=\r\n <a@b.test>',
      'From: a@b.test (a comment, <x>)',
      'Subject: x\nFrom: a@b.test',
    ])
      assert.equal(words(good), undefined, good)
    for (const bad of ['From: nobody', 'From: <>', 'From:', 'From: "a@b.test"', 'From: undisclosed:;'])
      assert.equal(words(bad), 'Invalid From header', bad)
    assert.equal(words('Subject: x'), "Expected a single 'From' header")
  })

  it('finds an executable across chunk borders, and none in plain text', () => {
    const found = (text: string): boolean[] =>
      [1, 7, 4096].map(size =>
        hasExecutable(
          Array.from({ length: Math.ceil(text.length / size) }, (_, n) =>
            Buffer.from(text.slice(n * size, (n + 1) * size)),
          ),
        ),
      )
    assert.deepEqual(found('a: b\r\n\r\nContent-Type: x/y; name=run.EXE\r\n\r\n'), [true, true, true])
    assert.deepEqual(found('a: b\nContent-Disposition: attachment;\n\tfilename="a b.js"; size=1\n\n'), [
      true,
      true,
      true,
    ])
    assert.deepEqual(found('a: b\r\n\r\nsee Content-Type: x/y; name=run.exe\r\n'), [false, false, false])
    assert.deepEqual(found('Content-Type: x/y; name="exe.pdf"; boundary=a.com\r\n\r\n'), [
      false,
      false,
      false,
    ])
  })

  it('is refused where the request itself is not Gmail’s', async () => {
    const server = await startGmailServer({ violations: 'expected' })
    open.push(server)
    const authorization = `Bearer ${server.accessToken()}`
    const post = async (path: string, type: string, text: string): Promise<number> => {
      const headers = { authorization, 'content-type': type }
      const response = await fetch(server.url + path, { method: 'POST', headers, body: text })
      await response.text()
      return response.status
    }
    const upload = 'upload/gmail/v1/users/me/messages/import?uploadType='
    const good =
      '--b\r\nContent-Type: application/json\r\n\r\n{}\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: a@b.test\r\n\r\n\r\n--b--'
    const related = 'multipart/related; boundary=b'
    assert.equal(await post(`${upload}multipart`, related, good), 200)
    assert.equal(await post(`${upload}media`, 'message/rfc822', mail('m@x')), 200)
    for (const [path, type, text] of [
      [`${upload}multipart&unknown=1`, related, good],
      [`${upload}multipart&neverMarkSpam=yes`, related, good],
      [`${upload}multipart&deleted=true`, related, good],
      [`${upload}multipart&internalDateSource=now`, related, good],
      [`${upload}multipart`, 'multipart/mixed; boundary=b', good],
      [`${upload}multipart`, 'multipart/related', good],
      [`${upload}multipart`, related, good.slice(0, -2)],
      [`${upload}multipart`, related, good.replace('message/rfc822', 'text/plain')],
      [`${upload}multipart`, related, good.replace('{}', '{')],
      [
        `${upload}multipart`,
        related,
        good.replace('rfc822\r\n', 'rfc822\r\nContent-Transfer-Encoding: base64\r\n'),
      ],
      [`${upload}media`, 'text/plain', mail('n@x')],
      [`${upload}other`, 'message/rfc822', mail('n@x')],
      ['gmail/v1/users/me/messages/import', 'application/json', '{"raw": "?"}'],
      ['gmail/v1/users/me/messages/import', 'text/plain', '{"raw": ""}'],
    ] as const)
      assert.equal(await post(path, type, text), 400, `${path} ${type}`)
    assert.equal(await post('gmail/v1/users/me/nothing', 'application/json', '{}'), 404)
    assert.equal(
      await post('gmail/v1/users/other@example.test/labels', 'application/json', '{"name": "x"}'),
      403,
    )
    assert.equal(server.messages().length, 2)
    // All but `deleted`, which only Vault may ask for, the encoding and the other's mailbox.
    assert.equal(server.violations.length, 13)
  })
})
