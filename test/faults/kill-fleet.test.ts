/**
 * P15: as kill.test.ts does, with the journal on PostgreSQL and through the program that fleets run: `hikyaku worker` is ended
 * by SIGKILL at a numbered send or receive, be it to the mail server, to Gmail or to the database; a second one resumes under
 * its name, and new mail shows that nothing else changes any more. The servers' own ledgers are the judges.
 */
import assert from 'node:assert/strict'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { makePostgresJournal } from '../../src/journal/postgres/postgres.ts'
import { addOwner, makeFleetAt } from '../fleet/fleet-helpers.ts'
import { type Ended, endOf } from '../servers/hikyaku.ts'
import { type PostgresServer, postgresMissing, startPostgres } from '../servers/postgres.ts'
import { requireServer } from '../servers/required.ts'
import type { Protocol } from '../servers/source-server.ts'
import { until } from '../servers/until.ts'
import { startWorld, type World } from '../servers/world.ts'
import { mail } from './harness.ts'
import { judge, watchRemovals } from './oracle.ts'

const skip = requireServer('postgresql', postgresMissing())
const preload = ['--import', fileURLToPath(new URL('kill-preload.ts', import.meta.url))]

interface Scenario {
  readonly title: string
  readonly protocol: Protocol
  readonly afterImport: string
  /** Where the messages are in the end; '' means nowhere at the source. */
  readonly endsIn: string
  /** Each so manieth point in the suite; HIKYAKU_DATABASE_EVERY=1 is all of them. Undefined: none there. */
  readonly every?: number
}

const scenarios: readonly Scenario[] = [
  { title: 'POP3 with delete', protocol: 'pop3', afterImport: 'delete', endsIn: '', every: 700 },
  { title: 'IMAP with move', protocol: 'imap', afterImport: 'move:Done', endsIn: 'Done' },
]
const key = 'main/box'

