/** Row E of the fault matrix: the machine that hikyaku runs on. The servers' books are the judges (oracle.ts). */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { asFault } from '../../src/base/fault.ts'
import { migrations } from '../../src/journal/schema.ts'
import { openJournal } from '../../src/journal/sqlite.ts'
import { noCount } from '../../src/pull/count.ts'
import { presets } from '../servers/gmail/gmail-server.ts'
import { countOf, openInProcess, PlayedClock } from '../servers/in-process.ts'
import { requireServer } from '../servers/required.ts'
import { diskMissing, mountDisk } from '../servers/small-disk.ts'
import { answerOf, startWorld, type World } from '../servers/world.ts'
import { codeOf, day, hour, mail, minute, type Play, play, portsOf } from './harness.ts'
import { judge, judgeText } from './oracle.ts'

const deleting = { more: { AFTER_IMPORT: 'delete' } }
const atSource = ({ world }: Play): number => world.source.pop3?.messages.length ?? -1

const needsMount = { skip: requireServer('small disk', diskMissing()) }

test(
  'a data folder on a disk that can only be read is the owner’s to mend, made or not',
  needsMount,
  async () => {
    const disk = mountDisk(1 << 20)
    const world = await startWorld({ protocol: 'pop3' })
    try {
      mkdirSync(join(disk.path, 'made'), { mode: 0o700 })
      assert.equal(spawnSync('mount', ['-o', 'remount,ro', disk.path]).status, 0)
      for (const name of ['made', 'not-made', 'not/made/either']) {
        const ended = await world.run(['pull', '--json'], { env: { STATE_DIR: join(disk.path, name) } })
        assert.equal(ended.code, 78, ended.stdout)
        assert.equal((answerOf(ended).fault as { code: string }).code, 'state.read-only', name)
      }
    } finally {
      await world.stop()
      disk.release()
    }
  },
)

test(
  'E1: a disk that is full at any point stops the mail without loss, and all goes on once there is space',
  needsMount,
  async () => {
    const disk = mountDisk(6 << 20)
    try {
      const ballast = join(disk.path, 'ballast')
      await play({ more: { AFTER_IMPORT: 'delete', STATE_DIR: join(disk.path, 'state') } }, async self => {
        countOf(await self.app.pull())
        const codes = new Set<string>()
        // The space left shrinks from round to round, so that another write fails each time.
        for (const [round, left] of [700, 300, 120, 60, 30, 12, 4, 0].entries()) {
          await self.deliver(mail(`small-${round}`), mail(`large-${round}`, 600_000), mail(`last-${round}`))
          fill(ballast, left * 1024)
          for (let i = 0; i < 3; i++) {
            codes.add(
              codeOf(
                await self.app
                  .pull()
                  .catch(
                    error =>
                      ({ kind: 'failed', fault: asFault(error), notBeforeMs: 0, count: noCount() }) as const,
                  ),
              ),
            )
            self.clock.pass(minute)
          }
          rmSync(ballast, { force: true })
          for (let i = 0; i < 3; i++) {
            self.clock.pass(hour)
            countOf(await self.app.pull())
          }
          assert.equal(atSource(self), 0, `round ${round}: all goes on by itself`)
        }
        assert.ok(codes.has('state.disk-full'), [...codes].join())
        for (const code of codes) assert.match(code, /^(none|state\.disk-full)$/)
        await self.judge()
      })
    } finally {
      disk.release()
    }
  },
)

/** Leaves about so many octets free. */
function fill(file: string, leaveOctets: number): void {
  writeFileSync(file, '')
  const piece = Buffer.alloc(4096)
  try {
    for (;;) writeFileSync(file, piece, { flag: 'a' })
  } catch {
    const { size } = statSync(file)
    truncateSync(file, Math.max(0, size - leaveOctets))
  }
}

