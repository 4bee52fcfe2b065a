/**
 * The tarball as on a rented web server: a root of an old Debian, a user without rights in a home folder, the real cron, a
 * limit of memory, and a host that kills. Real Dovecot, and the stand-in for Gmail, whose ledgers judge.
 */
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chown, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { keepOutput } from '../../test/servers/local.ts'
import { sha256 } from '../../test/servers/source-server.ts'
import { until } from '../../test/servers/until.ts'
import { startWorld, type World, type WorldOptions } from '../../test/servers/world.ts'
import { sampleMail } from '../sandbox/mail.ts'
import { makeOldRoot } from './fresh-root.ts'
import { type Installed, playFleet, playPage } from './play-fleet.ts'
import { makeTarball } from './tarball.ts'
import { requireTools } from './tools.ts'

requireTools(['mmdebstrap', 'unshare', 'objdump'], { asRoot: true })
const run = promisify(execFile)

/** What Node's own documents ask for: https://github.com/nodejs/node/blob/v24.x/BUILDING.md */
const oldestGlibc = 'GLIBC_2.28'
const uid = 1234
const home = '/home/owner'

const folder = await mkdtemp(join(tmpdir(), 'hikyaku-host-'))
after(() => rm(folder, { recursive: true, force: true }))
const tarball = await makeTarball(join(folder, 'made'), 'amd64')
const root = join(folder, 'root')
await makeOldRoot(root)
await run('chroot', [root, 'useradd', '--create-home', '--uid', String(uid), 'owner'])
await run('tar', ['-xzf', tarball.file, '-C', join(root, home), '--no-same-owner'])
const program = `${home}/${tarball.folder}/hikyaku`
const node = join(root, home, tarball.folder, 'node/node')

interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly output: string
}

interface Host {
  readonly world: World
  /** NAME=value of the settings; secrets are files in the home folder. */
  readonly settings: readonly string[]
  /** A shell line of the owner, with nothing in its environment but these. */
  sh(line: string, env?: readonly string[], killAfterMs?: number): Promise<Ended>
}

/** Its own mounts and processes: when the first process ends, all in it end. */
const inRoot = (words: readonly string[]): readonly string[] => [
  ...['unshare', '--mount', '--pid', '--fork', '--kill-child', '--propagation', 'private'],
  ...['sh', '-c', 'mount -t proc proc "$0/proc" && exec chroot "$@"', root, ...words],
]

async function startHost(t: TestContext, options: Partial<WorldOptions> = {}): Promise<Host> {
  const world = await startWorld({
    protocol: 'pop3',
    server: 'dovecot',
    ...options,
    env: { ALERT_MAIL: 'no', AFTER_IMPORT: 'delete', ...options.env },
  })
  t.after(() => world.stop())
  await rm(join(root, home, 'mail'), { recursive: true, force: true })
  const settingsFolder = join(root, home, 'mail')
  await mkdir(settingsFolder, { mode: 0o700 })
  await chown(settingsFolder, uid, uid)
  const keep = async (name: string, from: string | undefined, text = ''): Promise<string> => {
    const file = join(settingsFolder, name)
    if (from === undefined) await writeFile(file, `${text}\n`, { mode: 0o600 })
    else await copyFile(from, file)
    await chown(file, uid, uid)
    return `${home}/mail/${name}`
  }
  const settings: string[] = [`STATE_DIR=${home}/mail/state`, 'HIKYAKU_LANG=en']
  for (const [name, value] of Object.entries(world.env)) {
    if (name === 'STATE_DIR') continue
    if (name === 'MAIL_CA_FILE') settings.push(`${name}=${await keep('authority.pem', value)}`)
    else if (/PASSWORD|SECRET|TOKEN$/.test(name))
      settings.push(`${name}_FILE=${await keep(name.toLowerCase(), undefined, value)}`)
    else settings.push(`${name}=${value}`)
  }
  const sh = async (line: string, env: readonly string[] = [], killAfterMs?: number): Promise<Ended> => {
    const words = [
      '--userspec=owner:owner',
      root,
      '/usr/bin/env',
      '-i',
      'PATH=/usr/bin:/bin',
      ...settings,
      ...env,
    ]
    const [command = '', ...rest] = inRoot([...words, '/bin/sh', '-c', line])
    // In a group of its own, all of which the host kills.
    const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'pipe'], detached: true })
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text
      })
    const kill = (): boolean => process.kill(-(child.pid ?? 0), 'SIGKILL')
    const timer = killAfterMs === undefined ? undefined : setTimeout(kill, killAfterMs)
    const [code, signal] = await once(child, 'close')
    clearTimeout(timer)
    return { code, signal, output }
  }
  return { world, settings, sh }
}

