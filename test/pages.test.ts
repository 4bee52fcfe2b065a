/** The manual pages: nothing is missing in them, mandoc finds no fault, and `man` shows them on 80 columns. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { writePages } from '../scripts/pages.ts'
import type { Language } from '../src/base/language.ts'
import { measureWidth } from '../src/base/text-width.ts'
import { readTableOf } from '../src/commands/completion/completion.ts'
import { describeProgram } from '../src/commands/program.ts'
import { makeYamlKey, sections } from '../src/config/settings.ts'
import { requireServer } from './servers/required.ts'
import { installed } from './vault/session-bus.ts'

const folder = mkdtempSync(join(tmpdir(), 'hikyaku-test-pages-'))
after(() => rmSync(folder, { recursive: true, force: true }))
await writePages(folder, Date.UTC(2026, 0, 2) / 1000)
const skip = requireServer('man and mandoc', await installed('man', 'mandoc'))

const fileOf = (language: Language, name: string): string =>
  join(folder, 'man', language === 'ja' ? 'ja' : '', `man${name.at(-1)}`, name)

/** As people see it, with words in one piece. */
function show(language: Language, name: string): string {
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: folder,
    LC_ALL: 'C.UTF-8',
    MANWIDTH: '80',
    MANROFFOPT: '-ww',
  }
  const shown = spawnSync('man', ['-l', fileOf(language, name)], { env, encoding: 'utf8' })
  assert.equal(shown.stderr, '')
  return shown.stdout
}

describe('the manual pages', { skip }, () => {
  for (const language of ['en', 'ja'] as const) {
    for (const name of ['hikyaku.1', 'hikyaku.yaml.5'])
      test(`${name} in ${language}: no fault to mandoc, 80 columns, a line for whatis`, () => {
        const lint = spawnSync('mandoc', ['-Tlint', fileOf(language, name)], { encoding: 'utf8' })
        assert.deepEqual([lint.status, lint.stdout, lint.stderr], [0, '', ''])
        const page = show(language, name)
        assert.match(page, /2026-01-02/)
        for (const line of page.split('\n')) assert.ok(measureWidth(line) <= 80, line)
        // What roff or Markdown would have taken away.
        const [text = ''] = page.split(/\n(?:EXAMPLES|例)\n/)
        assert.ok(!/\\f|\\\(|`|\*\*|INBOX\. {2}/.test(text), text)
        const whatis = execFileSync('lexgrog', [fileOf(language, name)], { encoding: 'utf8' })
        assert.match(whatis, /: "hikyaku(\.yaml)? - .+"/)
      })

    test(`hikyaku(1) in ${language} has every command, argument, option and exit code`, () => {
      const page = show(language, 'hikyaku.1')
      for (const { names, arguments: terms, options } of readTableOf(describeProgram(language)).commands) {
        const title = [names.join(', '), ...terms.map(({ term }) => term)].join(' ')
        const from = page.indexOf(`\n   ${title}\n`)
        assert.ok(from >= 0, title)
        const common = page.slice(page.indexOf(language === 'ja' ? '\nオプション\n' : '\nOPTIONS\n'))
        const own = /^ {3}\S[\s\S]*?(?=\n {3}\S|\n\S)/m.exec(page.slice(from))?.[0] ?? ''
        for (const { flags, value = '' } of options) {
          const written = `       ${flags.join(', ')} ${value}`.trimEnd()
          assert.ok(own.includes(written) || common.includes(written), `${title}: ${written}`)
        }
      }
      for (const code of [0, 1, 2, 69, 70, 75, 77, 78])
        assert.match(page, new RegExp(`^ {7}${code} +\\S`, 'm'))
    })

    test(`hikyaku.yaml(5) in ${language} has every setting with its variable, its key and its default`, () => {
      const page = show(language, 'hikyaku.yaml.5')
      let from = 0
      for (const { part, settings } of sections)
        for (const [key, setting] of Object.entries(settings)) {
          const names = [
            ...(setting.variable === undefined ? [] : [setting.variable]),
            ...(part === 'start' || setting.processOnly ? [] : [makeYamlKey(key, setting)]),
          ]
          const at = page.indexOf(`\n       ${names.join(', ')}`, from)
          assert.ok(at >= from, names.join(', '))
          from = at
          for (const { value } of setting.choices ?? [])
            assert.ok(page.indexOf(`\n              ${value}`, from) > from, value)
        }
      assert.match(page, /fterImport: delete-after:14d/)
    })
  }
})