test('E1: a log that cannot be written stops no mail', async () => {
  const world = await startWorld({ protocol: 'pop3' })
  try {
    await world.source.deliver(mail('one'))
    const cli = new URL('../../src/cli.ts', import.meta.url).pathname
    // /dev/full answers every write with ENOSPC.
    const ended = await runShell(world, `exec "$0" ${cli} pull --json 2>/dev/full`, { LOG_LEVEL: 'debug' })
    assert.equal(ended.code, 0, ended.stdout)
    assert.equal(world.gmail.accepted.length, 1)
  } finally {
    await world.stop()
  }
})

async function runShell(
  world: World,
  script: string,
  env: Record<string, string> = {},
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const { spawn } = await import('node:child_process')
  const { PATH = '', HOME = '' } = process.env
  const child = spawn('/bin/sh', ['-c', script, process.execPath], {
    cwd: world.folder,
    env: { PATH, HOME, HIKYAKU_LANG: 'en', ...world.env, ...env },
  })
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', text => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', text => {
    stderr += text
  })
  const timer = setTimeout(() => child.kill('SIGKILL'), 30_000)
  const code = await new Promise<number | null>(resolve => child.once('close', resolve))
  clearTimeout(timer)
  return { code, stdout, stderr }
}

const cli = new URL('../../src/cli.ts', import.meta.url).pathname
const squeezes: readonly (readonly [title: string, script: string, env?: Record<string, string>])[] = [
  // Ignored signals stay ignored over exec, so that the write fails with EFBIG instead.
  ['files may not grow (RLIMIT_FSIZE)', `trap '' XFSZ; ulimit -f 64; exec "$0" ${cli} pull --json`],
  ['too few file handles (EMFILE)', `ulimit -n 28; exec "$0" ${cli} pull --json`],
]
for (const [title, script] of squeezes) {
  test(`E1, E2: ${title}: nothing is lost, the exit code says so, and the next process starts clean`, async () => {
    const world = await startWorld({ protocol: 'pop3', env: { AFTER_IMPORT: 'delete' } })
    try {
      const put = [mail('small'), mail('large', 700_000), mail('last')]
      for (const octets of put) await world.source.deliver(octets)
      const ended = await runShell(world, script)
      assert.notEqual(ended.code, 0, ended.stdout)
      assert.doesNotMatch(ended.stderr, /\bat .*\.ts:\d+/, 'no stack for the owner')
      await judge({ world, put, printed: ended.stdout + ended.stderr })
      const again = await world.run(['pull', '--json'])
      assert.equal(again.code, 0, again.stdout + again.stderr)
      assert.deepEqual(await world.source.stored(), [])
      await judge({ world, put })
      assert.deepEqual(
        readdirSync(world.stateDir, { recursive: true }).filter(name => String(name).endsWith('.spool')),
        [],
      )
    } finally {
      await world.stop()
    }
  })
}

test('E2: a read-only file system is told, and nothing is imported or deleted', needsMount, async () => {
  const disk = mountDisk(8 << 20)
  const world = await startWorld({
    protocol: 'pop3',
    env: { STATE_DIR: join(disk.path, 'state'), AFTER_IMPORT: 'delete' },
  })
  try {
    const put = [mail('one'), mail('two')]
    await world.source.deliver(put[0] ?? Buffer.alloc(0))
    assert.equal((await world.run(['pull', '--json'])).code, 0)
    await world.source.deliver(put[1] ?? Buffer.alloc(0))
    execFileSync('mount', ['-o', 'remount,ro', disk.path])
    const ended = await world.run(['pull', '--json'])
    assert.equal(ended.code, 78, ended.stdout + ended.stderr)
    assert.match(ended.stdout, /state\.read-only/)
    assert.equal(world.gmail.accepted.length, 1)
    execFileSync('mount', ['-o', 'remount,rw', disk.path])
    assert.equal((await world.run(['pull', '--json'])).code, 0)
    await judge({ world, put })
  } finally {
    await world.stop()
    disk.release()
  }
})

