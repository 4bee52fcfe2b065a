/** What `journal rebuild` asks before it begins: an old file is promised to be kept where there is one. */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { openJournal } from '../../src/journal/sqlite.ts'
import { startTerminal, terminalMissing } from '../setup/terminal.ts'

const root = await mkdtemp(join(tmpdir(), 'hikyaku-question-'))
after(() => rm(root, { recursive: true, force: true }))

test('the old file is kept where it is there, and is not spoken of as kept where it is missing', async t => {
  const missing = terminalMissing()
  if (missing !== undefined) return t.skip(missing)
  for (const [language, kept, gone] of [
    ['en', 'the old file is kept', 'there is no old file'],
    ['ja', '古いファイルは残します', '古いファイルはありません'],
  ] as const)
    for (const isThere of [true, false]) {
      const cwd = await mkdtemp(join(root, 'state-'))
      const env = {
        HOME: cwd,
        HIKYAKU_LANG: language,
        HIKYAKU_VAULT: 'environment',
        STATE_DIR: join(cwd, 'state'),
        MAIL_PROTOCOL: 'imap',
        MAIL_HOST: '127.0.0.1',
        MAIL_USER: 'shop@example.jp',
        MAIL_PASSWORD: 'x',
        GMAIL_ACCOUNT: 'owner@gmail.com',
        GOOGLE_CLIENT_ID: 'x',
        GOOGLE_CLIENT_SECRET: 'x',
        GOOGLE_REFRESH_TOKEN: 'x',
      }
      const journal = await openJournal(env.STATE_DIR, 'run', () => {})
      await journal.beginPull('shop@example.jp', Date.now())
      await journal.close()
      const file = join(env.STATE_DIR, 'journal.sqlite')
      if (isThere) await truncate(file, 5000)
      else await rm(file)
      const before = await readdir(env.STATE_DIR)
      const terminal = startTerminal(['journal', 'rebuild'], { env, cwd })
      try {
        await terminal.sees(isThere ? kept : gone)
        assert.ok(!terminal.shown().includes(isThere ? gone : kept))
        terminal.type('n', '\r')
        assert.equal(await terminal.exitCode, 0, terminal.shown())
      } finally {
        await terminal.stop()
      }
      assert.deepEqual(
        (await readdir(env.STATE_DIR)).filter(
          // What SQLite itself makes to look at a file.
          name => !before.includes(name) && !/-(shm|wal)$/.test(name),
        ),
        [],
      )
    }
})
