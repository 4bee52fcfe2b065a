import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Fault, type FaultCode, faultKinds } from '../../src/base/fault.ts'
import { chooseLanguage, type Language } from '../../src/base/language.ts'
import { ConfigFault, type Problem } from '../../src/base/problem.ts'
import { describeProgram } from '../../src/commands/program.ts'
import { stages } from '../../src/journal/journal.ts'
import { makeFormat } from '../../src/locale/format.ts'
import { chooseWords, describeFault, describeFaultAtEnd } from '../../src/locale/locale.ts'
import { files, textOf } from '../imports.ts'

const numRuns = Number(process.env.HIKYAKU_FUZZ_RUNS ?? 300)
const languages: readonly Language[] = ['en', 'ja']
const codes = Object.keys(faultKinds) as FaultCode[]
const japanese = /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u

/** Facts that throwers have in common. */
const facts = {
  host: 'mail.example.jp',
  port: 993,
  phase: 'login',
  user: 'shop',
  folder: 'Junk',
  words: 'NO [AUTHENTICATIONFAILED]',
  reason: 'ECONNREFUSED',
  what: 'gmail.insert',
  seconds: 60,
  file: '/srv/journal.db',
  labels: 'Shop',
  problems: 'one\ntwo',
}

test('every fault says what happened, what it means for the mail and what to do, in both languages', () => {
  for (const code of codes) {
    for (const given of [{}, facts]) {
      for (const language of languages) {
        const text = describeFault(new Fault(code, { facts: given }), language)
        for (const [part, sentence] of Object.entries(text)) {
          const where = `${code} ${language} ${part}: ${sentence}`
          assert.ok(sentence.length >= 10, where)
          assert.doesNotMatch(sentence, /undefined|null|\[object|NaN| {2}|\$\{|[^\w]\(\)|（）|「」|“”/, where)
          if (language === 'en') assert.doesNotMatch(sentence, japanese, where)
          else assert.match(sentence, japanese, where)
        }
      }
    }
  }
})

test('English sentences end as sentences do, and Japanese ones are polite', () => {
  for (const code of codes.filter(one => one !== 'config.invalid')) {
    for (const given of [{}, facts]) {
      const fault = new Fault(code, { facts: given })
      for (const sentence of Object.values(describeFault(fault, 'en')))
        assert.match(sentence, /[.”`]$/, `${code}: ${sentence}`)
      for (const sentence of Object.values(describeFault(fault, 'ja')))
        assert.match(
          sentence,
          /(です|ます|ません|ください|でした|ました)(（[^）]*）)*。(.*の応答:「[^」]*」|あるフォルダー: .*)?$/,
          `${code}: ${sentence}`,
        )
    }
  }
})

test('every fault that is not about one message says that no mail is lost', () => {
  for (const code of codes) {
    const fault = new Fault(code)
    if (fault.scope === 'message' || code.startsWith('config') || code.startsWith('usage')) continue
    const { mail } = describeFault(fault, 'en')
    assert.match(mail, /No mail is lost|in Gmail|goes on importing|No mail was touched/, `${code}: ${mail}`)
  }
})

test("a server's words cannot move the cursor, break the line or turn the text around", () => {
  const hostile = '\u001b]0;x\u0007\r\nforged line\u202eevil\u2028'
  for (const code of codes) {
    const given = Object.fromEntries(
      Object.keys(facts)
        .filter(key => key !== 'problems')
        .map(key => [key, hostile]),
    )
    for (const language of languages) {
      const { what, mail, next } = describeFault(new Fault(code, { facts: given }), language)
      const expectedLines =
        code === 'config.invalid' ? /[^\P{Cc}\n]|[\p{Cf}\u2028]/u : /[\p{Cc}\p{Cf}\u2028]/u
      for (const sentence of [what, mail, next]) assert.doesNotMatch(sentence, expectedLines, code)
    }
  }
})

test('any facts whatever make a text and no exception', () => {
  const given = fc.dictionary(
    fc.constantFrom(
      ...Object.keys(facts),
      'command',
      'variable',
      'name',
      'names',
      'until',
      'octets',
      'status',
      'pid',
      'actual',
      'account',
      '__proto__',
    ),
    fc.oneof(fc.string({ unit: 'binary' }), fc.integer(), fc.double()),
  )
  fc.assert(
    fc.property(fc.constantFrom(...codes), given, fc.constantFrom(...languages), (code, some, language) => {
      const { what, mail, next } = describeFault(new Fault(code, { facts: some }), language)
      for (const sentence of [what, mail, next]) assert.doesNotMatch(sentence, /[^\P{Cc}\n]/u)
    }),
    { numRuns },
  )
})

test('a problem of the configuration is told in the language that is asked for', () => {
  const problems: readonly Problem[] = [
    { at: 'MAIL_PORT', kind: 'expected', what: 'port', given: '0' },
    { at: 'MAIL_CA_FILE', kind: 'file', file: '/x', reason: 'ENOENT' },
  ]
  const fault = new ConfigFault(problems)
  assert.match(
    describeFault(fault, 'en').what,
    /MAIL_PORT must be a port number.*“0”\)\n- MAIL_CA_FILE .*there is no such file/,
  )
  assert.match(
    describeFault(fault, 'ja').what,
    /・MAIL_PORT は .*「0」）\n・MAIL_CA_FILE .*ファイルがありません/,
  )
})

test('both catalogues have a word for every stage, and no two stages share one', () => {
  for (const language of languages) {
    const words = chooseWords(language)
    assert.equal(new Set(stages.map(stage => words.stages[stage])).size, stages.length)
  }
})

test('every function of both catalogues gives text with numbers, nothing undefined and no second line', () => {
  const counts = {
    fresh: 3,
    listed: 9,
    imported: 3,
    merged: 1,
    refused: 1,
    deferred: 1,
    settled: 2,
    gone: 1,
    pending: 2,
    ignored: 1,
  }
  const event = {
    ...counts,
    messageId: 7,
    mailbox: 'm',
    reason: 'x',
    folder: 'F',
    total: 1,
    into: 3,
    as: 'keep',
    ms: 1500,
    why: 'y',
    inMs: 60_000,
  }
  const visit = (value: unknown, path: string, language: Language): void => {
    if (typeof value === 'string') {
      assert.doesNotMatch(value, /undefined|NaN|\[object|\n/, path)
      if (value.length > 12 && language === 'ja') assert.match(value, japanese, path)
      if (language === 'en') assert.doesNotMatch(value, japanese, path)
    } else if (typeof value === 'function') {
      const takesEvent = path.startsWith('log.')
      const first = takesEvent ? event : /conservation/.test(path) ? counts : 2
      const second = /pull\.done/.test(path) ? counts : /notAside/.test(path) ? 'refused' : 1500
      if (!path.startsWith('format.') && path !== 'sentences')
        visit(value(first, second, 1500), `${path}()`, language)
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, inner] of Object.entries(value))
        visit(inner, path === '' ? key : `${path}.${key}`, language)
    }
  }
  for (const language of languages) visit(chooseWords(language), '', language)
})

test('the language is the flag, else HIKYAKU_LANG, else the locale as POSIX orders it', () => {
  assert.equal(chooseLanguage({ flag: 'ja', env: { HIKYAKU_LANG: 'en' } }), 'ja')
  assert.equal(chooseLanguage({ env: { HIKYAKU_LANG: 'en', LANG: 'ja_JP.UTF-8' } }), 'en')
  assert.equal(chooseLanguage({ env: { LC_ALL: 'ja_JP.UTF-8', LANG: 'en_US.UTF-8' } }), 'ja')
  assert.equal(chooseLanguage({ env: { LC_ALL: '', LC_MESSAGES: 'ja', LANG: 'C' } }), 'ja')
  assert.equal(chooseLanguage({ env: { LANG: 'jam_JM' } }), 'en')
  assert.equal(chooseLanguage({ env: {} }), 'en')
})

test('sizes, spans and times read as people write them', () => {
  const en = makeFormat('en', 'UTC')
  const ja = makeFormat('ja', 'Asia/Tokyo')
  assert.equal(en.size(0), '0 bytes')
  assert.equal(en.size(833), '833 bytes')
  assert.equal(en.size(1536), '1.5 kB')
  assert.equal(en.size(999_999), '1 MB')
  assert.equal(en.size(undefined), '–')
  assert.equal(en.span(812), '0.8 s')
  assert.equal(en.span(59_700), '1 min')
  assert.equal(en.span(3 * 3_600_000), '3 h')
  assert.equal(en.span(2 * 86_400_000), '2 days')
  assert.equal(en.span(-5), '0 s')
  assert.equal(ja.span(90_000), '2 分')
  assert.equal(en.relative(-300_000), '5 minutes ago')
  // What was now, or is ahead since the clock was put back.
  assert.equal(en.relative(-Math.max(0, -300_000)), '0 seconds ago')
  assert.equal(en.relative(0), 'in 0 seconds')
  assert.equal(ja.relative(300_000), '5 分後')
  assert.equal(ja.relative(-7_200_000), '2 時間前')
  assert.equal(ja.instant(Date.UTC(2026, 3, 1, 0, 5)), '2026/04/01 9:05')
  assert.equal(en.instant(Number.NaN), '–')
  assert.equal(en.percent(1, 4), '25%')
  assert.equal(en.percent(0, 0), '100%')
})

test('numbers and sizes are written as Intl writes them', () => {
  const values = [
    0, 0.5, 1, 1.25, 2.5, 999.4, 999.6, 1005.0005, 12_345.678, 1_000_000, 123_456_789, -4.5e3, 1e-9,
  ]
  for (const [language, locale] of [
    ['en', 'en-GB'],
    ['ja', 'ja-JP'],
  ] as const) {
    const { number, size, percent } = makeFormat(language)
    const plain = new Intl.NumberFormat(locale)
    for (const value of values) assert.equal(number(value), plain.format(value))
    const megabytes = { style: 'unit', unit: 'megabyte', unitDisplay: 'short' } as const
    for (const value of [1e6, 1.25e6, 12.34e6, 99.95e6, 999.4e6])
      assert.equal(
        size(value),
        new Intl.NumberFormat(locale, { ...megabytes, maximumFractionDigits: value >= 1e8 ? 0 : 1 }).format(
          value / 1e6,
        ),
      )
    const bytes = new Intl.NumberFormat(locale, { style: 'unit', unit: 'byte', unitDisplay: 'long' })
    for (const value of [0, 1, 2, 999]) assert.equal(size(value), bytes.format(value))
    const share = new Intl.NumberFormat(locale, { style: 'percent' })
    for (const part of [0, 1, 125, 335, 999, 1000])
      assert.equal(percent(part, 1000), share.format(part / 1000))
  }
})

test('every command that the words name is one of the program', () => {
  const { commands } = describeProgram('en')
  const verbs = new Set(commands.flatMap(command => [command.name(), ...command.aliases()]))
  assert.ok(verbs.has('pull') && verbs.has('check-now'))
  const named = files
    .filter(file => file.startsWith('src/locale/') || /words/.test(file))
    .flatMap(file => textOf(file).match(/(?<=`hikyaku )[a-z][a-z-]*(?=(?: [\w-]+)*\\?`)/g) ?? [])
  assert.ok(named.length > 50)
  assert.deepEqual(
    named.filter(verb => !verbs.has(verb) && verb !== 'help'),
    [],
  )
})

test('a pull that has ended does not promise to try again by itself', () => {
  for (const code of codes) {
    const fault = new Fault(code, { facts: { phase: 'login' } })
    assert.doesNotMatch(
      describeFaultAtEnd(fault, 'en').next,
      /Nothing for now: hikyaku tries again by itself/,
      code,
    )
    assert.doesNotMatch(describeFaultAtEnd(fault, 'ja').next, /操作は不要です。自動で再試行します/, code)
  }
  const timeout = describeFaultAtEnd(new Fault('source.timeout', { facts: {} }), 'ja')
  assert.match(timeout.next, /もう一度 `hikyaku pull` を実行/)
})