/** A world that pulled `count` messages, with its journal closed and written out, and one new message waiting. */
async function settledWorld(count: number): Promise<{ world: World; put: Buffer[]; file: string }> {
  const world = await startWorld({ protocol: 'pop3', env: { AFTER_IMPORT: 'keep' } })
  const put = Array.from({ length: count }, (_, serial) => mail(`m${serial}`))
  for (const octets of put) await world.source.deliver(octets)
  const app = await openInProcess(world)
  countOf(await app.pull())
  await app.close()
  const news = mail('news')
  await world.source.deliver(news)
  put.push(news)
  return { world, put, file: join(world.stateDir, 'journal.sqlite') }
}

/** Opens on the state directory and pulls; the code of the fault that stopped it, or 'none'. */
async function tryPull(world: World): Promise<string> {
  try {
    const app = await openInProcess(world)
    try {
      return codeOf(await app.pull())
    } finally {
      await app.close()
    }
  } catch (error) {
    return asFault(error).code
  }
}

const harms: readonly (readonly [name: string, harm: (file: string) => void, code: RegExp])[] = [
  [
    'truncated in its middle',
    file => truncateSync(file, Math.floor(statSync(file).size / 8192) * 4096),
    /^journal\.damaged$/,
  ],
  ['cut within a page', file => truncateSync(file, statSync(file).size - 100), /^journal\.damaged$/],
  ['of zero length', file => truncateSync(file, 0), /^journal\.missing$/],
  ['removed', file => rmSync(file), /^journal\.missing$/],
  ['overwritten with text', file => writeFileSync(file, 'hello '.repeat(2000)), /^journal\.damaged$/],
  [
    'of a newer version',
    file => sql(file, `PRAGMA user_version = ${migrations.length + 1}`),
    /^journal\.newer$/,
  ],
  ['without its tables', file => sql(file, 'DROP TABLE message'), /^journal\.damaged$/],
]
for (const [name, harm, code] of harms) {
  test(`E3: a journal ${name} is refused by name; no new one is begun and the source is untouched`, async () => {
    const { world, put, file } = await settledWorld(30)
    try {
      harm(file)
      const before = existsSync(file) ? readFileSync(file) : undefined
      for (let i = 0; i < 2; i++) assert.match(await tryPull(world), code)
      assert.equal(world.gmail.accepted.length, 30, 'nothing is imported without a journal')
      assert.equal((await world.source.stored()).length, 31)
      if (before === undefined) assert.ok(!existsSync(file))
      else assert.ok(readFileSync(file).equals(before), 'what is left of it is not touched')
      await judge({ world, put })
    } finally {
      await world.stop()
    }
  })
}

function sql(file: string, text: string): void {
  const database = new DatabaseSync(file)
  database.exec(text)
  database.close()
}

test('E3: bits flipped in 100 pages: refused, or harmless; never a second import, never a deletion', async () => {
  const { world, put, file } = await settledWorld(400)
  try {
    const whole = readFileSync(file)
    const pages = whole.length / 4096
    let refused = 0
    let serial = 7
    const random = (below: number): number => {
      serial = (serial * 48_271) % 2_147_483_647
      return serial % below
    }
    const accepted = world.gmail.accepted.length
    for (let round = 0; round < 100; round++) {
      const harmed = Buffer.from(whole)
      const at = random(pages) * 4096 + random(4096)
      harmed[at] = (harmed[at] ?? 0) ^ (1 << random(8))
      for (const left of ['-wal', '-shm']) rmSync(file + left, { force: true })
      writeFileSync(file, harmed)
      let code = 'none'
      try {
        await (await openJournal(world.stateDir, 'run', () => {}))?.close()
      } catch (error) {
        code = asFault(error).code
      }
      if (code === 'none') continue
      refused += 1
      assert.match(code, /^journal\.(damaged|newer)$|^state\.io$/)
    }
    assert.ok(refused > 5, `${refused} of 100 single bits were noticed`)
    // A whole page of nonsense in many places.
    const harmed = Buffer.from(whole)
    for (let i = 0; i < 100; i++)
      harmed.fill(random(256), random(pages) * 4096 + 100, random(pages) * 4096 + 400)
    writeFileSync(file, harmed)
    assert.equal(await tryPull(world), 'journal.damaged')
    assert.equal(world.gmail.accepted.length, accepted)
    await judge({ world, put })
  } finally {
    await world.stop()
  }
})

