/** Whatever stands at STATE_DIR: each command answers within seconds and says what is so; and how `run` ends. */
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Fault } from '../../src/base/fault.ts'
import { refuseUnusablePlace } from '../../src/base/state-place.ts'
import { startHookServer } from '../alerts/hook-server.ts'
import { type Ended, hikyaku } from '../servers/hikyaku.ts'

const env = {
  MAIL_PROTOCOL: 'imap',
  MAIL_HOST: '127.0.0.1',
  MAIL_PORT: '9',
  MAIL_SECURITY: 'none',
  MAIL_USER: 'shop',
  MAIL_PASSWORD: 'swordfish',
  GMAIL_ACCOUNT: 'owner@example.com',
  GOOGLE_CLIENT_ID: 'id',
  GOOGLE_CLIENT_SECRET: 'secret',
  GOOGLE_REFRESH_TOKEN: 'token',
}

/** Those that look into the state directory. */
const commands = [
  ['run'],
  ['pull', '--json'],
  ['pull', '--dry-run', '--json'],
  ['status', '--json'],
  ['list', '--json'],
  ['retry', '--json'],
  ['check-now', '--json'],
  ['compare', '--json'],
  ['report', '--json'],
  ['journal', 'check', '--json'],
  ['inspect', '1', '--json'],
  ['doctor', '--json'],
] as const

const codeOf = ({ stdout, stderr }: Ended): string => {
  const { fault, cause, code } = JSON.parse(stdout === '' ? (stderr.trim().split('\n').at(-1) ?? '') : stdout)
  return String(fault?.code ?? cause ?? code)
}

/** Every command at once: what each says, and that none takes longer than `mostMs`. */
async function sayAll(
  stateDir: string,
  cwd: string,
  mostMs: number,
  some: readonly (readonly string[])[] = commands,
): Promise<Record<string, string>> {
  const said: Record<string, string> = {}
  const waiting = [...some]
  const work = async (): Promise<void> => {
    for (let args = waiting.shift(); args !== undefined; args = waiting.shift()) {
      const name = args.filter(arg => arg !== '--json').join(' ')
      const given = { ...env, STATE_DIR: stateDir, LOG_FORMAT: 'json', HOME: cwd }
      const ended = await hikyaku([...args], { env: given, cwd, timeoutMs: mostMs })
      said[name] = `${codeOf(ended)} ${ended.code}`
    }
  }
  await Promise.all(Array.from({ length: 4 }, work))
  return said
}

const allSay = (what: string, some: readonly (readonly string[])[] = commands): Record<string, string> =>
  Object.fromEntries(some.map(args => [args.filter(arg => arg !== '--json').join(' '), what]))

