/** Root at work in a folder of a user who is its enemy; files seen by neighbours; locks of dead processes. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { ownerToBe } from '../../src/base/as-owner.ts'
import { replaceFile } from '../../src/base/durable-file.ts'
import { asFault } from '../../src/base/fault.ts'
import { makeFleetKey } from '../../src/fleet/fleet-key.ts'
import { isInstanceRunning, lockInstance } from '../../src/journal/lock.ts'
import { replaceJournal, sweepWorkDirs } from '../../src/journal/replace.ts'
import { salvageJournal } from '../../src/journal/salvage.ts'
import { openJournal } from '../../src/journal/sqlite.ts'
import { openSpoolFile, sweepSpoolFiles } from '../../src/message/spool-file.ts'
import { readKeptAnswers } from '../../src/setup/kept-answers.ts'
import { sealedFileVault } from '../../src/vault/sealed-file.ts'
import { needsRoot, nobody, readableByNobody, runAsNobody, startSwapper } from './neighbour.ts'

let ground: string
beforeEach(() => {
  ground = mkdtempSync(join(tmpdir(), 'hikyaku-files-'))
  chmodSync(ground, 0o755)
})
afterEach(() => rmSync(ground, { recursive: true, force: true }))

/** A data folder of nobody's, as a service has it. */
function foreignFolder(name = 'state'): string {
  const folder = join(ground, name)
  mkdirSync(folder, { mode: 0o700 })
  chownSync(folder, nobody, nobody)
  return folder
}

const treasureText = 'ROOT SECRET\n'
/** Files of root alone, one of each kind that something could take for its own. */
function makeTreasures(): {
  readonly files: readonly string[]
  /** Those that the reader or writer of a name would take: an empty file is a new database, 32 octets are a key. */
  temptingAt(name: string): readonly string[]
  check(): void
} {
  const files = ['plain', 'empty', 'key'].map(name => join(ground, `root-${name}`))
  const texts = [treasureText, '', 'k'.repeat(32)]
  for (const [index, file] of files.entries()) writeFileSync(file, texts[index] ?? '', { mode: 0o600 })
  const folder = join(ground, 'root-folder')
  mkdirSync(folder, { mode: 0o700 })
  writeFileSync(join(folder, 'left.spool'), treasureText, { mode: 0o600 })
  return {
    files: [...files, folder],
    temptingAt(name) {
      if (/^(spool|rebuild)/.test(name)) return [folder]
      const kind = /^(journal\.sqlite|instance|secrets\.lock)/.test(name) ? 1 : /key/.test(name) ? 2 : 0
      return [files[kind] ?? '']
    },
    check() {
      for (const [index, file] of files.entries()) {
        const { uid, gid, mode } = lstatSync(file)
        assert.deepEqual([uid, gid, mode & 0o7777], [0, 0, 0o600], file)
        assert.equal(readFileSync(file, 'utf8'), texts[index], file)
      }
      const { uid, mode } = lstatSync(folder)
      assert.deepEqual([uid, mode & 0o7777], [0, 0o700])
      assert.deepEqual(readdirSync(folder), ['left.spool'])
      assert.deepEqual(readableByNobody(...files, folder), [])
    },
  }
}

const tryAll = async (works: readonly (() => unknown)[]): Promise<string[]> => {
  const codes: string[] = []
  for (const work of works) {
    try {
      await work()
    } catch (thrown) {
      codes.push(asFault(thrown).code)
    }
  }
  return codes
}

/** Everything that hikyaku does in a data folder. */
const everything = (stateDir: string): (() => unknown)[] => [
  async () => (await openJournal(stateDir, 'run', () => lockInstance(stateDir).release())).close(),
  async () => (await openJournal(stateDir, 'look'))?.close(),
  () => isInstanceRunning(stateDir),
  () => sealedFileVault(stateDir, {}).set('name', 'value'),
  () => sealedFileVault(stateDir, {}).get('name'),
  async () => {
    const kept = await readKeptAnswers(stateDir, {})
    await kept.keep('place', 'here', 'en')
    await kept.forget()
  },
  async () => {
    sweepSpoolFiles(join(stateDir, 'spool'))
    const file = openSpoolFile(join(stateDir, 'spool'))
    await file.write([Buffer.from('mail')], 0)
    await file.close()
  },
  async () => {
    const workDir = join(stateDir, 'rebuild-now')
    await (await openJournal(workDir, 'run', () => {})).close()
    salvageJournal(join(stateDir, 'journal.sqlite'), workDir)
    replaceJournal(stateDir, workDir, 'stamp')
    sweepWorkDirs(stateDir, '')
  },
]

