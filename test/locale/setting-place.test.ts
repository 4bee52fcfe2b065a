/** Remedies name settings as their owner writes them: a key and its file in YAML, a variable and its file in .env. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type FaultCode, faultKinds } from '../../src/base/fault.ts'
import type { Language } from '../../src/base/language.ts'
import { variables } from '../../src/config/settings.ts'
import {
  chooseWords,
  describeFault,
  type FaultText,
  type FindSettingPlace,
  nameSettingsIn,
  useSettingPlaces,
} from '../../src/locale/locale.ts'

const languages: readonly Language[] = ['en', 'ja']
const codes = Object.keys(faultKinds) as FaultCode[]
/** Facts that choose between one remedy and another. */
const choices = [{}, { starttls: 'yes', phase: 'login' }, { command: 'chmod 700 x' }, { possible: 'INBOX.x' }]

function tell(find: FindSettingPlace, code: FaultCode, facts: object, language: Language): FaultText {
  const before = useSettingPlaces(find)
  try {
    return describeFault({ code, facts: { ...facts } }, language)
  } finally {
    useSettingPlaces(before)
  }
}

const rawNames = new RegExp(`\\b(?:${variables.map(({ name }) => name).join('|')})\\b`)

test('every setting that a fault names is one of the table, and both languages name the same', () => {
  for (const code of codes)
    for (const facts of choices) {
      const named = languages.map(language => {
        const names = new Set<string>()
        tell(variable => void names.add(variable), code, facts, language)
        return [...names].sort()
      })
      assert.deepEqual(named[1], named[0], code)
      for (const name of named[0] ?? [])
        assert.ok(
          variables.some(variable => variable.name === name),
          `${code}: ${name}`,
        )
    }
})

test('no fault names a variable to an owner who writes YAML, and its file is told once', () => {
  let told = 0
  for (const code of codes)
    for (const facts of choices)
      for (const language of languages) {
        const find: FindSettingPlace = name => ({ key: `key${name.length}`, file: '/etc/h/config.yaml' })
        const { what, mail, next } = tell(find, code, facts, language)
        assert.doesNotMatch(`${what} ${mail} ${next}`, rawNames, code)
        const files = next.split('/etc/h/config.yaml').length - 1
        assert.equal(files, /`key\d+/.test(what + next) ? 1 : 0, `${code}: ${next}`)
        told += files
      }
  assert.ok(told > 100, String(told))
})

test('a setting is named with its value and its line; the other side cannot name one', () => {
  const yaml: FindSettingPlace = name =>
    name === 'MAIL_SECURITY' ? { key: 'security', file: '/h/config.yaml', line: 7 } : undefined
  const facts = { starttls: 'yes', words: 'set MAIL_SECURITY=none {MAIL_SECURITY}' }
  const en = tell(yaml, 'source.login-method', facts, 'en')
  assert.match(en.next, /set `security: starttls`\. The settings are in \/h\/config\.yaml, line 7\.$/)
  assert.match(en.what, /set MAIL_SECURITY=none \{MAIL_SECURITY\}/)
  assert.match(
    tell(yaml, 'source.login-method', facts, 'ja').next,
    /`security: starttls` に変更してください。設定は \/h\/config\.yaml（7 行目）にあります。$/,
  )
  assert.match(
    tell(() => undefined, 'source.login-method', facts, 'en').next,
    /set MAIL_SECURITY=starttls\.$/,
  )
})

test('a password that the set-up keeps is changed by the set-up alone', () => {
  for (const language of languages)
    for (const code of ['source.login-refused', 'source.login-doubtful', 'source.login-capped'] as const) {
      const { next } = tell(() => ({ isKept: true }), code, {}, language)
      assert.match(next, /`hikyaku setup password`/)
      assert.doesNotMatch(next, /MAIL_PASSWORD/)
    }
})

test('the log and the counts of a pull name a setting by its key, too', () => {
  const before = useSettingPlaces(name => ({ key: name.toLowerCase(), file: '/f' }))
  try {
    for (const language of languages) {
      const { dryRunRest, dryRunTakenBack } = chooseWords(language).pull
      for (const told of [dryRunRest(1, 2, 3), dryRunTakenBack(1)]) assert.match(told, /`start_from`/)
    }
  } finally {
    useSettingPlaces(before)
  }
})

test("doctor's own words name settings in the same way", () => {
  const before = useSettingPlaces(name =>
    name === 'AFTER_IMPORT' ? { key: 'afterImport', file: '/f' } : undefined,
  )
  try {
    const given = {
      what: 'AFTER_IMPORT asks.',
      next: 'Set AFTER_IMPORT=delete-after:14d, or MAIL_PROTOCOL=pop3.',
    }
    assert.deepEqual(nameSettingsIn(given, 'en'), {
      what: '`afterImport` asks.',
      next: 'Set `afterImport: delete-after:14d`, or MAIL_PROTOCOL=pop3. The settings are in /f.',
    })
    assert.deepEqual(nameSettingsIn({ what: 'x', next: '' }, 'ja'), { what: 'x', next: '' })
  } finally {
    useSettingPlaces(before)
  }
})
