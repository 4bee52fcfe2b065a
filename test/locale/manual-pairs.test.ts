/** The two languages' manuals are one manual: the same headings, the same commands, the same settings. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { makeYamlKey, sections } from '../../src/config/settings.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Pages in one language, and why. */
const alone: Readonly<Record<string, string>> = {
  'CONTRIBUTING.md': 'for those who change the code, whose language is English',
  'docs/field-reports.md': 'what others reported, kept in their words',
}

const pages = ['', 'docs'].flatMap(folder =>
  readdirSync(join(root, folder))
    .filter(name => name.endsWith('.md'))
    .map(name => join(folder, name)),
)
const twinOf = (page: string): string => page.replace(/\.md$/, '.ja.md')
const isJapanese = (page: string): boolean => page.endsWith('.ja.md')
const pairs = pages.filter(page => !isJapanese(page) && pages.includes(twinOf(page)))

/** In code: between backticks, in an indented block, in a fenced block. */
const codeOf = (text: string): readonly string[] =>
  text.match(/^```[\s\S]*?^```$|`[^`\n]+`|^ {4}\S.*$/gm) ?? []

/** The levels of a page's headings, in their order. */
const headingsOf = (text: string): readonly string[] =>
  text.replace(/^```[\s\S]*?^```$/gm, '').match(/^#+(?= )/gm) ?? []

/** What is to be typed, without what stands in for the owner's own words, each once. */
const commandsOf = (text: string): readonly string[] => {
  const commands = codeOf(text).flatMap(code =>
    [
      ...code.matchAll(
        /(?:`|^(?: {4}|\$ )?|&& |sudo )(hikyaku(?: (?:-[a-z]|--[a-z-]+|[a-z][a-z-]*)(?![\w.@/=]))+)/gm,
      ),
    ].map(([, command = '']) => command.replace(/ --lang (?:en|ja)/, '')),
  )
  return [...new Set(commands)].sort()
}

const settings = sections.flatMap(section => Object.entries(section.settings))
const variables = settings.flatMap(([, { variable }]) => variable ?? [])
const keys = settings.map(([name, setting]) => makeYamlKey(name, setting))

/** The settings that a page names in code, by variable or key, each once. */
const settingsOf = (text: string): readonly string[] => {
  const code = codeOf(text).join('\n')
  const words = new Set(code.match(/\w+/g))
  // Many keys are everyday words: one is meant where it is all that stands there, or has a value.
  const keyed = new Set([...code.matchAll(/(?:`|^ *)(\w+)(?=`|:)/gm)].map(([, key]) => key))
  const named = [...variables.filter(name => words.has(name)), ...keys.filter(key => keyed.has(key))]
  return [...new Set(named)].sort()
}

describe('the manuals in two languages', () => {
  test('are pairs, but for those that are named here with the reason', () => {
    assert.ok(pairs.length >= 10)
    const single = pages.filter(page => !isJapanese(page) && !pairs.includes(page))
    assert.deepEqual(single.sort(), Object.keys(alone).sort())
    for (const page of pages.filter(isJapanese))
      assert.ok(existsSync(join(root, page.replace(/\.ja\.md$/, '.md'))), page)
  })

  for (const page of pairs) {
    const [english, japanese] = [page, twinOf(page)].map(name => readFileSync(join(root, name), 'utf8'))
    test(`${page} and its twin have the same headings, commands and settings`, () => {
      for (const look of [headingsOf, commandsOf, settingsOf])
        assert.deepEqual(look(japanese ?? ''), look(english ?? ''), look.name)
      assert.ok(headingsOf(english ?? '').length > 0)
    })
  }

  test('are read for what they hold', () => {
    const page = [
      '# One',
      'Say `hikyaku setup google --read`, or hikyaku does nothing; `AFTER_IMPORT=keep`, `folders`.',
      '    hikyaku inspect report.eml --json',
      '```text',
      '# no heading',
      '$ hikyaku pull --dry-run --lang ja',
      '```',
      '### Two',
    ].join('\n')
    assert.deepEqual(headingsOf(page), ['#', '###'])
    assert.deepEqual(commandsOf(page), [
      'hikyaku inspect',
      'hikyaku pull --dry-run',
      'hikyaku setup google --read',
    ])
    assert.deepEqual(settingsOf(page), ['AFTER_IMPORT', 'folders'])
  })
})
