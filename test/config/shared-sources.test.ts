/** Two mailboxes of a configuration that are one at the source are known as such, however they are written. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Secret } from '../../src/base/secret.ts'
import { readAfterImport, readFolders } from '../../src/config/mail-readers.ts'
import { findSharedSources } from '../../src/config/shared-sources.ts'

type Mailbox = Parameters<typeof findSharedSources>[0][number]

interface Written {
  readonly name: string
  readonly host?: string
  readonly port?: number
  readonly user?: string
  readonly protocol?: 'imap' | 'pop3'
  readonly folders?: string
  readonly account?: string
  readonly afterImport?: string
}

function mailbox(written: Written): Mailbox {
  const {
    name,
    host = 'mail.example.jp',
    user = 'shop@example.jp',
    protocol = 'imap',
    account = 'a',
  } = written
  const port = written.port ?? (protocol === 'imap' ? 993 : 995)
  return {
    name,
    protocol,
    server: { host, port, security: 'tls', caFile: undefined, pinnedSha256: undefined },
    user,
    credential: { kind: 'password', password: Secret.of('') },
    account,
    folders: readFolders(written.folders ?? 'INBOX') as Mailbox['folders'],
    afterImport: readAfterImport(written.afterImport ?? 'keep') as Mailbox['afterImport'],
  }
}

const first: Written = { name: 'one', account: 'a' }
/** Which mailboxes are one, and which of them take mail from the others. */
const shared = (...written: readonly Written[]) =>
  findSharedSources(written.map(mailbox)).map(({ names, takers }) => [names, takers])

const same: Readonly<Record<string, Partial<Written>>> = {
  'word for word': {},
  'in capitals, with the dot at the end': { host: 'MAIL.example.JP.', user: 'Shop@Example.jp' },
  'over the other protocol': { protocol: 'pop3' },
  'with one folder in common': { folders: 'Orders,inbox:label=Shop' },
}
for (const [how, other] of Object.entries(same))
  test(`one login written twice is told: ${how}`, () => {
    assert.deepEqual(shared(first, { name: 'two', account: 'b', ...other }), [[['one', 'two'], []]])
  })

const others: Readonly<Record<string, Partial<Written>>> = {
  'another user': { user: 'info@example.jp' },
  'another server': { host: 'mail.example.com' },
  'other folders': { folders: 'Orders,Junk:spam' },
  'another port for the same, such as a tunnel': { port: 1993 },
}
for (const [how, other] of Object.entries(others))
  test(`two mailboxes are two: ${how}`, () => {
    assert.deepEqual(shared(first, { name: 'two', account: 'b', afterImport: 'delete', ...other }), [])
  })

test('servers that the host names after their protocols are one, and so are names of a mailbox at Gmail', () => {
  const imap = { ...first, host: 'imap.example.jp' }
  const pop3 = { name: 'two', host: 'pop3.example.jp', protocol: 'pop3' } as const
  assert.deepEqual(shared(imap, pop3), [[['one', 'two'], []]])
  const gmail = { ...first, host: 'imap.gmail.com', user: 'shop.tokyo@gmail.com' }
  const recent = {
    name: 'two',
    host: 'pop.googlemail.com',
    user: 'recent:shoptokyo',
    protocol: 'pop3',
  } as const
  assert.deepEqual(shared(gmail, recent), [[['one', 'two'], []]])
})

for (const afterImport of ['delete', 'delete-after:14d', 'move:Done'])
  test(`who takes mail of another account away by ${afterImport} is named`, () => {
    const taker = { name: 'two', account: 'b', afterImport }
    assert.deepEqual(shared(first, taker), [[['one', 'two'], ['two']]])
    assert.deepEqual(shared({ ...first, afterImport }, taker), [
      [
        ['one', 'two'],
        ['one', 'two'],
      ],
    ])
  })

test('nothing is taken from an account that gets it, nor out of a folder of sent mail', () => {
  const taker = { name: 'two', afterImport: 'delete' }
  assert.deepEqual(shared(first, taker), [[['one', 'two'], []]])
  const sent = { ...first, folders: 'Sent:sent' }
  assert.deepEqual(shared(sent, { ...taker, account: 'b', folders: 'INBOX,Sent:sent' }), [
    [['one', 'two'], []],
  ])
})

test('each shared mailbox is told by itself, and one beside them is left out', () => {
  const info = { user: 'info@example.jp' }
  assert.deepEqual(
    shared(first, { name: 'x', ...info }, { name: 'two' }, { name: 'y', ...info }, { name: 'z', user: 'z' }),
    [
      [['one', 'two'], []],
      [['x', 'y'], []],
    ],
  )
})
