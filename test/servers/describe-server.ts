/**
 * The tests of hikyaku on a real server beside Dovecot and Courier: what a client that is not ours reads there is what is in Gmail,
 * once each, whatever the server does to its mail and wherever the process was killed.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, it, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import { computePercentiles } from '../../src/status/mailbox-status.ts'
import { corpus } from '../messages/corpus.ts'
import { countOf, openInProcess } from './in-process.ts'
import { pythonMissing } from './independent-client.ts'
import { loopback } from './local.ts'
import { mailboxOf, type OtherServer } from './other-server.ts'
import { requireServer } from './required.ts'
import type { Protocol } from './source-server.ts'
import { until } from './until.ts'
import { startWorld, type World } from './world.ts'

export const password = 'correct horse battery'

export interface Candidate {
  readonly name: string
  readonly missing: string | undefined
  readonly protocols: readonly Protocol[]
  start(users: readonly string[]): Promise<OtherServer>
  /** The messages of the corpus that the server does not take, with its words. */
  readonly refuses: Readonly<Record<string, RegExp>>
  /** The server writes lines of its own (X-UIDL, Status) into mail that a first session saw. */
  readonly marksMail?: boolean
}

const killTasks = ['whole', 'at-answer', 'amid', 'late']

const noPython = requireServer('python3', pythonMissing())

/** Everything in Gmail, each message as often as it is there, sorted. */
const inGmail = (world: World): string[] =>
  [...world.gmail.stored()].flatMap(([digest, count]) => Array<string>(count).fill(digest)).sort()

const letters = Array.from({ length: 6 }, (_, serial) =>
  Buffer.from(
    `From: a@example.net\r\nMessage-ID: <letter-${serial}@example.net>\r\nSubject: ${serial}\r\n\r\n${'.x\r\n'.repeat(200)}`,
  ),
)

/** Delivers the corpus; asserts that the server takes all of it but for what it is known to refuse. */
async function deliverCorpus(world: World, refuses: Candidate['refuses']): Promise<void> {
  const refused: string[] = []
  for (const { name, octets } of corpus()) {
    try {
      await world.source.deliver(octets)
    } catch (error) {
      assert.match(String(error), refuses[name] ?? /^$/, name)
      refused.push(name)
    }
  }
  assert.deepEqual(refused.sort(), Object.keys(refuses).sort())
}

/** What the server sends, sorted; where it marks mail, once it has no more to mark. */
async function readSent(world: World, marksMail = false): Promise<string[]> {
  let sent = (await world.source.stored()).sort()
  for (let before: string[] = []; marksMail && !isDeepStrictEqual(before, sent); ) {
    before = sent
    sent = (await world.source.stored()).sort()
  }
  return sent
}

/** Starts a pull and ends it by SIGKILL when Gmail has stored its n-th import and not yet said so. */
async function killAtAnswer(world: World, nth: number): Promise<void> {
  let imports = 0
  const answer = { kind: 'hold', until: new Promise(() => {}), stage: 'after-accept' } as const
  world.gmail.faults.next(entry => entry.endpoint === 'import' && ++imports === nth, answer)
  const pull = world.start(['pull', '--json'])
  await until(() => world.gmail.accepted.length >= nth, `import ${nth} is stored`, 60_000)
  pull.kill('SIGKILL')
  assert.equal((await pull.ended).signal, 'SIGKILL')
  world.gmail.faults.clear()
}

/** As faults/kill.test.ts does it: writes, sends and receives are numbered, and the process ended at one of them. */
const preload = [
  '--disable-warning=ExperimentalWarning',
  '--import',
  fileURLToPath(new URL('../faults/kill-preload.ts', import.meta.url)),
]

/** A whole pull, unkilled. @returns how many points it has */
async function countPoints(world: World): Promise<number> {
  const countFile = join(world.folder, 'count')
  const ended = await world.run(['pull', '--json'], {
    nodeArgs: preload,
    env: { HIKYAKU_KILL_COUNT: countFile },
  })
  assert.equal(ended.code, 0, ended.stdout + ended.stderr)
  return Number(await readFile(countFile, 'utf8'))
}

async function killAtPoint(world: World, point: number): Promise<void> {
  const ended = await world.run(['pull', '--json'], {
    nodeArgs: preload,
    env: { HIKYAKU_KILL_AT: String(point) },
  })
  assert.equal(ended.signal, 'SIGKILL', `point ${point} was reached`)
}

async function refusesConnections(port: number): Promise<boolean> {
  const socket = connect(port, loopback)
  try {
    return await once(socket, 'connect').then(
      () => false,
      () => true,
    )
  } finally {
    socket.destroy()
  }
}

