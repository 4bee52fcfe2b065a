/**
 * The service on a real systemd, as its users have it: set up, installed, killed, rebooted, removed. Dovecot and the
 * stand-in for Gmail run outside, on loopback.
 */
import assert from 'node:assert/strict'
import { chmod, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { setupWords } from '../../src/setup/words.ts'
import { dovecotMissing } from '../servers/dovecot.ts'
import { requireServer } from '../servers/required.ts'
import {
  type MachineRan,
  type SystemdMachine,
  startSystemdMachine,
  systemdMissing,
} from '../servers/systemd-machine.ts'
import { until } from '../servers/until.ts'
import { address, owner, type SetupWorld, startSetupWorld } from '../setup/world.ts'
import { answerAsOffered, enter } from '../web/set-up-visit.ts'

const skip = requireServer('systemd', systemdMissing()) || requireServer('dovecot', dovecotMissing())
const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')
/** Not below /tmp, where a clean clone may lie: a service has a /tmp of its own. */
const place = '/srv/hikyaku'
const cli = join(place, 'src/cli.ts')
const node = process.execPath.startsWith(`${root}/`)
  ? place + process.execPath.slice(root.length)
  : process.execPath

/** What the owner brings along: password, Google's client and permission, the authority of this mail server. */
async function putFiles(world: SetupWorld, upper: string): Promise<void> {
  const brought = join(upper, 'brought')
  await mkdir(brought)
  for (const name of ['client.json', 'password']) await copyFile(join(world.home, name), join(brought, name))
  await writeFile(join(brought, 'token'), world.gmail.grant(owner), { mode: 0o600 })
  await copyFile(world.dovecot.caFile, join(brought, 'ca.pem'))
  await chmod(join(brought, 'ca.pem'), 0o644)
  // Where Gmail is stays the tests' business: it reaches the service as an owner's own variables would.
  await mkdir(join(upper, 'etc/hikyaku'))
  const endpoints = Object.entries(world.env).filter(([name]) => /^(GMAIL|GOOGLE)_/.test(name))
  await writeFile(
    join(upper, 'etc/hikyaku/hikyaku.env'),
    endpoints.map(pair => `${pair.join('=')}\n`).join(''),
    { mode: 0o600 },
  )
}

type RunOptions = Parameters<SystemdMachine['run']>[1]

/** A machine, and the servers of the owner whose mail it carries. */
interface Scene {
  readonly world: SetupWorld
  readonly machine: SystemdMachine
  readonly endpoints: Readonly<Record<string, string>>
  hikyaku(args: readonly string[], options?: RunOptions): Promise<MachineRan>
  setupArgs(more?: readonly string[]): string[]
  deliver(subject: string): Promise<void>
  /** A mail comes to the mailbox, and then to Gmail. */
  mailComes(subject: string, timeoutMs?: number): Promise<void>
  unit(property: string, name?: string): Promise<string>
  log(): Promise<string>
  nothingTwice(): void
}

async function boot(
  t: TestContext,
  change: (upper: string) => Promise<void> = async () => {},
): Promise<Scene> {
  const world = await startSetupWorld('good')
  const started: SystemdMachine[] = []
  t.after(async () => {
    for (const ended of started) await ended.stop()
    assert.deepEqual(world.gmail.bugs, [])
    await world.stop()
  })
  world.gmail.oauth.rules.testing = false
  const machine = await startSystemdMachine({ [place]: root }, async upper => {
    await putFiles(world, upper)
    await change(upper)
  })
  started.push(machine)
  let delivered = 0
  const deliver = async (subject: string): Promise<void> => {
    await world.deliver('', subject)
    delivered += 1
  }
  const log = async (): Promise<string> =>
    (await machine.run(['journalctl', '-o', 'cat', '--no-pager', '-n', '40'])).stdout
  return {
    world,
    machine,
    endpoints: Object.fromEntries(
      Object.entries(world.env).filter(([name]) => /^(GMAIL|GOOGLE)_/.test(name)),
    ),
    hikyaku: (args, options = {}) => machine.run([node, cli, ...args], options),
    setupArgs: (more = []) => [
      ...['setup', '--yes', '--address', address, '--host', '127.0.0.1'],
      ...[
        '--port',
        String(world.dovecot.ports.imaps),
        '--user',
        address,
        '--password-file',
        '/brought/password',
      ],
      ...['--ca-file', '/brought/ca.pem', '--gmail-account', owner, '--client-file', '/brought/client.json'],
      ...['--refresh-token-file', '/brought/token', ...more],
    ],
    deliver,
    async mailComes(subject, timeoutMs = 20_000) {
      const before = world.gmail.messages(owner).length
      await deliver(subject)
      await until(() => world.gmail.messages(owner).length > before, `${subject} in Gmail`, timeoutMs).catch(
        async late => {
          throw new Error(`${late}\n${await log()}`)
        },
      )
    },
    unit: async (property, name = 'hikyaku.service') =>
      (await machine.run(['systemctl', 'show', name, '--property', property, '--value'])).stdout.trim(),
    log,
    nothingTwice: () => assert.equal(world.gmail.messages(owner).length, delivered),
  }
}

describe('a service of the computer', { concurrency: 2, skip }, () => {
  for (const libnss of [true, false]) {
    it(`sees what root set up${libnss ? '' : ', also where a user without a name is nobody'}`, async t => {
      const { machine, endpoints, hikyaku, setupArgs, mailComes, unit, log, nothingTwice } = await boot(
        t,
        async upper => {
          if (libnss) return
          await writeFile(join(upper, 'etc/nsswitch.conf'), 'passwd: files\ngroup: files\nhosts: files dns\n')
        },
      )
      const key = '/etc/hikyaku/hikyaku.key'
      if (libnss) await machine.run(['sh', '-c', `umask 077; openssl rand -base64 32 > ${key}`])
      const set = await hikyaku(setupArgs(['--service', 'install']), {
        env: { ...endpoints, ...(libnss && { HIKYAKU_KEY_FILE: key }) },
      })
      assert.equal(set.code, 0, set.stderr + set.stdout)
      // With a key of systemd's there is none beside the secrets.
      const keys = await machine.run(['ls', '/var/lib/private/hikyaku'])
      assert.match(keys.stdout, /secrets\.sealed/)
      assert.equal(/secrets\.key/.test(keys.stdout), !libnss, keys.stdout)
      assert.match(set.stderr + set.stdout, /hikyaku\.service is on/)
      assert.equal(await unit('ActiveState'), 'active', await log())
      await mailComes('one')
      const status = await hikyaku(['status'])
      assert.equal(status.code, 0, status.stderr + status.stdout)
      const json = JSON.parse((await hikyaku(['status', '--json'])).stdout)
      assert.equal(json.running, true)
      for (const command of [['retry'], ['check-now'], ['config', 'show'], ['service', 'status']]) {
        const ran = await hikyaku(command)
        assert.equal(ran.code, 0, `${command.join(' ')}: ${ran.stderr}${ran.stdout}`)
      }
      const stat = await machine.run(['stat', '-c', '%a %U', '/etc/hikyaku/config.yaml'])
      assert.equal(stat.stdout.trim(), '644 root')
      nothingTwice()
    })
  }

  it('is set up by root at a terminal, sees what was saved, and `status` tells how it is', async t => {
    const { machine, endpoints, hikyaku, setupArgs, deliver, mailComes, unit, log, nothingTwice } =
      await boot(t)
    await deliver('there before')
    const words = setupWords.en
    const answers = [
      [words.address.question, `${address}\r`],
      [words.login.password(address), 'correct horse \r'], // copied with a blank
      [words.login.oddPassword.blanks, '\r'],
      [words.login.password(address), 'correct horse\r'],
      [words.start.cameBy, '\r'],
      [words.start.question, '\r'],
      [words.after.question, '\r'],
      [words.label.question, '\r'],
      [words.label.archive, '\r'],
      [words.google.account, `${owner}\r`],
      [words.pull.question, '\r'],
      [words.service.question, '\r'],
    ]
    const driver = join(place, 'test/setup/answer-questions.py')
    const asked = ['--address', '--password-file', '--gmail-account']
    const given = setupArgs().filter(
      (word, at, all) => word !== '--yes' && !asked.includes(word) && !asked.includes(all[at - 1] ?? ''),
    )
    const server = ['--protocol', 'imap', '--security', 'tls']
    const set = await machine.run(['python3', driver, node, cli, ...given, ...server, '--lang', 'en'], {
      env: { ...endpoints, TERM: 'xterm-256color', HOME: '/root' },
      input: JSON.stringify(answers),
    })
    assert.equal(set.code, 0, set.stderr + set.stdout)
    assert.doesNotMatch(set.stderr, /not asked/)
    assert.match(set.stdout, /begins or ends with a blank/)
    assert.match(set.stdout, /\/etc\/hikyaku\/config\.yaml/)
    assert.match(set.stdout, /hikyaku\.service is on/)
    assert.equal(await unit('ActiveState'), 'active', await log())
    await mailComes('by the service')
    const status = await hikyaku(['status'])
    assert.equal(status.code, 0, status.stderr + status.stdout)
    assert.match(status.stdout, /^✔ Mail comes/, status.stdout)
    const left = await machine.run([
      'sh',
      '-c',
      'ls /root/.config /root/.local 2>&1; stat -c "%a %U" /etc/hikyaku/config.yaml',
    ])
    assert.doesNotMatch(left.stdout, /^hikyaku/m)
    assert.match(left.stdout, /^644 root$/m)
    await machine.run(['systemctl', 'stop', 'hikyaku.service'])
    const stopped = await hikyaku(['status'])
    assert.match(stopped.stdout, /hikyaku\.service is stopped/)
    nothingTwice()
  })

  it('is installed from the page of the set-up, and goes on there', async t => {
    const { machine, endpoints, hikyaku, setupArgs, mailComes, unit, log, nothingTwice } = await boot(t)
    const args = setupArgs(['--protocol', 'imap', '--security', 'tls', '--start-from', 'all', '--browser'])
    const command = `exec "$@" > /tmp/printed 2>&1`
    const words = args.filter(word => word !== '--yes')
    const set = machine.run(['sh', '-c', command, 'sh', node, cli, ...words], { env: endpoints })
    const printed = async (): Promise<string> => (await machine.run(['cat', '/tmp/printed'])).stdout
    await until(async () => /\/enter\/[\w-]{43}/.test(await printed()), 'the link')
    const visit = await enter(/http:\S+\/enter\/[\w-]{43}/.exec(await printed())?.[0] ?? '')
    const { service } = setupWords.en
    await answerAsOffered(visit, service.question)
    await visit.sees(service.install)
    await visit.send({ answer: 'install' })
    await visit.sees('hikyaku.service is on')
    assert.equal((await set).code, 0, await printed())
    assert.equal(await unit('ActiveState'), 'active', await log())
    await mailComes('by the service')
    assert.equal((await hikyaku(['status'])).code, 0)
    nothingTwice()
  })

  it('comes back after kill -9, a watchdog that hears nothing, and a reboot; nothing twice', async t => {
    const { machine, endpoints, hikyaku, setupArgs, mailComes, unit, log, nothingTwice } = await boot(
      t,
      async upper => {
        // Its own pauses are for people; what is tried is who starts it again.
        const folder = join(upper, 'etc/systemd/system/hikyaku.service.d')
        await mkdir(folder)
        await writeFile(join(folder, 'quick.conf'), '[Service]\nRestartSec=100ms\nWatchdogSec=3\n')
      },
    )
    const set = await hikyaku(setupArgs(['--service', 'install']), { env: endpoints })
    assert.equal(set.code, 0, set.stderr + set.stdout)
    await mailComes('before')
    const restarted = async (what: string, end: () => Promise<unknown>): Promise<void> => {
      const pid = await unit('MainPID')
      await end()
      const isNew = async (): Promise<boolean> => {
        const now = await unit('MainPID')
        return now !== '0' && now !== pid && (await unit('ActiveState')) === 'active'
      }
      await until(isNew, `${what}: started again`, 30_000)
    }
    await restarted('kill -9', async () => machine.run(['kill', '-9', await unit('MainPID')]))
    await mailComes('after kill -9')
    await restarted('stopped in its tracks', async () =>
      machine.run(['kill', '-STOP', await unit('MainPID')]),
    )
    assert.match(await log(), /watchdog/i)
    await mailComes('after the watchdog')
    await machine.reboot()
    assert.equal(await unit('ActiveState'), 'active', await log())
    await mailComes('after the reboot')
    nothingTwice()
  })

  it('is asked by root alone, and says so to others', async t => {
    const { endpoints, hikyaku, setupArgs } = await boot(t)
    const early = await hikyaku(['status'], { user: 'nobody' })
    assert.equal(early.code, 78, early.stderr + early.stdout)
    assert.match(
      early.stderr,
      /Nothing is set up yet.*\/nonexistent\/\.config\/hikyaku\/config\.yaml.*hikyaku setup/s,
    )
    const set = await hikyaku(setupArgs(['--service', 'install']), { env: endpoints })
    assert.equal(set.code, 0, set.stderr + set.stdout)
    const status = await hikyaku(['status'], { user: 'nobody' })
    assert.equal(status.code, 78)
    assert.match(status.stderr, /service of this computer.*sudo/s)
  })

  it('stops in mid-upload without losing or doubling the mail', async t => {
    const { world, machine, endpoints, hikyaku, setupArgs, deliver, mailComes, unit, log, nothingTwice } =
      await boot(t)
    const set = await hikyaku(setupArgs(['--service', 'install']), { env: endpoints })
    assert.equal(set.code, 0, set.stderr + set.stdout)
    const held = Promise.withResolvers<void>()
    world.gmail.faults.next('import', { kind: 'hold', until: held.promise, stage: 'after-accept' })
    await deliver('held')
    await until(() => world.gmail.accepted.length > 0, 'the upload is under way')
    const start = performance.now()
    const stop = await machine.run(['systemctl', 'stop', 'hikyaku.service'])
    const tookMs = performance.now() - start
    assert.equal(stop.code, 0, stop.stderr)
    assert.ok(tookMs < 60_000, `${tookMs} ms`)
    assert.equal(await unit('Result'), 'success', await log())
    held.resolve()
    await machine.run(['systemctl', 'start', 'hikyaku.service'])
    await mailComes('after')
    await until(
      async () => JSON.parse((await hikyaku(['status', '--json'])).stdout).running === true,
      'running',
    )
    nothingTwice()
  })

  it('pulls by timer, and is removed without a trace', async t => {
    const { machine, endpoints, hikyaku, setupArgs, mailComes, unit, log, nothingTwice } = await boot(t)
    const set = await hikyaku(setupArgs(['--service', 'later']), { env: endpoints })
    assert.equal(set.code, 0, set.stderr + set.stdout)
    const installed = await hikyaku(['service', 'install', '--timer', '--every', '10'])
    assert.equal(installed.code, 0, installed.stderr)
    await mailComes('by timer', 30_000)
    assert.equal(await unit('Result', 'hikyaku-pull.service'), 'success', await log())
    assert.equal((await hikyaku(['service', 'status'])).code, 0)
    const removed = await hikyaku(['service', 'uninstall'])
    assert.equal(removed.code, 0, removed.stderr)
    const left = await machine.run([
      'sh',
      '-c',
      'systemctl list-unit-files "hikyaku*" --no-legend; ls /etc/systemd/system',
    ])
    assert.doesNotMatch(left.stdout, /hikyaku/)
    const status = await hikyaku(['status', '--json'])
    assert.equal(JSON.parse(status.stdout).running, false, 'the state is still found')
    nothingTwice()
  })

  it('is not installed where it could not see what it needs, with the reason; nothing is left', async t => {
    const { machine, endpoints, hikyaku, setupArgs, mailComes, nothingTwice } = await boot(t)
    const nothing = await hikyaku(['service', 'install'])
    assert.equal(nothing.code, 78)
    assert.match(nothing.stderr, /would not start/)
    const set = await hikyaku(setupArgs(['--service', 'later']), { env: endpoints })
    assert.equal(set.code, 0, set.stderr + set.stdout)
    // The same program by a name that only root has, and by one in a /tmp of which the service has its own.
    for (const [folder, why] of [
      ['/root', /could not be started from \/root\/hikyaku\/src\/cli\.ts/],
      ['/tmp', /would be started from \/tmp\/hikyaku\/src\/cli\.ts/],
    ] as const) {
      await machine.run(['sh', '-c', `chmod 700 /root; ln -s ${place} ${folder}/hikyaku`])
      for (const mode of [[], ['--timer']]) {
        const there = [node, `${folder}/hikyaku/src/cli.ts`, 'service', 'install', ...mode]
        const ran = await machine.run(there)
        assert.equal(ran.code, 78, ran.stdout)
        assert.match(ran.stderr, why)
      }
    }
    await machine.run(['chmod', '600', '/brought/ca.pem'])
    const unreadable = await hikyaku(['service', 'install'])
    assert.equal(unreadable.code, 78)
    assert.match(unreadable.stderr, /could not read \/brought\/ca\.pem/)
    // What an earlier version kept in root's home.
    await machine.run([
      'sh',
      '-c',
      'mkdir -p /root/.config /root/.local/state && mv /etc/hikyaku /root/.config/hikyaku && mv /var/lib/hikyaku /root/.local/state/hikyaku',
    ])
    const ofRoot = await hikyaku(['service', 'install'])
    assert.equal(ofRoot.code, 78)
    assert.match(ofRoot.stderr, /sudo install -D -m 644/)
    assert.equal((await hikyaku(['status', '--json'])).stdout.includes(address), true, 'root still sees it')
    const left = await machine.run(['ls', '/etc/systemd/system'])
    assert.doesNotMatch(left.stdout, /hikyaku/)
    const commands = ofRoot.stderr
      .split('\n')
      .filter(line => /^ +sudo /.test(line))
      .map(line => line.trim().slice(5))
    await machine.run(['chmod', '644', '/brought/ca.pem'])
    await machine.run([
      'sh',
      '-c',
      'mkdir /etc/hikyaku && mv /root/.config/hikyaku/hikyaku.env /etc/hikyaku/',
    ])
    assert.equal(commands.length, 3)
    for (const command of commands.slice(0, -1)) {
      const ran = await machine.run(['sh', '-c', command])
      assert.equal(ran.code, 0, `${command}: ${ran.stderr}`)
    }
    const moved = await hikyaku(['service', 'install'])
    assert.equal(moved.code, 0, moved.stderr)
    await mailComes('after the move')
    nothingTwice()
  })
})

describe("a user's service", { concurrency: 2, skip }, () => {
  const uid = '1500'
  const ann: RunOptions = {
    user: 'ann',
    env: {
      HOME: '/home/ann',
      XDG_RUNTIME_DIR: `/run/user/${uid}`,
      DBUS_SESSION_BUS_ADDRESS: `unix:path=/run/user/${uid}/bus`,
    },
  }

  const bootForAnn = async (t: TestContext): Promise<Scene> => {
    const scene = await boot(t, async upper => {
      for (const [file, line] of [
        ['passwd', `ann:x:${uid}:${uid}::/home/ann:/bin/bash`],
        ['group', `ann:x:${uid}:`],
        ['shadow', 'ann:*:19000:0:99999:7:::'],
      ] as const)
        await writeFile(join(upper, 'etc', file), `${await readFile(`/etc/${file}`, 'utf8')}${line}\n`, {
          mode: file === 'shadow' ? 0o640 : 0o644,
        })
    })
    const { machine } = scene
    const prepare = await machine.run([
      'sh',
      '-c',
      'mkdir -p /home/ann/.config/hikyaku && cp /etc/hikyaku/hikyaku.env /home/ann/.config/hikyaku/ && chown -R ann:ann /home/ann /brought && chmod 700 /home/ann && loginctl enable-linger ann',
    ])
    assert.equal(prepare.code, 0, prepare.stderr)
    await until(
      async () => (await machine.run(['systemctl', '--user', 'is-system-running'], ann)).code === 0,
      "ann's systemd",
    )
    return scene
  }
  const setUp = async ({ endpoints, hikyaku, setupArgs }: Scene, service: string): Promise<void> => {
    const env = { ...ann?.env, ...endpoints }
    const set = await hikyaku(setupArgs(['--service', service]), { ...ann, env })
    assert.equal(set.code, 0, set.stderr + set.stdout)
  }

  it('sees what the user set up, starts with the computer, and is not asked of root', async t => {
    const scene = await bootForAnn(t)
    const { machine, hikyaku, mailComes, nothingTwice } = scene
    await setUp(scene, 'install')
    await mailComes('hers')
    assert.equal((await hikyaku(['status'], ann)).code, 0)
    await machine.reboot()
    await mailComes('after the reboot')
    // The timer takes the daemon's place, and leaves nothing either.
    const timed = await hikyaku(['service', 'install', '--timer', '--every', '10'], ann)
    assert.equal(timed.code, 0, timed.stderr)
    await mailComes('by her timer', 30_000)
    const units = async (): Promise<string> =>
      (await machine.run(['systemctl', '--user', 'list-units', '--all', '--no-legend', 'hikyaku*'], ann))
        .stdout
    assert.doesNotMatch(await units(), /hikyaku\.service +loaded/)
    const removed = await hikyaku(['service', 'uninstall'], ann)
    assert.equal(removed.code, 0, removed.stderr)
    const left = await machine.run(['ls', '-A', '/home/ann/.config/systemd/user'], ann)
    assert.doesNotMatch(left.stdout, /hikyaku/)
    assert.doesNotMatch(await units(), /loaded active/)
    nothingTwice()
  })

  it('may be one of the computer that runs as her, with her state, once the settings are root’s', async t => {
    const scene = await bootForAnn(t)
    const { machine, hikyaku, mailComes, unit, nothingTwice } = scene
    await setUp(scene, 'later')
    const settings = '/home/ann/.config/hikyaku/config.yaml'
    const env = { STATE_DIR: '/home/ann/.local/state/hikyaku' }
    const asAnn = ['service', 'install', '--system', '--run-as', 'ann']
    const hers = await hikyaku(asAnn, { env: { ...env, HIKYAKU_CONFIG: settings } })
    assert.equal(hers.code, 78, hers.stdout)
    const [copy = '', again = ''] = hers.stderr
      .split('\n')
      .filter(line => /^ +sudo /.test(line))
      .map(line => line.trim().slice(5))
    assert.equal(again, `STATE_DIR=${env.STATE_DIR} hikyaku service install --system --run-as ann`)
    const copied = await machine.run(['sh', '-c', copy])
    assert.equal(copied.code, 0, copied.stderr)
    const unknown = await hikyaku(['service', 'install', '--system', '--run-as', 'zoe'], { env })
    assert.equal(unknown.code, 2, unknown.stderr)
    assert.equal(await unit('LoadState'), 'not-found')
    const installed = await hikyaku(asAnn, { env })
    assert.equal(installed.code, 0, installed.stderr)
    await mailComes('as ann')
    const user = await machine.run(['ps', '-o', 'user=', '-p', await unit('MainPID')])
    assert.equal(user.stdout.trim(), 'ann')
    // Root finds all of it by the unit, and what root writes there stays hers.
    const status = await hikyaku(['status', '--json'])
    assert.deepEqual([status.code, JSON.parse(status.stdout).running], [0, true], status.stdout)
    assert.equal((await hikyaku(['check-now'])).code, 0)
    assert.equal((await hikyaku(['retry'])).code, 0)
    const foreign = await machine.run(['find', '/home/ann', '!', '-user', 'ann'])
    assert.equal(foreign.stdout, '')
    assert.equal((await hikyaku(['service', 'uninstall'])).code, 0)
    assert.equal(await unit('LoadState'), 'not-found')
    nothingTwice()
  })
})
