import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type Clock, systemClock } from '../../src/base/clock.ts'
import type { IdleMemory, IdleWay } from '../../src/source/source.ts'
import { usualCapabilities } from '../servers/imap-server.ts'
import { until } from '../servers/until.ts'
import { faultOf, mail, type RigOptions, said, watching } from './imap-harness.ts'

test('mail that arrives while idling is announced at once', async t => {
  const watched = await watching(t, {})
  await until(() => said(watched, 'IDLE') === 1 && watched.seen.alive >= 2, 'IDLE')
  // One announcement for what may have come before the watch began.
  assert.equal(watched.seen.news, 1)
  watched.server.deliver('INBOX', mail('a'))
  await until(() => watched.seen.news === 2, 'the announcement')
  // The first IDLE is not over: the server's word brought it, and no question of ours.
  assert.deepEqual([said(watched, 'IDLE'), said(watched, 'DONE'), said(watched, 'NOOP')], [1, 0, 0])
  assert.ok(watched.server.ledger.commands.some(({ text }) => text === 'SELECT "INBOX"'))
})

test('IDLE is ended and begun again, and each time the server proves that it answers', async t => {
  const watched = await watching(t, { deadlines: { idle: 40 } })
  await until(() => said(watched, 'IDLE') >= 4, 'four IDLEs')
  assert.ok(said(watched, 'NOOP') >= 3)
  assert.ok(watched.seen.alive >= 7)
})

for (const when of ['DONE', 'NOOP'])
  test(`who is told with the answer to ${when} asks at once: nothing else is asked before`, async t => {
    let told = false
    const watched = await watching(t, {
      deadlines: { idle: 40, quickIdle: 40, select: when === 'NOOP' ? 60_000 : 0 },
      faults: {
        at: ({ verb }) => {
          if (verb !== when || told) return undefined
          told = true
          return { do: 'before', pieces: ['* 1 EXISTS\r\n'] }
        },
      },
    })
    await until(() => said(watched, 'IDLE') >= 3, 'two rounds')
    const verbs = watched.server.ledger.commands.map(({ text }) => text.split(' ')[0])
    const begin = verbs.indexOf('IDLE')
    const asked = when === 'DONE' ? [] : ['NOOP']
    assert.deepEqual(
      verbs.slice(begin, begin + 2 + asked.length).filter(verb => verb !== 'DONE'),
      ['IDLE', ...asked, 'IDLE'],
    )
    assert.equal(watched.seen.news, 2)
    const next = when === 'NOOP' ? 'NOOP' : 'SELECT'
    await until(() => said(watched, next) >= 2, `${next} behind a round that told nothing`)
  })

test('mail that a mute IDLE keeps back is found by the NOOP behind it', async t => {
  const watched = await watching(t, { deadlines: { idle: 60 }, faults: { mutePushes: true } })
  await until(() => said(watched, 'IDLE') >= 1, 'IDLE')
  watched.server.deliver('INBOX', mail('a'))
  await until(() => watched.seen.news >= 2, 'the announcement')
})

test('a connection that died silently proves dead within the deadline', async t => {
  const watched = await watching(t, {
    deadlines: { idle: 40, silence: 80 },
    faults: { at: ({ verb }) => (verb === 'DONE' ? { do: 'silence' } : undefined) },
  })
  const fault = await faultOf(watched.ended, 'source.timeout')
  assert.equal(fault.facts.phase, 'idle')
  assert.equal(fault.facts.folder, 'INBOX')
})

test('a server that says "Still here" and does not answer DONE proves dead all the same', async t => {
  const watched = await watching(t, {
    deadlines: { idle: 60, silence: 80 },
    faults: {
      at: ({ verb }) =>
        verb === 'IDLE'
          ? { do: 'answer', pieces: ['+ idling\r\n', '* OK Still here\r\n', '* OK Still here\r\n'] }
          : verb === 'DONE'
            ? { do: 'silence' }
            : undefined,
    },
  })
  await faultOf(watched.ended, 'source.timeout')
  assert.ok(watched.seen.alive >= 3)
  assert.equal(watched.seen.news, 1)
})

test('an IDLE that is never accepted ends by the deadline', async t => {
  const watched = await watching(t, {
    deadlines: { silence: 80 },
    faults: { at: ({ verb }) => (verb === 'IDLE' ? { do: 'silence' } : undefined) },
  })
  await faultOf(watched.ended, 'source.timeout')
})

for (const ending of ['reset', 'end', 'bye'] as const) {
  test(`a connection that ends by ${ending} while idling ends the watch`, async t => {
    const watched = await watching(t, {
      deadlines: { idle: 50 },
      faults: {
        at: ({ verb }) =>
          verb === 'DONE'
            ? ending === 'bye'
              ? { do: 'bye', text: 'Autologout' }
              : { do: ending }
            : undefined,
      },
    })
    await faultOf(watched.ended, 'source.connection-lost')
  })
}

test('a reset in the middle of an IDLE is noticed at once', async t => {
  const watched = await watching(t, {})
  await until(() => watched.seen.alive >= 2, 'IDLE')
  watched.server.resetAll()
  await faultOf(watched.ended, 'source.connection-lost')
  assert.deepEqual([said(watched, 'IDLE'), said(watched, 'DONE')], [1, 0], 'before the first IDLE is over')
})

test('without IDLE a NOOP asks at its interval', async t => {
  const watched = await watching(t, {
    capabilities: usualCapabilities.filter(name => name !== 'IDLE'),
    deadlines: { poll: 30 },
  })
  await until(() => said(watched, 'NOOP') >= 2, 'two NOOPs')
  watched.server.deliver('INBOX', mail('a'))
  await until(() => watched.seen.news === 2, 'the announcement')
  assert.equal(said(watched, 'IDLE'), 0)
})

