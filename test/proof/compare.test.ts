/** `hikyaku compare`: what stands at the source, held against the journal and Gmail, without changing either. */
import assert from 'node:assert/strict'
import { PassThrough, Readable } from 'node:stream'
import { describe, type TestContext, test } from 'node:test'
import type { Language } from '../../src/base/language.ts'
import { compareCommand } from '../../src/commands/compare.ts'
import { compareWords } from '../../src/commands/compare-words.ts'
import type { Invocation } from '../../src/commands/invocation.ts'
import { chooseWords } from '../../src/locale/locale.ts'
import { snapshot } from '../doctor/harness.ts'
import { least, reading } from '../servers/gmail/oauth.ts'
import { rateLimited } from '../servers/gmail/presets.ts'
import { countOf, openInProcess } from '../servers/in-process.ts'
import { startWorld, type World, type WorldOptions } from '../servers/world.ts'

const mail = (name: string, extra = ''): Buffer =>
  Buffer.from(
    `From: a@example.test\r\nMessage-ID: <${name}@example.test>\r\nDate: Wed, 1 Apr 2026 09:00:00 +0900\r\nSubject: ${name}\r\n\r\nhello ${name}${extra}\r\n`,
  )

async function start(t: TestContext, options: Partial<WorldOptions> = {}): Promise<World> {
  const world = await startWorld({ protocol: 'pop3', scopes: reading, ...options })
  t.after(() => world.stop())
  return world
}

