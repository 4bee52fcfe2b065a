import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { stringify } from 'yaml'
import { ConfigFault } from '../../src/base/problem.ts'
import { findNearestName } from '../../src/base/spelling.ts'
import { parseDuration } from '../../src/config/duration.ts'
import { type LoadOptions, loadConfig } from '../../src/config/load.ts'
import { variables } from '../../src/config/settings.ts'
import { describeFault } from '../../src/locale/locale.ts'
import { folder, least } from './load-helpers.ts'

const numRuns = Number(process.env.HIKYAKU_FUZZ_RUNS ?? 300)
const secretNames = variables.filter(v => v.secret).map(v => v.name)

/** Values near what is expected, and far from it. */
const value = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ maxLength: 20 }),
  fc.constantFrom(
    'imap',
    'pop3',
    'tls',
    'none',
    'yes',
    '0',
    '-1',
    '99999999999',
    'INBOX,Junk:spam',
    '"',
    "'",
    '"a:b":',
  ),
  fc.constantFrom(
    'move:INBOX',
    'delete-after:9w',
    '2026-02-29',
    '*/5 * * * *',
    '60 * * * *',
    '* * * * * * *',
    'http://[::1',
    '[::1]',
  ),
  fc.constantFrom(
    '/',
    '.',
    '/dev/null',
    '~',
    '~/x',
    '/proc/self/environ/x',
    'a\u0000b',
    '\ud800',
    '__proto__',
    'constructor',
  ),
)
const name = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.constantFrom(...variables.map(v => v.name), ...secretNames.map(n => `${n}_FILE`)),
  },
  { weight: 1, arbitrary: fc.stringMatching(/^(MAIL|GMAIL|GOOGLE|ALERT)_[A-Z_]{1,10}$/) },
  { weight: 1, arbitrary: fc.constantFrom('__proto__', 'constructor', 'toString', 'HOME', 'LANG') },
)
/** A secret that cannot occur anywhere by chance. */
const secret = fc.stringMatching(/^[a-z]{4}[#"'\\ $`%=:a-z]{0,8}[a-z]{4}$/).map(text => `S3SAME${text}`)

/** A Config or a ConfigFault; and no secret in anything that can be shown. */
async function holds(options: LoadOptions, secrets: readonly string[]): Promise<void> {
  let shown: string
  try {
    const config = await loadConfig(options)
    shown = inspect(config, { depth: 9 }) + JSON.stringify(config)
    assert.ok(Object.isFrozen(config) && Object.isFrozen(config.mailboxes[0]))
  } catch (thrown) {
    if (!(thrown instanceof ConfigFault)) throw thrown
    assert.ok(thrown.problems.length > 0)
    const texts = [describeFault(thrown, 'en'), describeFault(thrown, 'ja')]
    for (const { what } of texts) {
      assert.equal(what.split('\n').length, thrown.problems.length + 1)
      assert.doesNotMatch(what, /undefined|\[object|[\u0000-\u0009\u000b-\u001f]/)
    }
    shown = inspect([thrown, thrown.problems], { depth: 9 }) + JSON.stringify([thrown, texts])
  }
  for (const one of secrets) assert.ok(!shown.includes(one.slice(0, 10)), `${one} is shown in ${shown}`)
}

test('whatever the environment holds, it is a Config or config.invalid, and no secret is shown', async () => {
  const cwd = await folder()
  const entries = fc.array(fc.tuple(name, value), { maxLength: 12 })
  const secrets = fc.dictionary(fc.constantFrom(...secretNames), secret)
  await fc.assert(
    fc.asyncProperty(entries, secrets, fc.boolean(), async (some, hidden, sound) => {
      const env = { ...(sound ? least : {}), ...Object.fromEntries(some), ...hidden }
      await holds({ env, cwd, home: cwd, platform: 'linux' }, Object.values(hidden))
    }),
    { numRuns },
  )
})

test('whatever .env holds, it is a Config or config.invalid, and no secret is shown', async () => {
  const cwd = await folder()
  const line = fc.oneof(
    fc.tuple(name, value).map(([key, text]) => `${key}=${text}`),
    fc.tuple(fc.constantFrom(...secretNames), secret).map(([key, text]) => `${key}=${text}`),
    fc.string({ unit: 'binary', maxLength: 30 }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 10 }), async lines => {
      await writeFile(join(cwd, '.env'), lines.join('\n'))
      const hidden = lines.flatMap(text => text.match(/^[A-Z_]+=(S3SAME.{4})/)?.[1] ?? [])
      await holds({ env: {}, cwd, home: cwd, platform: 'linux' }, hidden)
    }),
    { numRuns },
  )
})

test('whatever the YAML file holds, it is a Config or config.invalid, and no secret is shown', async () => {
  const cwd = await folder()
  const keys = [
    ...new Set(variables.map(v => v.key)),
    'name',
    'account',
    'passwordFile',
    'accounts',
    'mailboxes',
    '__proto__',
  ]
  const leaf = fc.oneof(
    value,
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(value, { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('name', 'to', 'labels', 'x'), value),
  )
  const part = fc.dictionary(fc.constantFrom(...keys), leaf, { maxKeys: 8 })
  const good = { protocol: 'imap', host: 'a.example', user: 'a@b.example' }
  const mailbox = fc.oneof(
    part,
    part.map(some => ({ ...good, ...some })),
    leaf,
  )
  const account = fc.oneof(
    part,
    part.map(some => ({ clientId: 'abc', ...some })),
    leaf,
  )
  const file = fc.record({
    top: part,
    accounts: fc.array(account, { maxLength: 3 }),
    mailboxes: fc.array(mailbox, { maxLength: 3 }),
    password: fc.option(secret, { nil: undefined }),
  })
  await fc.assert(
    fc.asyncProperty(file, async ({ top, accounts, mailboxes, password }) => {
      const all = [...mailboxes, ...(password === undefined ? [] : [{ ...good, password }])]
      await writeFile(join(cwd, 'c.yaml'), stringify({ ...top, accounts, mailboxes: all }))
      await holds(
        { env: {}, cwd, home: cwd, platform: 'linux', file: 'c.yaml' },
        password === undefined ? [] : [password],
      )
    }),
    { numRuns },
  )
})

test('whatever octets the YAML file has, it is config.invalid', async () => {
  const cwd = await folder()
  const scrap = fc.constantFrom(
    '- ',
    ': ',
    '{',
    '}',
    '[',
    ']',
    '&a ',
    '*a ',
    '!!str ',
    '|\n',
    '"',
    '\n',
    '\t',
    '<<: ',
    'mailboxes:',
    '%YAML 9',
    '---\n',
    'S3SAMEabcd',
  )
  const text = fc.oneof(
    fc.uint8Array({ maxLength: 60 }).map(octets => Buffer.from(octets)),
    fc
      .array(fc.oneof(scrap, fc.string({ maxLength: 5 })), { maxLength: 25 })
      .map(parts => Buffer.from(parts.join(''))),
  )
  await fc.assert(
    fc.asyncProperty(text, async octets => {
      await writeFile(join(cwd, 'd.yaml'), octets)
      await assert.rejects(loadConfig({ env: {}, cwd, home: cwd, file: 'd.yaml' }), ConfigFault)
    }),
    { numRuns },
  )
})

test('a misspelt name with one slip is recognised, and a name is never a misspelling of itself', () => {
  const names = variables.map(v => v.name)
  fc.assert(
    fc.property(fc.constantFrom(...names), fc.nat(), (known, seed) => {
      const at = seed % known.length
      const swapped = known.slice(0, at) + known.slice(at + 1)
      assert.notEqual(findNearestName(swapped, names), undefined)
      assert.equal(findNearestName(known, names), known)
    }),
    { numRuns },
  )
})

test('a span is between a minute and ten years, or none', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ maxLength: 8 }),
        fc.tuple(fc.nat(), fc.constantFrom('m', 'h', 'd', 'w', 's')).map(t => t.join('')),
      ),
      text => {
        const ms = parseDuration(text)
        assert.ok(ms === undefined || (ms >= 60_000 && ms < 3.2e11 && Number.isInteger(ms)))
      },
    ),
    { numRuns },
  )
})
