/** `hikyaku config show` and the line at the start of a pull, as real child processes. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { measureWidth } from '../../src/base/text-width.ts'
import { hikyaku } from '../servers/hikyaku.ts'

const root = await mkdtemp(join(tmpdir(), 'hikyaku-show-'))
after(() => rm(root, { recursive: true, force: true }))
const env = { HOME: root, STATE_DIR: join(root, 'state'), HIKYAKU_VAULT: 'environment' }

const dotEnv = `MAIL_PROTOCOL=imap
MAIL_HOST=127.0.0.1
MAIL_PORT=1
MAIL_USER=shop@example.jp
MAIL_PASSWORD=open-sesame
AFTER_IMPORT=delete-after:14d
GOOGLE_CLIENT_ID=1-a.apps.googleusercontent.com
GOOGLE_CLIENT_SECRET=client-sesame
GOOGLE_REFRESH_TOKEN=token-sesame
ALERT_WEBHOOK=https://ntfy.sh/sesame
`
const yaml = `logLevel: warn
accounts:
  - address: owner@gmail.com
    clientId: 1-a.apps.googleusercontent.com
mailboxes:
  - &shop
    protocol: imap
    host: mail.example.jp
    user: shop@example.jp
  - <<: *shop
    user: info@example.jp
    afterImport: delete
`

async function folderWith(file: string, text: string): Promise<string> {
  const folder = await mkdtemp(join(root, 'cwd-'))
  await writeFile(join(folder, file), text, { mode: 0o600 })
  return folder
}

/** Columns are parted by two spaces or more. */
const rowsOf = (text: string): string[][] => text.split('\n').map(line => line.trim().split(/ {2,}/))

test('config show names every setting of .env with its line, in 80 columns of either language, and no secret', async () => {
  const cwd = await folderWith('.env', dotEnv)
  for (const language of ['en', 'ja']) {
    const { stdout, stderr, code } = await hikyaku(['config', 'show', '--lang', language], { env, cwd })
    assert.equal(code, 0, stderr)
    assert.doesNotMatch(stdout + stderr, /sesame/)
    // But for a path of the owner's own, which is never cut.
    for (const line of stdout.split('\n')) assert.ok(measureWidth(line) <= 80 || line.includes(root), line)
    const rows = rowsOf(stdout)
    const words = language === 'ja' ? ['初期値', '環境変数'] : ['default', 'environment']
    assert.deepEqual(
      ['AFTER_IMPORT', 'MAIL_PASSWORD', 'ALERT_WEBHOOK', 'STATE_DIR', 'WHEN_REFUSED', 'SCHEDULE'].map(name =>
        rows.find(([first]) => first === name),
      ),
      [
        ['AFTER_IMPORT', '.env:6', 'delete-after:2w'],
        ['MAIL_PASSWORD', '.env:5', '[secret]'],
        ['ALERT_WEBHOOK', '.env:10', '[secret]'],
        ['STATE_DIR', words[1], join(root, 'state')],
        ['WHEN_REFUSED', words[0], 'keep'],
        ['SCHEDULE', words[0], '*/5 * * * *'],
      ],
    )
  }
})

test('config show tells two mailboxes of a YAML file apart, with keys, lines, and what is asked of the vault', async () => {
  const cwd = await folderWith('c.yaml', yaml)
  const file = join(cwd, 'c.yaml')
  const { stdout, code } = await hikyaku(['config', 'show', '--lang', 'en'], {
    env: { ...env, HIKYAKU_CONFIG: 'c.yaml' },
    cwd,
  })
  assert.equal(code, 0)
  assert.ok(stdout.includes(file))
  const rows = rowsOf(stdout)
  const allOf = (name: string) => rows.filter(([first]) => first === name).map(([, ...rest]) => rest)
  assert.deepEqual(allOf('host'), [
    ['line 8', 'mail.example.jp'],
    ['line 8', 'mail.example.jp'],
  ])
  assert.deepEqual(allOf('afterImport'), [
    ['default', 'keep'],
    ['line 12', 'delete'],
  ])
  assert.deepEqual(allOf('passwordFile'), [
    ['vault', '[secret]'],
    ['vault', '[secret]'],
  ])
  assert.deepEqual(allOf('stateDir'), [['$STATE_DIR', join(root, 'state')]])
  const answer = await hikyaku(['config', 'show', '--json'], {
    env: { ...env, HIKYAKU_CONFIG: 'c.yaml' },
    cwd,
  })
  const { file: told, parts } = JSON.parse(answer.stdout)
  assert.equal(told, file)
  assert.deepEqual(
    parts.map(({ part }: { part: string }) => part),
    ['start', 'program', 'account', 'mailbox', 'mailbox'],
  )
  const { settings } = parts.at(-1)
  assert.deepEqual(
    settings.find(({ key }: { key: string }) => key === 'passwordFile'),
    {
      key: 'passwordFile',
      variable: 'MAIL_PASSWORD',
      value: '[secret]',
      secret: true,
      origin: { from: 'vault', name: 'mailbox/info@example.jp/password' },
    },
  )
})

test('what is wrong is told by config show as by every command', async () => {
  const cwd = await folderWith('.env', `${dotEnv}AFTER_IMPROT=keep\n`)
  const { stdout, stderr, code } = await hikyaku(['config', 'show', '--lang', 'en'], { env, cwd })
  assert.equal(code, 78)
  assert.equal(stdout, '')
  assert.match(stderr, /AFTER_IMPROT .*AFTER_IMPORT/)
  const usage = await hikyaku(['config', 'hide'], { env, cwd })
  assert.equal(usage.code, 2)
})

test('a pull says in one line of its log what is not a default, and in JSON everything, without secrets', async () => {
  const cwd = await folderWith('.env', dotEnv)
  const text = await hikyaku(['pull', '--lang', 'en'], { env, cwd })
  const lines = text.stderr.split('\n').filter(line => line.includes('settings other than the defaults'))
  assert.equal(lines.length, 1, text.stderr)
  assert.match(lines[0] ?? '', /mailbox shop@example\.jp:.* MAIL_PORT=1 .*AFTER_IMPORT=delete-after:2w/i)
  assert.doesNotMatch(lines[0] ?? '', /WHEN_REFUSED/)
  const json = await hikyaku(['pull'], { env: { ...env, LOG_FORMAT: 'json' }, cwd })
  const events = json.stderr.split('\n').flatMap(line => (line.startsWith('{') ? [JSON.parse(line)] : []))
  const [settings, ...more] = events.filter(({ event }) => event === 'settings')
  assert.equal(more.length, 0)
  assert.equal(settings['mailbox[shop@example.jp].whenRefused'], 'keep')
  assert.equal(settings['mailbox[shop@example.jp].password'], '[secret]')
  assert.equal(settings.logFormat, 'json')
  assert.doesNotMatch(text.stderr + json.stderr, /sesame/)
})
