/** The set-up where it has no terminal, or one that does not know its size. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { hikyaku } from '../servers/hikyaku.ts'
import { requireServer } from '../servers/required.ts'
import { keys, startTerminal, terminalMissing } from './terminal.ts'

const home = await mkdtemp(join(tmpdir(), 'hikyaku-first-question-'))
after(() => rm(home, { recursive: true, force: true }))

describe('the first question', () => {
  const skip = requireServer('python3', terminalMissing())
  it('stands in whole lines on a terminal that says it has no columns', { skip }, async () => {
    const terminal = startTerminal(['setup'], { env: { HOME: home }, cwd: home, sizeless: true })
    try {
      await terminal.sees('English')
      assert.match(terminal.shown(), /Language \/ 言語\n/)
      assert.match(terminal.shown(), /● English\n/)
      terminal.type(keys.leave)
      assert.equal(await terminal.exitCode, 75)
    } finally {
      await terminal.stop()
    }
  })

  it('without a terminal offers --yes only where that has an answer', async () => {
    for (const [language, ...yes] of [['en'], ['ja', '--yes']]) {
      const given = { env: { HOME: home, XDG_CONFIG_HOME: '', HIKYAKU_LANG: language ?? '' }, cwd: home }
      const { code, stdout, stderr } = await hikyaku(['setup', ...yes], given)
      assert.equal(code, 2, stdout + stderr)
      assert.match(stderr, /--address/)
      assert.doesNotMatch(stderr, /--yes/)
    }
  })
})