const knownNames = [
  ...['journal.sqlite', 'journal.sqlite-wal', 'journal.sqlite-shm', 'journal.sqlite-journal', 'journal.made'],
  ...[
    'journal.made.new',
    'instance.lock',
    'secrets.sealed',
    'secrets.sealed.lock',
    'secrets.key',
    'secrets.lock',
  ],
  ...[
    'vault',
    'setup.json',
    'spool',
    'rebuild-old',
    'rebuild-now',
    `.hikyaku.${process.pid}.tmp`,
    'login.key',
  ],
]

test(
  'G10: whoever owns the folder exchanges each file under root’s hands and gets nothing of root’s',
  needsRoot,
  async () => {
    const stateDir = foreignFolder()
    const treasures = makeTreasures()
    const attacker = await startSwapper(stateDir, treasures.files[0] ?? '')
    const endMs = performance.now() + 60_000
    // And on until he has won once: on a busy machine he has his turn but now and then.
    const isToGoOn = async (round: number): Promise<boolean> =>
      round < 40 || (performance.now() < endMs && (await attacker.caught()) === 0)
    for (let round = 0; await isToGoOn(round); round += 1)
      await tryAll([
        () => replaceFile(join(stateDir, 'vault'), Buffer.alloc(300_000, 'x'), 0o600),
        () => sealedFileVault(stateDir, {}).set(`name-${round}`, 'value'),
      ])
    const caught = await attacker.caught()
    await attacker.end()
    assert.ok(caught > 0, 'the attacker never won the race, so nothing was tried')
    treasures.check()
  },
)

for (const kind of ['symbolic link', 'hard link'] as const) {
  test(
    `G10: a ${kind} to a file of root’s at each name that hikyaku knows leads nowhere`,
    needsRoot,
    async () => {
      const treasures = makeTreasures()
      for (const name of knownNames)
        for (const target of treasures.files) {
          if (kind === 'hard link' && statSync(target).isDirectory()) continue
          const stateDir = foreignFolder(`state-${name}`)
          if (kind === 'hard link') linkSync(target, join(stateDir, name))
          else symlinkSync(target, join(stateDir, name))
          await tryAll(everything(stateDir))
          rmSync(stateDir, { recursive: true })
          treasures.check()
        }
    },
  )
}

test(
  'G10: a folder that systemd keeps where its user cannot reach it works for root, and links there do not',
  needsRoot,
  async () => {
    const treasures = makeTreasures()
    const closed = join(ground, 'private') // as /var/lib/private
    mkdirSync(closed, { mode: 0o700 })
    mkdirSync(join(closed, 'hikyaku'), { mode: 0o700 })
    chownSync(join(closed, 'hikyaku'), nobody, nobody)
    const stateDir = join(ground, 'hikyaku')
    symlinkSync(join('private', 'hikyaku'), stateDir)
    assert.deepEqual(await tryAll(everything(stateDir).slice(0, -1)), [])
    // A folder within is reached through his own only, which he may exchange: `journal rebuild` is the service's to run.
    assert.deepEqual(await tryAll(everything(stateDir).slice(-1)), ['state.exposed'])
    const journal = await openJournal(stateDir, 'run', () => {})
    await journal.setNote('pulls a', 'b')
    const names = readdirSync(stateDir)
    assert.ok(names.includes('journal.sqlite-wal') && names.includes('secrets.sealed'), names.join())
    for (const name of names) {
      const { uid, mode } = lstatSync(join(stateDir, name))
      assert.deepEqual([uid, mode & 0o077], [nobody, 0], name)
    }
    await journal.close()
    for (const name of knownNames)
      for (const target of treasures.files) {
        rmSync(join(stateDir, name), { recursive: true, force: true })
        symlinkSync(target, join(stateDir, name))
        await tryAll(everything(stateDir))
        rmSync(join(stateDir, name), { recursive: true, force: true })
        treasures.check()
      }
  },
)

