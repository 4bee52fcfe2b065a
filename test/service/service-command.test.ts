import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { after, afterEach, beforeEach, describe, it } from 'node:test'
import type { Language } from '../../src/base/language.ts'
import type { Invocation } from '../../src/commands/invocation.ts'
import { type ServiceFlags, serviceCommand } from '../../src/commands/service.ts'
import { chooseWords } from '../../src/locale/locale.ts'
import type { Ran, ServiceMachine } from '../../src/service/machine.ts'

let prefix: string
let ran: string[]
let answers: Record<string, Ran>
beforeEach(async () => {
  prefix = await mkdtemp(join(tmpdir(), 'hikyaku-service-'))
  ran = []
  answers = {}
})
afterEach(() => rm(prefix, { recursive: true }))

const machine = (more: Partial<ServiceMachine> = {}): ServiceMachine => ({
  platform: 'linux',
  home: '/home/me',
  uid: 1000,
  userName: 'me',
  prefix,
  nodeFile: '/usr/bin/node',
  cliFile: '/opt/hikyaku/dist/cli.js',
  userNamespaces: true,
  systemd: true,
  temporaryFolders: ['/temporary'],
  run: async (program, args) => {
    const command = [program, ...args].join(' ')
    ran.push(command)
    return (
      Object.entries(answers).find(([start]) => command.startsWith(start))?.[1] ?? { code: 0, output: '' }
    )
  },
  ...more,
})

/** A configuration with all that a service needs. */
const settings = (): Record<string, string> => ({
  MAIL_PROTOCOL: 'imap',
  MAIL_HOST: 'mail.example.test',
  MAIL_USER: 'shop@example.test',
  MAIL_PASSWORD: 'correct horse',
  GMAIL_ACCOUNT: 'owner@example.test',
  GOOGLE_CLIENT_ID: 'id.apps.googleusercontent.com',
  GOOGLE_CLIENT_SECRET: 'client secret',
  GOOGLE_REFRESH_TOKEN: 'refresh token',
})

/** The same as a file. @returns its path */
async function writeSettings(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hikyaku-settings-'))
  after(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'secret'), 'correct horse\n', { mode: 0o600 })
  const secret = join(folder, 'secret')
  const yaml = [
    'accounts:',
    `  - { address: owner@example.test, clientId: id, clientSecretFile: ${secret}, refreshTokenFile: ${secret} }`,
    'mailboxes:',
    `  - { protocol: imap, host: mail.example.test, user: shop@example.test, passwordFile: ${secret} }`,
    '',
  ]
  await writeFile(join(folder, 'config.yaml'), yaml.join('\n'))
  return join(folder, 'config.yaml')
}

