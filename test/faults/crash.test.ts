/**
 * Row A of the fault matrix, as far as kill.test.ts does not cover it: unknown outcomes after SIGKILL with and
 * without a look-up, crashes of the journal itself, kills during recovery, SIGTERM, two instances, a restored backup.
 */
import assert from 'node:assert/strict'
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openJournal } from '../../src/journal/sqlite.ts'
import { type Fault, presets } from '../servers/gmail/gmail-server.ts'
import { reading } from '../servers/gmail/oauth.ts'
import { endOf, type Running } from '../servers/hikyaku.ts'
import { countOf, openInProcess, PlayedClock } from '../servers/in-process.ts'
import { until } from '../servers/until.ts'
import { startWorld, type World } from '../servers/world.ts'
import { hour, mail, minute, nameless } from './harness.ts'
import { judge } from './oracle.ts'

const preload = [
  '--disable-warning=ExperimentalWarning',
  '--import',
  fileURLToPath(new URL('kill-preload.ts', import.meta.url)),
]

/** Kills a real pull while Gmail holds its answer (or before it takes anything in), then resumes to the end. */
async function killedAt(
  stage: 'before-body' | 'after-accept',
  message: Buffer,
  more: { scopes?: readonly string[]; env?: Record<string, string> },
  look: (world: World, told: { repeated: number; stages: Record<string, number> }) => Promise<void>,
): Promise<void> {
  const world = await startWorld({
    protocol: 'pop3',
    env: { AFTER_IMPORT: 'delete', ...more.env },
    ...(more.scopes && { scopes: more.scopes }),
  })
  try {
    await world.source.deliver(message)
    world.gmail.faults.next('import', { kind: 'hang', stage })
    const child = world.start(['pull', '--json'])
    await until(
      () =>
        (stage === 'after-accept' ? world.gmail.accepted.length : world.gmail.ledger.of('import').length) ===
        1,
      'the upload',
    )
    child.kill('SIGKILL')
    await endOf(child)
    const clock = new PlayedClock()
    const app = await openInProcess(world, { clock })
    for (let i = 0; i < 5; i++) {
      countOf(await app.pull())
      clock.pass(hour)
    }
    const mailbox = app.bridge.mailboxes[0]?.mailbox.name ?? ''
    const repeated = await app.journal.repeatedCount(mailbox)
    await judge({ world, put: [message], repeated, printed: app.log() })
    await look(world, { repeated, stages: await app.journal.counts(mailbox) })
    await app.close()
  } finally {
    await world.stop()
  }
}

for (const scopes of [undefined, reading]) {
  const how = scopes === undefined ? 'without gmail.readonly' : 'with gmail.readonly'
  test(`A7: killed before Gmail took anything in, ${how}: imported once`, () =>
    killedAt('before-body', mail('one'), scopes === undefined ? {} : { scopes }, async world => {
      assert.deepEqual([...world.gmail.stored().values()], [1])
      assert.deepEqual(await world.source.stored(), [])
    }))
  test(`A8: killed after Gmail took it in, ${how}: one copy, ${scopes ? 'no second upload' : 'the second upload told'}`, () =>
    killedAt(
      'after-accept',
      mail('one'),
      scopes === undefined ? {} : { scopes },
      async (world, { repeated }) => {
        assert.deepEqual([...world.gmail.stored().values()], [1])
        assert.equal(world.gmail.accepted.length, scopes === undefined ? 2 : 1)
        assert.equal(repeated, scopes === undefined ? 1 : 0)
        assert.deepEqual(await world.source.stored(), [])
      },
    ))
}
test('A9: killed after Gmail took in a message without Message-ID: at most two copies, and told', () =>
  killedAt('after-accept', nameless('one'), {}, async (world, { repeated }) => {
    assert.deepEqual([...world.gmail.stored().values()], [2])
    assert.equal(repeated, 1)
  }))