/** Puts a message into Gmail as its own POP fetch would: a message of its own, whatever hikyaku has imported. */
async function fetchedByGmail(world: World, octets: Buffer): Promise<void> {
  const boundary = 'b0undary'
  const body = Buffer.concat([
    Buffer.from(
      `--${boundary}\r\nContent-Type: application/json\r\n\r\n{"labelIds":["INBOX"]}\r\n--${boundary}\r\nContent-Type: message/rfc822\r\n\r\n`,
    ),
    octets,
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ])
  const answer = await fetch(`${world.gmail.url}upload/gmail/v1/users/me/messages?uploadType=multipart`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${world.gmail.accessToken('owner@example.test', ['gmail.insert'])}`,
      'content-type': `multipart/related; boundary=${boundary}`,
    },
    body,
  })
  assert.equal(answer.status, 200, await answer.text())
}

interface Told {
  readonly code: number | null
  readonly gmailAsked: boolean
  readonly total: number
  readonly journal: Readonly<Record<string, number>>
  readonly ours: number
  readonly other: number
  readonly both: number
  readonly missing: number
  readonly removed: number
  readonly differs: number
  readonly missingMessages: readonly {
    readonly messageId: string
    readonly journal: string
    readonly gmail: string
  }[]
}

/** One pull to its end, in this process. */
async function pulled(world: World): Promise<void> {
  const bridge = await openInProcess(world)
  try {
    countOf(await bridge.pull())
  } finally {
    await bridge.close()
  }
}

/** The command in this process: what it wrote to standard output, and its exit code. */
async function run(
  world: World,
  { json = false, language = 'en' }: { json?: boolean; language?: Language } = {},
): Promise<{ text: string; code: number }> {
  const stdout = new PassThrough()
  const code = await compareCommand(
    {
      env: { HOME: world.folder, ...world.env },
      cwd: world.folder,
      stdout,
      stderr: new PassThrough(),
      stdin: Readable.from([]) as Invocation['stdin'],
      language,
      words: chooseWords(language),
      json,
    },
    [],
  )
  stdout.end()
  return { text: (await stdout.toArray()).join(''), code }
}

async function compared(world: World): Promise<Told> {
  const { text, code } = await run(world, { json: true })
  const [mailbox] = JSON.parse(text).mailboxes as Told[]
  assert.ok(mailbox, text)
  return { ...mailbox, code }
}

describe('compare with a permission that can read', () => {
  for (const protocol of ['pop3', 'imap'] as const) {
    test(`tells hikyaku's copies, Gmail's own and those of both apart, over ${protocol}`, async t => {
      const world = await start(t, { protocol })
      for (const name of ['a', 'b']) await world.source.deliver(mail(name))
      await pulled(world)
      await fetchedByGmail(world, mail('b'))
      await world.source.deliver(mail('c'))
      await fetchedByGmail(world, mail('c'))
      const told = await compared(world)
      assert.deepEqual(
        [told.gmailAsked, told.total, told.ours, told.both, told.other, told.missing, told.code],
        [true, 3, 1, 1, 1, 0, 0],
      )
      assert.deepEqual([told.journal.imported, told.journal.new], [2, 1])
    })
  }

  test('names what is in neither, and says why', async t => {
    const world = await start(t)
    await world.source.deliver(mail('a'))
    await pulled(world)
    await world.source.deliver(mail('late'))
    const told = await compared(world)
    assert.deepEqual([told.missing, told.code], [1, 1])
    assert.deepEqual(
      told.missingMessages.map(({ messageId, journal, gmail }) => [messageId, journal, gmail]),
      [['<late@example.test>', 'new', 'none']],
    )
    const people = await world.run(['compare'])
    assert.equal(people.code, 1)
    assert.match(
      people.stdout,
      /Missing in Gmail: 1 message\n.*<late@example\.test>.*hikyaku has not seen it yet/,
    )
    assert.match(people.stdout, /Leave Gmail’s own fetch on/)
  })

  test('does not take a message for missing that the owner deleted in Gmail', async t => {
    const world = await start(t)
    await world.source.deliver(mail('a'))
    await world.source.deliver(mail('b'))
    await pulled(world)
    const [first] = world.gmail.messages()
    world.gmail.mailbox().delete(first?.id ?? '')
    const told = await compared(world)
    assert.deepEqual([told.removed, told.ours, told.missing, told.code], [1, 1, 0, 0])
    assert.match((await run(world)).text, /no longer in Gmail/)
  })

  test('recognises a message after the server gave everything new names', async t => {
    const world = await start(t, { protocol: 'imap' })
    await world.source.deliver(mail('a'))
    await pulled(world)
    const inbox = world.source.imap?.folder('INBOX')
    assert.ok(inbox)
    Object.assign(inbox, { uidValidity: 4711 })
    const told = await compared(world)
    assert.deepEqual([told.journal.imported, told.journal.new, told.ours], [1, 0, 1])
  })

  test('cannot vouch for a message without Message-ID that hikyaku did not import', async t => {
    const world = await start(t)
    await world.source.deliver(Buffer.from('From: a@example.test\r\n\r\nno name\r\n'))
    const told = await compared(world)
    assert.deepEqual([told.missing, told.code], [1, 1])
    assert.equal(told.missingMessages[0]?.gmail, 'unsearchable')
    await pulled(world)
    const after = await compared(world)
    assert.deepEqual([after.missing, after.ours, after.code], [0, 1, 0])
  })

  test('waits out a limit of Gmail', async t => {
    const world = await start(t)
    await world.source.deliver(mail('a'))
    await pulled(world)
    world.gmail.faults.next('messages.list', rateLimited('user-rate', 0))
    const told = await compared(world)
    assert.deepEqual([told.ours, told.code], [1, 0])
  })
})

describe('compare with a permission that cannot read', () => {
  test('vouches for what hikyaku imported, and says what it could not check and how to allow it', async t => {
    const world = await start(t, { scopes: least })
    await world.source.deliver(mail('a'))
    await pulled(world)
    const well = await compared(world)
    assert.deepEqual([well.gmailAsked, well.missing, well.code], [false, 0, 0])
    await world.source.deliver(mail('b'))
    await fetchedByGmail(world, mail('b'))
    const told = await compared(world)
    assert.deepEqual([told.gmailAsked, told.missing, told.code], [false, 1, 1])
    const { text } = await run(world)
    assert.match(text, /Whether Gmail’s own fetch has brought the other 1 message could not be checked/)
    assert.match(text, /gmail\.readonly.*hikyaku setup google --read/)
    const japanese = await run(world, { language: 'ja' })
    assert.match(japanese.text, /確認できませんでした。\n.*hikyaku setup google --read/)
  })
})

describe('compare changes nothing', () => {
  for (const protocol of ['pop3', 'imap'] as const) {
    test(`at the source, in Gmail or on the disk, over ${protocol}`, async t => {
      const world = await start(t, { protocol, env: { AFTER_IMPORT: 'delete-after:14d' } })
      await world.source.deliver(mail('a'))
      await pulled(world)
      await world.source.deliver(mail('b'))
      const [files, stored] = [await snapshot(world.folder), await world.source.stored()]
      const retrieved = world.source.pop3?.ledger.retrieved.length
      const uploads = world.gmail.accepted.length
      await compared(world)
      assert.deepEqual(await snapshot(world.folder), files)
      assert.deepEqual(await world.source.stored(), stored)
      assert.equal(world.source.pop3?.ledger.retrieved.length, retrieved)
      assert.equal(world.gmail.accepted.length, uploads)
    })
  }

  test('also before the first pull, where there is no journal', async t => {
    const world = await start(t)
    await world.source.deliver(mail('a'))
    await fetchedByGmail(world, mail('a'))
    const files = await snapshot(world.folder)
    const told = await compared(world)
    assert.deepEqual([told.other, told.missing, told.code], [1, 0, 0])
    assert.deepEqual(await snapshot(world.folder), files)
  })

  test('and a mailbox that is not configured is a usage error', async t => {
    const world = await start(t)
    assert.equal((await world.run(['compare', 'nobody'])).code, 2)
  })
})

test('the words of compare are complete in both languages', () => {
  const japanese = /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u
  const journal = { imported: 1, merged: 2, refused: 3, pending: 4, left: 5, new: 6 }
  const counts = { total: 9, journal, ours: 1, other: 2, both: 3, missing: 4, removed: 5, differs: 6 }
  for (const language of ['en', 'ja'] as const) {
    const words = compareWords[language]
    const texts = [
      words.looking('m'),
      words.total('m', 2),
      words.journal(counts),
      words.gmail(counts),
      words.missingHead(1),
      words.removedHead(1),
      words.differsHead(1),
      ...Object.values(words.why),
      words.more(3),
      words.nothingMissing(2),
      words.someMissing(2),
      words.noneThere,
      ...words.notAsked(2),
      words.pullFirst,
    ]
    for (const text of texts) {
      assert.doesNotMatch(text, /undefined|NaN|\[object|\n/)
      if (language === 'ja') assert.match(text, japanese)
      else assert.doesNotMatch(text, japanese)
    }
  }
})