test('E3: a journal removed while hikyaku runs stops it at once; nothing is deleted', async () => {
  await play(deleting, async self => {
    await self.deliver(...Array.from({ length: 20 }, (_, serial) => mail(`m${serial}`)))
    const file = join(self.world.stateDir, 'journal.sqlite')
    self.world.gmail.faults.next('import', {
      kind: 'hold',
      until: Promise.resolve().then(() => rmSync(file)),
    })
    await assert.rejects(self.app.pull(), { code: 'journal.missing' })
    assert.ok(self.world.gmail.accepted.length < 20)
    assert.equal(atSource(self), 20)
    await assert.rejects(self.restart(), { code: 'journal.missing' })
  })
})

test('E3: a journal that another process holds is waited for, and told', async () => {
  await play(deleting, async self => {
    await self.deliver(mail('one'))
    const other = new DatabaseSync(join(self.world.stateDir, 'journal.sqlite'))
    other.exec('BEGIN EXCLUSIVE')
    const made = await self.app.pull()
    assert.equal(codeOf(made), 'journal.locked')
    assert.equal(self.world.gmail.accepted.length, 0)
    other.exec('ROLLBACK')
    other.close()
    for (let i = 0; i < 2; i++) countOf(await self.app.pull())
    assert.equal(atSource(self), 0)
    await self.judge()
  })
})

const jumps: readonly (readonly [name: string, ms: number])[] = [
  ['a day forward', day],
  ['a day back', -day],
  ['ten years forward', 3650 * day],
  ['an hour forward (daylight saving)', hour],
  ['an hour back', -hour],
]
for (const [name, ms] of jumps) {
  test(`E5: a clock that jumps ${name} deletes nothing early, and mail goes on`, async () => {
    await play({ more: { AFTER_IMPORT: 'delete-after:14d' } }, async self => {
      await self.deliver(mail('one'))
      countOf(await self.app.pull())
      self.clock.offsetMs += ms
      for (let i = 0; i < 3; i++) {
        self.clock.pass(minute)
        countOf(await self.app.pull())
      }
      assert.equal(atSource(self), 1, 'not one day has passed')
      await self.deliver(mail('two'))
      assert.equal(countOf(await self.app.pull()).imported, 1)
      // Processes that come and go under the wrong clock.
      for (let i = 0; i < 5; i++) {
        await self.restart()
        countOf(await self.app.pull())
      }
      assert.equal(atSource(self), 2)
      self.clock.offsetMs -= ms
      for (let d = 0; d < 12; d++) {
        self.clock.pass(day)
        countOf(await self.app.pull())
      }
      assert.equal(atSource(self), 2, 'after 12 days')
      for (let d = 0; d < 4; d++) {
        self.clock.pass(day)
        countOf(await self.app.pull())
      }
      assert.equal(atSource(self), 0, 'after 16 days')
      await self.judge()
    })
  })
}

test('E5: what was put off under a clock ten years ahead is taken up when the clock is right again', async () => {
  await play(deleting, async self => {
    await self.deliver(mail('one'), mail('two'))
    self.clock.offsetMs += 3650 * day
    self.world.gmail.faults.next('import', { kind: 'reset', stage: 'after-accept' }, 2)
    await self.app.pull()
    self.clock.offsetMs -= 3650 * day
    for (let i = 0; i < 3; i++) countOf(await self.app.pull({ gate: true }))
    assert.equal(atSource(self), 0)
    await self.judge()
  })
})