test('A9: the same where the owner wants to be asked: one copy, set aside at the source', () =>
  killedAt(
    'after-accept',
    nameless('one'),
    { env: { WHEN_OUTCOME_UNKNOWN: 'ask' } },
    async (world, { stages }) => {
      assert.deepEqual([...world.gmail.stored().values()], [1])
      assert.equal(stages.refused, 1)
      assert.equal((await world.source.stored()).length, 1)
    },
  ))

test('A15: whatever part of the last writes a power cut leaves, 1,000 times: the journal opens, and is whole', async () => {
  const world = await startWorld({ protocol: 'pop3' })
  try {
    for (let i = 0; i < 40; i++) await world.source.deliver(mail(`m${i}`))
    const app = await openInProcess(world)
    // What was durable when the journal was made: a disk that keeps its word never loses that.
    const least = statSync(join(world.stateDir, 'journal.sqlite-wal')).size
    countOf(await app.pull())
    // As it lies on the disk while in use: nothing was written back to the main file yet, or a part was.
    const cut = join(world.folder, 'cut')
    mkdirSync(cut)
    const names = ['journal.sqlite', 'journal.sqlite-wal', 'journal.made']
    const kept = names.map(name => [name, readFileSync(join(world.stateDir, name))] as const)
    const mailbox = app.bridge.mailboxes[0]?.mailbox.name ?? ''
    await app.close()
    const whole = kept[1]?.[1].length ?? 0
    assert.ok(whole - least > 50_000, `${whole - least} octets of log`)
    const seen = new Set<number>()
    let serial = 11
    for (let round = 0; round < 1000; round++) {
      for (const [name, octets] of kept) writeFileSync(join(cut, name), octets)
      rmSync(join(cut, 'journal.sqlite-shm'), { force: true })
      serial = (serial * 48_271) % 2_147_483_647
      truncateSync(join(cut, 'journal.sqlite-wal'), least + (serial % (whole - least)))
      const journal = await openJournal(cut, 'run', () => {})
      seen.add(Object.values(await journal.counts(mailbox)).reduce((sum, n) => sum + n, 0))
      await journal.close()
    }
    assert.deepEqual([...seen].sort(), [0, 40], 'a listing is recorded wholly or not at all')
  } finally {
    await world.stop()
  }
})

test('A15: a real process killed at random moments while it writes: the journal always opens, one copy each', async () => {
  const world = await startWorld({ protocol: 'pop3', env: { AFTER_IMPORT: 'delete' } })
  try {
    const put: Buffer[] = []
    let killed = 0
    for (let round = 0; round < 8; round++) {
      for (let i = 0; i < 20; i++) {
        const octets = mail(`r${round}-${i}`)
        put.push(octets)
        await world.source.deliver(octets)
      }
      const before = world.gmail.ledger.of('import').length
      const child = world.start(['pull', '--json'])
      await until(() => world.gmail.ledger.of('import').length > before + round * 2, 'uploads')
      child.kill('SIGKILL')
      if ((await endOf(child)).signal === 'SIGKILL') killed += 1
    }
    assert.ok(killed >= 6, `${killed} were killed`)
    const clock = new PlayedClock()
    const app = await openInProcess(world, { clock })
    for (let i = 0; i < 4; i++) {
      clock.pass(hour)
      countOf(await app.pull())
    }
    assert.deepEqual(await world.source.stored(), [])
    const repeated = await app.journal.repeatedCount(app.bridge.mailboxes[0]?.mailbox.name ?? '')
    assert.ok(world.gmail.accepted.length - put.length <= repeated, 'each repetition is told')
    await judge({ world, put, repeated: 0 })
    await app.close()
  } finally {
    await world.stop()
  }
})

