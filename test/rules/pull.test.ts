/** Rules in a pull, between a source and two Gmail accounts: what is durable, what changes with the rules, and whose trouble is whose. */
import assert from 'node:assert/strict'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { dryRun } from '../../src/proof/dry-run.ts'
import { findAside, isAside, tryAgain } from '../../src/pull/owner-acted.ts'
import { portsOf } from '../faults/harness.ts'
import { reading } from '../servers/gmail/oauth.ts'
import { hikyaku } from '../servers/hikyaku.ts'
import { countOf, type InProcess } from '../servers/in-process.ts'
import { sha256 } from '../servers/source-server.ts'
import { mailWith, other, owner, type RuledWorld, startRuledWorld } from './ruled-world.ts'

const never = new AbortController().signal

async function playRules(
  protocol: 'imap' | 'pop3',
  story: (ruled: RuledWorld) => Promise<void>,
  options: { readonly scopes?: readonly string[] } = {},
): Promise<void> {
  const ruled = await startRuledWorld({ protocol, ...options })
  try {
    await story(ruled)
  } finally {
    await ruled.stop()
  }
}

/** How many messages were retrieved whole. */
const retrievalsOf = (app: InProcess): number => app.log().match(/"event":"retrieved"/g)?.length ?? 0

const toTaro = { recipient: 'taro@example.jp', account: 'taro', labels: 'From rental' }
const toTaroMail = (name: string): Buffer => mailWith(name, ['To: taro@example.jp'])
const leaveNews = { sender: '@news.example', import: 'no' }
const news = (name: string, octets = 0): Buffer => mailWith(name, ['From: a@news.example'], octets)

/** One pull of a new process with these rules. */
async function pullOnce(
  ruled: RuledWorld,
  rules: readonly object[],
  more: object = {},
): Promise<Record<string, number>> {
  await ruled.configure({ box: { rules, more } })
  const app = await ruled.open()
  try {
    const { imported, leftByRule, merged, deferred, fresh } = countOf(await app.pull())
    const { listed, pending, ignored, ...sums } = await app.journal.conservation('box')
    assert.equal(pending + ignored + Object.values(sums).reduce((sum, n) => sum + n, 0), listed, 'conserved')
    return { imported, leftByRule, merged, deferred, fresh, ignored, pending }
  } finally {
    await app.close()
  }
}

for (const protocol of ['imap', 'pop3'] as const) {
  describe(`rules over ${protocol}`, () => {
    test('leave mail at the source, count it, never delete it, and take it up when the rule goes', () =>
      playRules(protocol, async ruled => {
        const { source, gmail } = ruled.world
        const [kept, wanted] = [news('kept'), mailWith('wanted', [])]
        await source.deliver(kept)
        await source.deliver(wanted)
        const deleting = { afterImport: 'delete' }
        const first = await pullOnce(ruled, [leaveNews], deleting)
        assert.deepEqual([first.imported, first.leftByRule, first.ignored], [1, 1, 1])
        for (let pulls = 0; pulls < 2; pulls += 1) {
          ruled.clock.pass(60_000)
          const again = await pullOnce(ruled, [leaveNews], deleting)
          assert.deepEqual([again.imported, again.leftByRule, again.ignored], [0, 0, 1])
        }
        assert.deepEqual(await source.stored(), [sha256(kept)], 'it alone stays')
        // A rule below, or other labels above, change nothing of it.
        const same = await pullOnce(ruled, [leaveNews, { everything: 'yes', labels: 'All' }], deleting)
        assert.deepEqual([same.imported, same.fresh], [0, 0])
        const rule = { sender: '@other.example', import: 'no' }
        const changed = await pullOnce(ruled, [rule], deleting)
        assert.deepEqual([changed.imported, changed.fresh, changed.ignored], [1, 1, 0])
        assert.equal(gmail.accepted.length, 2)
        ruled.clock.pass(60_000)
        await pullOnce(ruled, [rule], deleting)
        assert.deepEqual(await source.stored(), [])
      }))

    test('leave a message alone until the owner asks for it by its number', () =>
      playRules(protocol, async ruled => {
        await ruled.world.source.deliver(news('asked-for'))
        await pullOnce(ruled, [leaveNews])
        const app = await ruled.open()
        try {
          assert.deepEqual(await findAside(app.journal, 'box'), [], 'not by `retry all`')
          assert.equal(await app.journal.countLeftByRule('box'), 1)
          const [row] = await app.journal.leftByRule('box', 10)
          assert.ok(row !== undefined && isAside(row))
          assert.deepEqual(row.wish?.rules, [{ place: 1 }])
          assert.deepEqual(await tryAgain(app.journal, [row]), [row.id])
          assert.equal(countOf(await app.pull()).imported, 1, 'although the rule still stands')
          assert.equal(await app.journal.countLeftByRule('box'), 0)
        } finally {
          await app.close()
        }
        assert.equal((await pullOnce(ruled, [leaveNews])).leftByRule, 0)
      }))

    test('send a recipient’s mail into another account, and the rest into the mailbox’s own', () =>
      playRules(protocol, async ruled => {
        const { source } = ruled.world
        const [his, both, mine] = [
          toTaroMail('his'),
          mailWith('both', ['X-Original-To: taro@example.jp', 'To: info@example.jp']),
          mailWith('mine', ['To: info@example.jp']),
        ]
        for (const octets of [his, both, mine]) await source.deliver(octets)
        const count = await pullOnce(ruled, [toTaro], { labels: ['rental'] })
        assert.equal(count.imported, 3)
        const taros = ['From rental', 'INBOX', 'UNREAD', 'rental']
        assert.deepEqual(ruled.labelsOf(his, other), taros)
        assert.deepEqual(ruled.labelsOf(both, other), taros)
        assert.deepEqual(ruled.labelsOf(mine, owner), ['INBOX', 'UNREAD', 'rental'])
        assert.equal(ruled.world.gmail.accepted.length, 3)
        assert.equal((await pullOnce(ruled, [])).imported, 0, 'nothing twice without the rule')
        // The same octets once more: merged within his account, whatever the names.
        await source.deliver(his)
        assert.deepEqual((await pullOnce(ruled, [toTaro])).merged, 1)
        assert.equal(ruled.world.gmail.accepted.length, 3)
      }))
  })
}