test('E5: after a suspend of eight hours token and connections are made anew, and the mail goes on', async () => {
  await play(deleting, async self => {
    await self.deliver(mail('one'))
    countOf(await self.app.pull())
    // Monotonic clocks may stand still meanwhile.
    self.clock.offsetMs += 8 * hour
    const { ledger } = self.world.gmail
    const [last] = ledger.of('import').slice(-1)
    const tokens = ledger.of('token').length
    await self.deliver(mail('two'))
    countOf(await self.app.pull())
    assert.equal(ledger.of('token').length, tokens + 1)
    assert.notEqual(ledger.of('import').at(-1)?.connection, last?.connection)
    await self.judge()
  })
})

test('E6: a secret file that others may read is refused before anything is connected, with the remedy', async () => {
  const world = await startWorld({ protocol: 'pop3' })
  try {
    const file = join(world.folder, 'password')
    writeFileSync(file, 'correct horse battery\n')
    chmodSync(file, 0o644)
    const ended = await world.run(['pull', '--json'], {
      env: { MAIL_PASSWORD: '', MAIL_PASSWORD_FILE: file },
    })
    assert.notEqual(ended.code, 0)
    assert.match(ended.stdout + ended.stderr, /chmod/)
    assert.equal(world.source.pop3?.ledger.connections, 0)
    judgeText(world, ended.stdout + ended.stderr)
    chmodSync(file, 0o600)
    const again = await world.run(['pull', '--json'], {
      env: { MAIL_PASSWORD: '', MAIL_PASSWORD_FILE: file },
    })
    assert.equal(again.code, 0, again.stdout + again.stderr)
  } finally {
    await world.stop()
  }
})

test('E7: five messages of 24 MB at once pass through a process that stays small', async () => {
  const world = await startWorld({ protocol: 'pop3', env: { AFTER_IMPORT: 'delete' } })
  try {
    const put = Array.from({ length: 5 }, (_, serial) => mail(`big-${serial}`, 24_000_000))
    for (const octets of put) await world.source.deliver(octets)
    const report = join(world.folder, 'rss')
    const preload = join(world.folder, 'rss.mjs')
    writeFileSync(
      preload,
      `import { writeFileSync } from 'node:fs'; process.on('exit', () => writeFileSync(${JSON.stringify(report)}, String(process.resourceUsage().maxRSS)))`,
    )
    const ended = await world.run(['pull', '--json'], { nodeArgs: ['--import', preload] })
    assert.equal(ended.code, 0, ended.stdout + ended.stderr)
    const megabytes = Number(readFileSync(report, 'utf8')) / 1024
    assert.ok(megabytes < 260, `${megabytes} MB for 120 MB of mail`)
    assert.deepEqual(await world.source.stored(), [])
    await judge({ world, put })
  } finally {
    await world.stop()
  }
})

test('E8: an upgrade that is run twice changes nothing; a downgrade is refused in words', async () => {
  const { world, put, file } = await settledWorld(3)
  try {
    const schema = (): unknown => {
      const database = new DatabaseSync(file)
      const rows = database.prepare('SELECT sql FROM sqlite_schema ORDER BY name').all()
      database.close()
      return JSON.stringify(rows)
    }
    const before = schema()
    for (let i = 0; i < 2; i++) await (await openJournal(world.stateDir, 'run', () => {})).close()
    assert.equal(schema(), before)
    sql(file, `PRAGMA user_version = ${migrations.length + 1}`)
    const ended = await world.run(['pull'])
    assert.equal(ended.code, 78)
    assert.match(ended.stderr, /newer/i)
    await judge({ world, put })
  } finally {
    await world.stop()
  }
})

test('E9: from keep to delete: only what was imported and stands there proved is deleted', async () => {
  await play({ more: { AFTER_IMPORT: 'keep' } }, async self => {
    await self.deliver(mail('one'), mail('two'))
    countOf(await self.app.pull())
    await self.deliver(mail('bad'))
    self.world.gmail.faults.always('import', {
      kind: 'answer',
      answer: {
        status: 400,
        headers: {},
        body: Buffer.from('{"error":{"code":400,"message":"Invalid From header"}}'),
      },
    })
    await self.restart({ AFTER_IMPORT: 'delete' })
    for (let i = 0; i < 2; i++) countOf(await self.app.pull())
    assert.deepEqual(
      self.world.source.pop3?.messages.map(message => message.octets.includes('bad')),
      [true],
    )
    assert.equal((await self.stages()).refused, 1)
    self.world.gmail.faults.clear()
    await self.judge()
    assert.equal(self.world.gmail.accepted.length, 2)
  })
})

