/**
 * A1 to A13 of the fault matrix, by brute force: for each commit of the journal, protocol send and protocol receive a real
 * process is ended before it by SIGKILL (kill-preload.ts), so that each state of the disk and the servers is met once; a
 * second one resumes, a third proves that nothing changes any more. The servers' own ledgers are the judges.
 * `npm run test:kills` ends it before and after each statement, also where they find the same.
 */
import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type AppendWorld, booksOf, startAppendWorld } from '../servers/append-world.ts'
import { countOf, openInProcess } from '../servers/in-process.ts'
import type { Protocol } from '../servers/source-server.ts'
import { sha256 } from '../servers/source-server.ts'
import { startWorld, type World } from '../servers/world.ts'

const preload = [
  '--disable-warning=ExperimentalWarning',
  '--import',
  fileURLToPath(new URL('kill-preload.ts', import.meta.url)),
]

interface Scenario {
  readonly title: string
  readonly protocol: Protocol
  readonly env: Readonly<Record<string, string>>
  /** Folder -> messages delivered there. */
  readonly mail: Readonly<Record<string, readonly Buffer[]>>
  /** Where the messages are in the end; '' means nowhere at the source. */
  readonly endsIn: string
  /** Into Gmail by an app password and IMAP APPEND. */
  readonly append?: true
  /** Each so manieth state where not all of them. */
  readonly every?: number
}

/** Each so manieth of all points, instead of the states. */
const everyPoint = process.env.HIKYAKU_KILL_EVERY
const numbering: Record<string, string> = everyPoint === undefined ? { HIKYAKU_KILL_STATES: '1' } : {}

const message = (name: string, octets: number): Buffer =>
  Buffer.from(
    `From: a@example.net\r\nMessage-ID: <${name}@example.net>\r\nSubject: ${name}\r\n\r\n${'.x\r\n'.repeat(octets / 4)}`,
  )

const scenarios: readonly Scenario[] = [
  {
    title: 'POP3 with delete',
    protocol: 'pop3',
    env: { AFTER_IMPORT: 'delete' },
    mail: { INBOX: [message('one', 400)] },
    endsIn: '',
  },
  {
    title: 'POP3 with keep',
    protocol: 'pop3',
    env: { AFTER_IMPORT: 'keep' },
    mail: { INBOX: [message('one', 400)] },
    endsIn: 'INBOX',
  },
  {
    title: 'IMAP with move',
    protocol: 'imap',
    env: { AFTER_IMPORT: 'move:Done' },
    mail: { INBOX: [message('one', 400)] },
    endsIn: 'Done',
  },
  {
    title: 'IMAP with delete, by an app password',
    protocol: 'imap',
    env: { AFTER_IMPORT: 'delete', GMAIL_LABELS: 'work' },
    mail: {
      INBOX: [message('one', 400), Buffer.from('From: a@example.net\r\nSubject: no Message-ID\r\n\r\nx\r\n')],
    },
    endsIn: '',
    append: true,
    every: 2,
  },
  {
    title: 'IMAP over several folders',
    protocol: 'imap',
    env: { AFTER_IMPORT: 'delete', MAIL_FOLDERS: 'INBOX,Spam:spam' },
    mail: { INBOX: [message('one', 400)], Spam: [message('two', 400)] },
    endsIn: '',
  },
]

async function prepare(scenario: Scenario): Promise<World> {
  const start = scenario.append === true ? startAppendWorld : startWorld
  const world = await start({ protocol: scenario.protocol, env: scenario.env })
  for (const [folder, messages] of Object.entries(scenario.mail)) {
    world.source.imap?.create(folder)
    for (const octets of messages) await world.source.deliver(octets, folder)
  }
  world.source.imap?.create('Done')
  return world
}

const digests = (scenario: Scenario): string[] => Object.values(scenario.mail).flat().map(sha256).sort()

/** O1, O3 and O6 of the oracle, from the ledgers alone. */
async function judge(world: World, scenario: Scenario, at: number): Promise<void> {
  const where = `${scenario.title}, killed at ${at}`
  const expected = digests(scenario)
  const stored = booksOf(world).stored()
  assert.deepEqual([...stored.keys()].sort(), expected, `${where}: Gmail holds each message`)
  for (const count of stored.values()) assert.equal(count, 1, `${where}: at most one copy`)
  const left: string[] = []
  for (const folder of new Set([...Object.keys(scenario.mail), 'Done'])) {
    const here = await world.source.stored(folder)
    if (folder === scenario.endsIn || (scenario.endsIn === 'INBOX' && world.source.protocol === 'pop3'))
      left.push(...here)
    else assert.deepEqual(here, [], `${where}: nothing is left in ${folder}`)
    if (world.source.protocol === 'pop3') break
  }
  assert.deepEqual(left.sort(), scenario.endsIn === '' ? [] : expected, `${where}: the source ends as chosen`)
  assert.deepEqual(booksOf(world).bugs, [])
  if (scenario.append !== true) return
  for (const { labels } of (world as AppendWorld).imap.mail.messages)
    assert.ok(labels.has('work'), `${where}: each message has its label`)
}

