/** `status` with nothing wrong, with each kind of trouble and with all at once, in 80 columns and both languages. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import { Fault, type FaultCode, type FaultFacts } from '../../src/base/fault.ts'
import { measureWidth } from '../../src/base/text-width.ts'
import type { TroubleKey } from '../../src/base/trouble.ts'
import { lockInstance } from '../../src/journal/lock.ts'
import { openJournal } from '../../src/journal/sqlite.ts'
import { makeIdleMemory } from '../../src/pull/idle-memory.ts'
import { makeWatchMemory } from '../../src/pull/watch-memory.ts'
import { hikyaku } from '../servers/hikyaku.ts'

const box = 'shop@example.jp'
const account = 'owner@gmail.com'
const words = 'NO \u001b[31mred\u202e and turned'
const hour = 3600_000

/** Code, thing, facts, and the exit code that it alone makes. */
const kinds: Readonly<Record<string, readonly [FaultCode, TroubleKey, FaultFacts, number]>> = {
  folder: [
    'source.folder-missing',
    { scope: 'folder', name: box, subject: '注文/2026' },
    { folder: '注文/2026', folders: 'INBOX, ゴミ箱', words },
    78,
  ],
  wish: [
    'source.cannot-settle',
    { scope: 'wish', name: box, subject: 'INBOX' },
    { host: 'imap.example.jp', words },
    1,
  ],
  mailbox: [
    'source.login-refused',
    { scope: 'mailbox', name: box, subject: '' },
    { host: 'imap.example.jp', words },
    77,
  ],
  account: ['gmail.daily-limit', { scope: 'account', name: account, subject: '' }, { account, words }, 75],
  books: ['books.broken', { scope: 'mailbox', name: box, subject: 'books' }, { listed: 9, missing: 2 }, 70],
  machine: ['state.disk-full', { scope: 'machine', name: '', subject: '' }, { file: '/var' }, 75],
}

/** Trouble with which mail comes all the same. */
const mailComes = ['folder', 'wish', 'books']