// Four at a time: what is at work at once shares the processor, and is to end in its time on a busy machine, too.
describe('what stands at STATE_DIR', { concurrency: 4 }, () => {
  let folder = ''
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hikyaku-place-'))
  })
  after(() => rm(folder, { recursive: true, force: true }))

  it('a link that leads nowhere is no folder, and no command takes it for one that is still to come', async () => {
    await symlink(join(folder, 'gone', 'there'), join(folder, 'link'))
    assert.deepEqual(await sayAll(join(folder, 'link'), folder, 60_000), allSay('state.no-folder 78'))
  })

  for (const [what, make] of [
    ['a file', (path: string) => writeFile(path, 'x')],
    ['a FIFO', async (path: string) => void execFileSync('mkfifo', [path])],
    ['a link to itself', (path: string) => symlink(path, path)],
    [
      'a path through a file',
      async (path: string) => void (await writeFile(join(path, '..', 'file-above'), '')),
    ],
  ] as const)
    it(`${what} is refused at once by those that write and by those that look`, async () => {
      const place = join(await mkdtemp(join(folder, 'place-')), 'state')
      await make(place)
      const stateDir = what === 'a path through a file' ? join(place, '..', 'file-above', 'state') : place
      for (const args of [['run'], ['status', '--json'], ['doctor', '--json']]) {
        const given = { ...env, STATE_DIR: stateDir, LOG_FORMAT: 'json', HOME: folder }
        const ended = await hikyaku(args, { env: given, cwd: folder })
        assert.deepEqual([codeOf(ended), ended.code], ['state.no-folder', 78], args.join(' '))
      }
    })

  it('a place that takes no folder ends what would make one there', async () => {
    const given = { ...env, STATE_DIR: '/proc/nope', HOME: folder }
    const ended = await hikyaku(['pull', '--json'], { env: given, cwd: folder })
    assert.deepEqual([codeOf(ended), ended.code], ['state.no-folder', 78])
  })

  it('a system that starts no process for the look, by a throw, leaves the answer to the place', async () => {
    // Node refuses to start anything with such an argument by a throw, as where memory for a process is missing.
    await assert.rejects(refuseUnusablePlace(join(folder, 'a\0b')), Fault)
  })

  const canHang = process.getuid?.() === 0 && existsSync('/dev/fuse')
  it('a disk that does not answer is told within seconds', { skip: !canHang }, async () => {
    const place = join(folder, 'hangs')
    await mkdir(place)
    // A file system in user space whose program never answers: as a network disk whose server is gone.
    const options = 'fd=3,rootmode=40000,user_id=0,group_id=0'
    const holder = spawn(
      'bash',
      [
        '-c',
        `exec 3<>/dev/fuse && mount -i -t fuse -o ${options} hangs "$1" && echo up && read -r`,
        '-',
        place,
      ],
      { stdio: ['pipe', 'pipe', 'inherit'] },
    )
    try {
      await once(holder.stdout, 'data')
      const some = [['run'], ['pull', '--json'], ['status', '--json'], ['doctor', '--json']]
      const said = await sayAll(join(place, 'state'), folder, 60_000, some)
      assert.deepEqual(said, allSay('state.hangs 75', some))
      // What it told last stands there, too.
      const given = { ...env, STATE_DIR: join(place, 'state'), HOME: folder, LANG: 'C' }
      const quiet = await hikyaku(['pull', '--quiet'], { env: given, cwd: folder, timeoutMs: 60_000 })
      assert.equal(quiet.code, 75)
      assert.match(quiet.stderr, /hangs\/state/)
    } finally {
      holder.stdin.end()
      await once(holder, 'exit')
      execFileSync('umount', ['-l', place])
    }
  })

  it('a process that was stopped while it holds journal and lock keeps nobody waiting', async () => {
    const place = join(folder, 'held')
    const holder = spawn(
      process.execPath,
      [
        '--disable-warning=ExperimentalWarning',
        '--input-type=module',
        '-e',
        `import { DatabaseSync } from 'node:sqlite'
         import { openJournal } from ${JSON.stringify(new URL('../../src/journal/sqlite.ts', import.meta.url).href)}
         import { lockInstance } from ${JSON.stringify(new URL('../../src/journal/lock.ts', import.meta.url).href)}
         const place = ${JSON.stringify(place)}
         const lock = lockInstance(place)
         const journal = await openJournal(place, 'run', () => {})
         const other = new DatabaseSync(place + '/journal.sqlite')
         other.exec('BEGIN IMMEDIATE')
         globalThis.kept = [lock, journal, other]
         console.log('up')
         setInterval(() => {}, 1000)`,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    try {
      await once(holder.stdout, 'data')
      holder.kill('SIGSTOP')
      const some = [['run'], ['pull', '--json'], ['check-now', '--json'], ['list', '--json']]
      const said = await sayAll(place, folder, 60_000, some)
      assert.equal(said.run, 'state.second-instance 75')
      assert.equal(said.pull, 'state.second-instance 75')
      assert.equal(said['check-now'], 'journal.locked 75')
      assert.equal(said.list, 'undefined 0')
    } finally {
      holder.kill('SIGKILL')
      await once(holder, 'exit')
    }
  })

  it('`run` ends in the form of its log, and the web hook hears of it', async () => {
    const hook = await startHookServer()
    try {
      const place = join(folder, 'file')
      await mkdir(place, { mode: 0o700 })
      await writeFile(join(place, 'journal.made'), '')
      const given = { ...env, STATE_DIR: place, ALERT_WEBHOOK: `${hook.url}/topic`, HOME: folder }
      const options = { cwd: folder }
      const json = await hikyaku(['run'], { ...options, env: { ...given, LOG_FORMAT: 'json' } })
      assert.equal(json.code, 78)
      const lines = json.stderr
        .trim()
        .split('\n')
        .map(line => JSON.parse(line))
      const { event, level, code } = lines.at(-1)
      assert.deepEqual([event, level, code], ['fault', 'error', 'journal.missing'])
      assert.equal(hook.calls.length, 1)
      assert.match(hook.calls[0]?.text ?? '', /From hikyaku of \S+@\S+\./)
      const beganMs = performance.now()
      const text = await hikyaku(['run'], { ...options, env: given })
      const usualMs = performance.now() - beganMs
      assert.match(text.stderr.trim().split('\n').at(-1) ?? '', /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d error /)
      assert.equal(hook.calls.length, 1, 'told once')
      hook.answer = 'silence'
      await rm(join(place, 'ended'))
      const begunMs = performance.now()
      assert.equal((await hikyaku(['run'], { ...options, env: given, timeoutMs: 100_000 })).code, 78)
      const silentMs = performance.now() - begunMs
      assert.ok(silentMs < 2 * usualMs + 20_000, 'a hook that says nothing holds nobody for long')
      const wrong = await hikyaku(['run'], { ...options, env: { LOG_FORMAT: 'json', HOME: folder } })
      const end = JSON.parse(wrong.stderr.trim().split('\n').at(-1) ?? '')
      assert.deepEqual([wrong.code, end.level, end.code], [78, 'error', 'config.none'])
    } finally {
      await hook.stop()
    }
  })
})
