/** `hikyaku service` where the Debian package brought the units, on a machine that is a folder. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, describe, it } from 'node:test'
import type { Invocation } from '../../src/commands/invocation.ts'
import { type ServiceFlags, serviceCommand } from '../../src/commands/service.ts'
import { chooseWords } from '../../src/locale/locale.ts'
import { isInstalled, readInstalledEnv } from '../../src/service/installed.ts'
import type { ServiceMachine } from '../../src/service/machine.ts'
import { makePackagedUnits, packagedProgram } from '../../src/service/packaged.ts'

let prefix: string
let ran: string[]
/** What systemd would say of each unit. */
let shown: Record<string, string>

const own = (name: string): string => join(prefix, 'etc/systemd/system', name)
const dropIn = (unit: string): string => own(`${unit}.d/10-hikyaku-service-install.conf`)
const read = (file: string): Promise<string> => readFile(file, 'utf8')
const put = async (path: string, text: string): Promise<void> => {
  await mkdir(dirname(join(prefix, path)), { recursive: true })
  await writeFile(join(prefix, path), text)
}

beforeEach(async () => {
  prefix = await mkdtemp(join(tmpdir(), 'hikyaku-packaged-'))
  ran = []
  shown = {}
  for (const mode of ['daemon', 'timer'] as const)
    for (const { folder, name, text } of makePackagedUnits(mode)) await put(join(folder ?? '', name), text)
  const lines = [
    'MAIL_PROTOCOL=imap\nMAIL_HOST=mail.example.test\nMAIL_USER=shop@example.test\nMAIL_PASSWORD=correct horse',
    'GMAIL_ACCOUNT=owner@example.test\nGOOGLE_CLIENT_ID=id\nGOOGLE_CLIENT_SECRET=secret\nGOOGLE_REFRESH_TOKEN=token',
  ]
  await put('etc/hikyaku/hikyaku.env', lines.join('\n'))
})
afterEach(() => rm(prefix, { recursive: true }))

async function service(
  action: 'install' | 'uninstall' | 'status',
  flags: ServiceFlags = {},
  more: Partial<ServiceMachine> = {},
): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  const invocation: Invocation = {
    env: {},
    cwd: '/root',
    stdout,
    stderr,
    stdin: new PassThrough(),
    language: 'en',
    words: chooseWords('en'),
    json: false,
  }
  const exitCode = await serviceCommand(invocation, action, flags, {
    ...packagedProgram,
    platform: 'linux',
    home: '/root',
    uid: 0,
    userName: 'root',
    prefix,
    userNamespaces: true,
    temporaryFolders: ['/tmp', '/var/tmp'],
    systemd: true,
    run: async (program, args) => {
      if (program === 'systemctl') ran.push(args.join(' '))
      return { code: 0, output: args[0] === 'show' ? (shown[args[1] ?? ''] ?? '') : '' }
    },
    ...more,
  })
  return { exitCode, stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') }
}

const acts = (): string[] => ran.filter(command => !command.startsWith('show'))

