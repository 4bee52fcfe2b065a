import assert from 'node:assert/strict'
import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ConfigFault, type Problem } from '../../src/base/problem.ts'
import type { Config } from '../../src/config/config.ts'
import { type LoadOptions, loadConfig } from '../../src/config/load.ts'
import { folder, kinds, least, passwordOf } from './load-helpers.ts'

const account = '{ address: me@gmail.com, clientId: abc }'
const mailbox = 'protocol: imap, host: mail.example.jp, user: shop@example.jp'

async function loadYaml(yaml: string, options: Partial<LoadOptions> = {}): Promise<Config> {
  const cwd = options.cwd ?? (await folder())
  await writeFile(join(cwd, 'c.yaml'), yaml)
  return loadConfig({ platform: 'linux', home: '/home/owner', env: {}, file: 'c.yaml', ...options, cwd })
}

async function problemsIn(yaml: string): Promise<readonly Problem[]> {
  const thrown = await loadYaml(yaml).catch(error => error)
  if (thrown instanceof ConfigFault) return thrown.problems
  if (thrown instanceof Error) throw thrown
  return []
}

test('the example of the documentation is valid and says what its comments say', async () => {
  const cwd = await folder()
  const example = fileURLToPath(new URL('../../docs/hikyaku.example.yaml', import.meta.url))
  await copyFile(example, join(cwd, 'config.yaml'))
  const config = await loadConfig({
    env: { HIKYAKU_CONFIG: 'config.yaml' },
    cwd,
    home: '/home/owner',
    platform: 'linux',
  })
  assert.deepEqual(
    config.mailboxes.map(one => [one.name, one.protocol, one.account, one.labels]),
    [
      ['shop@example.jp', 'imap', 'owner@gmail.com', ['shop']],
      ['info@example.jp', 'imap', 'owner@gmail.com', ['info']],
      ['old', 'pop3', 'owner@gmail.com', []],
    ],
  )
  assert.deepEqual(config.mailboxes[1]?.folders, [
    { name: 'INBOX', to: 'inbox', labels: [] },
    { name: 'Junk', to: 'spam', labels: [] },
    { name: 'Orders: 2026', to: 'inbox', labels: ['Orders'] },
  ])
  assert.equal(config.mailboxes[2]?.archive, true)
  assert.deepEqual(config.mailboxes[2]?.startFrom, { from: 'date', atMs: new Date(2026, 3, 1).getTime() })
})

test('every problem of the file is named by its place', async () => {
  const problems = await problemsIn(`
stateDri: x
logLevel: loud
accounts:
  - ${account}
  - { address: me@gmail.com, clientId: def }
  - nonsense
mailboxes:
  - { ${mailbox}, afterImprot: delete, MAIL_PORT: 1 }
  - { protocol: pop3, host: pop.example.jp, user: 0123, afterImport: move:X }
  - { ${mailbox}, account: other@gmail.com }
`)
  assert.deepEqual(kinds(problems).sort(), [
    'accounts twice',
    'accounts[2] expected',
    'logLevel one-of',
    'mailboxes[0].MAIL_PORT unknown',
    'mailboxes[0].afterImprot unknown',
    'mailboxes[1].afterImport move-needs-imap',
    'mailboxes[1].user expected',
    'mailboxes[2].account no-such-account',
    'stateDri unknown',
  ])
  const suggestions = problems.flatMap(problem => (problem.kind === 'unknown' ? [problem.suggestion] : []))
  assert.deepEqual(suggestions.sort(), ['afterImport', 'port', 'stateDir'])
})

test('a secret in the file is refused, and its value is not repeated', async () => {
  const thrown = await loadYaml(`
alertWebhook: https://ntfy.sh/sesame
accounts: [{ address: me@gmail.com, clientId: abc, clientSecret: sesame, refreshToken: sesame }]
mailboxes: [{ ${mailbox}, password: sesame }]
`).catch(error => error)
  assert.ok(thrown instanceof ConfigFault)
  assert.deepEqual(kinds(thrown.problems).sort(), [
    'accounts[0].clientSecret secret-in-yaml',
    'accounts[0].refreshToken secret-in-yaml',
    'alertWebhook secret-in-yaml',
    'mailboxes[0].password secret-in-yaml',
  ])
  assert.doesNotMatch(JSON.stringify([thrown.facts, thrown.problems]), /sesame/)
})

