/** What a person is told to correct, as real child processes: the key and file of this configuration. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { hikyaku } from '../servers/hikyaku.ts'

const root = await mkdtemp(join(tmpdir(), 'hikyaku-remedies-'))
after(() => rm(root, { recursive: true, force: true }))
const secrets = {
  GOOGLE_CLIENT_ID: '1-a.apps.googleusercontent.com',
  GOOGLE_CLIENT_SECRET: 'x',
  GOOGLE_REFRESH_TOKEN: 'x',
  MAIL_PASSWORD: 'x',
}
// Port 1 of loopback refuses: source.unreachable, which names host and port.
const server = {
  MAIL_PROTOCOL: 'pop3',
  MAIL_HOST: '127.0.0.1',
  MAIL_PORT: '1',
  MAIL_SECURITY: 'none',
  MAIL_USER: 'u',
}
const yaml = `accounts:
  - address: owner@gmail.com
    clientId: 1-a.apps.googleusercontent.com
mailboxes:
  - protocol: pop3
    host: 127.0.0.1
    port: 1
    security: none
    user: u
    passwordFile: password
`

test('a remedy names the variable, the line of .env, or the key of the YAML file, in both languages', async () => {
  const [inEnv, inDotEnv, inYaml] = await Promise.all(
    ['env', 'dot', 'yaml'].map(name => mkdtemp(join(root, name))),
  )
  assert.ok(inEnv && inDotEnv && inYaml)
  const file = join(inYaml, 'config.yaml')
  const mode = { mode: 0o600 }
  await writeFile(file, yaml, mode)
  await writeFile(join(inYaml, 'password'), 'x', mode)
  const all = { ...server, ...secrets }
  await writeFile(
    join(inDotEnv, '.env'),
    Object.entries(all)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
    mode,
  )
  const base = { HOME: root, HIKYAKU_VAULT: 'environment', GMAIL_ACCOUNT: 'owner@gmail.com' }
  const run = async (cwd: string, env: Readonly<Record<string, string>>, lang: string, command = 'pull') => {
    const state = { STATE_DIR: join(cwd, 'state') }
    const { stdout, stderr, code } = await hikyaku([command, '--lang', lang], {
      env: { ...base, ...state, ...env },
      cwd,
    })
    // 75 where the wait after the last try is kept.
    assert.ok(code === 69 || code === 75, stderr)
    return (stdout + stderr).replace(/\s+/g, ' ')
  }
  assert.match(await run(inEnv, all, 'en'), /check MAIL_HOST and MAIL_PORT, .* this address\.(?! It is set)/)
  const dotEnv = await run(inDotEnv, {}, 'en')
  assert.match(dotEnv, /check MAIL_HOST and MAIL_PORT, /)
  assert.ok(dotEnv.includes(`The settings are in ${join(inDotEnv, '.env')}.`), dotEnv)
  const { GOOGLE_CLIENT_SECRET: _, ...withoutSecret } = secrets
  const env = { ...withoutSecret, GOOGLE_CLIENT_SECRET: 'x', HIKYAKU_CONFIG: file }
  const en = await run(inYaml, env, 'en')
  assert.match(en, /check `host` and `port`, /)
  assert.ok(en.includes(`The settings are in ${file}.`), en)
  assert.doesNotMatch(en, /MAIL_(HOST|PORT)/)
  const ja = await run(inYaml, env, 'ja')
  assert.match(ja, /`host` と `port`、/)
  assert.ok(ja.includes(`設定は ${file} にあります。`), ja)
  for (const command of ['status']) {
    const { stdout } = await hikyaku([command, '--json'], {
      env: { ...base, ...env, STATE_DIR: join(inYaml, 'state') },
      cwd: inYaml,
    })
    assert.ok(JSON.stringify(JSON.parse(stdout)).includes(file), stdout)
    assert.doesNotMatch(stdout, /MAIL_(HOST|PORT)/)
  }
})