function judge({ gmail }: World, mail: readonly Buffer[]): void {
  assert.deepEqual([...gmail.stored().keys()].sort(), mail.map(sha256).sort(), 'nothing is lost')
  assert.deepEqual(new Set(gmail.stored().values()), new Set([1]), 'nothing stands there twice')
  assert.deepEqual(gmail.bugs, [])
}

async function deliver({ source }: World, mail: readonly Buffer[]): Promise<void> {
  for (const octets of mail) await source.deliver(octets)
}

/** A message of so many octets. */
const large = (serial: number, octets: number): Buffer =>
  Buffer.concat([
    sampleMail(serial),
    Buffer.alloc(octets, 'All work and no play makes this a large message.\r\n'),
  ])

describe('the tarball', () => {
  it('asks for no newer C library than Node itself', async () => {
    const { stdout } = await run('objdump', ['-T', node], { maxBuffer: 256 << 20 })
    const versions = [...new Set(stdout.match(/GLIBC_[\d.]+/g))]
    const number = (name: string): number => Number(name.split('.')[1])
    assert.ok(versions.length > 3)
    assert.deepEqual(
      versions.filter(name => number(name) > number(oldestGlibc)),
      [],
    )
  })

  it('is made of the same octets again', async () => {
    const again = await makeTarball(join(folder, 'again'), 'amd64')
    assert.ok((await readFile(tarball.file)).equals(await readFile(again.file)))
  })

  it('starts from any place, through a link, without a home', async t => {
    const { sh } = await startHost(t)
    const started = await sh(
      `cd / && ln -sf ${program} /tmp/started && /tmp/started --version && ${program} --version`,
    )
    assert.match(started.output, /^(\d+\.\d+\.\d+)\n\1\n$/)
  })

  it('brings mail in the bare environment of cron, and prints nothing', async t => {
    const { world, sh } = await startHost(t)
    const mail = [1, 2, 3].map(sampleMail)
    await deliver(world, mail)
    for (let pulls = 0; pulls < 2; pulls++)
      assert.deepEqual(await sh(`cd /; ${program} pull --quiet --time-limit 50s </dev/null`), {
        code: 0,
        signal: null,
        output: '',
      })
    judge(world, mail)
    assert.deepEqual(await world.source.stored(), [])
  })

  it('opens its page, with all that it loads, and is a worker of a fleet where processes may stay', async t => {
    const { world, settings } = await startHost(t)
    const place = join(root, home, 'fleet')
    await mkdir(place, { mode: 0o700 })
    await chown(place, uid, uid)
    const start = async (words: readonly string[], env: Readonly<Record<string, string>>) => {
      const given = Object.entries(env).map(([name, value]) => `${name}=${value}`)
      const own = ['--userspec=owner:owner', root, '/usr/bin/env', '-i', `HOME=${home}`, ...given]
      const [command = '', ...rest] = inRoot([...own, program, ...words])
      const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'pipe'] })
      const { stdout, stderr } = keepOutput(child)
      const output = (): string => stdout() + stderr()
      const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, output: output() }))
      return {
        output,
        ended,
        async stop() {
          // The program itself, which is the only child of the one that made its root.
          const inside = await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').catch(
            () => '',
          )
          if (inside !== '') process.kill(Number(inside), 'SIGTERM')
          return ended
        },
      }
    }
    const installed: Installed = {
      start,
      run: async (words, env) => (await start(words, env)).ended,
      async put(name, text) {
        await writeFile(join(place, name), text, { mode: 0o600 })
        await chown(join(place, name), uid, uid)
        return `${home}/fleet/${name}`
      },
    }
    await playFleet(installed)
    await world.source.deliver(sampleMail(1))
    await playPage(installed, Object.fromEntries(settings.map(pair => pair.split(/=(.*)/s))))
    assert.equal(world.gmail.accepted.length, 1)
  })

  it('is started by the real cron, whose mail is one that says what to do, and none while all is well', {
    timeout: 400_000,
  }, async t => {
    const { world, settings } = await startHost(t)
    const mailed = '/tmp/mailed'
    // What cron hands to its sendmail: header and text of a mail.
    await writeFile(join(root, 'usr/sbin/sendmail'), `#!/bin/sh\ncat >> ${mailed}\n`, { mode: 0o755 })
    await rm(join(root, mailed), { force: true })
    const tab = join(root, 'var/spool/cron/crontabs/owner')
    const line = `* * * * * ${program} pull --quiet --time-limit 50s`
    await writeFile(tab, `${settings.join('\n')}\n${line}\n`, { mode: 0o600 })
    await chown(
      tab,
      uid,
      Number((await run('chroot', [root, 'getent', 'group', 'crontab'])).stdout.split(':')[2]),
    )
    const [command = '', ...rest] = inRoot([root, '/usr/sbin/cron', '-f'])
    const cron = spawn(command, rest, { stdio: 'ignore' })
    t.after(async () => {
      cron.kill('SIGKILL')
      await once(cron, 'close')
    })
    const mail = [1, 2].map(sampleMail)
    await deliver(world, mail)
    await until(() => world.gmail.accepted.length === 2, 'the first minute', 90_000)
    assert.equal(await readFile(join(root, mailed), 'utf8').catch(() => ''), '')
    await writeFile(join(root, home, 'mail/mail_password'), 'not this one\n')
    const text = (): Promise<string> => readFile(join(root, mailed), 'utf8').catch(() => '')
    await until(async () => /hikyaku/.test(await text()), 'a mail of cron', 90_000)
    const logins = world.gmail.accepted.length
    await new Promise(resolve => setTimeout(resolve, 65_000))
    const mails = await text()
    assert.equal(mails.match(/^Subject: /gm)?.length, 1, 'one mail, not one a minute')
    assert.match(mails, /password/)
    assert.equal(mails.includes('not this one'), false)
    assert.equal(world.gmail.accepted.length, logins)
    judge(world, mail)
  })

  it('is killed by its host again and again: nothing lost, nothing twice', { timeout: 600_000 }, async t => {
    const { world, sh } = await startHost(t)
    const mail = [...Array.from({ length: 60 }, (_, n) => sampleMail(n)), large(100, 3e6), large(101, 8e6)]
    await deliver(world, mail)
    world.gmail.faults.always('import', { kind: 'slow', ms: 600 })
    let killed = 0
    for (let pulls = 0; world.gmail.stored().size < mail.length && pulls < 80; pulls++) {
      const ended = await sh(`${program} pull --quiet --now`, [], 700 + ((pulls * 397) % 1900))
      if (ended.signal !== null) killed += 1
    }
    assert.ok(killed >= 5, `${killed} pulls were killed`)
    world.gmail.faults.clear()
    // What was in hand at several such ends is suspected of them, set aside, and told; the owner knows better.
    const after = await sh(`${program} pull --quiet --now`)
    assert.ok(after.code === 0 || after.code === 1, `${after.code} ${after.output}`)
    for (let pulls = 0; pulls < 5; pulls++) {
      await sh(`${program} retry all`)
      if ((await sh(`${program} pull --quiet --now`)).code === 0) break
    }
    assert.deepEqual(await sh(`${program} pull --quiet --now`), { code: 0, signal: null, output: '' })
    judge(world, mail)
    // An imported one that was in hand at several kills is left at the source for a while.
    const left = await world.source.stored()
    assert.ok(left.length <= 3, `${left.length} are left at the source`)
    t.diagnostic(`${killed} pulls killed, ${world.gmail.accepted.length} uploads of ${mail.length} messages`)
  })

  it('needs 192 MB of memory, also with large messages and a backlog', { timeout: 300_000 }, async t => {
    const limit = 192 * 1024 * 1024
    const group = `/sys/fs/cgroup/memory/hikyaku-${process.pid}`
    try {
      await mkdir(group)
      await writeFile(join(group, 'memory.limit_in_bytes'), String(limit))
    } catch (thrown) {
      t.skip(`no memory cgroup can be made here: ${thrown}`)
      return
    }
    t.after(() => run('rmdir', [group]))
    const { world, settings } = await startHost(t)
    const mail = [...Array.from({ length: 300 }, (_, n) => sampleMail(n)), large(400, 20e6), large(401, 20e6)]
    await deliver(world, mail)
    const line = `echo $$ > ${group}/cgroup.procs && exec "$@"`
    const words = [
      '--userspec=owner:owner',
      root,
      '/usr/bin/env',
      '-i',
      ...settings,
      program,
      'pull',
      '--quiet',
    ]
    const [command = '', ...rest] = inRoot(words)
    const ended = await run('sh', ['-c', line, 'sh', command, ...rest])
    assert.equal(ended.stdout + ended.stderr, '')
    judge(world, mail)
    const most = Number(await readFile(join(group, 'memory.max_usage_in_bytes'), 'utf8'))
    const refused = Number(await readFile(join(group, 'memory.failcnt'), 'utf8'))
    t.diagnostic(`most: ${(most / 1e6).toFixed(0)} MB with the page cache; at the limit ${refused} times`)
  })

  it('needs 4 GB of address space at most, where a host limits that; with too little no mail is lost', async t => {
    const { world, sh } = await startHost(t)
    const mail = [sampleMail(1), large(2, 5e6)]
    await deliver(world, mail)
    for (const gigabytes of [1, 1.5, 2, 2.5, 3, 4]) {
      const ended = await sh(`ulimit -v ${gigabytes * 1e6}; exec ${program} pull --quiet --now`)
      if (ended.code !== 0) {
        assert.notEqual(ended.output, '', 'cron tells of it')
        continue
      }
      judge(world, mail)
      t.diagnostic(`enough: ${gigabytes} GB`)
      return
    }
    assert.fail('4 GB are not enough')
  })
})