test('E9: with START_FROM=new and from keep to delete, the mail that was there before stays', async () => {
  await play({ more: { START_FROM: 'new' } }, async self => {
    await self.deliver(mail('old'))
    countOf(await self.app.pull())
    await self.deliver(mail('new'))
    countOf(await self.app.pull())
    await self.restart({ AFTER_IMPORT: 'delete', START_FROM: 'new' })
    for (let i = 0; i < 2; i++) countOf(await self.app.pull())
    assert.equal(atSource(self), 1)
    assert.equal(self.world.gmail.accepted.length, 1)
    await self.judge()
  })
})

test('E9: another host name for the same mailbox imports nothing again, whether mail was kept or deleted', async () => {
  for (const AFTER_IMPORT of ['keep', 'delete']) {
    await play({ more: { AFTER_IMPORT } }, async self => {
      await self.deliver(mail('one'), mail('two'))
      for (let i = 0; i < 2; i++) countOf(await self.app.pull())
      // A restore by the host brings back what was deleted, under other names.
      if (AFTER_IMPORT === 'delete') for (const octets of self.put) await self.world.source.deliver(octets)
      await self.restart({ AFTER_IMPORT, MAIL_HOST: 'localhost' })
      const count = countOf(await self.app.pull())
      assert.equal(count.imported, 0)
      countOf(await self.app.pull())
      assert.equal(self.world.gmail.accepted.length, 2)
      await self.judge()
    })
  }
})

test('E9: another name for the Gmail account imports nothing again', async () => {
  await play({ more: { GMAIL_ACCOUNT: 'me' } }, async self => {
    await self.deliver(mail('one'))
    countOf(await self.app.pull())
    await self.restart({ GMAIL_ACCOUNT: 'owner@example.test' })
    countOf(await self.app.pull())
    assert.equal(self.world.gmail.accepted.length, 1)
    await self.judge()
  })
})

test('E9: from POP3 to IMAP on the same mailbox: nothing again, nothing skipped, and the books balance', async () => {
  for (const AFTER_IMPORT of ['keep', 'delete']) {
    const pop3 = await startWorld({ protocol: 'pop3', env: { AFTER_IMPORT } })
    const imap = await startWorld({ protocol: 'imap', env: { AFTER_IMPORT } })
    try {
      const clock = new PlayedClock()
      const first = ['one', 'two', 'three'].map(name => mail(name))
      const never = mail('never')
      for (const octets of first) await pop3.source.deliver(octets)
      pop3.gmail.faults.next('import', presets.refused('Bad Request'))
      const before = await openInProcess(pop3, { clock })
      countOf(await before.pull())
      // Listed, and never retrieved: there is no evidence of it but its UIDL.
      await pop3.source.deliver(never)
      if (pop3.source.pop3 !== undefined)
        pop3.source.pop3.faults.line = ({ verb }) => (verb === 'RETR' ? 'rst' : undefined)
      assert.equal(codeOf(await before.pull()), 'source.connection-lost')
      await before.close()
      const put = [...first, never, mail('new')]
      for (const octets of put) await imap.source.deliver(octets)
      const gmail = [
        'GMAIL_API_ROOT',
        'GOOGLE_AUTH_URL',
        'GOOGLE_TOKEN_URL',
        'GOOGLE_REVOKE_URL',
        'GOOGLE_REFRESH_TOKEN',
        'GOOGLE_CLIENT_SECRET',
        'STATE_DIR',
      ]
      const env = Object.fromEntries(gmail.map(name => [name, pop3.env[name] ?? '']))
      const moved = await openInProcess(imap, { env, clock })
      for (let i = 0; i < 3; i++) {
        clock.pass(hour)
        countOf(await moved.pull())
      }
      assert.equal(pop3.gmail.accepted.length, 5)
      assert.deepEqual([...pop3.gmail.stored().values()], [1, 1, 1, 1, 1])
      const mailbox = moved.bridge.mailboxes[0]?.mailbox.name ?? ''
      const { pending, listed, ...rest } = await moved.journal.conservation(mailbox)
      assert.equal(pending, 0, JSON.stringify(await moved.journal.counts(mailbox)))
      assert.equal(
        listed,
        Object.values(rest).reduce((sum, one) => sum + one, 0),
      )
      assert.equal((await imap.source.stored()).length, AFTER_IMPORT === 'keep' ? 5 : 0)
      await moved.close()
    } finally {
      await pop3.stop()
      await imap.stop()
    }
  }
})