test('what is not YAML is placed by line and column, without the words of the line', async () => {
  const [problem] = await problemsIn('accounts: []\nmailboxes:\n  - {password: "sesame\n')
  assert.ok(problem?.kind === 'yaml')
  assert.ok(problem.line >= 3)
  assert.doesNotMatch(JSON.stringify(problem), /sesame/)
  assert.deepEqual(
    kinds(await problemsIn('just text'))
      .slice(0, 1)
      .map(kind => kind.replace(/^.* /, '')),
    ['expected'],
  )
  assert.deepEqual(kinds(await problemsIn('accounts: []\nmailboxes: []\n')), [
    'accounts expected',
    'mailboxes expected',
  ])
  assert.deepEqual(kinds(await problemsIn('{}')), ['accounts missing', 'mailboxes missing'])
})

test('aliases that multiply without end are refused', async () => {
  const bomb = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]']
  for (let i = 1; i < 9; i += 1)
    bomb.push(`a${i}: &a${i} [${Array.from({ length: 10 }, () => `*a${i - 1}`).join(', ')}]`)
  assert.equal((await problemsIn(bomb.join('\n')))[0]?.kind, 'yaml')
})

test('a file that is named but cannot be read is a problem', async () => {
  const cwd = await folder()
  const thrown = await loadConfig({ env: { HIKYAKU_CONFIG: 'none.yaml' }, cwd }).catch(error => error)
  assert.deepEqual(kinds(thrown.problems), ['HIKYAKU_CONFIG file'])
})

test('a missing secret of one mailbox leaves the others alone: it is found when it is used', async () => {
  const config = await loadYaml(`accounts: [${account}]\nmailboxes: [{ ${mailbox}, passwordFile: ./none }]`)
  await assert.rejects(passwordOf(config)?.reveal() ?? Promise.resolve(), {
    code: 'secret.unreadable',
  })
})

test('paths are relative to the file', async () => {
  const cwd = await folder()
  await mkdir(join(cwd, 'etc'))
  await writeFile(join(cwd, 'etc', 'pw'), 'sesame\n', { mode: 0o600 })
  const file = join(cwd, 'etc', 'hikyaku.yaml')
  await writeFile(
    file,
    `stateDir: state\naccounts: [${account}]\nmailboxes: [{ ${mailbox}, passwordFile: pw }]`,
  )
  const config = await loadConfig({ env: { HIKYAKU_CONFIG: 'etc/hikyaku.yaml' }, cwd })
  assert.equal(config.stateDir, join(dirname(file), 'state'))
  assert.equal(await passwordOf(config)?.reveal(), 'sesame')
})

test('variables that concern the whole program win over the file; those of a mailbox are noted and not used', async () => {
  const notes: Problem[] = []
  const env = { ...least, STATE_DIR: '/srv/state', LOG_FORMAT: 'json', GMAIL_API_ROOT: 'http://127.0.0.1:1' }
  const config = await loadYaml(
    `stateDir: x\nlogLevel: debug\naccounts: [${account}]\nmailboxes: [{ ${mailbox} }]`,
    {
      env: { ...env, MAIL_HOST: 'other.example' },
      onNote: note => notes.push(note),
    },
  )
  assert.equal(config.stateDir, '/srv/state')
  assert.deepEqual(config.log, { level: 'debug', format: 'json' })
  assert.equal(config.endpoints.apiRoot, 'http://127.0.0.1:1')
  assert.equal(config.mailboxes[0]?.server.host, 'mail.example.jp')
  assert.deepEqual(kinds(notes), [
    'MAIL_PROTOCOL two-sources',
    'MAIL_HOST two-sources',
    'MAIL_USER two-sources',
  ])
})

test("config.yaml in the platform's folder is found, unless the environment describes a mailbox", async () => {
  const home = await folder()
  await mkdir(join(home, '.config', 'hikyaku'), { recursive: true })
  const yaml = `accounts: [${account}]\nmailboxes: [{ ${mailbox}, name: from-file }]`
  await writeFile(join(home, '.config', 'hikyaku', 'config.yaml'), yaml)
  const options = { cwd: await folder(), home, platform: 'linux' } as const
  assert.equal((await loadConfig({ ...options, env: {} })).mailboxes[0]?.name, 'from-file')
  assert.equal((await loadConfig({ ...options, env: least })).mailboxes[0]?.name, 'shop@example.jp')
})

test('two mailboxes of one name are a problem, as the journal could not tell them apart', async () => {
  const problems = await problemsIn(`accounts: [${account}]\nmailboxes: [{ ${mailbox} }, { ${mailbox} }]`)
  assert.deepEqual(problems, [{ at: 'mailboxes', kind: 'twice', what: 'shop@example.jp' }])
})
