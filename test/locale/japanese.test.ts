/**
 * One name for each thing, in everything that is said or written in Japanese: the catalogues (their sources, so that
 * every branch is seen, and rendered, so that what meets in a sentence is seen), the pages, and .env.example.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { authenticationWords } from '../../src/authentication/words.ts'
import { Fault, type FaultCode, faultKinds } from '../../src/base/fault.ts'
import { compareWords } from '../../src/commands/compare-words.ts'
import { fleetWords } from '../../src/commands/fleet/words.ts'
import { journalWords } from '../../src/commands/journal-words.ts'
import { providerWordsFor } from '../../src/commands/provider-words.ts'
import { configWordsFor } from '../../src/config/in-force-words.ts'
import { presets } from '../../src/discovery/presets.ts'
import { doctorWords } from '../../src/doctor/words.ts'
import { chooseWords, describeFault } from '../../src/locale/locale.ts'
import { troubleWords } from '../../src/locale/trouble-words.ts'
import { serviceWords } from '../../src/service/words.ts'
import { setupWords } from '../../src/setup/words.ts'
import { watchWords } from '../../src/status/watch-words.ts'
import { webWords } from '../../src/web/words.ts'
import { files, textOf } from '../imports.ts'
import { renderWords } from './render-words.ts'
import { findWordsNotUsed, wordsNotUsed } from './words-not-used.ts'

/** Names of folders at many hosts, in regular expressions: no text. */
const patternsOfNames = 'src/setup/folders.ts'
const root = fileURLToPath(new URL('../..', import.meta.url))
const hasJapanese = /[\p{Script=Hiragana}\p{Script=Katakana}]/u

const pages = [
  ...readdirSync(root).filter(name => name.endsWith('.ja.md')),
  ...readdirSync(join(root, 'docs'))
    .filter(name => /\.ja(\.md|\.yaml)?$/.test(name))
    .map(name => `docs/${name}`),
]

/** A link's target is no text. */
const proseOf = (markdown: string): string => markdown.replace(/\]\([^)\s]*\)/g, ']')
const withoutComments = (code: string): string =>
  code.replace(/^\s*(\/\*\*[\s\S]*?\*\/|\/\/.*)$/gm, '').replace(/\s\/\/ .*$/gm, '')

const catalogues: Readonly<Record<string, object>> = {
  locale: chooseWords('ja'),
  troubles: troubleWords.ja,
  setup: setupWords.ja,
  doctor: doctorWords.ja,
  authentication: authenticationWords.ja,
  service: serviceWords.ja,
  compare: compareWords.ja,
  fleet: fleetWords.ja,
  watch: watchWords.ja,
  web: webWords.ja,
  journal: journalWords.ja,
  config: configWordsFor('ja'),
  provider: providerWordsFor('ja'),
  presets: presets.map(({ name, askHost, askUser, dkim, dmarc, notes }) =>
    [name, askHost, askUser, dkim, dmarc, ...notes].map(text => text?.ja ?? ''),
  ),
}

describe('a word for which another was settled', () => {
  const sources = files.filter(
    file =>
      file.startsWith('src/') && file !== patternsOfNames && hasJapanese.test(withoutComments(textOf(file))),
  )
  test('the sources and pages are found', () => {
    assert.ok(sources.length >= 25 && pages.length >= 9, `${sources.length} sources, ${pages.length} pages`)
  })
  for (const file of sources)
    test(`does not stand in ${file}`, () => {
      assert.deepEqual(findWordsNotUsed(withoutComments(textOf(file))), [])
    })
  for (const page of pages)
    test(`does not stand in ${page}`, () => {
      assert.deepEqual(findWordsNotUsed(proseOf(readFileSync(join(root, page), 'utf8'))), [])
    })
  for (const [name, catalogue] of Object.entries(catalogues))
    test(`is not said by the catalogue of ${name}`, () => {
      const texts = renderWords(catalogue)
      assert.ok(texts.length > 0)
      for (const text of texts) assert.deepEqual(findWordsNotUsed(text), [])
    })
  test('is not said by any fault, nor does one pair of brackets follow another', () => {
    const facts = {
      host: 'mail.example.jp',
      port: 993,
      phase: 'login',
      user: 'shop',
      folder: 'Junk',
      reason: 'ETIMEDOUT',
      what: 'x',
      seconds: 60,
      status: 403,
      count: 3,
      account: 'owner@gmail.com',
      name: 'mailbox-shop',
      variable: 'MAIL_PASSWORD',
      file: '/srv/journal.sqlite',
      octets: 3,
      announced: 4,
      missing: '1',
      listed: 5,
    }
    for (const code of Object.keys(faultKinds) as FaultCode[])
      for (const given of [{}, facts])
        for (const sentence of Object.values(describeFault(new Fault(code, { facts: given }), 'ja'))) {
          assert.deepEqual(findWordsNotUsed(sentence), [], code)
          assert.doesNotMatch(sentence, /）（/, code)
        }
  })
})

test('every rule finds the word that it is about, and lets the settled one stand', () => {
  for (const { wrong, right } of wordsNotUsed) {
    assert.notDeepEqual(findWordsNotUsed(wrong), [], wrong)
    assert.deepEqual(findWordsNotUsed(right), [], right)
  }
})