test('the other account’s trouble stops its own mail and nothing else, and is told as its own', () =>
  playRules('imap', async ruled => {
    const { source, gmail } = ruled.world
    await ruled.configure({ box: { rules: [toTaro] } })
    const his = [1, 2, 3].map(n => toTaroMail(`his-${n}`))
    for (const octets of his) await source.deliver(octets)
    await source.deliver(mailWith('mine', []))
    await ruled.keepSecret('taro-token', 'revoked-long-ago')
    const app = await ruled.open()
    try {
      const count = countOf(await app.pull())
      assert.equal(count.imported, 1)
      assert.equal(gmail.accepted.length, 1)
      const troubles = await app.journal.troubles.list()
      assert.deepEqual(
        troubles.map(({ scope, name, code }) => [scope, name, code]),
        [['account', 'taro', 'gmail.consent-ended']],
      )
      const { failures, notBeforeMs = 0 } = await app.journal.accountState('taro')
      assert.ok(failures >= 1 && notBeforeMs > ruled.clock.nowMs())
      assert.equal((await app.journal.accountState('main')).failures, 0)
      const retrievals = retrievalsOf(app)
      await source.deliver(mailWith('mine-2', []))
      assert.equal(countOf(await app.pull()).imported, 1, 'new mail of the mailbox’s own account goes on')
      assert.equal(retrievalsOf(app), retrievals + 1, 'his is not retrieved meanwhile')
    } finally {
      await app.close()
    }
    ruled.clock.pass(3600_000)
    await ruled.keepSecret('taro-token', gmail.grant(other))
    const mended = await ruled.open()
    try {
      assert.equal(countOf(await mended.pull()).imported, 3)
      assert.deepEqual(await mended.journal.troubles.list(), [])
      assert.equal((await mended.journal.accountState('taro')).failures, 0)
    } finally {
      await mended.close()
    }
    for (const octets of his) assert.equal(gmail.stored(other).get(sha256(octets)), 1)
  }))

test('rules changed in mid-backlog: what waits follows the new ones, what is in Gmail stays as it is', () =>
  playRules('imap', async ruled => {
    const { source } = ruled.world
    const mails = Array.from({ length: 12 }, (_, n) => mailWith(`n-${n}`, ['To: info@example.jp']))
    for (const octets of mails) await source.deliver(octets)
    await ruled.configure({ box: { rules: [{ recipient: 'info@example.jp', labels: 'Old' }] } })
    const stop = new AbortController()
    const app = await ruled.open()
    const { gmail } = portsOf(app)
    const realImport = gmail.import.bind(gmail)
    let imports = 0
    Object.assign(gmail, {
      import: (...asked: Parameters<typeof realImport>) => {
        imports += 1
        if (imports === 4) stop.abort()
        return realImport(...asked)
      },
    })
    try {
      await app.pull({ stopping: stop.signal })
    } finally {
      await app.close()
    }
    const before = ruled.world.gmail.accepted.length
    assert.ok(before >= 4 && before < 12, `${before}`)
    await pullOnce(ruled, [{ recipient: 'info@example.jp', labels: 'New', account: 'taro' }])
    assert.equal(ruled.world.gmail.accepted.length, 12, 'each once')
    const old = mails.filter(octets => ruled.labelsOf(octets, owner)?.includes('Old'))
    const fresh = mails.filter(octets => ruled.labelsOf(octets, other)?.includes('New'))
    assert.deepEqual([old.length, fresh.length], [before, 12 - before])
  }))

