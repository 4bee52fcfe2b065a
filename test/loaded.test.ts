/** What a process has in memory that only waits: nothing that waiting does not need. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { sampleMail } from '../scripts/sandbox/mail.ts'
import { startHikyaku } from './servers/hikyaku.ts'
import { until } from './servers/until.ts'
import { startWorld } from './servers/world.ts'

const src = (file: string): string => fileURLToPath(new URL(`../src/${file}`, import.meta.url))

/** @returns what Node has loaded of itself once these files are imported */
function builtinsBehind(...files: readonly string[]): readonly string[] {
  const script = `for (const file of ${JSON.stringify(files.map(src))}) await import(file)
    console.log(JSON.stringify(process.moduleLoadList))`
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    timeout: 60_000,
  })
  assert.notEqual(stdout, '', stderr)
  return JSON.parse(stdout)
}

/** Says at its end what Node has loaded of itself, and which files of libraries are in memory. */
const tellLoaded = `data:text/javascript,${encodeURIComponent(
  `import { createRequire } from 'node:module'
  process.on('exit', () => {
    process._rawDebug('builtins ' + JSON.stringify(process.moduleLoadList))
    process._rawDebug('files ' + JSON.stringify(Object.keys(createRequire('file:///').cache)))
  })`,
)}`

/** Says at its end whether the library that read the YAML file is in memory. */
const tellYaml = `data:text/javascript,${encodeURIComponent(
  `import { Module } from 'node:module'
  const load = Module._load
  let yaml
  Module._load = (name, ...others) => {
    const loaded = load(name, ...others)
    if (name === 'yaml') yaml = new WeakRef(loaded)
    return loaded
  }
  process.on('SIGUSR2', () => {
    gc()
    process._rawDebug('yaml ' + (yaml === undefined ? 'never' : yaml.deref() === undefined ? 'gone' : 'held'))
  })`,
)}`

/** Libraries of imapflow that nobody here uses while mail is carried. */
const notUsed = /node_modules\/(pino|socks|lib(mime|qp|base64)|iconv-lite|encoding-japanese|@zone-eu)\//

describe('what is loaded before it is needed', () => {
  for (const protocol of ['imap', 'pop3'] as const)
    test(`nor does one that has carried mail over ${protocol} to Gmail, with a token of its own`, async t => {
      const world = await startWorld({ protocol })
      t.after(() => world.stop())
      await world.source.deliver(sampleMail(1))
      const daemon = world.start(['run'], { nodeArgs: ['--import', tellLoaded] })
      await until(() => world.gmail.accepted.length === 1, 'the mail')
      daemon.kill('SIGTERM')
      const { code, stderr } = await daemon.ended
      assert.equal(code, 0)
      const told = (kind: string): readonly string[] =>
        JSON.parse(new RegExp(`^${kind} (.*)$`, 'm').exec(stderr)?.[1] ?? '[]')
      const loaded = told('builtins')
      assert.ok(loaded.some(name => name.endsWith(' _http_client')))
      assert.deepEqual(
        loaded.filter(name => name.includes('undici')),
        [],
      )
      const files = told('files')
      assert.equal(
        files.some(path => path.includes('/node_modules/imapflow/')),
        protocol === 'imap',
      )
      assert.deepEqual(
        files.filter(path => notUsed.test(path)),
        [],
      )
    })

  test('nor is what read the settings kept in a daemon that waits', async t => {
    const world = await startWorld({ protocol: 'imap' })
    t.after(() => world.stop())
    const { MAIL_HOST, MAIL_PORT, MAIL_USER } = world.env
    const write = (name: string, text = ''): Promise<void> =>
      writeFile(join(world.folder, name), text, { mode: 0o600 })
    for (const name of ['MAIL_PASSWORD', 'GOOGLE_CLIENT_SECRET', 'GOOGLE_REFRESH_TOKEN'])
      await write(name, world.env[name])
    await write(
      'config.yaml',
      `accounts:
  - { name: a, address: ${world.env.GMAIL_ACCOUNT}, clientId: ${world.env.GOOGLE_CLIENT_ID},
      clientSecretFile: GOOGLE_CLIENT_SECRET, refreshTokenFile: GOOGLE_REFRESH_TOKEN }
mailboxes:
  - { name: m, protocol: imap, host: ${MAIL_HOST}, port: ${MAIL_PORT}, security: none, user: ${MAIL_USER},
      passwordFile: MAIL_PASSWORD }
`,
    )
    const {
      GMAIL_API_ROOT = '',
      GOOGLE_AUTH_URL = '',
      GOOGLE_TOKEN_URL = '',
      GOOGLE_REVOKE_URL = '',
    } = world.env
    const daemon = startHikyaku(['run'], {
      cwd: world.folder,
      env: {
        ...{ GMAIL_API_ROOT, GOOGLE_AUTH_URL, GOOGLE_TOKEN_URL, GOOGLE_REVOKE_URL, VERIFY: 'false' },
        ...{ HIKYAKU_CONFIG: join(world.folder, 'config.yaml'), STATE_DIR: world.stateDir },
      },
      nodeArgs: ['--expose-gc', '--import', tellYaml],
    })
    t.after(async () => {
      daemon.kill('SIGKILL')
      await daemon.ended
    })
    await world.source.deliver(sampleMail(1))
    await until(
      () => world.gmail.accepted.length === 1,
      () => `the mail\n${daemon.stderr()}`,
    )
    daemon.kill('SIGUSR2')
    await until(() => /^yaml /m.test(daemon.stderr()), 'the answer')
    assert.match(daemon.stderr(), /^yaml gone$/m)
  })

  test("a daemon that waits for mail loads no fetch of Node's", () => {
    const loaded = builtinsBehind(
      'commands/program.ts',
      'commands/run.ts',
      'bridge.ts',
      'journal/sqlite.ts',
      'source/imap.ts',
      'source/pop3.ts',
      'gmail/google.ts',
      'authentication/look.ts',
    )
    // The list is what it is taken for.
    assert.ok(loaded.some(name => name.endsWith(' tls')) && loaded.some(name => name.endsWith(' sqlite')))
    assert.deepEqual(
      loaded.filter(name => name.includes('undici')),
      [],
    )
  })
})