describe('hikyaku service with the units of the package', () => {
  it('switches the package’s unit on and writes none of the same name', async () => {
    const said = await service('install')
    assert.equal(said.exitCode, 0, said.stderr)
    assert.deepEqual(acts(), ['daemon-reload', 'enable hikyaku.service', 'restart hikyaku.service'])
    assert.deepEqual(
      [existsSync(own('hikyaku.service')), existsSync(dropIn('hikyaku.service'))],
      [false, false],
    )
    const unit = await read(join(prefix, 'usr/lib/systemd/system/hikyaku.service'))
    assert.match(unit, /^User=hikyaku$/m)
    assert.match(unit, /^StateDirectory=hikyaku$/m)
    assert.doesNotMatch(unit, /Written by|DynamicUser/)
  })

  it('adds what this machine wants beyond it, and commands see that too', async () => {
    await put('etc/hikyaku/hikyaku.key', 'x')
    await put('etc/hikyaku/config.yaml', '')
    await put('etc/resolv.conf', 'nameserver 169.254.169.254\n')
    await put(
      'etc/systemd/system/hikyaku.service.d/override.conf',
      '[Service]\nEnvironment=LOG_LEVEL=debug\n',
    )
    const said = await service('install', { print: true })
    assert.match(said.stdout, /^# \/usr\/lib\/systemd\/system\/hikyaku\.service$/m)
    await rm(join(prefix, 'etc/hikyaku/config.yaml'))
    assert.equal((await service('install', { runAs: 'ann' })).exitCode, 0)
    const added = await read(dropIn('hikyaku.service'))
    assert.match(added, /^# Written by: hikyaku service install\n\[Service\]\nUser=ann\n/)
    assert.match(added, /^LoadCredential=hikyaku-key:\/etc\/hikyaku\/hikyaku\.key$/m)
    assert.match(added, /^IPAddressAllow=169\.254\.169\.254$/m)
    const env = readInstalledEnv('/etc/systemd/system', join(prefix, 'usr/lib/systemd/system'))
    assert.equal(env?.STATE_DIR, '/var/lib/hikyaku')
    // Installed anew without it, it is gone; what others added stays.
    await rm(join(prefix, 'etc/hikyaku/hikyaku.key'))
    await put('etc/resolv.conf', '')
    assert.equal((await service('install')).exitCode, 0)
    assert.equal(existsSync(dropIn('hikyaku.service')), false)
    assert.ok(existsSync(own('hikyaku.service.d/override.conf')))
  })

  it('takes away the unit that an earlier installation wrote, and leaves one written by hand', async () => {
    await put('etc/systemd/system/hikyaku.service', '# Written by: hikyaku service install\n[Unit]\n')
    assert.equal((await service('install')).exitCode, 0)
    assert.equal(existsSync(own('hikyaku.service')), false)
    await put('etc/systemd/system/hikyaku.service', '# mine\n[Unit]\n')
    assert.equal((await service('install')).exitCode, 0)
    assert.equal(await read(own('hikyaku.service')), '# mine\n[Unit]\n')
  })

  it('changes to the timer with a pause of its own, and never leaves both on', async () => {
    shown['hikyaku.service'] = 'ActiveState=active\nUnitFileState=enabled'
    assert.equal((await service('install', { timer: true, every: 120 })).exitCode, 0)
    assert.equal(acts()[0], 'disable --now hikyaku.service')
    assert.equal(
      await read(dropIn('hikyaku-pull.timer')),
      '# Written by: hikyaku service install\n[Timer]\nOnActiveSec=\nOnActiveSec=5s\nOnUnitInactiveSec=120s\n',
    )
    assert.equal(existsSync(dropIn('hikyaku-pull.service')), false)
  })

  it('is not installed as long as nobody switched it on', async () => {
    shown['hikyaku.service'] = 'ActiveState=inactive\nUnitFileState=disabled'
    assert.equal((await service('status')).exitCode, 78)
    assert.match((await service('uninstall')).stdout, /not installed as a service/)
    assert.deepEqual(acts(), [])
    shown['hikyaku.service'] = 'ActiveState=active\nUnitFileState=enabled'
    assert.equal((await service('status')).exitCode, 0)
    const said = await service('uninstall')
    assert.match(said.stdout, /hikyaku\.service is off.*apt remove hikyaku/)
    assert.deepEqual(acts(), ['disable --now hikyaku.service'])
    assert.ok(existsSync(join(prefix, 'usr/lib/systemd/system/hikyaku.service')))
  })

  it('is told apart from another hikyaku, which gets a unit of its own', async () => {
    const said = await service('install', {}, { cliFile: '/usr/local/lib/node_modules/hikyaku/dist/cli.js' })
    assert.equal(said.exitCode, 0, said.stderr)
    assert.match(await read(own('hikyaku.service')), /DynamicUser=yes/)
  })

  it('counts as the computer’s service once it is switched on', async () => {
    const folder = join(prefix, 'etc/systemd/system')
    assert.equal(isInstalled(folder), false)
    await mkdir(join(folder, 'multi-user.target.wants'), { recursive: true })
    await symlink(
      '/usr/lib/systemd/system/hikyaku.service',
      join(folder, 'multi-user.target.wants/hikyaku.service'),
    )
    assert.equal(isInstalled(folder), true)
  })
})