test('a large message that a rule leaves is asked for its header and not retrieved', () =>
  playRules('imap', async ruled => {
    const { source } = ruled.world
    await source.deliver(news('large', 3 << 20))
    await source.deliver(news('small'))
    const wanted = mailWith('wanted', [], 3 << 20)
    await source.deliver(wanted)
    await ruled.configure({ box: { rules: [leaveNews] } })
    const app = await ruled.open()
    try {
      const count = countOf(await app.pull())
      assert.deepEqual([count.imported, count.leftByRule], [1, 2])
      assert.equal(retrievalsOf(app), 2, 'the small one and the wanted one')
    } finally {
      await app.close()
    }
  }))

test('mail that rules leave by its flags or folder alone is not even asked for its header', () =>
  playRules('imap', async ruled => {
    const { imap } = ruled.world.source
    for (let n = 0; n < 20; n += 1) imap?.deliver('INBOX', mailWith(`read-${n}`, []), { flags: ['\\Seen'] })
    imap?.deliver('INBOX', mailWith('unread', []))
    await ruled.configure({ box: { rules: [{ flags: 'seen', import: 'no' }] } })
    const app = await ruled.open()
    try {
      const told = await dryRun(portsOf(app), never)
      assert.deepEqual(told.rules, [{ rules: [{ place: 1 }], import: false, account: 'main', messages: 20 }])
      assert.equal(told.leftByRule, 20)
      assert.equal(told.fresh, 1)
      const count = countOf(await app.pull())
      assert.deepEqual([count.imported, count.leftByRule], [1, 20])
      assert.equal(retrievalsOf(app), 1)
    } finally {
      await app.close()
    }
  }))

test('rules test takes a folder by the name that a setting of it has, in any case', () =>
  playRules('imap', async ruled => {
    const rules = [{ folder: '\\Sent', labels: 'From sent' }]
    await ruled.configure({ box: { rules, more: { folders: 'INBOX,"\\Sent":sent' } } })
    const file = join(ruled.world.folder, 'mail.eml')
    await writeFile(file, mailWith('tested', []))
    for (const folder of ['\\Sent', '\\sent', '\\SENT']) {
      const { stdout, stderr } = await hikyaku(['rules', 'test', file, '--folder', folder, '--json'], {
        env: ruled.env,
        cwd: ruled.world.folder,
      })
      const [tested] = JSON.parse(stdout || stderr).mailboxes
      assert.equal(tested.folder, '\\Sent')
      assert.ok(tested.follows.labels.includes('From sent'), folder)
    }
    const tell = (language: string, ...args: readonly string[]) =>
      hikyaku(['rules', 'test', ...args], {
        env: { ...ruled.env, HIKYAKU_LANG: language, COLUMNS: '80' },
        cwd: ruled.world.folder,
      })
    const absent = await tell('en', 'absent.eml')
    assert.deepEqual([absent.code, /absent\.eml \(there is no such file\)/.test(absent.stderr)], [2, true])
    const folder = await tell('ja', '.')
    assert.match(folder.stderr, /フォルダーです/)
    assert.doesNotMatch(absent.stderr + folder.stderr, /Error|E[A-Z]{4}|cannot read/)
    await ruled.configure({ box: { rules: [{ everything: true, import: false }] } })
    const { stdout } = await tell('en', file)
    assert.match(stdout, /\n {2}→ It is not imported\.[^→]*\n {4}\S[^→]*never deleted/)
  }))

test('compare and a rebuilt journal find mail in the account to which a rule sent it, and leave what rules leave', () =>
  playRules(
    'imap',
    async ruled => {
      const { source, gmail } = ruled.world
      const [his, mine, left] = [toTaroMail('his'), mailWith('mine', []), news('left')]
      for (const octets of [his, mine, left]) await source.deliver(octets)
      const rules = [toTaro, leaveNews]
      await pullOnce(ruled, rules)
      const told = await hikyaku(['compare', '--json'], { env: ruled.env, cwd: ruled.world.folder })
      const { mailboxes } = JSON.parse(told.stdout) as {
        mailboxes: { missingMessages: { journal: string }[] }[]
      }
      assert.deepEqual(
        mailboxes[0]?.missingMessages.map(({ journal }) => journal),
        ['left'],
        told.stderr,
      )
      await rm(join(ruled.world.stateDir, 'journal.sqlite'))
      const rebuilt = await hikyaku(['journal', 'rebuild', '--yes', '--json'], {
        env: ruled.env,
        cwd: ruled.world.folder,
      })
      assert.equal(rebuilt.code, 0, rebuilt.stdout + rebuilt.stderr)
      const after = await pullOnce(ruled, rules)
      assert.deepEqual([after.imported, after.merged, after.ignored, after.pending], [0, 0, 1, 0])
      assert.equal(gmail.accepted.length, 2)
      assert.equal((await pullOnce(ruled, [])).imported, 1, 'and it is taken up when the rules go')
    },
    { scopes: reading },
  ))