/** Declares the tests for one server. */
export function describeServer(candidate: Candidate): void {
  const skip = requireServer(candidate.name, candidate.missing) || noPython
  describe(candidate.name, { skip, concurrency: 1 }, () => {
    let server: OtherServer
    before(async () => {
      const tasks = ['corpus', 'marked', 'idle', ...killTasks]
      server = await candidate.start(
        tasks.flatMap(task => candidate.protocols.map(protocol => `${task}-${protocol}`)),
      )
    })
    after(async () => {
      if (server === undefined) return
      await server.stop()
      // Nothing of it outlives its first process: a server that did would listen on.
      for (const protocol of candidate.protocols) {
        await until(() => refusesConnections(server.port(protocol)), `the port of ${protocol} is closed`)
      }
    })

    /** A world around the mailbox of one test. */
    async function worldFor(
      t: TestContext,
      task: string,
      protocol: Protocol,
      env: Readonly<Record<string, string>> = {},
    ): Promise<World> {
      const source = mailboxOf(server, protocol, `${task}-${protocol}`, password)
      const world = await startWorld({ protocol, source, env: { ALERT_MAIL: 'no', ...env } })
      t.after(() => world.stop())
      return world
    }

    for (const protocol of candidate.protocols) {
      it(`sends over ${protocol} the corpus that is then in Gmail, once, and deletes what Gmail holds alone`, async t => {
        const world = await worldFor(t, 'corpus', protocol)
        await deliverCorpus(world, candidate.refuses)
        const sent = await readSent(world, candidate.marksMail)
        assert.equal(sent.length, corpus().length - Object.keys(candidate.refuses).length)
        const keeping = await openInProcess(world)
        t.after(() => keeping.close())
        const first = countOf(await keeping.pull())
        const box = keeping.bridge.mailboxes[0]?.mailbox.name ?? ''
        const refused = (await keeping.journal.inStages(box, ['refused'])).map(row => row.sha256 ?? '')
        assert.equal(refused.length, corpus().filter(({ refused: words }) => words !== undefined).length)
        assert.equal(first.imported, sent.length - refused.length)
        const gmail = inGmail(world)
        assert.deepEqual([...gmail, ...refused].sort(), sent)
        const second = countOf(await keeping.pull())
        assert.deepEqual([second.listed, second.fresh, second.imported], [sent.length, 0, 0])
        await keeping.close()

        const deleting = await openInProcess(world, { env: { AFTER_IMPORT: 'delete' } })
        t.after(() => deleting.close())
        assert.equal(countOf(await deleting.pull()).settleAsked, gmail.length)
        assert.equal(countOf(await deleting.pull()).settled, gmail.length)
        const left = (await world.source.stored()).sort()
        // Its note on the whole mailbox (X-IMAPbase) moves to whichever message is the first now.
        if (candidate.marksMail === true) assert.equal(left.length, refused.length)
        else assert.deepEqual(left, refused.sort())
        assert.deepEqual(inGmail(world), gmail)
        assert.deepEqual(world.gmail.bugs, [])
      })

      const wish = protocol === 'imap' ? 'move:Done' : 'delete'
      it(`over ${protocol} with ${wish}: wherever it was killed, each message ends in Gmail once and at the source as chosen`, async t => {
        const worlds = await Promise.all(
          killTasks.map(task => worldFor(t, task, protocol, { AFTER_IMPORT: wish })),
        )
        for (const world of worlds) for (const octets of letters) await world.source.deliver(octets)
        const [whole, atAnswer, amid, late] = worlds
        assert.ok(whole && atAnswer && amid && late)
        const sentIn: string[][] = []
        for (const world of worlds) sentIn.push(await readSent(world, candidate.marksMail))
        const points = await countPoints(whole)
        await killAtAnswer(atAnswer, 3)
        await killAtPoint(amid, Math.round(points * 0.6))
        await killAtPoint(late, Math.round(points * 0.85)) // while it deletes or moves
        for (const [at, world] of worlds.entries()) {
          const sent = sentIn[at] ?? []
          assert.equal(sent.length, letters.length)
          const app = await openInProcess(world)
          t.after(() => app.close())
          countOf(await app.pull())
          countOf(await app.pull())
          assert.deepEqual(inGmail(world), sent)
          assert.deepEqual(await world.source.stored(), [])
          if (protocol === 'imap') assert.deepEqual((await world.source.stored('Done')).sort(), sent)
          const again = countOf(await app.pull())
          assert.deepEqual([again.fresh, again.imported, again.settleAsked], [0, 0, 0])
          assert.deepEqual(world.gmail.bugs, [])
        }
      })
    }

    if (candidate.marksMail === true) {
      it('marks mail that a session saw, and it is known again all the same', async t => {
        const world = await worldFor(t, 'marked', 'pop3', { AFTER_IMPORT: 'keep' })
        for (const octets of letters) await world.source.deliver(octets)
        const keeping = await openInProcess(world)
        t.after(() => keeping.close())
        assert.equal(countOf(await keeping.pull()).imported, letters.length)
        const gmail = inGmail(world)
        const again = countOf(await keeping.pull())
        assert.deepEqual([again.listed, again.fresh, again.imported], [letters.length, 0, 0])
        const marked = await world.source.stored()
        assert.ok(
          gmail.some(digest => !marked.includes(digest)),
          'the server marks mail',
        )
        await keeping.close()
        const deleting = await openInProcess(world, { env: { AFTER_IMPORT: 'delete' } })
        t.after(() => deleting.close())
        for (let pulls = 0; pulls < 3; pulls += 1) countOf(await deleting.pull())
        assert.deepEqual(await world.source.stored(), [])
        assert.deepEqual(inGmail(world), gmail)
      })
    }

    if (candidate.protocols.includes('imap')) {
      it('tells of mail by IDLE: it is in Gmail within seconds', async t => {
        const world = await worldFor(t, 'idle', 'imap', { SCHEDULE: '0 0 1 1 *' })
        const daemon = world.start(['run'])
        const latencies: number[] = []
        for (const [serial, octets] of letters.entries()) {
          const deliveredMs = Date.now()
          await world.source.deliver(octets)
          await until(() => world.gmail.accepted.length === serial + 1, `letter ${serial}`, 60_000)
          latencies.push((world.gmail.accepted.at(-1)?.atMs ?? 0) - deliveredMs)
        }
        // The first is found by the pull at the start, or by the look at the begin of the watch.
        const { p50 = Number.NaN } = computePercentiles(latencies.slice(1)) ?? {}
        t.diagnostic(`latency from delivery to Gmail: ${latencies.join(', ')} ms; median ${p50} ms`)
        assert.ok(p50 < 5_000, latencies.join(' '))
        daemon.kill('SIGTERM')
        assert.equal((await daemon.ended).code, 0)
      })
    }
  })
}