test('E9: a folder that is added later starts by the same rule as the first', async () => {
  const world = await startWorld({ protocol: 'imap', env: { START_FROM: 'new' } })
  try {
    world.source.imap?.create('Work')
    await world.source.deliver(mail('old'))
    await world.source.deliver(mail('older'), 'Work')
    const app = await openInProcess(world)
    assert.equal(countOf(await app.pull()).imported, 0)
    await app.close()
    await world.source.deliver(mail('new'), 'Work')
    const more = await openInProcess(world, { env: { MAIL_FOLDERS: 'INBOX,Work' } })
    countOf(await more.pull())
    countOf(await more.pull())
    assert.ok(portsOf(more).mailbox.folders.length === 2)
    assert.ok(world.gmail.accepted.length <= 1, 'the old mail of the new folder stays out')
    await more.close()
  } finally {
    await world.stop()
  }
})

test('E3: the state directory copied while hikyaku runs opens again', async () => {
  await play({}, async self => {
    await self.deliver(mail('one'))
    countOf(await self.app.pull())
    const copy = join(self.world.folder, 'copy')
    mkdirSync(copy)
    for (const name of readdirSync(self.world.stateDir))
      if (name.startsWith('journal')) copyFileSync(join(self.world.stateDir, name), join(copy, name))
    const journal = await openJournal(copy, 'run', () => {})
    assert.equal((await journal.row(1))?.stage, 'settled')
    await journal.close()
  })
})

for (const LOG_FORMAT of ['text', 'json']) {
  test(`E10: no command says anything raw that came from outside, nor a secret (LOG_FORMAT=${LOG_FORMAT})`, async () => {
    const evil = '\x1b]0;owned\x07\x1b[2J\u202e\u2028'
    const name = Buffer.from(`Work ${evil}`).toString('latin1')
    const world = await startWorld({
      protocol: 'pop3',
      env: { LOG_LEVEL: 'debug', LOG_FORMAT, AFTER_IMPORT: 'delete' },
    })
    try {
      const { pop3 } = world.source
      if (pop3 === undefined) throw new Error('not POP3')
      pop3.faults.uidl = message => `${message.uidl}${name.replace(/[\x00-\x1f]/g, '')}`
      const put = [mail(`one ${name.replace(/\r|\n/g, '')}`), mail('two')]
      for (const octets of put) await world.source.deliver(octets)
      world.gmail.faults.next('import', presets.refused(`Invalid From header ${evil}\r\nfake line`))
      const printed: string[] = []
      const run = async (...args: string[]): Promise<void> => {
        const ended = await world.run(args)
        printed.push(ended.stdout, ended.stderr)
        assert.doesNotMatch(ended.stderr, /\bat .*\.ts:\d+/)
      }
      await run('pull')
      pop3.faults.login = `-ERR ${name} ${world.env.MAIL_PASSWORD}`
      await run('pull')
      await run('status')
      await run('status', '--json')
      pop3.faults.greeting = `-ERR ${name}`
      await run('pull', '--json')
      judgeText(world, printed.join(''))
      assert.match(printed.join(''), /refused/i)
      // A notice to the owner may have come on top.
      await judge({ world, put, partial: true })
    } finally {
      await world.stop()
    }
  })
}