interface Said {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

async function hikyaku(
  action: 'install' | 'uninstall' | 'status',
  flags: ServiceFlags,
  on: ServiceMachine,
  more: { env?: Record<string, string>; json?: boolean; language?: Language } = {},
): Promise<Said> {
  const stdout = new PassThrough()
  const stderr = new PassThrough()
  const env =
    more.env ?? (on.platform === 'linux' && on.uid !== 0 ? { HIKYAKU_CONFIG: await writeSettings() } : {})
  const language = more.language ?? 'en'
  const invocation: Invocation = {
    env,
    cwd: '/home/me',
    stdout,
    stderr,
    stdin: new PassThrough(),
    language,
    words: chooseWords(language),
    json: more.json ?? false,
  }
  const exitCode = await serviceCommand(invocation, action, flags, on)
  const text = (stream: PassThrough): string => String(stream.read() ?? '')
  return { exitCode, stdout: text(stdout), stderr: text(stderr) }
}

const userFolder = (): string => join(prefix, 'home/me/.config/systemd/user')
const systemFolder = (): string => join(prefix, 'etc/systemd/system')

describe('hikyaku service with systemd', () => {
  it("installs a user's daemon, enables and starts it, and explains linger", async () => {
    const said = await hikyaku('install', {}, machine())
    assert.equal(said.exitCode, 0, said.stderr)
    assert.deepEqual(await readdir(userFolder()), ['hikyaku.service'])
    const unit = await readFile(join(userFolder(), 'hikyaku.service'), 'utf8')
    assert.match(unit, /^ExecStart=\/usr\/bin\/node \/opt\/hikyaku\/dist\/cli\.js run$/m)
    assert.match(unit, /^ReadWritePaths=\/home\/me\/\.local\/state\/hikyaku$/m)
    assert.ok(
      existsSync(join(prefix, 'home/me/.local/state/hikyaku')),
      'systemd needs the folder to be there',
    )
    assert.deepEqual(ran, [
      'systemctl --user daemon-reload',
      'systemctl --user enable hikyaku.service',
      'systemctl --user restart hikyaku.service',
    ])
    assert.match(said.stdout, /sudo loginctl enable-linger me/)
    assert.match((await hikyaku('install', {}, machine(), { language: 'ja' })).stdout, /書き込みました/)
  })

  it('installs a system service for root, with what lies in /etc/hikyaku', async () => {
    await mkdir(join(prefix, 'etc/hikyaku'), { recursive: true })
    await writeFile(join(prefix, 'etc/hikyaku/hikyaku.key'), 'x')
    const lines = Object.entries(settings()).map(pair => pair.join('='))
    await writeFile(join(prefix, 'etc/hikyaku/hikyaku.env'), lines.join('\n'))
    const said = await hikyaku('install', {}, machine({ uid: 0 }))
    assert.equal(said.exitCode, 0, said.stderr)
    const unit = await readFile(join(systemFolder(), 'hikyaku.service'), 'utf8')
    assert.match(unit, /^LoadCredential=hikyaku-key:\/etc\/hikyaku\/hikyaku\.key$/m)
    assert.match(unit, /^DynamicUser=yes$/m)
    assert.doesNotMatch(unit, /HIKYAKU_CONFIG/)
    assert.doesNotMatch(said.stdout, /linger/)
  })

  it("puts root's own service where root's user manager looks for it, not where the computer's settings are", async () => {
    const root = machine({ uid: 0, userName: 'root', home: homedir() })
    const said = await hikyaku('install', { user: true }, root, {
      env: { HIKYAKU_CONFIG: await writeSettings(), STATE_DIR: join(prefix, 'state') },
    })
    assert.equal(said.exitCode, 0, said.stderr)
    assert.ok(existsSync(join(prefix, homedir(), '.config/systemd/user/hikyaku.service')))
  })

  it('refuses a system service without the right, and writes nothing', async () => {
    const said = await hikyaku('install', { system: true }, machine())
    assert.equal(said.exitCode, 2)
    assert.match(said.stderr, /sudo/)
    assert.deepEqual([await readdir(prefix), ran], [[], []])
  })

  it('does not build on the cache of npx', async () => {
    const said = await hikyaku(
      'install',
      {},
      machine({ cliFile: '/home/me/.npm/_npx/1a2b/node_modules/hikyaku/dist/cli.js' }),
    )
    assert.equal(said.exitCode, 2)
    assert.match(said.stderr, /npm install --global hikyaku/)
    assert.deepEqual([await readdir(prefix), ran], [[], []])
  })

  it('replaces the daemon by the timer and back, so that never both run', async () => {
    await hikyaku('install', {}, machine())
    ran = []
    await hikyaku('install', { timer: true, every: 120 }, machine())
    assert.deepEqual((await readdir(userFolder())).sort(), ['hikyaku-pull.service', 'hikyaku-pull.timer'])
    assert.equal(ran[0], 'systemctl --user disable --now hikyaku.service')
    await hikyaku('install', {}, machine())
    assert.deepEqual(await readdir(userFolder()), ['hikyaku.service'])
  })

  it('only shows with --print', async () => {
    const said = await hikyaku('install', { print: true, system: true, timer: true }, machine())
    assert.equal(said.exitCode, 0)
    assert.match(said.stdout, /OnUnitInactiveSec=60s/)
    assert.deepEqual([await readdir(prefix), ran], [[], []])
  })

  it("repeats systemd's words when it refuses, harmlessly", async () => {
    answers['systemctl --user enable'] = { code: 1, output: 'Failed to connect to bus\u001b[31m' }
    const said = await hikyaku('install', {}, machine())
    assert.equal(said.exitCode, 69)
    assert.match(said.stderr, /systemctl --user enable hikyaku\.service/)
    assert.match(said.stderr, /Failed to connect to bus\\x1b/)
  })

  it('leaves nothing behind where the start is refused, and shows what the service said', async () => {
    answers['systemctl --user restart'] = { code: 1, output: 'Job for hikyaku.service failed.' }
    answers['journalctl --user -u hikyaku.service'] = { code: 0, output: 'first line\nsecond line' }
    const said = await hikyaku('install', {}, machine())
    assert.equal(said.exitCode, 69)
    assert.match(said.stderr, /Job for hikyaku\.service failed\.\n {2}first line\n {2}second line/)
    assert.deepEqual(await readdir(userFolder()), [])
  })

  it('is not installed where the sandbox would hide from it what it needs; nothing is written', async () => {
    const own = { temporaryFolders: ['/tmp', '/var/tmp'] }
    const cases: readonly [Partial<ServiceMachine>, ServiceFlags, Record<string, string>, RegExp][] = [
      [
        { ...own, cliFile: '/tmp/hikyaku/dist/cli.js' },
        {},
        {},
        /\/tmp\/hikyaku\/dist\/cli\.js.*Install Node/s,
      ],
      [{ ...own, nodeFile: '/var/tmp/node/bin/node' }, {}, {}, /\/var\/tmp\/node\/bin\/node.*Install Node/s],
      [own, {}, { STATE_DIR: '/tmp/state' }, /would not see \/tmp\/state/],
      [own, {}, {}, /would not see \/tmp\/\S+\/config\.yaml.*Move it/s],
      [{ ...own, uid: 0 }, {}, {}, /would not see \/tmp\/\S+\/config\.yaml.*Move it/s],
    ]
    for (const [on, flags, env, why] of cases)
      for (const mode of [{}, { timer: true }]) {
        const more = { env: { HIKYAKU_CONFIG: await writeSettings(), ...env } }
        const said = await hikyaku('install', { ...flags, ...mode }, machine(on), more)
        assert.equal(said.exitCode, 78, said.stdout)
        assert.match(said.stderr, why)
        assert.deepEqual([existsSync(userFolder()), existsSync(systemFolder())], [false, false])
      }
    // What leads there by a link is hidden as well.
    await mkdir(join(prefix, 'opt'), { recursive: true })
    await mkdir(join(prefix, 'temporary/hikyaku'), { recursive: true })
    await symlink(join(prefix, 'temporary/hikyaku'), join(prefix, 'opt/link'))
    const linked = await hikyaku('install', {}, machine({ cliFile: '/opt/link/cli.js' }))
    assert.equal(linked.exitCode, 78, linked.stdout)
    // A user's service without namespaces has no such sandbox.
    assert.equal((await hikyaku('install', {}, machine({ ...own, userNamespaces: false }))).exitCode, 0)
  })

  it('asks whether Node and hikyaku start as the user that the service will be', async () => {
    const env = settings()
    const cases: readonly [string, Ran, ServiceFlags, number, RegExp][] = [
      ['setpriv --reuid 65534', { code: 1, output: '' }, {}, 78, /\/usr\/bin\/node.*Install Node/s],
      ['runuser -u bob', { code: 1, output: '' }, { runAs: 'bob' }, 78, /runs as bob .*\/usr\/bin\/node/s],
      ['id -u -- bob', { code: 1, output: 'no such user' }, { runAs: 'bob' }, 2, /no user bob/],
    ]
    for (const [command, answer, flags, code, why] of cases) {
      answers = { [command]: answer }
      const said = await hikyaku('install', flags, machine({ uid: 0 }), { env })
      assert.deepEqual([said.exitCode, existsSync(systemFolder())], [code, false], said.stderr + said.stdout)
      assert.match(said.stderr, why)
    }
    const start = 'setpriv --reuid 65534 --regid 65534 --clear-groups /usr/bin/node'
    answers = { [start]: { code: 1, output: 'internal\nError: EACCES' } }
    const said = await hikyaku('install', {}, machine({ uid: 0 }), { env })
    assert.equal(said.exitCode, 78)
    assert.match(said.stderr, /It said: Error: EACCES/)
  })

  it('says so in one sentence where systemd did not start the computer, and still takes away', async () => {
    const without = machine({ systemd: false })
    for (const language of ['en', 'ja'] as const) {
      const said = await hikyaku('install', {}, without, { language })
      assert.equal(said.exitCode, 78)
      assert.match(said.stderr, /^[^\n]*systemd[^\n]*`hikyaku run`[^\n]*\n$/)
    }
    assert.deepEqual([existsSync(userFolder()), ran], [false, []])
    await hikyaku('install', {}, machine())
    ran = []
    assert.equal((await hikyaku('uninstall', {}, without)).exitCode, 0)
    assert.deepEqual([await readdir(userFolder()), ran], [[], []])
  })

  it('says which file cannot be written', async () => {
    await writeFile(join(prefix, 'home'), 'in the way')
    const said = await hikyaku('install', { user: true }, machine(), {
      env: { STATE_DIR: '/state', HIKYAKU_CONFIG: await writeSettings() },
    })
    assert.equal(said.exitCode, 78)
    assert.match(said.stderr, /hikyaku\.service cannot be written \(ENOTDIR\)/)
  })

  it('tells running from failed, and from not installed', async () => {
    assert.equal((await hikyaku('status', {}, machine())).exitCode, 78)
    await hikyaku('install', {}, machine())
    answers['systemctl --user show'] = {
      code: 0,
      output: 'ActiveState=active\nSubState=running\nStatusText=2 mailboxes',
    }
    const well = await hikyaku('status', {}, machine(), { json: true })
    assert.equal(well.exitCode, 0)
    assert.deepEqual(JSON.parse(well.stdout).services[0].state, 'running')
    answers['systemctl --user show'] = {
      code: 0,
      output: 'ActiveState=failed\nResult=exit-code\nExecMainStatus=78',
    }
    const ill = await hikyaku('status', {}, machine())
    assert.equal(ill.exitCode, 69)
    assert.match(ill.stderr, /ExecMainStatus=78/)
  })

  it('uninstalls what it installed, and nothing twice', async () => {
    await hikyaku('install', { timer: true }, machine())
    const said = await hikyaku('uninstall', {}, machine())
    assert.equal(said.exitCode, 0)
    assert.deepEqual(await readdir(userFolder()), [])
    assert.match((await hikyaku('uninstall', {}, machine())).stdout, /not installed/)
  })
})

describe('hikyaku service elsewhere', () => {
  const mac = (): ServiceMachine => machine({ platform: 'darwin', home: '/Users/me', uid: 501 })

  it('installs a launchd agent, sees it run, and takes it away', async () => {
    assert.equal((await hikyaku('install', {}, mac())).exitCode, 0)
    const file = join(prefix, 'Users/me/Library/LaunchAgents/hikyaku.plist')
    assert.deepEqual(ran, [`launchctl bootstrap gui/501 ${file}`])
    answers['launchctl print'] = { code: 0, output: 'gui/501/hikyaku = {\n\tstate = running\n\tpid = 7\n}' }
    assert.match((await hikyaku('status', {}, mac())).stdout, /running \(state=running pid=7\)/)
    answers['launchctl bootout'] = { code: 3, output: 'No such process' }
    assert.equal((await hikyaku('uninstall', {}, mac())).exitCode, 0)
    assert.equal(existsSync(file), false)
  })

  it('says what to do where there is neither', async () => {
    const said = await hikyaku('install', {}, machine({ platform: 'freebsd' }))
    assert.equal(said.exitCode, 78)
    assert.match(said.stderr, /hikyaku run/)
  })
})