test(
  'G10: a path with two owners, or one that everybody may exchange, is refused with its reason',
  needsRoot,
  () => {
    const reasonOf = (work: () => unknown): unknown => {
      try {
        return work()
      } catch (thrown) {
        return asFault(thrown).facts.reason
      }
    }
    const alices = join(ground, 'alice')
    mkdirSync(join(alices, 'state'), { recursive: true, mode: 0o755 })
    chownSync(alices, 61_001, 61_001)
    chownSync(join(alices, 'state'), 61_002, 61_002)
    assert.equal(
      reasonOf(() => ownerToBe(join(alices, 'state'))),
      'two-owners',
    )
    assert.deepEqual(ownerToBe(join(alices, 'new')), { uid: 61_001, gid: 61_001 })
    chownSync(join(alices, 'state'), 0, 0)
    assert.equal(
      ownerToBe(join(alices, 'state'))?.uid,
      61_001,
      'root’s folder below hers is hers to exchange',
    )
    symlinkSync('/etc', join(alices, 'link'))
    assert.equal(ownerToBe(join(alices, 'link'))?.uid, 61_001)
    const open = join(ground, 'open')
    mkdirSync(join(open, 'state'), { recursive: true })
    chmodSync(open, 0o777)
    assert.equal(
      reasonOf(() => ownerToBe(join(open, 'state'))),
      'everybody',
    )
    chmodSync(open, 0o1777)
    assert.equal(
      reasonOf(() => ownerToBe(join(open, 'state'))),
      undefined,
    )
    chownSync(join(open, 'state'), 61_001, 0)
    assert.deepEqual(ownerToBe(join(open, 'state')), { uid: 61_001, gid: 65_534 }, 'never root’s group')
  },
)

const cli = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))
const settings = (stateDir: string): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  STATE_DIR: stateDir,
  HOME: ground,
  HIKYAKU_VAULT: 'environment',
  MAIL_PROTOCOL: 'pop3',
  MAIL_HOST: '127.0.0.1',
  MAIL_PORT: '9', // nobody listens
  MAIL_SECURITY: 'none',
  MAIL_USER: 'shop',
  MAIL_PASSWORD: 'pw',
  GMAIL_ACCOUNT: 'a@gmail.com',
  GOOGLE_CLIENT_ID: 'id.apps.googleusercontent.com',
  GOOGLE_CLIENT_SECRET: 'secret',
  GOOGLE_REFRESH_TOKEN: 'token',
})

/** A real daemon under a generous umask, while it runs. */
async function whileRunning(stateDir: string, work: () => void): Promise<void> {
  const child = spawn('sh', ['-c', 'umask 000; exec "$0" "$1" run', process.execPath, cli], {
    env: settings(stateDir),
    cwd: ground,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', chunk => {
    said += chunk
  })
  const ended = once(child, 'exit')
  while (!existsSync(join(stateDir, 'journal.made')) || !existsSync(join(stateDir, 'journal.sqlite-wal'))) {
    if (child.exitCode !== null) throw new Error(said)
    await pause(20)
  }
  try {
    work()
  } finally {
    child.kill('SIGTERM')
    await ended
  }
}

test('G11: a data folder that `hikyaku fleet init` has put its key into is closed like any other', {
  skip: process.platform === 'win32' ? 'no modes there' : false,
}, async () => {
  const stateDir = join(ground, 'state')
  mkdirSync(stateDir, { mode: 0o755 })
  const file = join(stateDir, 'fleet.key')
  assert.equal(await makeFleetKey(file), true)
  const key = readFileSync(file)
  lockInstance(stateDir).release()
  assert.equal(statSync(stateDir).mode & 0o777, 0o700)
  assert.deepEqual([statSync(file).mode & 0o777, readFileSync(file)], [0o600, key])
})

for (const age of ['new', 'old'] as const) {
  test(`G11: nothing in ${age === 'new' ? 'a new' : 'an old, open'} data folder can be read by a neighbour`, {
    skip: process.platform === 'win32' ? 'no modes there' : false,
  }, async () => {
    const stateDir = join(ground, 'state')
    if (age === 'old') {
      await (await openJournal(stateDir, 'run', () => lockInstance(stateDir).release())).close()
      mkdirSync(join(stateDir, 'spool'))
      writeFileSync(join(stateDir, 'journal.damaged-2026.sqlite'), 'old')
      for (const name of readdirSync(stateDir))
        chmodSync(join(stateDir, name), name === 'spool' ? 0o755 : 0o644)
      chmodSync(stateDir, 0o755)
    }
    await whileRunning(stateDir, () => {
      assert.equal(statSync(stateDir).mode & 0o777, 0o700)
      const names = readdirSync(stateDir)
      for (const name of [
        'journal.sqlite',
        'journal.sqlite-wal',
        'journal.sqlite-shm',
        'instance.lock',
        'journal.made',
      ])
        assert.ok(names.includes(name), name)
      for (const name of names) {
        const found = lstatSync(join(stateDir, name), { throwIfNoEntry: false })
        // A whole file takes its name by a rename, so what it was written as may be gone by now.
        if (found === undefined) assert.match(name, /^\.[0-9a-f]{16}\.tmp$/)
        else assert.equal(found.mode & 0o777, name === 'spool' ? 0o700 : 0o600, name)
      }
      if (process.geteuid?.() === 0) assert.deepEqual(readableByNobody(stateDir), [])
    })
  })
}

