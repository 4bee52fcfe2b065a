/** Workers of a fleet as processes that carry mail: killed, ended, stopped and woken up, and their mailboxes set otherwise. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, it, type TestContext } from 'node:test'
import type { Worker } from '../../scripts/fleet/workers.ts'
import { makeFleetKey } from '../../src/fleet/fleet-key.ts'
import { countUnknown, waitForHandBack } from '../../src/journal/postgres/hand-back.ts'
import { stateDirFor } from '../journal/journal-helpers.ts'
import { freePorts } from '../servers/local.ts'
import { type PostgresServer, postgresMissing, startPostgres } from '../servers/postgres.ts'
import { startPostgresProxy } from '../servers/postgres-proxy.ts'
import { requireServer } from '../servers/required.ts'
import { until as untilWithin } from '../servers/until.ts'
import { type FleetWorld, listTogether, startFleetWorld } from './fleet-world.ts'

/** Many processes start at once, perhaps on a busy machine. */
const until = (seen: () => boolean | Promise<boolean>, what: string, withinMs = 60_000): Promise<void> =>
  untilWithin(seen, what, withinMs)

const skip = requireServer('postgresql', postgresMissing())

describe('the workers of a fleet carry mail', { skip, concurrency: true }, () => {
  let postgres: PostgresServer
  before(async () => {
    postgres = await startPostgres({ fsync: 'off' })
  })
  after(() => postgres.stop())

  const open = async (t: TestContext, mailboxes: number): Promise<FleetWorld> => {
    const world = await startFleetWorld(postgres, mailboxes)
    t.after(() => world.stop())
    return world
  }
  const subjects = ({ gmail }: FleetWorld): string[] =>
    gmail.messages('owner@example.test').map(message => subjectOf(message.read()))
  const subjectOf = (octets: Buffer): string => /^Subject: (\S+)/m.exec(octets.toString('latin1'))?.[1] ?? ''
  /** All that was delivered is in Gmail, and once. */
  const allIsIn = async (world: FleetWorld): Promise<void> => {
    await until(() => new Set(subjects(world)).size === world.delivered(), 'all mail in Gmail')
    assert.equal(subjects(world).length, world.delivered())
  }
  const watches = (world: FleetWorld, { from }: Worker): number =>
    world.mailboxes.filter(({ server }) =>
      server.ledger.sessions.some(session => session.from === from && session.endedMs === undefined),
    ).length
  /** Resolves to how long it took until the other worker was logged in to all of them, ms. */
  const tookOver = async (world: FleetWorld, other: Worker, withinMs: number): Promise<number> => {
    const beganMs = performance.now()
    await until(() => watches(world, other) === world.mailboxes.length, 'all taken over', withinMs)
    return Math.round(performance.now() - beganMs)
  }

  it('share them, follow one that is killed within 15 s, and end at once where they are asked to', async t => {
    const world = await open(t, 6)
    for (const mailbox of world.mailboxes) mailbox.deliver()
    const [first, second] = [world.start('a'), world.start('b')]
    await allIsIn(world)
    await until(() => watches(world, first) === 3 && watches(world, second) === 3, 'three each')
    first.running.kill('SIGKILL')
    await first.running.ended
    for (const mailbox of world.mailboxes) mailbox.deliver()
    const killMs = await tookOver(world, second, 15_000)
    t.diagnostic(`after SIGKILL the other was logged in to all within ${killMs} ms`)
    await allIsIn(world)
    const third = world.start('c')
    await until(() => watches(world, third) === 3 && watches(world, second) === 3, 'three each again')
    for (const mailbox of world.mailboxes) mailbox.deliver()
    second.running.kill('SIGTERM')
    const termMs = await tookOver(world, third, 8000)
    t.diagnostic(`after SIGTERM the other was logged in to all within ${termMs} ms`)
    assert.equal((await second.running.ended).code, 0)
    await allIsIn(world)
    assert.deepEqual(listTogether(world.mailboxes, [first, second, third]), [])
  })

  it('one that was stopped and wakes up late does no harm', async t => {
    const world = await open(t, 4)
    const sleeper = world.start('sleeper')
    await until(() => watches(world, sleeper) === 4, 'all of them')
    // Uploads of its are under way, and one waits for its turn.
    const answers = Promise.withResolvers<void>()
    world.gmail.faults.always('import', { kind: 'hold', until: answers.promise, stage: 'after-body' })
    for (const mailbox of world.mailboxes) mailbox.deliver()
    await until(() => world.gmail.ledger.of('import').length >= 2, 'uploads under way')
    sleeper.pause()
    world.gmail.faults.clear()
    answers.resolve()
    const next = world.start('next')
    await until(() => watches(world, next) === 4, 'all taken over')
    for (const mailbox of world.mailboxes) mailbox.deliver()
    const uploads = (): number => world.gmail.ledger.of('import').length
    await until(() => new Set(subjects(world)).size === world.delivered(), 'all mail in Gmail')
    // What was under way there is sent again, as its answer is not known.
    const imported = (): number => next.running.stderr().split('"event":"imported"').length - 1
    await until(() => imported() === world.delivered(), 'the answer to each')
    const before = uploads()
    sleeper.wake()
    await until(
      async () => sleeper.running.stderr().includes('journal.not-held') || watches(world, sleeper) === 0,
      'the one that was stopped to let go',
    )
    // It holds nothing, and joins in as one that comes new.
    await until(() => watches(world, sleeper) === 2 && watches(world, next) === 2, 'two each')
    await allIsIn(world)
    assert.equal(uploads(), before)
  })

  it('one whose database says nothing cuts its connections before another may log in, though its pulls wait', async t => {
    const world = await open(t, 2)
    const proxy = await startPostgresProxy(postgres.port)
    t.after(() => proxy.close())
    const cutOff = world.start('cut-off', { FLEET_DATABASE: proxy.through(world.url) })
    await until(() => watches(world, cutOff) === 2, 'both of them')
    const isStuck = Promise.withResolvers<void>()
    // What is asked is never answered, and the pull that asks has a session of its own meanwhile.
    proxy.before(/INSERT INTO message/, async () => {
      proxy.swallow(true)
      isStuck.resolve()
    })
    for (const mailbox of world.mailboxes) mailbox.deliver()
    await isStuck.promise
    const next = world.start('next')
    await until(() => watches(world, next) === 2, 'all taken over')
    await allIsIn(world)
    assert.deepEqual(listTogether(world.mailboxes, [cutOff, next]), [])
  })

  it('a mailbox is given back when its connection is closed, though the server answers no LOGOUT', async t => {
    const world = await open(t, 2)
    for (const { server } of world.mailboxes)
      server.faults.at = ({ verb }) => (verb === 'LOGOUT' ? { do: 'silence' } : undefined)
    const first = world.start('first')
    await until(() => watches(world, first) === 2, 'both of them')
    const second = world.start('second')
    await until(() => watches(world, first) === 1 && watches(world, second) === 1, 'one each')
    first.running.kill('SIGTERM')
    const termMs = await tookOver(world, second, 8000)
    t.diagnostic(`the other was logged in to all within ${termMs} ms`)
    assert.equal((await first.running.ended).code, 0)
    assert.deepEqual(listTogether(world.mailboxes, [first, second]), [])
  })

  it('a change of its settings is felt within seconds, and by that mailbox alone', async t => {
    const world = await open(t, 3)
    const worker = world.start('a')
    await until(() => watches(world, worker) === 3, 'all of them')
    const [changed, ...others] = world.mailboxes
    assert.ok(changed)
    const before = others.map(({ server }) => server.ledger.logins.length)
    await world.change(changed.key, { labels: ['Changed'] })
    const beganMs = performance.now()
    const subject = changed.deliver()
    await until(() => subjects(world).includes(subject), 'the mail')
    changed.deliver()
    await until(
      () => world.gmail.messages('owner@example.test').some(({ labelIds }) => labelIds.length > 2),
      'the label',
      10_000,
    )
    t.diagnostic(`felt within ${Math.round(performance.now() - beganMs)} ms`)
    assert.deepEqual(
      others.map(({ server }) => server.ledger.logins.length),
      before,
    )
  })

  it('what is paused ends what it has begun, and is given back; resumed, it is pulled again', async t => {
    const world = await open(t, 2)
    const worker = world.start('a')
    await until(() => watches(world, worker) === 2, 'both of them')
    const [paused] = world.mailboxes
    assert.ok(paused)
    const answers = Promise.withResolvers<void>()
    world.gmail.faults.always('import', { kind: 'hold', until: answers.promise, stage: 'after-body' })
    const subject = paused.deliver()
    await until(() => world.gmail.ledger.of('import').length === 1, 'the upload')
    await world.fleet.directory.pause([paused.key])
    await until(() => watches(world, worker) === 1, 'the end of its session')
    world.gmail.faults.clear()
    answers.resolve()
    await until(async () => (await world.holds()).get('a') === 1, 'that it is given back')
    const { journal } = world.fleet.journal
    const [row] = await journal.latestImports(paused.key, 1)
    assert.equal(row?.stage, 'settled')
    paused.deliver()
    await world.fleet.directory.resume([paused.key])
    await allIsIn(world)
    assert.ok(subjects(world).includes(subject))
    assert.equal(world.gmail.ledger.of('import').length, world.delivered())
  })

  it('what is removed or moved ends what it has begun, so that all of it is known', async t => {
    const world = await open(t, 3)
    const worker = world.start('a')
    await until(() => watches(world, worker) === 3, 'all of them')
    const [removed, moved] = world.mailboxes
    assert.ok(removed && moved)
    const { directory, journal } = world.fleet
    await directory.addTenant('other')
    const { settings } = (await directory.accounts('main'))[0] ?? {}
    await directory.putAccount('other', 'owner', settings ?? {}, { clientSecret: 'x', refreshToken: 'y' })
    const answers = Promise.withResolvers<void>()
    world.gmail.faults.always('import', { kind: 'hold', until: answers.promise, stage: 'after-body' })
    for (const mailbox of [removed, moved]) mailbox.deliver()
    await until(() => world.gmail.ledger.of('import').length === 2, 'the uploads')
    await directory.remove([removed.key])
    const moving = directory.move(moved.key, { tenant: 'other' })
    await until(() => watches(world, worker) === 1, 'the end of their sessions')
    world.gmail.faults.clear()
    answers.resolve()
    const next = await moving
    assert.equal(next, 'other/box1')
    assert.ok(await waitForHandBack(journal.database, [removed.key, moved.key], 30_000))
    for (const key of [removed.key, next])
      assert.deepEqual(
        (await journal.journal.latestImports(key, 5)).map(({ stage }) => stage),
        ['settled'],
        key,
      )
    assert.equal(await countUnknown(journal.database, [removed.key, next]), 0)
    await world.change(removed.key, {}, { password: 'correct horse battery' })
    removed.deliver()
    await allIsIn(world)
    assert.equal(world.gmail.ledger.of('import').length, world.delivered())
    assert.doesNotMatch(worker.running.stderr(), /fleet\.unknown/)
  })

  it('what is removed while Gmail does not answer is cut, kept as unknown, and not in Gmail twice', async t => {
    const world = await open(t, 2)
    const worker = world.start('a')
    await until(() => watches(world, worker) === 2, 'both of them')
    const [removed] = world.mailboxes
    assert.ok(removed)
    const { directory, journal } = world.fleet
    const answers = Promise.withResolvers<void>()
    world.gmail.faults.always('import', { kind: 'hold', until: answers.promise, stage: 'after-body' })
    removed.deliver()
    await until(() => world.gmail.ledger.of('import').length === 1, 'the upload')
    await directory.remove([removed.key])
    assert.ok(await waitForHandBack(journal.database, [removed.key], 30_000))
    assert.equal(await countUnknown(journal.database, [removed.key]), 1)
    // It reached Gmail all the same.
    world.gmail.faults.clear()
    answers.resolve()
    await until(() => subjects(world).length === 1, 'the message in Gmail')
    await world.change(removed.key, {}, { password: 'correct horse battery' })
    removed.deliver()
    await until(async () => (await countUnknown(journal.database, [removed.key])) === 0, 'it to be known')
    await allIsIn(world)
  })

  it('a member that cannot be opened stops only itself, says so, and goes on when it is mended', async t => {
    const world = await open(t, 2)
    const [broken, other] = world.mailboxes
    assert.ok(broken && other)
    await world.fleet.journal.database.run(
      "UPDATE fleet_secret SET sealed = (SELECT sealed FROM fleet_secret WHERE owner = 'box1') WHERE owner = 'box0'",
    )
    for (const mailbox of world.mailboxes) mailbox.deliver()
    const worker = world.start('a')
    await until(() => watches(world, worker) === 1, 'the other one')
    await until(() => subjects(world).length === 1, 'its mail')
    const troubles = async (): Promise<readonly string[]> =>
      (await world.fleet.journal.journal.troubles.list()).map(({ name, code }) => `${name} ${code}`)
    await until(async () => (await troubles()).length > 0, 'the trouble')
    assert.deepEqual(await troubles(), [`${broken.key} fleet.secret-unfit`])
    await world.change(broken.key, {}, { password: 'correct horse battery' })
    await allIsIn(world)
    await until(async () => (await troubles()).length === 0, 'the end of the trouble')
  })

  it('says of a mailbox what to set by the keys that a fleet’s owner writes', async t => {
    const world = await open(t, 1)
    const [mailbox] = world.mailboxes
    assert.ok(mailbox)
    const [port] = await freePorts(1)
    await world.change(mailbox.key, { port }, { password: 'correct horse battery' })
    const { running } = world.start('a')
    await until(() => running.stderr().includes('source.unreachable'), 'its trouble')
    assert.match(running.stderr(), /check `host` and `port`/)
    assert.doesNotMatch(running.stderr(), /MAIL_/)
  })

  it('one whose clock is an hour off writes down the database’s time, and is told', async t => {
    const world = await open(t, 1)
    const [mailbox] = world.mailboxes
    assert.ok(mailbox)
    const shift = `data:text/javascript,const%20now=Date.now;Date.now=()=>now()+3600000`
    const { running } = world.start('ahead', { NODE_OPTIONS: `--import=${shift}` })
    mailbox.deliver()
    await allIsIn(world)
    const instants = (): Promise<Record<string, unknown>[]> =>
      postgres.ask(
        world.url,
        'SELECT imported_at_ms, listed_at_ms FROM message WHERE imported_at_ms IS NOT NULL',
      )
    await until(async () => (await instants()).length === 1, 'what is written down of it')
    for (const at of Object.values((await instants())[0] ?? {}))
      assert.ok(Math.abs(Number(at) - Date.now()) < 120_000, `${at}`)
    assert.match(running.stderr(), /The clock of this computer is (1 h|60 min) ahead of the database/)
  })

  it('one whose key opens nothing, or is not there, takes no mailbox from one that carries it', async t => {
    const world = await open(t, 2)
    const first = world.start('good')
    await until(() => watches(world, first) === 2, 'both of them')
    const folder = await stateDirFor(t)
    const others = { 'fleet.other-key': join(folder, 'other'), 'fleet.no-key': join(folder, 'none') }
    await makeFleetKey(others['fleet.other-key'])
    for (const [code, FLEET_KEY_FILE] of Object.entries(others)) {
      const { running } = world.start(code, { FLEET_KEY_FILE })
      const { code: exitCode, stderr } = await running.ended
      assert.equal(exitCode, 78, stderr)
      assert.match(stderr, /The fleet key .*(not the one that|is not there)/)
    }
    assert.deepEqual([...(await world.holds())], [['good', 2]])
  })

  it('a second one of the same name takes nothing while the first is at work', async t => {
    const world = await open(t, 2)
    const first = world.start('twin')
    await until(() => watches(world, first) === 2, 'both of them')
    const second = world.start('twin')
    await until(() => second.running.stderr().includes('fleet.worker-twice'), 'its word')
    second.running.kill('SIGTERM')
    assert.equal((await second.running.ended).code, 0)
    assert.deepEqual([watches(world, first), watches(world, second)], [2, 0])
    assert.deepEqual([...(await world.holds())], [['twin', 2]])
  })
})
