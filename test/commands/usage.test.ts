/** The command line as people type it: slips are named, and help fits the terminal. */
import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import { describe, it } from 'node:test'
import { measureWidth } from '../../src/base/text-width.ts'
import { hikyaku } from '../servers/hikyaku.ts'

const run = (language: 'en' | 'ja', ...args: readonly string[]) =>
  hikyaku(args, { env: { HIKYAKU_LANG: language, COLUMNS: '80' }, cwd: tmpdir() })

describe('the command line', () => {
  it('names what was meant, and remedies that are commands themselves', async () => {
    const slips: readonly (readonly [readonly string[], RegExp])[] = [
      [['stauts'], /“stauts” \(did you mean `hikyaku status`\?\).*`hikyaku help` shows every/s],
      [['help', 'stauts'], /did you mean `hikyaku status`/],
      [['frobnicate'], /there is no command “frobnicate”\./],
      [['status', '--jsn'], /no option --jsn \(did you mean --json\?\).*`hikyaku help status`/s],
      [['sync', '--dryrun'], /did you mean --dry-run.*`hikyaku help pull`/s],
      [['status', 'now'], /more behind the command.*`hikyaku help status`/s],
      [['journal'], /missing: <action>.*`hikyaku help journal`/s],
      [['journal', 'burn'], /“burn” is none of: check, rebuild/],
      [['service', 'start'], /none of: install, uninstall, status/],
      [['report', '--days'], /a value is missing behind --days/],
    ]
    for (const [args, expected] of slips) {
      const ended = await run('en', ...args)
      assert.equal(ended.code, 2, args.join(' '))
      assert.match(ended.stderr, expected)
      assert.doesNotMatch(ended.stderr, /error:|\.\.|\?\?/)
      const [, remedy = ''] = /`hikyaku (help[^`]*)`/.exec(ended.stderr) ?? []
      assert.equal((await run('en', ...remedy.split(' '))).code, 0, `${args.join(' ')}: ${remedy}`)
    }
    const inJapanese = await run('ja', 'stauts')
    assert.match(inJapanese.stderr, /「stauts」というコマンドはありません。`hikyaku status` のことですか/)
    assert.doesNotMatch(inJapanese.stderr, /argument|unknown|command/)
  })

  it('shows help in the language asked for, within 80 columns', async () => {
    for (const args of [['help'], ['--help'], ['help', 'setup'], ['service', '--help']]) {
      const ended = await run('ja', ...args)
      assert.equal(ended.code, 0)
      assert.match(ended.stdout, /^使い方: hikyaku/)
      assert.doesNotMatch(ended.stdout, /display help|Usage:|Options:|Commands:|Arguments:/)
      for (const line of ended.stdout.split('\n')) assert.ok(measureWidth(line) <= 80, line)
    }
  })
})