test(
  'G11: a folder that is open and not ours to close is refused by the program, and left as it was',
  needsRoot,
  () => {
    const run = (stateDir: string, uid: number) =>
      spawnSync(process.execPath, [cli, 'pull', '--json'], {
        env: settings(stateDir),
        cwd: '/',
        uid,
        gid: uid,
        encoding: 'utf8',
      })
    const open = join(ground, 'open')
    mkdirSync(open)
    chmodSync(open, 0o777)
    const refused = run(open, nobody)
    assert.equal(refused.status, 78, refused.stderr)
    assert.match(refused.stdout, /"state\.exposed".*chmod 700/)
    assert.deepEqual(readdirSync(open), [])
    // A folder with other things in it, and one of many users: as root.
    writeFileSync(join(open, 'letter.txt'), '')
    assert.equal(run(open, 0).status, 78)
    assert.equal(statSync(open).mode & 0o777, 0o777)
    const sticky = join(ground, 'sticky')
    mkdirSync(sticky)
    chmodSync(sticky, 0o1777)
    assert.equal(run(sticky, 0).status, 78)
    assert.equal(statSync(sticky).mode & 0o7777, 0o1777)
    // What a neighbour had laid into the open folder is not used after it was closed.
    const baited = join(ground, 'baited')
    mkdirSync(baited)
    chmodSync(baited, 0o777)
    runAsNobody(
      `require('node:fs').symlinkSync('/etc/passwd', process.argv[1])`,
      join(baited, 'journal.sqlite'),
    )
    const bait = run(baited, 0)
    assert.equal(bait.status, 78)
    assert.match(bait.stdout, /state\.exposed/)
    assert.equal(statSync('/etc/passwd').mode & 0o777, 0o644)
  },
)

test('G11: a user without rights is told so, and a folder of his own works', needsRoot, () => {
  const run = (stateDir: string) =>
    spawnSync(process.execPath, [cli, 'pull', '--json'], {
      env: settings(stateDir),
      cwd: '/',
      uid: nobody,
      gid: nobody,
      encoding: 'utf8',
    })
  const roots = join(ground, 'roots')
  mkdirSync(roots, { mode: 0o700 })
  const closed = run(roots)
  assert.equal(closed.status, 78, closed.stderr)
  assert.match(closed.stdout, /"state\.(read-only|exposed)"/)
  const own = run(foreignFolder('own'))
  assert.equal(own.status, 69, own.stdout + own.stderr) // only the server could not be reached
  for (const name of readdirSync(join(ground, 'own'))) {
    const { mode, uid } = lstatSync(join(ground, 'own', name))
    assert.deepEqual([uid, mode & 0o777], [nobody, 0o600], name)
  }
})

const child = fileURLToPath(new URL('./lock-child.ts', import.meta.url))
const node = [process.execPath, ...process.execArgv.filter(option => /strip|warning/.test(option))]
const mayUnshare =
  process.platform === 'linux' && spawnSync('unshare', ['--pid', '--fork', 'true']).status === 0

test('G12: a vault write that was killed as process 1 of its container keeps the next one from nothing', {
  skip: mayUnshare ? false : 'this user may not make a process namespace',
}, async () => {
  const inContainer = (...args: string[]) =>
    spawn('unshare', ['--pid', '--fork', '--kill-child', ...node, child, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
  for (let round = 0; round < 2; round += 1) {
    const holder = inContainer('hold', join(ground, 'secrets.lock'))
    const [line] = (await once(holder.stdout, 'data')) as [Buffer]
    assert.equal(String(line), 'held by 1\n')
    const inside = readFileSync(`/proc/${holder.pid}/task/${holder.pid}/children`, 'utf8').trim()
    process.kill(Number(inside), 'SIGKILL')
    await once(holder, 'exit')
    const next = inContainer('set', ground, `secret-${round}`)
    const [[said], [code]] = await Promise.all([once(next.stdout, 'data'), once(next, 'exit')])
    assert.deepEqual([String(said), code], ['set by 1\n', 0])
  }
  assert.equal(await sealedFileVault(ground, {}).get('secret-1'), 'kept')
})

test('G12: of many who wait for the lock, some of them killed, never two have it', async () => {
  const lock = join(ground, 'secrets.lock')
  const mark = join(ground, 'inside')
  const counting = [1, 2, 3, 4].map(() =>
    once(
      spawn(node[0] ?? '', [...node.slice(1), child, 'count', lock, mark, '15'], { stdio: 'inherit' }),
      'exit',
    ),
  )
  const holder = spawn(node[0] ?? '', [...node.slice(1), child, 'hold', lock], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(holder.stdout, 'data')
  holder.kill('SIGKILL')
  const codes = (await Promise.all(counting)).map(([code]) => code as number)
  assert.deepEqual(codes, [0, 0, 0, 0])
})
