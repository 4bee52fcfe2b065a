/**
 * G18: a process whose user has no home, no name and no entry in passwd, as under systemd's DynamicUser without
 * libnss-systemd, or in a container that is given a bare number. Every command runs as such a user.
 */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Ended, endOf } from '../servers/hikyaku.ts'
import { keepOutput } from '../servers/local.ts'
import { until } from '../servers/until.ts'
import { startWorld, type World } from '../servers/world.ts'
import { mail } from './harness.ts'

const cli = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))
const nobody = 12_345
const asNobody = { uid: nobody, gid: nobody }

/** Whether another user may be taken on here, and may read this checkout. */
function cannotPlay(): false | string {
  if (process.getuid?.() !== 0) return 'only root may become a user without a name'
  const { status } = spawnSync(process.execPath, [cli, '--version'], { ...asNobody, env: {}, cwd: '/' })
  return status === 0 ? false : 'another user may not read this checkout'
}

interface Child {
  readonly ended: Promise<Ended>
  stderr(): string
  kill(signal: NodeJS.Signals): void
}

/** Where node keeps for the nameless user what it made of the sources: a start costs a third of its CPU then. */
let compiled = ''

/** The command as the nameless user: no HOME, no USER, no LOGNAME, nothing else of this process's environment. */
function start(args: readonly string[], env: Readonly<Record<string, string>>, cwd: string): Child {
  const child = spawn(process.execPath, [cli, ...args], {
    ...asNobody,
    cwd,
    env: { PATH: process.env.PATH ?? '', NODE_COMPILE_CACHE: compiled, HIKYAKU_LANG: 'en', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
    killSignal: 'SIGKILL',
  })
  const { stdout, stderr } = keepOutput(child)
  return {
    ended: once(child, 'close').then(
      ([code, signal]): Ended => ({ code, signal, stdout: stdout(), stderr: stderr() }),
    ),
    stderr,
    kill: signal => {
      child.kill(signal)
    },
  }
}

/** No command may take the missing home for a mistake of its own, nor show its inside. */
function clear(ended: Ended, args: readonly string[]): void {
  const said = `${args.join(' ')}: exit ${ended.code} ${ended.signal}\n${ended.stdout}${ended.stderr}`
  assert.equal(ended.signal, null, said)
  assert.notEqual(ended.code, 70, said)
  assert.doesNotMatch(ended.stdout + ended.stderr, /uv_os|homedir|userInfo|ENOENT|\n\s+at /, said)
}

/** Every verb; each asks for the settings in its own way. */
const everyCommand: readonly (readonly string[])[] = [
  ['run'],
  ['pull'],
  ['pull', '--dry-run'],
  ['status'],
  ['doctor'],
  ['setup', '--yes'],
  ['setup', 'google', '--yes'],
  ['setup', 'mailbox', '--yes'],
  ['check-now'],
  ['compare'],
  ['retry'],
  ['revoke', '--yes'],
  ['report'],
  ['inspect', '1'],
  ['journal', 'check'],
  ['journal', 'rebuild', '--yes'],
  ['service', 'install', '--user'],
  ['service', 'uninstall', '--user'],
  ['service', 'status', '--user'],
]

describe('G18: without a home and without a name', { skip: cannotPlay() }, () => {
  let world: World
  let cwd = ''
  before(async () => {
    world = await startWorld({ protocol: 'pop3' })
    cwd = await mkdtemp(join(tmpdir(), 'hikyaku-homeless-'))
    await chmod(cwd, 0o755)
    compiled = await ownFolder('compiled')
  })
  after(async () => {
    await world.stop()
    await rm(cwd, { recursive: true, force: true })
  })
  const ownFolder = async (name: string): Promise<string> => {
    const folder = join(cwd, name)
    await mkdir(folder, { mode: 0o700 })
    await chown(folder, nobody, nobody)
    return folder
  }

  for (const args of everyCommand) {
    test(`G18: ${args.join(' ')} without any settings names what is to be set`, async () => {
      const ended = await start(args, {}, cwd).ended
      clear(ended, args)
      if (args[0] === 'service') return assert.match(ended.stderr, /HOME|not installed|service manager/)
      assert.equal(ended.code, 78, ended.stderr)
      assert.match(ended.stdout + ended.stderr, /HIKYAKU_CONFIG|STATE_DIR/)
    })
  }

  for (const args of [['--version'], ['--help'], ['help', 'run'], ['service', 'status', '--system']]) {
    test(`G18: ${args.join(' ')} needs no home`, async () => {
      const ended = await start(args, {}, cwd).ended
      clear(ended, args)
      if (args[0] !== 'service') assert.equal(ended.code, 0, ended.stderr)
    })
  }

  test('G18: a mailbox in the environment and no STATE_DIR: only STATE_DIR is asked for', async () => {
    const { STATE_DIR: _, ...env } = world.env
    for (const args of [['run'], ['pull'], ['status'], ['doctor'], ['retry']]) {
      const ended = await start(args, env, cwd).ended
      clear(ended, args)
      assert.equal(ended.code, 78, ended.stderr)
      assert.match(ended.stdout + ended.stderr, /STATE_DIR must be set to an absolute path/)
      assert.doesNotMatch(ended.stdout + ended.stderr, /HIKYAKU_CONFIG|MAIL_PROTOCOL/)
    }
  })

  test('G18: a path below ~ is refused with words about the home', async () => {
    const ended = await start(['pull'], { ...world.env, STATE_DIR: '~/state' }, cwd).ended
    clear(ended, ['pull'])
    assert.equal(ended.code, 78, ended.stderr)
    assert.match(ended.stderr, /HOME must be set/)
  })

  test('G18: with STATE_DIR and a mailbox in the environment everything works', async () => {
    const env = { ...world.env, STATE_DIR: await ownFolder('state') }
    await world.source.deliver(mail('homeless-1'))
    const pulled = await start(['pull'], env, cwd).ended
    assert.equal(pulled.code, 0, pulled.stderr)
    assert.equal(world.gmail.accepted.length, 1)
    const daemon = start(['run'], env, cwd)
    await world.source.deliver(mail('homeless-2'))
    await start(['check-now'], env, cwd).ended
    await until(() => world.gmail.accepted.length === 2, 'the second message')
    for (const args of [['status'], ['doctor'], ['inspect', '1'], ['report'], ['compare'], ['retry', '1']])
      clear(await start(args, env, cwd).ended, args)
    daemon.kill('SIGTERM')
    const ended = await endOf(daemon)
    assert.equal(ended.code, 0, ended.stderr)
    clear(await start(['revoke', '--yes'], env, cwd).ended, ['revoke'])
  })

  test('G18: with HIKYAKU_CONFIG and STATE_DIR everything works', async () => {
    const stateDir = await ownFolder('state-of-yaml')
    const { MAIL_HOST, MAIL_PORT, MAIL_USER, GMAIL_API_ROOT, GOOGLE_TOKEN_URL } = world.env
    for (const [name, value] of Object.entries({
      password: world.env.MAIL_PASSWORD,
      client: world.env.GOOGLE_CLIENT_SECRET,
      refresh: world.env.GOOGLE_REFRESH_TOKEN,
    })) {
      await writeFile(join(stateDir, name), value ?? '', { mode: 0o600 })
      await chown(join(stateDir, name), nobody, nobody)
    }
    const yaml = [
      'accounts:',
      `  - address: ${world.env.GMAIL_ACCOUNT ?? 'me'}`,
      `    clientId: ${world.env.GOOGLE_CLIENT_ID}`,
      `    clientSecretFile: ${join(stateDir, 'client')}`,
      `    refreshTokenFile: ${join(stateDir, 'refresh')}`,
      'mailboxes:',
      '  - protocol: pop3',
      `    host: ${MAIL_HOST}`,
      `    port: ${MAIL_PORT}`,
      '    security: none',
      `    user: ${MAIL_USER}`,
      `    passwordFile: ${join(stateDir, 'password')}`,
      '    verify: no',
    ]
    const file = join(cwd, 'config.yaml')
    await writeFile(file, yaml.join('\n'))
    const env = {
      HIKYAKU_CONFIG: file,
      STATE_DIR: stateDir,
      GMAIL_API_ROOT: GMAIL_API_ROOT ?? '',
      GOOGLE_TOKEN_URL: GOOGLE_TOKEN_URL ?? '',
    }
    const before = world.gmail.accepted.length
    await world.source.deliver(mail('homeless-3'))
    const pulled = await start(['pull'], env, cwd).ended
    assert.equal(pulled.code, 0, pulled.stderr)
    assert.ok(world.gmail.accepted.length > before)
    for (const args of [['status'], ['doctor'], ['setup', 'mailbox', '--yes']])
      clear(await start(args, env, cwd).ended, args)
  })
})
