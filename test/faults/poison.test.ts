/**
 * G17: a message at which the process dies. After four unclean ends in a row, the last ones with nothing else in hand that was
 * suspected, it is set aside and told, and nothing else has waited for it; a stop that was asked for, and an end at which
 * nothing was in hand, count for nothing.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { MessageRow } from '../../src/journal/journal.ts'
import { openJournal } from '../../src/journal/sqlite.ts'
import type { Ended } from '../servers/hikyaku.ts'
import { countOf, openInProcess, PlayedClock } from '../servers/in-process.ts'
import { sha256 } from '../servers/source-server.ts'
import { until } from '../servers/until.ts'
import { answerOf, startWorld, type World, type WorldOptions } from '../servers/world.ts'
import { hour, mail, minute } from './harness.ts'
import { judge } from './oracle.ts'

const preload = [
  '--disable-warning=ExperimentalWarning',
  '--import',
  fileURLToPath(new URL('poison-preload.ts', import.meta.url)),
]
const marker = 'the-end-of-hikyaku'

/** Nine innocents, and the one in their midst. */
const messages = (fields = 'Message-ID: <poison@example.net>\r\n'): Buffer[] => {
  const all = Array.from({ length: 9 }, (_, at) => mail(`innocent${at}`))
  all.splice(4, 0, Buffer.concat([mail('poison', 200, fields), Buffer.from(`${marker}\r\n`)]))
  return all
}

async function inWorld(options: WorldOptions, story: (world: World) => Promise<void>): Promise<void> {
  const world = await startWorld(options)
  try {
    await story(world)
  } finally {
    await world.stop()
  }
}

const pullAt = (world: World, way: 'in' | 'out' | 'not'): Promise<Ended> =>
  world.run(['pull', '--json'], {
    nodeArgs: preload,
    env: way === 'not' ? {} : { HIKYAKU_POISON: `${way}:${marker}` },
  })

/** Every row of the journal, by the digest of its octets where it was read, else by its number. */
async function rows(world: World): Promise<readonly MessageRow[]> {
  const journal = await openJournal(world.stateDir, 'look')
  assert.ok(journal)
  try {
    const rows = await Promise.all(Array.from({ length: 50 }, (_, at) => journal.row(at + 1)))
    return rows.filter(row => row !== undefined)
  } finally {
    await journal.close()
  }
}
const asideOf = async (world: World): Promise<readonly MessageRow[]> =>
  (await rows(world)).filter(row => row.fault?.code === 'message.poison')

/** Four ends at the poison; after the third it is kept back for a minute. */
async function endAtPoison(world: World, way: 'in' | 'out'): Promise<void> {
  for (const start of [1, 2, 3, 4]) {
    const killed = await pullAt(world, way)
    assert.equal(killed.signal, 'SIGKILL', `start ${start}: ${told(killed)}`)
    assert.deepEqual(await asideOf(world), [], `start ${start}`)
    if (start < 3) continue
    if (start > 3) return
    const meanwhile = await pullAt(world, way)
    assert.equal(meanwhile.signal, null, `kept back: ${told(meanwhile)}`)
    await passMinute(world)
  }
}

/** What waits for no longer than a minute waits no more. */
async function passMinute(world: World): Promise<void> {
  const waiting = (await rows(world)).filter(({ notBeforeMs }) => (notBeforeMs ?? 0) > Date.now())
  const journal = await openJournal(world.stateDir, 'run', () => {})
  try {
    for (const { id, stage, notBeforeMs } of waiting) {
      assert.ok((notBeforeMs ?? 0) < Date.now() + minute)
      await journal.move(id, stage, { notBeforeMs: null })
    }
  } finally {
    await journal.close()
  }
  assert.equal(waiting.length, 1)
}

const told = (ended: Ended): string => `${ended.code} ${ended.signal}\n${ended.stdout}${ended.stderr}`

for (const protocol of ['pop3', 'imap'] as const) {
  test(`G17: over ${protocol} the fourth end sets the message aside, and all others are in Gmail`, () =>
    inWorld({ protocol }, async world => {
      const put = messages()
      for (const octets of put) await world.source.deliver(octets)
      await endAtPoison(world, 'in')
      const third = await pullAt(world, 'in')
      assert.equal(third.code, 1, told(third))
      assert.equal(world.gmail.stored().size, 9, 'nothing else waits for it')
      const [aside, ...others] = await asideOf(world)
      assert.deepEqual(others, [], 'no innocent is blamed')
      assert.equal(aside?.stage, 'deferred')
      assert.equal(aside.fault?.facts.ends, 4)
      assert.ok((aside.notBeforeMs ?? 0) > Date.now() + hour / 2, 'it waits for itself')

      const status = await world.run(['status'])
      assert.equal(status.code, 1, told(status))
      assert.match(status.stdout, /ended without warning 4 times in a row/)
      assert.match(status.stdout, /hikyaku retry/)

      await world.source.deliver(mail('later'))
      const fourth = await pullAt(world, 'in')
      assert.equal(fourth.code, 1, told(fourth))
      assert.equal(world.gmail.stored().size, 10)

      // The owner tries again, and it is the same: from now on it waits for the owner.
      assert.equal((await world.run(['retry', String(aside.id)])).code, 0)
      assert.equal((await pullAt(world, 'in')).signal, 'SIGKILL')
      const last = await pullAt(world, 'in')
      assert.equal(last.code, 1, told(last))
      const refused = (await rows(world)).filter(row => row.stage === 'refused')
      assert.deepEqual(
        refused.map(row => [row.id, row.fault?.code, row.fault?.retry, row.fault?.facts.ends]),
        [[aside.id, 'message.poison', 'owner', 5]],
      )
      assert.equal(answerOf(await pullAt(world, 'in')).refused, 0, 'it is told once')

      // What ended hikyaku is mended.
      assert.equal((await world.run(['retry'])).code, 0)
      const good = await pullAt(world, 'not')
      assert.equal(good.code, 0, told(good))
      assert.deepEqual(
        [...world.gmail.stored()].sort(),
        [...put, mail('later')].map(octets => [sha256(octets), 1] as [string, number]).sort(),
      )
    }))
}

