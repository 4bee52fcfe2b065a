import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { authenticationWords } from '../../src/authentication/words.ts'
import { compareWords } from '../../src/commands/compare-words.ts'
import { fleetWords } from '../../src/commands/fleet/words.ts'
import { journalWords } from '../../src/commands/journal-words.ts'
import { doctorWords } from '../../src/doctor/words.ts'
import { chooseWords } from '../../src/locale/locale.ts'
import { pauseWords } from '../../src/locale/pause-words.ts'
import { troubleWords } from '../../src/locale/trouble-words.ts'
import { serviceWords } from '../../src/service/words.ts'
import { setupWords } from '../../src/setup/words.ts'
import { watchWords } from '../../src/status/watch-words.ts'
import { webWords } from '../../src/web/words.ts'
import { files, textOf } from '../imports.ts'
import { type Catalogue, unreadWords } from './used-words.ts'

const { format: _format, ...common } = chooseWords('en')
const catalogues: readonly Catalogue[] = [
  { name: 'locale', words: common, readers: /^src\// },
  { name: 'troubles', words: troubleWords.en, readers: /^src\/(alerts|commands|doctor|web)\// },
  { name: 'pause', words: pauseWords.en, readers: /^src\// },
  { name: 'setup', words: setupWords.en, readers: /^src\/(setup|commands)\// },
  { name: 'doctor', words: doctorWords.en, readers: /^src\/(doctor|commands)\// },
  { name: 'authentication', words: authenticationWords.en, readers: /^src\/(authentication|commands)\// },
  { name: 'service', words: serviceWords.en, readers: /^src\/commands\/service/ },
  { name: 'compare', words: compareWords.en, readers: /^src\/commands\/compare/ },
  { name: 'fleet', words: fleetWords.en, readers: /^src\/commands\/fleet\// },
  { name: 'web', words: webWords.en, readers: /^src\/(web\/|commands\/dashboard)/ },
  { name: 'watch', words: watchWords.en, readers: /^src\/status\/watch/ },
  { name: 'journal', words: journalWords.en, readers: /^src\/commands\/journal/ },
]

/** Files that hold the words themselves. */
const isCatalogue = (file: string): boolean =>
  /\bwords-(\w+-)?(en|ja)\.ts$|-words\.ts$|service\/words\.ts$/.test(file)

/** Where a file has a catalogue of its room's own, `words` is that one. */
const withCommonWordsOnly = (text: string): string =>
  /\b(?!trouble|pause)\w+Words\[|words: \w+Words\b|SetupContext|DoctorContext/.test(text)
    ? text.replace(/(?<!(?:invocation|spoken)\.)\bwords\b/g, 'others')
    : text

describe('a word that nobody reads', () => {
  for (const catalogue of catalogues) {
    test(`is not kept in the catalogue of ${catalogue.name}`, () => {
      const readers = files.filter(file => catalogue.readers.test(file) && !isCatalogue(file))
      assert.ok(readers.length > 0)
      const texts = readers.map(textOf)
      assert.deepEqual(
        unreadWords(catalogue, catalogue.name === 'locale' ? texts.map(withCommonWordsOnly) : texts),
        [],
      )
    })
  }

  test('is found out, whatever the others are read by', () => {
    const words = {
      a: 'x',
      b: { c: 'x', d: 'x', e: { f: 'x' } },
      g: { h: 'x' },
      k: { l: 'x', m: 'x' },
      n: 'x',
    }
    assert.deepEqual(
      unreadWords({ words }, [
        'const { d, e: other } = words.b\nsay(other.f, words.a)\n',
        'const t = setupWords[language].k\nsay(t.l)\n// words.n\nconst h = words.g[key]\n',
        'const { k } = elsewhere\nsay(k.m, b.c)\n',
      ]),
      ['b.c', 'k.m', 'n'],
    )
  })
})
