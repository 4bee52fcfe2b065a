/** One machine into a fleet and back, with real pulls before and after, held against the ledgers of the servers. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it, type TestContext } from 'node:test'
import { readConfig } from '../../src/config/load.ts'
import { type AdoptOptions, adoptMachine, type Machine } from '../../src/fleet/adopt.ts'
import type { Directory } from '../../src/fleet/directory.ts'
import { leaveFleet } from '../../src/fleet/leave.ts'
import type { Fleet } from '../../src/fleet/open-fleet.ts'
import { openJournal } from '../../src/journal/sqlite.ts'
import { askForPull } from '../../src/pull/owner-acted.ts'
import { pauseMailboxes } from '../../src/pull/paused.ts'
import { witnessJson } from '../commands/json-page.ts'
import { mail } from '../faults/harness.ts'
import { codeOf } from '../journal/journal-helpers.ts'
import { presets } from '../servers/gmail/gmail-server.ts'
import { endpointsEnv, startHikyaku } from '../servers/hikyaku.ts'
import { type PostgresServer, postgresMissing, startPostgres } from '../servers/postgres.ts'
import { requireServer } from '../servers/required.ts'
import { until } from '../servers/until.ts'
import { startWorld, type World } from '../servers/world.ts'
import { type FleetGround, makeFleetGround } from './fleet-helpers.ts'

const skip = requireServer('postgresql', postgresMissing())

async function readMachine({ env, folder }: World, stateDir: string): Promise<Machine> {
  const { listMembers } = await readConfig({ env: { ...env, STATE_DIR: stateDir }, cwd: folder })
  const members = await listMembers()
  return {
    stateDir,
    accounts: members.filter(({ part }) => part === 'account'),
    mailboxes: members.filter(({ part }) => part === 'mailbox'),
  }
}

describe('one machine and a fleet', { skip, concurrency: true }, () => {
  let postgres: PostgresServer
  before(async () => {
    postgres = await startPostgres({ fsync: 'off' })
  })
  after(() => postgres.stop())

  const open = async (
    t: TestContext,
  ): Promise<{ world: World; ground: FleetGround; folderFor: () => Promise<string> }> => {
    const [world, made] = await Promise.all([startWorld({ protocol: 'imap' }), makeFleetGround(t, postgres)])
    t.after(() => world.stop())
    // What is sealed is for the stand-in.
    const { config } = await readConfig({ env: world.env, cwd: world.folder })
    const ground = { ...made, fleet: await made.again({ endpoints: config.endpoints }) }
    const folderFor = async (): Promise<string> => {
      const folder = await mkdtemp(join(tmpdir(), 'hikyaku-adopt-'))
      t.after(() => rm(folder, { recursive: true, force: true }))
      return folder
    }
    return { world, ground, folderFor }
  }
  const optionsOf = ({ fleet, url }: FleetGround, more: Partial<AdoptOptions> = {}): AdoptOptions => ({
    fleet: fleet.journal.database,
    place: url,
    directory: fleet.directory,
    tenant: 'main',
    names: new Map(),
    keepAccounts: false,
    nowMs: Date.now(),
    ...more,
  })
  /** The same directory, which is lost at the n-th change: as if the command were killed there. */
  const losing = ({ directory }: Fleet, last: number): Directory => {
    let changes = 0
    const lose =
      <A extends unknown[], R>(change: (...given: A) => Promise<R>) =>
      async (...given: A): Promise<R> => {
        changes += 1
        if (changes >= last) throw new Error('killed')
        const answer = await change(...given)
        return answer
      }
    return {
      ...directory,
      addTenant: lose(directory.addTenant),
      putAccount: lose(directory.putAccount),
      putMailbox: lose(directory.putMailbox),
      pause: lose(directory.pause),
      remove: lose(directory.remove),
    }
  }
  const numbers = new Map<World, number>()
  const deliver = async (world: World): Promise<void> => {
    const number = (numbers.get(world) ?? 0) + 1
    numbers.set(world, number)
    await world.source.deliver(mail(`adopted-${number}`))
  }
  /** All that was delivered is in Gmail, and once. */
  const assertOnce = (world: World): void => {
    const stored = [...world.gmail.stored().values()]
    assert.deepEqual(
      stored,
      Array.from({ length: numbers.get(world) ?? 0 }, () => 1),
    )
    assert.deepEqual(world.gmail.bugs, [])
  }
  const work = async (
    world: World,
    { fleet, url, keyFile }: FleetGround,
    key: string,
    stateDir: string,
  ): Promise<void> => {
    // What met trouble before waits for its time, in the fleet as on the machine, unless its owner asks.
    await askForPull(fleet.journal.journalFor(key))
    const worker = startHikyaku(['worker'], {
      env: {
        ...endpointsEnv(world.gmail),
        FLEET_DATABASE: url,
        FLEET_KEY_FILE: keyFile,
        STATE_DIR: stateDir,
        VERIFY: 'false',
      },
      cwd: stateDir,
    })
    try {
      await until(() => world.gmail.stored().size === numbers.get(world), 'all mail in Gmail', 20_000)
      worker.kill('SIGTERM')
      assert.equal((await worker.ended).code, 0)
    } finally {
      worker.kill('SIGKILL')
      if (process.env.SHOW) console.log(await worker.ended)
    }
  }

  it('nothing is lost and nothing comes twice: from the machine to the fleet, to another machine, and back', async t => {
    const { world, ground, folderFor } = await open(t)
    for (let n = 0; n < 3; n += 1) await deliver(world)
    await world.run(['pull'])
    await deliver(world)
    world.gmail.faults.next('import', presets.reset('after-body'))
    await world.run(['pull'])
    // And one that the machine has not seen.
    await deliver(world)
    const machine = await readMachine(world, world.stateDir)
    const [key = ''] = machine.mailboxes.map(({ name }) => `main/${name}`)
    for (let last = 1; last <= 3; last += 1) {
      await assert.rejects(
        adoptMachine(machine, optionsOf(ground, { directory: losing(ground.fleet, last) })),
      )
      assert.equal(
        (await ground.fleet.journal.holds.count()).free,
        0,
        'no worker is offered it before the end',
      )
    }
    const refused = await world.run(['pull', '--json'])
    assert.equal(refused.code, 78)
    assert.match(refused.stdout, /journal\.adopted/)
    const adopted = await adoptMachine(machine, optionsOf(ground))
    assert.deepEqual(
      [adopted.messages, adopted.unknown, adopted.mailboxes.map(({ key: at, state }) => [at, state])],
      [4, 1, [[key, 'offered']]],
    )
    assert.deepEqual(await adoptMachine(machine, optionsOf(ground)), adopted, 'once more is the same')
    assert.equal(
      await codeOf(adoptMachine(machine, optionsOf(ground, { tenant: 'other' }))),
      'journal.adopted',
    )
    await work(world, ground, key, await folderFor())
    assertOnce(world)

    const away = await folderFor()
    const leaving = { fleet: ground.fleet.journal.database, key, stateDir: away, nowMs: Date.now() }
    for (let last = 1; last <= 2; last += 1)
      await assert.rejects(leaveFleet({ ...leaving, directory: losing(ground.fleet, last) }))
    const { directory } = ground.fleet
    assert.equal(
      await codeOf(leaveFleet({ ...leaving, directory, stateDir: await folderFor() })),
      'journal.departed',
    )
    const left = await leaveFleet({ ...leaving, directory })
    assert.deepEqual(left, { name: key.slice('main/'.length), messages: 5 })
    assert.deepEqual(await leaveFleet({ ...leaving, directory }), left, 'once more is the same')
    await deliver(world)
    const pulled = await world.run(['pull', '--json'], { env: { STATE_DIR: away } })
    assert.equal(pulled.code, 0, pulled.stderr)
    assertOnce(world)

    await deliver(world)
    const back = await adoptMachine(await readMachine(world, away), optionsOf(ground, { keepAccounts: true }))
    assert.deepEqual([back.messages, back.mailboxes[0]?.state], [6, 'offered'])
    await work(world, ground, key, await folderFor())
    assertOnce(world)
  })

  it('what was paused stays paused, what nobody configured waits, and what is taken is refused before anything is touched', async t => {
    const { world, ground, folderFor } = await open(t)
    await deliver(world)
    await world.run(['pull'])
    const machine = await readMachine(world, world.stateDir)
    const [name = ''] = machine.mailboxes.map(mailbox => mailbox.name)
    const journal = await openJournal(world.stateDir, 'run', () => {})
    await pauseMailboxes(journal, [name], Date.now())
    await journal.beginPull('Of Old', 1)
    await journal.close()
    assert.equal(await codeOf(adoptMachine(machine, optionsOf(ground))), 'fleet.name')
    assert.equal((await world.run(['status', '--json'])).stdout.includes('journal.adopted'), false)
    const names = new Map([
      ['Of Old', 'of-old'],
      ['me', 'owner'],
    ])
    const adopted = await adoptMachine(machine, optionsOf(ground, { names }))
    assert.deepEqual(
      adopted.mailboxes.map(({ key, state }) => [key, state]),
      [
        ['main/of-old', 'unknown'],
        [`main/${name}`, 'paused'],
      ],
    )
    const { mailboxes } = await ground.fleet.directory.list({}, { most: 9 })
    assert.deepEqual(
      mailboxes.map(({ key, isPaused, account }) => [key, isPaused, account]),
      [
        [
          `main/${name}`,
          true,
          names.get(machine.accounts[0]?.name ?? '') ?? machine.accounts[0]?.name.toLowerCase(),
        ],
      ],
    )
    assert.equal((await ground.fleet.journal.holds.count()).free, 0)
    await ground.fleet.directory.resume([`main/${name}`])
    assert.equal(
      await ground.fleet.journal.journalFor(`main/${name}`).note('paused'),
      '{}',
      'one word resumes it',
    )
    // Another machine of that name: nothing of it changes, and its daemon goes on.
    const other = await folderFor()
    const pulled = await world.run(['pull', '--json'], { env: { STATE_DIR: other } })
    assert.equal(pulled.code, 0)
    const second = await readMachine(world, other)
    assert.equal(await codeOf(adoptMachine(second, optionsOf(ground, { names }))), 'fleet.in-use')
    assert.equal(
      await codeOf(adoptMachine(second, optionsOf(ground, { names, keepAccounts: true }))),
      'journal.taken',
    )
    assert.equal((await world.run(['pull', '--json'], { env: { STATE_DIR: other } })).code, 0)
  })

  it('the command, killed again and again, comes to the same end', async t => {
    const { world, ground, folderFor } = await open(t)
    for (let n = 0; n < 2; n += 1) await deliver(world)
    await world.run(['pull'])
    await deliver(world)
    const env = { FLEET_DATABASE: ground.url, FLEET_KEY_FILE: ground.keyFile }
    const adopt = ['fleet', 'adopt', world.stateDir, '--json']
    const endings: (number | null)[] = []
    for (let tries = 0; tries < 6; tries += 1) {
      const running = world.start(adopt, { env })
      setTimeout(() => running.kill('SIGKILL'), 120 + tries * 40)
      endings.push((await running.ended).code)
    }
    t.diagnostic(`ended by themselves: ${endings.filter(code => code !== null).length} of ${endings.length}`)
    const witness = witnessJson()
    const adopted = await world.run(adopt, { env })
    witness.note('fleet adopt', adopted)
    const { messages, mailboxes } = JSON.parse(adopted.stdout)
    assert.deepEqual([adopted.code, messages, mailboxes.length, mailboxes[0].state], [0, 2, 1, 'offered'])
    const { mailbox: key } = mailboxes[0]
    const rows = await postgres.ask(ground.url, 'SELECT uid FROM message ORDER BY id')
    assert.equal(rows.length, 2)
    await work(world, ground, key, await folderFor())
    assertOnce(world)
    const told = await world.run(['fleet', 'adopt', world.stateDir], { env })
    assert.match(told.stdout, /refused from now on/)
    const left = await world.run(['fleet', 'leave', key, await folderFor(), '--json'], { env })
    witness.note('fleet leave', left)
    assert.equal(JSON.parse(left.stdout).messages, 3)
    witness.compare(name => /^fleet (adopt|leave)/.test(name), {})
    assert.equal((await world.run(['fleet', 'adopt', world.stateDir, '--as', 'x'], { env })).code, 2)
    const departed = await world.run(adopt, { env })
    assert.match(departed.stdout, /journal\.departed/, 'the old folder does not bring it back')
  })
})
