import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { authenticationWords } from '../../src/authentication/words.ts'
import type { Language } from '../../src/base/language.ts'
import { indentParagraph, measureWidth } from '../../src/base/text-width.ts'

const facts = {
  spf: 'softfail',
  domain: 'd.example',
  address: '203.0.113.1',
  from: 'f.example',
  messages: '1',
  lost: '2',
  possiblyLost: '4',
  sealer: 's.example',
  percent: '20',
  spam: '3',
}

for (const language of ['en', 'ja'] as const satisfies readonly Language[]) {
  describe(`the words (${language})`, () => {
    test('say something for every reason, with its facts filled in', () => {
      const words = authenticationWords[language]
      for (const [why, say] of Object.entries(words.reasons)) {
        for (const spf of ['pass', 'softfail', 'none', 'permerror']) {
          const text = say({ ...facts, spf })
          assert.ok(text.length > 3, why)
          assert.doesNotMatch(text, /undefined|\{|\}/, why)
        }
      }
      assert.doesNotMatch(words.report.summary(facts), /undefined/)
    })

    test('break into lines that fit', () => {
      for (const say of Object.values(authenticationWords[language].reasons)) {
        const lines = indentParagraph(say(facts), 50, '  - ')
        // A character that must not begin a line may hang over by its own width.
        for (const line of lines) assert.ok(measureWidth(line) <= 52, line)
        assert.ok(lines.slice(1).every(line => line.startsWith('    ')))
      }
    })
  })
}
