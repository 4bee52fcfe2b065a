/** What a person sees first: before anything is set up, and after the first pull. */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { mail } from '../faults/harness.ts'
import { hikyaku } from '../servers/hikyaku.ts'
import { startWorld } from '../servers/world.ts'

const home = await mkdtemp(join(tmpdir(), 'hikyaku-first-'))
after(() => rm(home, { recursive: true, force: true }))

const commands = [
  ...['status', 'report', 'retry 1', 'list', 'doctor', 'pull', 'sync', 'run', 'check-now', 'compare'],
  ...['inspect 1', 'config show', 'journal check', 'journal rebuild --yes', 'revoke', 'revoke me --yes'],
]

test('before the set-up every command says one thing: run the set-up; and where it looked', async () => {
  const file = join(home, '.config', 'hikyaku', 'config.yaml')
  const env = { HOME: home, XDG_CONFIG_HOME: '', XDG_STATE_HOME: '' }
  for (const [n, command] of commands.entries()) {
    const language = n % 2 === 0 ? 'en' : 'ja'
    const given = { env: { ...env, HIKYAKU_LANG: language }, cwd: home }
    const { code, stdout, stderr } = await hikyaku(command.split(' '), given)
    const said = (stdout + stderr).replace(/\n\s*/g, '')
    assert.equal(code, 78, `${command}: ${said}`)
    assert.match(said, language === 'en' ? /Nothing is set up yet/ : /まだ設定されていません/, command)
    assert.ok(said.includes(file), `${command}: ${said}`)
    assert.match(said, /`hikyaku setup`/, command)
    assert.doesNotMatch(said, /MAIL_|GOOGLE_|–/, command)
  }
  assert.deepEqual(await readdir(home), [], 'nothing is made')
})

test('a pull that keeps the mail at the source speaks of nothing done there, and one that deletes does', async () => {
  for (const AFTER_IMPORT of ['keep', 'delete']) {
    const world = await startWorld({ protocol: 'pop3', env: { AFTER_IMPORT } })
    try {
      for (const language of ['en', 'ja']) {
        await world.source.deliver(mail(`${AFTER_IMPORT}-${language}`))
        const { code, stdout, stderr } = await world.run(['pull', '--lang', language])
        assert.equal(code, 0, stderr)
        const done = /done at the source|後処理（削除・移動）済み/
        assert.match(stdout, /1 imported|取り込み 1/)
        if (AFTER_IMPORT === 'keep') assert.doesNotMatch(stdout + stderr, done)
        else assert.match(stdout + stderr, done)
      }
    } finally {
      await world.stop()
    }
  }
})