/** The ledgers write down whole milliseconds. */
const clockGrainMs = 3

/** O2: whatever left the source was in Gmail before. */
function judgeOrder(world: World, where: string): void {
  const { pop3, imap } = world.source
  const removed = [
    ...(pop3?.ledger.deleted ?? []).map(one => ({ sha256: one.sha256, atMs: one.at })),
    ...(imap === undefined ? [] : [...imap.ledger.expunged, ...imap.ledger.moved]).map(one => ({
      sha256: one.sha256,
      atMs: one.atMs,
    })),
  ]
  for (const one of removed) {
    const taken = booksOf(world).accepted.find(each => each.sha256 === one.sha256)
    assert.ok(
      taken !== undefined && taken.atMs <= one.atMs + clockGrainMs,
      `${where}: nothing leaves the source before Gmail has it`,
    )
  }
}

async function countPoints(scenario: Scenario): Promise<number> {
  const world = await prepare(scenario)
  try {
    const countFile = join(world.folder, 'count')
    const ended = await world.run(['pull', '--json'], {
      nodeArgs: preload,
      env: { ...numbering, HIKYAKU_KILL_COUNT: countFile },
    })
    assert.equal(ended.code, 0, ended.stderr + ended.stdout)
    await judge(world, scenario, 0)
    return Number(await readFile(countFile, 'utf8'))
  } finally {
    await world.stop()
  }
}

async function killAt(scenario: Scenario, at: number): Promise<boolean> {
  const where = `${scenario.title}, killed at ${at}`
  const world = await prepare(scenario)
  try {
    const killed = await world.run(['pull', '--json'], {
      nodeArgs: preload,
      env: { ...numbering, HIKYAKU_KILL_AT: String(at) },
    })
    judgeOrder(world, where)
    // Resumed in this process: the state on the disk is the same, and a start costs most of the time.
    const resumed = await openInProcess(world)
    const count = countOf(await resumed.pull())
    // What was not found is asked for three times, since Gmail's index may lag.
    for (let times = 0; times < (scenario.append === true ? 4 : 0); times += 1) {
      resumed.clock.pass(31_000)
      countOf(await resumed.pull())
    }
    countOf(await resumed.pull()) // the proof of what was settled
    await judge(world, scenario, at)
    judgeOrder(world, where)
    const uploads = booksOf(world).accepted.length
    const told = await resumed.journal.repeatedCount(resumed.bridge.mailboxes[0]?.mailbox.name ?? '')
    assert.ok(
      uploads - digests(scenario).length <= told,
      `${where}: an upload was repeated untold (${count.repeated})`,
    )
    const again = countOf(await resumed.pull())
    assert.equal(again.imported + again.settleAsked, 0, `${where}: a run more changes nothing`)
    assert.equal(booksOf(world).accepted.length, uploads)
    await judge(world, scenario, at)
    await resumed.close()
    const orphans = (await readdir(world.stateDir, { recursive: true })).filter(name =>
      name.endsWith('.spool'),
    )
    assert.deepEqual(orphans, [])
    // Timing may end it a few points earlier than was counted.
    return killed.signal === 'SIGKILL'
  } finally {
    await world.stop()
  }
}

describe('SIGKILL at every step (A1 to A13)', () => {
  let covered = 0
  for (const scenario of scenarios) {
    it(`${scenario.title}: every message ends in Gmail once, wherever the process was killed`, {
      timeout: 400_000,
    }, async () => {
      const points = await countPoints(scenario)
      assert.ok(points > (everyPoint === undefined ? 40 : 60), `only ${points} points`)
      const every = Number(everyPoint ?? scenario.every ?? 1)
      const planned = Math.ceil(points / every)
      let next = 1
      let killed = 0
      const workers = Array.from({ length: 1 + availableParallelism() }, async () => {
        for (let at = next; at <= points; at = next) {
          next += every
          if (await killAt(scenario, at)) killed += 1
        }
      })
      await Promise.all(workers)
      covered += killed
      console.log(`${scenario.title}: ${killed} of ${planned} points`)
      assert.ok(killed >= planned * 0.9, `${killed} of ${planned} were reached`)
    })
  }
  const least = everyPoint === undefined ? 300 : 400
  it(`covers at least ${least} points`, () => {
    console.log(`kill points covered: ${covered}`)
    assert.ok(covered >= least, String(covered))
  })
})