test('A16: killed again and again during recovery, at one step after another: one copy, and no litter', async () => {
  const world = await startWorld({ protocol: 'pop3', env: { AFTER_IMPORT: 'delete' }, scopes: reading })
  try {
    const put = [mail('one'), mail('two', 400_000)]
    for (const octets of put) await world.source.deliver(octets)
    world.gmail.faults.next('import', { kind: 'hang', stage: 'after-accept' })
    const first = world.start(['pull', '--json'])
    await until(() => world.gmail.accepted.length >= 1, 'the upload')
    first.kill('SIGKILL')
    await endOf(first)
    let killed = 0
    for (let at = 1; at <= 100; at += 9) {
      const ended = await world.run(['pull', '--json'], {
        nodeArgs: preload,
        env: { HIKYAKU_KILL_AT: String(at) },
      })
      if (ended.signal === 'SIGKILL') killed += 1
    }
    assert.ok(killed >= 8, `${killed} kills`)
    const clock = new PlayedClock()
    const app = await openInProcess(world, { clock })
    for (let i = 0; i < 5; i++) {
      clock.pass(hour)
      countOf(await app.pull())
    }
    assert.deepEqual(await world.source.stored(), [])
    await judge({ world, put, printed: app.log() })
    await app.close()
    const litter = (await readdir(world.stateDir, { recursive: true })).filter(name =>
      name.endsWith('.spool'),
    )
    assert.deepEqual(litter, [])
  } finally {
    await world.stop()
  }
})

interface Moment {
  readonly title: string
  readonly prepare: (world: World) => void
  readonly reached: (world: World) => boolean
  /** What must be on the source's wire in the end; a session amid a long answer cannot say QUIT. */
  readonly quits: boolean
}

const moments: readonly Moment[] = [
  {
    title: 'while it waits for the next pull',
    prepare: () => {},
    reached: world => world.source.pop3?.ledger.commands.at(-1) === 'QUIT',
    quits: true,
  },
  {
    title: 'while the source is silent in the login',
    prepare: world => {
      if (world.source.pop3)
        world.source.pop3.faults.line = ({ verb }) => (verb === 'USER' ? 'silence' : undefined)
    },
    reached: world => (world.source.pop3?.ledger.commands ?? []).some(line => line.startsWith('USER')),
    quits: false,
  },
  {
    title: 'while the source is silent in a message',
    prepare: world => {
      if (world.source.pop3) world.source.pop3.faults.retrCut = { at: 100, how: 'silence' }
    },
    reached: world => (world.source.pop3?.ledger.commands ?? []).some(line => line.startsWith('RETR')),
    quits: false,
  },
  {
    title: 'while Gmail takes its time with an import',
    prepare: world => {
      const slow: Fault = { kind: 'slow', ms: 300 }
      world.gmail.faults.always('import', slow)
    },
    reached: world => world.gmail.accepted.length >= 1,
    quits: true,
  },
  {
    title: 'while Gmail never answers an import',
    prepare: world => world.gmail.faults.always('import', presets.hang('after-accept')),
    reached: world => world.gmail.accepted.length >= 1,
    quits: false,
  },
]

test('A17: SIGTERM at any moment ends hikyaku within 10 s; what was begun is finished or rolled back', {
  concurrency: true,
}, async t => {
  const tookMs = new Map<string, number>()
  await Promise.all(
    moments.map(moment =>
      t.test(`A17: ${moment.title}`, async () => {
        const world = await startWorld({
          protocol: 'pop3',
          env: { AFTER_IMPORT: 'delete', SCHEDULE: '0 0 1 1 *' },
        })
        try {
          const put = Array.from({ length: 4 }, (_, serial) => mail(`m${serial}`))
          for (const octets of put) await world.source.deliver(octets)
          moment.prepare(world)
          const daemon: Running = world.start(['run'])
          await until(() => moment.reached(world), moment.title)
          const began = performance.now()
          daemon.kill('SIGTERM')
          const ended = await endOf(daemon)
          tookMs.set(moment.title, performance.now() - began)
          assert.equal(ended.signal, null)
          assert.equal(ended.code, 0, ended.stderr)
          const commands = world.source.pop3?.ledger.commands ?? []
          if (moment.quits) assert.equal(commands.at(-1), 'QUIT')
          await until(() => world.source.pop3?.openConnections() === 0, 'the connection to end')
          world.gmail.faults.clear()
          if (world.source.pop3) {
            delete world.source.pop3.faults.line
            delete world.source.pop3.faults.retrCut
          }
          const clock = new PlayedClock()
          const app = await openInProcess(world, { clock })
          for (let i = 0; i < 3; i++) {
            clock.pass(hour)
            countOf(await app.pull())
          }
          assert.deepEqual(await world.source.stored(), [])
          await judge({ world, put, printed: ended.stderr + app.log() })
          await app.close()
        } finally {
          await world.stop()
        }
      }),
    ),
  )
  // Up to eight seconds are waits of its own. What this machine takes for an end shows where there is nothing to wait for.
  const usualMs = tookMs.get(moments[0]?.title ?? '') ?? 0
  t.diagnostic(JSON.stringify([...tookMs].map(([title, ms]) => [title, Math.round(ms)])))
  for (const [title, ms] of tookMs)
    assert.ok(ms < 10_000 + 5 * usualMs, `${title}: ${ms} ms, usually ${usualMs}`)
})

