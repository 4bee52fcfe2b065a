/**
 * The Debian package as its users have it: installed into fresh roots under a real systemd, set up, upgraded with a
 * journal in use, put back, removed, purged. Dovecot and the stand-in for Gmail run outside, on loopback.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { dovecotMissing } from '../../test/servers/dovecot.ts'
import { freePorts, loopback } from '../../test/servers/local.ts'
import { systemdMissing } from '../../test/servers/systemd-machine.ts'
import { until } from '../../test/servers/until.ts'
import { startWorld } from '../../test/servers/world.ts'
import { readJson } from '../runtime-lock.ts'
import { makeDebianPackage } from './deb.ts'
import { type Debian, startDebian } from './debian-machine.ts'
import { makeFreshRoot, unpackArm64Libraries } from './fresh-root.ts'
import { lookAtPage, openPage, playFleet } from './play-fleet.ts'
import { sourceDateEpoch } from './stage.ts'
import { requireTools } from './tools.ts'

requireTools(['dpkg-deb', 'lintian', 'mmdebstrap', 'qemu-aarch64-static', 'systemd-analyze'], {
  asRoot: true,
})
const missing = systemdMissing() ?? dovecotMissing()
if (missing !== undefined) throw new Error(missing)

const { version } = (await readJson('package.json')) as { version: string }
const earlier = '0.0.1'
const packages = await mkdtemp(join(tmpdir(), 'hikyaku-deb-test-'))
const files: Record<string, string> = {}
// One time for all that is made here, also where somebody commits meanwhile.
process.env.SOURCE_DATE_EPOCH = String(await sourceDateEpoch())
after(() => rm(packages, { recursive: true, force: true }))

const secondsSince = (start: number): string => `${((performance.now() - start) / 1000).toFixed(1)} s`

before(async () => {
  for (const each of [earlier, version]) {
    const order = { architecture: 'amd64', folder: packages, version: each, compression: 'quick' } as const
    files[each] = basename(await makeDebianPackage(order))
  }
})

for (const suite of ['bookworm', 'trixie'] as const) {
  describe(`the Debian package on ${suite}`, () => {
    let root: string
    let debian: Debian
    before(async () => {
      root = await mkdtemp(join(tmpdir(), 'hikyaku-root-'))
      await makeFreshRoot(root, suite)
      debian = await startDebian(root, packages, files)
    })
    after(async () => {
      await debian?.stop()
      await rm(root, { recursive: true, force: true })
    })

    it('is installed, starts nothing, and lets nobody in', async t => {
      const { machine, must, sh, mustInstall, unit } = debian
      const start = performance.now()
      const { stderr } = await mustInstall(earlier)
      t.diagnostic(`apt-get install: ${secondsSince(start)}`)
      assert.doesNotMatch(stderr, /warning|error|^E:|^W:/im)
      assert.equal((await sh('stat -c "%a %U" /var/lib/hikyaku')).trim(), '700 hikyaku')
      assert.equal((await sh('stat -c "%a %U" /etc/hikyaku/hikyaku.env')).trim(), '600 root')
      for (const name of ['hikyaku.service', 'hikyaku-pull.timer']) {
        assert.equal(await unit('ActiveState', name), 'inactive')
        assert.equal(await unit('UnitFileState', name), 'disabled')
      }
      assert.match(await must(['getent', 'passwd', 'hikyaku']), /:\/usr\/sbin\/nologin$/m)
      await must(['systemd-analyze', 'verify', '/usr/lib/systemd/system/hikyaku.service'])
      assert.equal((await machine.run(['hikyaku', 'service', 'status'])).code, 78)
      assert.equal((await machine.run(['hikyaku', 'status'], { user: 'nobody' })).code, 78)
    })

    it('is set up by root, runs as its own user, and mail comes', async t => {
      const { must, sh, log, unit, setUp, deliver, allAreInGmail } = debian
      const said = await setUp()
      assert.match(said.stderr + said.stdout, /hikyaku\.service is on/)
      assert.equal(await unit('ActiveState'), 'active', await log())
      assert.equal(await unit('User'), 'hikyaku')
      assert.match(await unit('FragmentPath'), /^(\/usr)?\/lib\/systemd\/system\/hikyaku\.service$/)
      const start = performance.now()
      await deliver('first')
      await allAreInGmail('first')
      t.diagnostic(`delivered, then in Gmail: ${secondsSince(start)}`)
      for (const command of [['status'], ['check-now'], ['list'], ['service', 'status']])
        await must(['hikyaku', ...command])
      assert.equal(JSON.parse(await must(['hikyaku', 'status', '--json'])).running, true)
      assert.equal((await sh('find /var/lib/hikyaku ! -user hikyaku')).trim(), '')
      assert.match(await sh('find /etc/systemd/system -name "*hikyaku*"'), /wants\/hikyaku\.service$/m)
    })

    it('opens its page, with all that it loads, and is a worker of a fleet as any user', async () => {
      const { must, sh, machine, unit } = debian
      const [port] = await freePorts(1)
      const settings = '/etc/hikyaku/hikyaku.env'
      await sh(`cp -a ${settings} /root/kept.env && echo DASHBOARD=${loopback}:${port} >>${settings}`)
      await must(['systemctl', 'restart', 'hikyaku.service'])
      const open = async () => {
        const { code, stdout, stderr } = await machine.run(['hikyaku', 'dashboard', '--json'])
        return { code, output: stdout + stderr }
      }
      await lookAtPage(await openPage(open))
      await sh(`mv /root/kept.env ${settings}`)
      await must(['systemctl', 'restart', 'hikyaku.service'])
      assert.equal(await unit('ActiveState'), 'active')
      await playFleet(await debian.installedFor('nobody'))
      await sh('rm -r /srv/nobody')
    })

    it('is enough with systemctl alone', async () => {
      const { must, unit, deliver, allAreInGmail } = debian
      await must(['hikyaku', 'service', 'uninstall'])
      assert.equal(await unit('ActiveState'), 'inactive')
      await must(['systemctl', 'enable', '--now', 'hikyaku.service'])
      await deliver('by systemctl')
      await allAreInGmail('by systemctl')
    })

    it('is upgraded in the middle of an upload; nothing is lost, nothing comes twice', async t => {
      const { world, must, sh, install, log, unit, deliver, allAreInGmail } = debian
      const held = Promise.withResolvers<void>()
      const before = world.gmail.accepted.length
      world.gmail.faults.next('import', { kind: 'hold', until: held.promise, stage: 'after-accept' })
      await deliver('held')
      await until(() => world.gmail.accepted.length > before, 'the upload is under way')
      const pid = await unit('MainPID')
      const start = performance.now()
      const upgrade = install(version)
      await deliver('meanwhile')
      await until(
        async () => (await unit('ActiveState')) !== 'active',
        'stopped before the files change',
        60_000,
      )
      held.resolve()
      const ran = await upgrade
      assert.equal(ran.code, 0, ran.stderr + ran.stdout)
      t.diagnostic(`apt-get install over a running one: ${secondsSince(start)}`)
      assert.equal((await must(['hikyaku', '--version'])).trim(), version)
      assert.equal(await unit('ActiveState'), 'active', await log())
      assert.notEqual(await unit('MainPID'), pid)
      await deliver('after')
      await allAreInGmail('after the upgrade')
      assert.match(await sh('cat /etc/hikyaku/hikyaku.env'), /^GMAIL_API_ROOT=/m)
    })

    it('leaves stopped what was stopped, and goes back to the earlier version', async () => {
      const { must, mustInstall, unit, deliver, allAreInGmail } = debian
      await must(['systemctl', 'stop', 'hikyaku.service'])
      await mustInstall(earlier)
      assert.equal(await unit('ActiveState'), 'inactive')
      await must(['systemctl', 'start', 'hikyaku.service'])
      await deliver('under the earlier one')
      await allAreInGmail('under the earlier one')
      await mustInstall(version)
      assert.equal(await unit('ActiveState'), 'active')
    })

    it('pulls by timer, also after an upgrade', async () => {
      const { must, mustInstall, unit, deliver, allAreInGmail } = debian
      await must(['hikyaku', 'service', 'install', '--timer', '--every', '10'])
      assert.equal(await unit('ActiveState'), 'inactive')
      await deliver('by timer')
      await allAreInGmail('by timer')
      await mustInstall(version)
      assert.equal(await unit('ActiveState', 'hikyaku-pull.timer'), 'active')
      await deliver('by timer again')
      await allAreInGmail('by timer again')
      await must(['hikyaku', 'service', 'install'])
      assert.equal(await unit('ActiveState', 'hikyaku-pull.timer'), 'inactive')
    })

    it('is removed with its settings kept, and runs again when it is installed again', async () => {
      const { must, sh, apt, mustInstall, log, unit, deliver, allAreInGmail } = debian
      await deliver('before the removal')
      await allAreInGmail('before the removal')
      assert.equal((await apt('remove', 'hikyaku')).code, 0)
      assert.equal(await unit('LoadState'), 'not-found')
      await must(['test', '-f', '/etc/hikyaku/config.yaml'])
      assert.equal((await sh('ls /usr/lib/hikyaku 2>/dev/null || true')).trim(), '')
      await deliver('while it was away')
      await mustInstall(version)
      assert.equal(await unit('ActiveState'), 'active', await log())
      await allAreInGmail('after the reinstallation')
    })

    it('is purged, and keeps the books of what was imported', async () => {
      const { must, sh, apt, mustInstall, unit, setUp, deliver, allAreInGmail } = debian
      const purge = await apt('purge', 'hikyaku')
      assert.equal(purge.code, 0, purge.stderr)
      assert.match(purge.stdout, /kept \/var\/lib\/hikyaku .*sudo rm -r \/var\/lib\/hikyaku/)
      await must(['test', '-f', '/var/lib/hikyaku/journal.sqlite'])
      assert.equal((await sh('ls /etc/hikyaku 2>/dev/null || true')).trim(), '')
      assert.equal((await sh('find /etc/systemd/system -name "*hikyaku*"')).trim(), '')
      await deliver('while it was purged')
      await mustInstall(version)
      assert.equal(await unit('ActiveState'), 'inactive')
      await setUp()
      await allAreInGmail('after purge and set-up')
    })

    it('leaves nothing where nothing is left to keep', async () => {
      const { machine, must, sh } = debian
      await must(['dpkg', '-r', 'hikyaku'])
      await sh('rm -r /var/lib/hikyaku')
      await must(['dpkg', '--purge', 'hikyaku'])
      assert.notEqual((await machine.run(['getent', 'passwd', 'hikyaku'])).code, 0)
      const left = 'find / -xdev -name "*hikyaku*" -not -path "/proc/*" -not -path "/packages/*"'
      assert.equal((await sh(`${left} -not -path "/var/log/*" -not -path "/var/tmp/*"`)).trim(), '')
    })
  })
}

describe('a service that was installed without the package', () => {
  it('is taken over with its books, whoever it ran as', async () => {
    const root = await mkdtemp(join(tmpdir(), 'hikyaku-root-'))
    // With it, systemd's own user of a running service has a name, which is the one that the package wants.
    await makeFreshRoot(root, 'bookworm', ['libnss-systemd'])
    const debian = await startDebian(root, packages, files)
    try {
      const { must, sh, unit, deliver, allAreInGmail } = debian
      await sh(`dpkg-deb -x /packages/${files[earlier]} /opt/unpacked && mkdir -p /etc/hikyaku`)
      await debian.setUp('/opt/unpacked/usr/bin/hikyaku')
      assert.equal(await unit('DynamicUser'), 'yes')
      await must(['getent', 'passwd', 'hikyaku'])
      await deliver('before the package')
      await allAreInGmail('before the package')
      await debian.mustInstall(version)
      assert.equal(await unit('ActiveState'), 'active', 'what ran runs again')
      await deliver('beside the package')
      await allAreInGmail('beside the package')
      await must(['hikyaku', 'service', 'install'])
      assert.deepEqual([await unit('DynamicUser'), await unit('User')], ['no', 'hikyaku'])
      await deliver('under the package')
      await allAreInGmail('under the package')
      assert.equal((await sh('find /var/lib/hikyaku/ ! -user hikyaku')).trim(), '')
      await must(['hikyaku', 'status'])
    } finally {
      await debian.stop()
      await rm(root, { recursive: true, force: true })
    }
  })
})

describe('the file', () => {
  const digest = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex')

  it('has the same octets each time', async t => {
    const folder = join(packages, 'again')
    const file = await makeDebianPackage({ architecture: 'amd64', folder, version, compression: 'quick' })
    assert.equal(digest(file), digest(join(packages, files[version] ?? '')))
    t.diagnostic(digest(file))
  })

  it('pulls mail on arm64, too (by qemu-user, without its child processes)', async t => {
    const folder = join(packages, 'arm64')
    await unpackArm64Libraries(folder)
    const file = await makeDebianPackage({ architecture: 'arm64', folder, compression: 'quick' })
    const run = promisify(execFile)
    await run('dpkg-deb', ['-x', file, folder])
    const program = join(folder, 'usr/lib/hikyaku')
    const world = await startWorld({ protocol: 'imap', server: 'dovecot' })
    try {
      const octets = Buffer.from('From: a@example.org\r\nMessage-ID: <1@example.org>\r\n\r\nfor arm64\r\n')
      await world.source.deliver(octets)
      const start = performance.now()
      const command = [
        '-L',
        folder,
        join(program, 'node/node'),
        join(program, 'dist/cli.js'),
        'pull',
        '--json',
      ]
      const { stdout } = await run('qemu-aarch64-static', command, { env: world.env, timeout: 120_000 })
      t.diagnostic(`a pull: ${secondsSince(start)}`)
      assert.equal(JSON.parse(stdout).ok, true, stdout)
      const imported = world.gmail.messages('owner@example.test').map(message => message.read().toString())
      assert.deepEqual(imported, [octets.toString()])
    } finally {
      await world.stop()
    }
  })

  for (const architecture of ['amd64', 'arm64'] as const)
    it(`satisfies lintian for ${architecture}`, async t => {
      const folder = join(packages, 'small')
      const start = performance.now()
      const file = await makeDebianPackage({ architecture, folder })
      t.diagnostic(`${(statSync(file).size / 1e6).toFixed(1)} MB, made in ${secondsSince(start)}`)
      const options = ['--fail-on', 'error,warning', '--tag-display-limit', '0', '--allow-root']
      const ran = await promisify(execFile)('lintian', [...options, file]).catch(thrown => thrown)
      assert.equal(ran.code ?? 0, 0, ran.stdout)
    })
})