describe('status', () => {
  let folder = ''
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hikyaku-status-'))
  })
  after(() => rm(folder, { recursive: true, force: true }))

  async function fill(name: string, which: readonly string[], messages = 0): Promise<string> {
    const place = join(folder, name)
    const journal = await openJournal(place, 'run', () => {})
    const now = Date.now()
    await journal.beginPull(box, now)
    await journal.updateMailbox(box, { lastGoodPullAtMs: now })
    for (const kind of which) {
      const [code, key, facts] = kinds[kind] ?? []
      if (code === undefined || key === undefined || facts === undefined) continue
      await journal.troubles.opened(key, { code, retry: 'owner', facts, atMs: now }, now - 50 * hour)
    }
    const nothing = { returned: [], vanished: [], renamed: [], unnamed: [], started: true }
    const added = Array.from({ length: messages }, (_, n) => ({
      mailbox: box,
      folder: 'INBOX',
      uid: `u${n}`,
      stage: 'listed' as const,
      octetsListed: 10,
      arrivedAtMs: now,
      seen: false,
      headerSha256: undefined,
    }))
    const ids = await journal.recordFolder({
      mailbox: box,
      folder: 'INBOX',
      atMs: now,
      generation: 1,
      ...nothing,
      added,
    })
    const fault = { code: 'message.not-retrieved', retry: 'later', facts: { words }, atMs: now } as const
    await journal.moveAll(
      ids.map(id => ({ id, to: 'deferred', patch: { fault, firstFailedAtMs: now - 30 * hour } })),
    )
    await journal.close()
    return place
  }

  async function status(
    place: string,
    language: string,
    more: readonly string[] = [],
    env: Readonly<Record<string, string>> = {},
  ) {
    const settings = {
      STATE_DIR: place,
      HIKYAKU_LANG: language,
      MAIL_PROTOCOL: 'imap',
      MAIL_HOST: 'imap.example.jp',
      MAIL_USER: box,
      MAIL_PASSWORD: 'x',
      GMAIL_ACCOUNT: account,
      GOOGLE_CLIENT_ID: 'x',
      GOOGLE_CLIENT_SECRET: 'x',
      GOOGLE_REFRESH_TOKEN: 'x',
    }
    const ended = await hikyaku(['status', ...more], { env: { ...settings, ...env }, cwd: folder })
    assert.equal(ended.stderr, '')
    for (const line of ended.stdout.split('\n')) {
      if (more.length === 0 && !line.startsWith('Journal') && !line.startsWith('記録'))
        assert.ok(measureWidth(line) <= 80, `${measureWidth(line)}: ${line}`)
      assert.doesNotMatch(line, /[\p{Cc}\p{Cf}]/u)
    }
    return ended
  }

  it('says well, and ends with 0, where the list is empty, and only there', async () => {
    const place = await fill('none', [])
    const english = await status(place, 'en')
    assert.equal(english.code, 0, english.stdout)
    assert.match(english.stdout, /^✔ Mail comes\. Nothing has arrived since/)
    assert.match(english.stdout, /shop@example\.jp → owner@gmail\.com\n {2}Well\. Last look \d+ seconds? ago/)
    assert.doesNotMatch(english.stdout, / = |Journal/, 'numbers only where asked for')
    assert.match((await status(place, 'en', ['--verbose'])).stdout, /0 seen = 0 imported.*\n\nJournal: /s)
    assert.match((await status(place, 'ja')).stdout, /^✔ 届いています/)
    const quick = await status(place, 'en', ['--quick'])
    assert.equal(quick.code, 0)
    assert.match(quick.stdout, /^✔ Mail comes\. Nothing has arrived[^\n]*\n$/)
  })

  it('says how new mail is heard of while it runs, and that nobody listens where the watch has ended', async () => {
    const place = await fill('watch', [])
    const journal = await openJournal(place, 'run', () => {})
    const idle = makeIdleMemory(journal, box)
    await idle.noteWay('INBOX', 'tells')
    const watch = makeWatchMemory(journal, box, systemClock)
    await watch.watched()
    assert.doesNotMatch((await status(place, 'en')).stdout, /tells at once|Asked for/, 'nothing runs')
    const lock = lockInstance(place)
    try {
      const folders = { MAIL_FOLDERS: 'INBOX,注文/2026' }
      const english = (await status(place, 'en', [], folders)).stdout
      assert.match(english, /The server tells at once of new mail in INBOX\./)
      assert.match(english, /every 30 s or sooner, until it tells: 注文\/2026\./)
      assert.match((await status(place, 'ja', [], folders)).stdout, /新着の通知: すぐに届きます（INBOX）/)
      const reset = new Fault('source.connection-lost', { facts: { host: 'imap.example.jp', words } })
      await watch.ended(reset)
      assert.match((await status(place, 'en', [], folders)).stdout, /Not watched for .* on schedule/)
      assert.match((await status(place, 'ja', [], folders)).stdout, /監視できていません/)
      const [mailbox] = JSON.parse((await status(place, 'en', ['--json'], folders)).stdout).mailboxes
      assert.deepEqual(
        [mailbox.watch.watched, mailbox.watch.told, mailbox.watch.asked, mailbox.watch.fault.code],
        [false, ['INBOX'], ['注文/2026'], 'source.connection-lost'],
      )
    } finally {
      lock.release()
      await journal.close()
    }
  })

  for (const [kind, [code, key, , exit]] of Object.entries(kinds))
    it(`shows trouble of the kind ${kind} in both languages and ends with ${exit}`, async () => {
      const place = await fill(kind, [kind])
      for (const language of ['en', 'ja']) {
        const ended = await status(place, language)
        assert.equal(ended.code, exit)
        const quick = await status(place, language, ['--quick'])
        assert.deepEqual([quick.code, quick.stdout.split('\n').length], [kind === 'wish' ? 0 : exit, 2])
        assert.match(quick.stdout, mailComes.includes(kind) ? /^! / : /^✖ /)
        assert.doesNotMatch(ended.stdout, /Well\.|正常|^✔/)
        assert.match(ended.stdout, mailComes.includes(kind) ? /^! / : /^✖ /)
        assert.match(ended.stdout, language === 'en' ? /Not well \(1\):/ : /問題（1 件）:/)
        assert.match(ended.stdout, /2\.1/, 'since when')
        assert.match(ended.stdout, / {2}→ /, 'what to do')
        if (!['books', 'machine'].includes(kind)) assert.match(ended.stdout, /\\x1b\[31mred\\u\{202e\}/)
      }
      const { ok, troubles } = JSON.parse((await status(place, 'en', ['--json'])).stdout)
      assert.equal(ok, false)
      assert.deepEqual([troubles.length, troubles[0].code, troubles[0].scope], [1, code, key.scope])
    })

  it('shows all at once with the exit code of the worst, and ten thousand messages as one', async () => {
    const place = await fill('all', Object.keys(kinds), 10_000)
    for (const language of ['en', 'ja']) {
      const beganMs = performance.now()
      const ended = await status(place, language)
      assert.ok(performance.now() - beganMs < 20_000)
      assert.equal(ended.code, 70)
      assert.match(ended.stdout, /#1, #2, #3, #4, #5 .*9,995/)
      // What keeps all mail from coming stands above what concerns one message.
      const labels = [...ended.stdout.matchAll(/^! (.*)$/gm)].map(([, label = '']) => label)
      assert.match(labels[0] ?? '', /This computer|このコンピューター/)
      assert.match(labels.at(-1) ?? '', /10,000/)
      assert.ok(ended.stdout.split('\n').length < 120)
    }
  })
})