test('an IDLE that is refused falls back to NOOP', async t => {
  const watched = await watching(t, {
    deadlines: { poll: 30 },
    faults: {
      at: ({ verb }) => (verb === 'IDLE' ? { do: 'answer', pieces: ['{tag} BAD no\r\n'] } : undefined),
    },
  })
  await until(() => said(watched, 'NOOP') >= 3, 'three NOOPs')
  assert.equal(said(watched, 'IDLE'), 1)
})

/** The watch of one server with what is remembered of its IDLE. */
async function remembering(t: TestContext, options: RigOptions, way?: IdleWay) {
  const ways: IdleWay[] = [way]
  const idleMemory: IdleMemory = {
    wayOf: async () => ways.at(-1),
    noteWay: async (_, learned) => void ways.push(learned),
  }
  return { ways, ...(await watching(t, { ...options, idleMemory })) }
}
const quick = { idle: 60_000, quickIdle: 30, select: 60_000 }

test('F20: mail that IDLE keeps back till DONE (GNU mailutils imap4d) comes within moments, and is remembered', async t => {
  const watched = await remembering(t, { deadlines: quick, faults: { mutePushes: true } })
  await until(() => said(watched, 'IDLE') >= 2, 'IDLE')
  watched.server.deliver('INBOX', mail('a'))
  await until(() => watched.seen.news >= 2 && watched.ways.at(-1) === 'silent', 'the announcement')
  assert.deepEqual(watched.ways, [undefined, 'silent'])
})

test('F20: mail that neither IDLE nor NOOP tells of (go-imap 1.x) is found by SELECT on the same connection', async t => {
  let last = 1
  const watched = await remembering(t, {
    deadlines: { ...quick, select: 50 },
    faults: {
      mutePushes: true,
      at: ({ verb }) =>
        verb === 'DONE' || verb === 'NOOP' ? { do: 'answer', pieces: ['{tag} OK\r\n'] } : undefined,
    },
  })
  await until(() => said(watched, 'IDLE') >= 2, 'IDLE')
  last = watched.seen.news
  watched.server.deliver('INBOX', mail('a'))
  await until(() => watched.seen.news > last && watched.ways.at(-1) === 'silent', 'the announcement')
  assert.equal(watched.server.ledger.logins.length, 1)
})

test('F20: a mailbox whose IDLE was silent is asked quickly from the first moment, until IDLE tells again', async t => {
  const watched = await remembering(t, { deadlines: { ...quick, quickIdle: 300 } }, 'silent')
  await until(() => said(watched, 'IDLE') >= 2, 'two quick IDLEs')
  watched.server.deliver('INBOX', mail('a'))
  await until(() => watched.ways.at(-1) === 'tells', 'what was learned')
  const idles = said(watched, 'IDLE')
  // Longer than two quick ones take.
  await new Promise(resolve => setTimeout(resolve, 900))
  assert.ok(said(watched, 'IDLE') <= idles + 1, 'it is believed again')
})

test('F20: a count that is told again and again, an EXPUNGE and an answer to NOOP are no news that IDLE kept back', async t => {
  const watched = await remembering(t, {
    deadlines: { ...quick, select: 20 },
    faults: {
      at: ({ verb }) => (verb === 'NOOP' ? { do: 'before', pieces: ['* 0 EXISTS\r\n'] } : undefined),
    },
  })
  await until(() => said(watched, 'IDLE') >= 4, 'four IDLEs')
  assert.deepEqual(watched.ways, [undefined])
})

test('a server that ends every IDLE at once is not asked in a tight loop', async t => {
  const slept: number[] = []
  const clock: Clock = {
    ...systemClock,
    sleep: (ms, signal) => {
      slept.push(ms)
      return systemClock.sleep(ms, signal)
    },
  }
  const watched = await watching(t, {
    clock,
    deadlines: { poll: 54_321 },
    faults: {
      at: ({ verb }) =>
        verb === 'IDLE' ? { do: 'answer', pieces: ['+ idling\r\n', '{tag} OK done\r\n'] } : undefined,
    },
  })
  await until(() => slept.includes(54_321), 'the pause')
  assert.equal(said(watched, 'IDLE'), 1)
})

test('where every folder is missing the watch ends by saying so', async t => {
  const watched = await watching(t, { pull: ['Nope'] })
  await faultOf(watched.ended, 'source.folder-missing')
})

test("an abort ends the watch with the signal's reason and leaves no connection", async t => {
  const watched = await watching(t, {})
  await until(() => watched.seen.alive >= 2, 'IDLE')
  const reason = new Error('enough')
  watched.abort.abort(reason)
  await assert.rejects(watched.ended, error => error === reason)
  await until(() => watched.server.connections === 0, 'no connection')
})

const withoutNext = {
  do: 'answer',
  pieces: ['* 0 EXISTS\r\n* OK [UIDVALIDITY 1] shown\r\n{tag} OK [READ-ONLY] done\r\n'],
} as const

test('where the folder is examined no NOOP stands before it, unless no UIDNEXT is shown', async t => {
  for (const showsNext of [true, false]) {
    const watched = await watching(t, {
      deadlines: { idle: 40, quickIdle: 40, select: 0 },
      faults: { at: ({ verb }) => (verb === 'SELECT' && !showsNext ? withoutNext : undefined) },
    })
    await until(() => said(watched, 'IDLE') >= 3, 'two rounds')
    assert.equal(said(watched, 'NOOP') > 0, !showsNext)
    assert.ok(said(watched, 'SELECT') >= 3)
  }
})