test('G17: where it dies during the upload, what is unknown stays unknown, and nothing is settled', () =>
  inWorld({ protocol: 'pop3', env: { AFTER_IMPORT: 'delete' } }, async world => {
    const put = messages()
    for (const octets of put) await world.source.deliver(octets)
    await endAtPoison(world, 'out')
    const third = await pullAt(world, 'out')
    assert.equal(third.code, 1, told(third))
    const [aside, ...others] = await asideOf(world)
    assert.deepEqual(others, [])
    assert.equal(aside?.stage, 'importing')
    assert.equal(aside.outcomeUnknown, true)
    assert.deepEqual(
      await world.source.stored(),
      [sha256(put[4] ?? Buffer.alloc(0))],
      'it stays at the source',
    )
    assert.match((await world.run(['status'])).stdout, /ended without warning 4 times in a row/)
    assert.equal((await world.run(['retry', String(aside.id)])).code, 0)
    assert.equal((await pullAt(world, 'not')).code, 0)
    assert.deepEqual(
      [...world.gmail.stored().values()],
      Array.from({ length: 10 }, () => 1),
    )
    assert.deepEqual(await world.source.stored(), [])
  }))

test('G17: after an hour it is tried once more by itself, so that a power cut keeps no mail back', () =>
  inWorld({ protocol: 'imap' }, async world => {
    const put = messages()
    for (const octets of put) await world.source.deliver(octets)
    await endAtPoison(world, 'in')
    const clock = new PlayedClock()
    const app = await openInProcess(world, { clock })
    const first = countOf(await app.pull())
    assert.deepEqual([world.gmail.stored().size, first.deferred], [9, 1])
    clock.pass(hour + 1000)
    assert.equal(countOf(await app.pull()).imported, 1)
    await app.close()
    assert.deepEqual(await asideOf(world), [])
    await judge({ world, put, printed: app.log() })
  }))

test('G17: a message whose header section ends the process is asked for no evidence', () =>
  inWorld({ protocol: 'imap', env: { START_FROM: '2020-01-01' } }, async world => {
    const put = messages(`Message-ID: <poison@example.net>\r\nX-Mark: ${marker}\r\n`)
    for (const octets of put) await world.source.deliver(octets)
    assert.equal((await pullAt(world, 'not')).code, 0)
    // Its names change, so that every message is asked who it is.
    const inbox = world.source.imap?.folder('INBOX')
    assert.ok(inbox)
    inbox.uidValidity = (inbox.uidValidity ?? 0) + 1
    for (let start = 0; start < 3; start += 1) assert.equal((await pullAt(world, 'in')).signal, 'SIGKILL')
    const fourth = await pullAt(world, 'in')
    assert.equal(fourth.signal, null, told(fourth))
    for (const count of world.gmail.stored().values()) assert.equal(count, 1)
  }))

test('G17: a stop that was asked for amid a message counts for nothing', () =>
  inWorld({ protocol: 'pop3' }, async world => {
    const put = messages()
    for (const octets of put) await world.source.deliver(octets)
    const { pop3 } = world.source
    assert.ok(pop3)
    for (const _ of [1, 2, 3]) {
      pop3.faults.retrCut = { at: 100, how: 'silence' }
      const asked = pop3.ledger.commands.length
      const child = world.start(['pull', '--json'])
      await until(() => pop3.ledger.commands.slice(asked).some(line => line.startsWith('RETR')), 'a message')
      child.kill('SIGTERM')
      await child.ended
    }
    delete pop3.faults.retrCut
    const app = await openInProcess(world)
    assert.equal(countOf(await app.pull()).imported, 10)
    await app.close()
  }))

test('G17: a daemon that is killed again and again while nothing is in hand blames nobody', () =>
  inWorld({ protocol: 'pop3' }, async world => {
    const { pop3 } = world.source
    assert.ok(pop3)
    for (const name of ['one', 'two', 'three', 'four']) {
      await world.source.deliver(mail(name))
      const before = world.gmail.accepted.length
      const child = world.start(['run'])
      await until(() => world.gmail.accepted.length > before, 'the message')
      await until(() => pop3.openConnections() === 0, 'the end of the pull')
      child.kill('SIGKILL')
      await child.ended
      assert.deepEqual(await asideOf(world), [])
    }
    const last = await pullAt(world, 'not')
    assert.equal(last.code, 0, told(last))
    assert.equal(world.gmail.accepted.length, 4)
  }))