test('A18: a second instance on the same state directory refuses in plain words; the first goes on', async () => {
  const world = await startWorld({ protocol: 'pop3' })
  try {
    const app = await openInProcess(world)
    for (const verb of ['run', 'pull']) {
      const second = await world.run([verb])
      assert.equal(second.code, 75, second.stdout + second.stderr)
      assert.match(second.stderr, /already|another/i)
    }
    assert.equal(world.source.pop3?.ledger.connections, 0)
    await world.source.deliver(mail('one'))
    assert.equal(countOf(await app.pull()).imported, 1)
    await app.close()
    assert.equal((await world.run(['pull'])).code, 0)
  } finally {
    await world.stop()
  }
})

for (const AFTER_IMPORT of ['keep', 'delete']) {
  for (const scopes of [undefined, reading]) {
    const how = scopes === undefined ? '' : ' with gmail.readonly'
    test(`A19: a state directory restored from yesterday under ${AFTER_IMPORT}${how} makes no second copies and loses nothing`, async () => {
      const world = await startWorld({
        protocol: 'pop3',
        env: { AFTER_IMPORT },
        ...(scopes && { scopes }),
      })
      try {
        const clock = new PlayedClock()
        const put = [mail('old1'), mail('old2')]
        for (const octets of put) await world.source.deliver(octets)
        const yesterday = await openInProcess(world, { clock })
        for (let i = 0; i < 2; i++) countOf(await yesterday.pull())
        await yesterday.close()
        const backup = join(world.folder, 'backup')
        cpSync(world.stateDir, backup, { recursive: true })
        const today = await openInProcess(world, { clock })
        for (const name of ['new1', 'new2', 'new3']) {
          clock.pass(hour)
          put.push(mail(name))
          await world.source.deliver(mail(name))
          countOf(await today.pull())
        }
        await today.close()
        rmSync(world.stateDir, { recursive: true })
        cpSync(backup, world.stateDir, { recursive: true })
        clock.pass(minute)
        const restored = await openInProcess(world, { clock })
        for (let i = 0; i < 3; i++) countOf(await restored.pull())
        assert.equal(world.gmail.stored().size, 5)
        await judge({ world, put, printed: restored.log() })
        await restored.close()
      } finally {
        await world.stop()
      }
    })
  }
}

test('A15: a backup of the journal file alone, without its log, is a journal or is refused', async () => {
  const world = await startWorld({ protocol: 'pop3' })
  try {
    await world.source.deliver(mail('one'))
    const app = await openInProcess(world)
    countOf(await app.pull())
    const copy = join(world.folder, 'copy')
    mkdirSync(copy)
    for (const name of ['journal.sqlite', 'journal.made'])
      copyFileSync(join(world.stateDir, name), join(copy, name))
    await app.close()
    try {
      await (await openJournal(copy, 'run', () => {})).close()
    } catch (error) {
      assert.match(String((error as { code?: string }).code), /^journal\.(missing|damaged)$/)
    }
  } finally {
    await world.stop()
  }
})