describe('SIGKILL of a worker at every step', { skip }, () => {
  let server: PostgresServer
  let template = ''
  before(async () => {
    server = await startPostgres({ fsync: 'off' })
    template = await server.newDatabase()
    await (await makePostgresJournal({ url: template, name: 'template' })).close()
  })
  after(() => server.stop())

  interface Ground {
    readonly world: World
    readonly url: string
    readonly put: readonly Buffer[]
    readonly early: readonly string[]
    deliver(octets: Buffer): Promise<void>
    /** Whether everything is where it is to be in the end. */
    isDone(): Promise<boolean>
    stop(): Promise<void>
  }
  const prepare = async (scenario: Scenario): Promise<Ground> => {
    const url = await server.newDatabase(template)
    const world = await startWorld({ protocol: scenario.protocol })
    try {
      return await fill(scenario, url, world)
    } catch (error) {
      await world.stop()
      throw error
    }
  }
  const fill = async (
    { protocol, afterImport, endsIn }: Scenario,
    url: string,
    world: World,
  ): Promise<Ground> => {
    const env = { ...world.env, FLEET_DATABASE: url, FLEET_KEY_FILE: join(world.folder, 'fleet.key') }
    await mkdir(world.stateDir, { recursive: true, mode: 0o700 })
    const { fleet } = await makeFleetAt(env, world.folder)
    const { directory } = fleet
    await addOwner(fleet, world.env)
    const { MAIL_HOST: host, MAIL_PORT = '', MAIL_USER: user, MAIL_PASSWORD: password = '' } = world.env
    const { MAIL_SECURITY: security = 'none' } = world.env
    await directory.putMailbox(
      'main',
      'box',
      {
        ...{ protocol, host, port: Number(MAIL_PORT), security, user },
        ...{ account: 'owner', verify: false, afterImport },
      },
      { password },
    )
    await fleet.close()
    const put: Buffer[] = []
    const early = watchRemovals(world)
    world.source.imap?.create('Done')
    const deliver = async (octets: Buffer): Promise<void> => {
      put.push(octets)
      await world.source.deliver(octets)
    }
    await deliver(mail('one', 400))
    return {
      ...{ world, url, put, early, deliver },
      async isDone() {
        const inbox = await world.source.stored('INBOX')
        const end = endsIn === '' ? put.length : (await world.source.stored(endsIn)).length
        return world.gmail.stored().size === put.length && inbox.length === 0 && end === put.length
      },
      stop: () => world.stop(),
    }
  }
  const start = ({ world, url }: Ground, env: Record<string, string>) =>
    world.start(['worker'], {
      nodeArgs: ['--disable-warning=ExperimentalWarning', ...preload],
      env: {
        ...{ FLEET_DATABASE: url, FLEET_KEY_FILE: join(world.folder, 'fleet.key'), WORKER_NAME: 'w1' },
        ...{ LOG_FORMAT: 'json', LOG_LEVEL: 'debug', ...env },
      },
    })
  /** Until all is done or it was killed, then it is asked to end. */
  const run = async (ground: Ground, env: Record<string, string> = {}): Promise<Ended> => {
    const running = start(ground, env)
    await until(
      async () => running.hasEnded() || (await ground.isDone()),
      () => `all mail where it is to be\n${running.stderr().slice(-4000)}`,
      60_000,
    )
    if (!running.hasEnded()) running.kill('SIGTERM')
    return endOf(running)
  }
  const assertBooks = async (ground: Ground, printed: string, where: string): Promise<void> => {
    const { world, put, early, url } = ground
    const [row] = await server.ask(
      url,
      'SELECT coalesce(sum(repeated), 0)::int AS repeated, count(*)::int AS rows FROM message WHERE mailbox = $1',
      [key],
    )
    await judge({ world, put, early, repeated: Number(row?.repeated), printed })
    assert.equal(
      [...world.gmail.stored().values()].every(copies => copies === 1),
      true,
      `${where}: one copy`,
    )
    assert.equal(row?.rows, put.length, `${where}: each has its row`)
  }
  const countPoints = async (scenario: Scenario): Promise<number> => {
    const ground = await prepare(scenario)
    try {
      const countFile = join(ground.world.folder, 'count')
      const ended = await run(ground, { HIKYAKU_KILL_COUNT: countFile })
      assert.equal(ended.code, 0, ended.stderr)
      await assertBooks(ground, ended.stderr, 'not killed')
      return Number(await readFile(countFile, 'utf8'))
    } finally {
      await ground.stop()
    }
  }
  const killAt = async (scenario: Scenario, at: number): Promise<boolean> => {
    const where = `${scenario.title}, killed at ${at}`
    const ground = await prepare(scenario)
    try {
      const killed = await run(ground, { HIKYAKU_KILL_AT: String(at) })
      const second = start(ground, {})
      await until(
        () => ground.isDone(),
        () => `${where}: all mail where it is to be\n${second.stderr().slice(-4000)}`,
        60_000,
      )
      const uploads = ground.world.gmail.accepted.length
      await ground.deliver(mail('two', 400))
      // The owner asks for a pull at once.
      await server.ask(
        ground.url,
        "INSERT INTO note VALUES ($1, '1') ON CONFLICT (key) DO UPDATE SET value = '1'",
        [`check-now ${key}`],
      )
      await until(() => ground.isDone(), `${where}: new mail`, 60_000)
      second.kill('SIGTERM')
      const ended = await endOf(second)
      assert.equal(ended.code, 0, ended.stderr)
      await assertBooks(ground, killed.stderr + ended.stderr, where)
      assert.equal(ground.world.gmail.accepted.length, uploads + 1, `${where}: O6: nothing but the new mail`)
      return killed.signal === 'SIGKILL'
    } finally {
      await ground.stop()
    }
  }

  for (const scenario of scenarios) {
    const every = Number(process.env.HIKYAKU_DATABASE_EVERY ?? scenario.every ?? 0)
    if (every === 0) continue
    it(`P15: ${scenario.title}: every message ends in Gmail once, wherever the worker was killed`, {
      timeout: 3_000_000,
    }, async t => {
      const points = await countPoints(scenario)
      const chosen = Array.from({ length: points }, (_, n) => n + 1).filter(at => at % every === 0)
      let killed = 0
      let next = 0
      const lane = async (): Promise<void> => {
        for (let at = chosen[next]; at !== undefined; at = chosen[next]) {
          next += 1
          if (await killAt(scenario, at)) killed += 1
        }
      }
      await Promise.all([lane(), lane()])
      t.diagnostic(`${scenario.title}: killed at ${killed} of ${chosen.length} of ${points} points`)
      assert.ok(killed >= chosen.length * 0.7, `${killed} of ${chosen.length} were reached`)
    })
  }
})
