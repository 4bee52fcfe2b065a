/** `hikyaku run` as a child process, as a service manager runs it: when it pulls, how it ends, how it comes back. */
import assert from 'node:assert/strict'
import { after, before, describe, it, type TestContext } from 'node:test'
import { sampleMail } from '../../scripts/sandbox/mail.ts'
import { openJournal } from '../../src/journal/sqlite.ts'
import { computePercentiles } from '../../src/status/mailbox-status.ts'
import { dovecotMissing } from '../servers/dovecot.ts'
import { presets } from '../servers/gmail/gmail-server.ts'
import { startPop3Server } from '../servers/pop3-server.ts'
import { requireServer } from '../servers/required.ts'
import { type Protocol, sha256 } from '../servers/source-server.ts'
import { until } from '../servers/until.ts'
import { answerOf, startWorld, type World, type WorldOptions } from '../servers/world.ts'

/** Once a year: what happens meanwhile has another cause. */
const hardlyEver = '0 0 1 1 *'
const everySecond = '* * * * * *'

async function worldFor(t: TestContext, options: WorldOptions): Promise<World> {
  const world = await startWorld({ ...options, env: { ALERT_MAIL: 'no', ...options.env } })
  t.after(() => world.stop())
  return world
}

interface Status {
  readonly stages: Readonly<Record<string, number>>
  readonly conserved: boolean
  readonly fault: { readonly code: string } | null
}

async function statusOf(world: World): Promise<Status> {
  const [mailbox] = answerOf(await world.run(['status', '--json'])).mailboxes as Status[]
  assert.ok(mailbox)
  return mailbox
}

/** How often the source was logged in to. */
const logins = ({ source }: World): number => (source.pop3 ?? source.imap)?.ledger.logins.length ?? 0
const uploads = (world: World): number =>
  world.gmail.ledger.entries.filter(one => one.endpoint === 'import').length

/** Gmail takes the next message in and answers only once `release` is called. */
function holdNextImport(world: World): () => void {
  let release = (): void => {}
  const held = new Promise<void>(resolve => {
    release = resolve
  })
  world.gmail.faults.next('import', { kind: 'hold', until: held, stage: 'after-body' })
  return release
}

/** The first message waits no longer than a moment. */
async function shortenWait(world: World): Promise<void> {
  const journal = await openJournal(world.stateDir, 'run', () => {})
  try {
    await until(async () => ((await journal.row(1))?.notBeforeMs ?? 0) > Date.now(), 'its wait')
    await journal.move(1, 'importing', { notBeforeMs: Date.now() + 500 })
  } finally {
    await journal.close()
  }
}

for (const protocol of ['pop3', 'imap'] as const satisfies readonly Protocol[]) {
  describe(`stopping the daemon over ${protocol}`, () => {
    it('the first SIGTERM lets the upload that has begun finish, takes leave of the server, and exits with 0', async t => {
      const world = await worldFor(t, { protocol, env: { SCHEDULE: hardlyEver } })
      const release = holdNextImport(world)
      await world.source.deliver(sampleMail(1))
      const daemon = world.start(['run'])
      await until(() => uploads(world) === 1, 'an upload under way')
      daemon.kill('SIGTERM')
      await until(() => /SIGTERM/.test(daemon.stderr()), 'the signal is heard')
      assert.equal(world.gmail.accepted.length, 0, 'not answered yet')
      release()
      const ended = await daemon.ended
      assert.deepEqual([ended.code, ended.signal], [0, null], ended.stderr)
      assert.equal(world.gmail.accepted.length, 1)
      const { pop3, imap } = world.source
      const commands = pop3?.ledger.commands ?? imap?.ledger.commands.map(one => one.text) ?? []
      assert.ok(commands.includes(protocol === 'pop3' ? 'QUIT' : 'LOGOUT'), commands.slice(-5).join(' | '))
      const { stages, conserved } = await statusOf(world)
      assert.deepEqual([stages.imported, stages.settled, stages.importing, conserved], [0, 1, 0, true])
    })

    it('the second SIGTERM ends it at once, and what was under way is in Gmail once after the next start', async t => {
      const world = await worldFor(t, { protocol, env: { SCHEDULE: hardlyEver } })
      const release = holdNextImport(world)
      await world.source.deliver(sampleMail(1))
      const daemon = world.start(['run'])
      await until(() => uploads(world) === 1, 'an upload under way')
      daemon.kill('SIGTERM')
      await until(() => /SIGTERM/.test(daemon.stderr()), 'the signal is heard')
      daemon.kill('SIGTERM')
      assert.equal((await daemon.ended).code, 143)
      release()
      assert.equal((await statusOf(world)).stages.importing, 1)
      // Its outcome is unknown: it is resolved before anything else is tried.
      const again = await world.run(['pull', '--json'])
      assert.equal((await statusOf(world)).stages.settled, 1, again.stdout + again.stderr)
      assert.deepEqual([...world.gmail.stored()], [[sha256(sampleMail(1)), 1]])
      assert.equal((await world.source.stored()).length, 1)
    })
  })
}

describe('when the daemon pulls', () => {
  it('POP3 is asked at each tick of SCHEDULE, one session at a time, each ended by QUIT', async t => {
    const world = await worldFor(t, { protocol: 'pop3', env: { SCHEDULE: everySecond } })
    const { pop3 } = world.source
    assert.ok(pop3)
    // A second session would be turned away.
    pop3.faults.lock = true
    const daemon = world.start(['run'])
    await until(() => logins(world) >= 3, 'three pulls')
    await world.source.deliver(sampleMail(7))
    await until(() => world.gmail.accepted.length === 1, 'mail that came in between')
    // Between two of them: a stop in the midst of a login or a listing takes no leave.
    await until(() => pop3.openConnections() === 0, 'the end of a session')
    assert.equal(pop3.ledger.commands.filter(one => one === 'QUIT').length, logins(world))
    daemon.kill('SIGTERM')
    assert.equal((await daemon.ended).code, 0)
    assert.equal(pop3.ledger.failedLogins.length, 0)
  })

  it('ticks that pass while a pull is under way start no second one', async t => {
    const world = await worldFor(t, { protocol: 'pop3', env: { SCHEDULE: everySecond } })
    const { pop3 } = world.source
    assert.ok(pop3)
    pop3.faults.lock = true
    Object.assign(pop3.faults, { chunk: 8, chunkDelayMs: 50 })
    await world.source.deliver(sampleMail(1))
    const daemon = world.start(['run'])
    await until(() => pop3.ledger.commands.some(line => line.startsWith('RETR')), 'a retrieval under way')
    const began = Math.floor(Date.now() / 1000)
    await until(() => Math.floor(Date.now() / 1000) >= began + 3, 'three ticks of the schedule')
    assert.equal(pop3.ledger.connections, 1)
    Object.assign(pop3.faults, { chunk: 65_536, chunkDelayMs: 0 })
    await until(() => logins(world) >= 2, 'the pull after it')
    // The upload may outlive the pull.
    await until(() => world.gmail.accepted.length >= 1, 'the mail')
    daemon.kill('SIGTERM')
    assert.equal((await daemon.ended).code, 0)
    assert.equal(world.gmail.accepted.length, 1)
    assert.equal(pop3.ledger.failedLogins.length, 0)
  })

  it('ticks that pass while an upload is under way are heeded', async t => {
    const world = await worldFor(t, { protocol: 'pop3', env: { SCHEDULE: everySecond } })
    const { pop3 } = world.source
    assert.ok(pop3)
    pop3.faults.lock = true
    const release = holdNextImport(world)
    await world.source.deliver(sampleMail(1))
    const daemon = world.start(['run'])
    await until(() => uploads(world) === 1, 'an upload under way')
    await until(() => logins(world) >= 3, 'two pulls more')
    release()
    await until(() => world.gmail.accepted.length === 1, 'its end')
    daemon.kill('SIGTERM')
    assert.equal((await daemon.ended).code, 0)
    assert.equal(pop3.ledger.failedLogins.length, 0)
    assert.equal(uploads(world), 1)
  })

  it('between two ticks nothing is asked but by `check-now`', async t => {
    const world = await worldFor(t, { protocol: 'pop3', env: { SCHEDULE: hardlyEver } })
    const idle = await world.run(['check-now', '--json'])
    assert.deepEqual([idle.code, answerOf(idle).running], [69, false], 'nobody is there to ask')
    const daemon = world.start(['run'])
    await until(() => logins(world) === 1, 'the pull at the start')
    await world.source.deliver(sampleMail(1))
    const asked = await world.run(['check-now', '--json'])
    assert.deepEqual([asked.code, answerOf(asked).running], [0, true])
    await until(() => world.gmail.accepted.length === 1, 'the mail that was asked for')
    assert.equal(logins(world), 2)
    daemon.kill('SIGTERM')
    assert.equal((await daemon.ended).code, 0)
  })

  it('what is due is tried again in the midst of mail that comes more often than once a second', async t => {
    const world = await worldFor(t, { protocol: 'imap', env: { SCHEDULE: hardlyEver } })
    world.source.imap?.deliver('INBOX', sampleMail(0))
    world.gmail.faults.next('import', { kind: 'close', stage: 'after-body' })
    const daemon = world.start(['run'])
    await until(() => uploads(world) === 1, 'the upload that comes to nothing')
    await shortenWait(world)
    const isIn = (): boolean => world.gmail.stored().has(sha256(sampleMail(0)))
    let news = 0
    while (!isIn() && news < 30) {
      news += 1
      world.source.imap?.deliver('INBOX', sampleMail(news))
      await new Promise(resolve => setTimeout(resolve, 300))
    }
    assert.ok(isIn(), `${news} messages came meanwhile\n${daemon.stderr()}`)
    t.diagnostic(`after ${news} others`)
    daemon.kill('SIGTERM')
    assert.equal((await daemon.ended).code, 0)
  })

  it('`retry` is done at once, and `pull` beside the daemon names `check-now`', async t => {
    const world = await worldFor(t, { protocol: 'pop3', env: { SCHEDULE: hardlyEver } })
    await world.source.deliver(sampleMail(1))
    world.gmail.faults.next('import', presets.status(400))
    const first = await world.run(['pull', '--json'])
    assert.equal(first.code, 1, first.stdout)
    const daemon = world.start(['run'])
    await until(() => logins(world) === 2, 'the pull at the start')
    await until(() => world.source.pop3?.openConnections() === 0, 'its end')
    assert.equal(world.gmail.accepted.length, 0)
    for (const lang of ['en', 'ja']) {
      const beside = await world.run(['pull', '--lang', lang])
      assert.equal(beside.code, 75)
      assert.match(beside.stderr, /`hikyaku check-now`/)
    }
    const asked = answerOf(await world.run(['retry', '--json']))
    assert.deepEqual([asked.retried, asked.running], [[1], true])
    await until(() => world.gmail.accepted.length === 1, 'the mail that was asked for')
    daemon.kill('SIGTERM')
    assert.equal((await daemon.ended).code, 0)
    assert.equal(answerOf(await world.run(['retry', '--json'])).running, false)
  })
})

const skip = requireServer('dovecot', dovecotMissing())

describe('IDLE on a real Dovecot', { skip }, () => {
  let world: World
  before(async () => {
    world = await startWorld({
      protocol: 'imap',
      server: 'dovecot',
      env: { SCHEDULE: hardlyEver, ALERT_MAIL: 'no' },
    })
  })
  after(() => world.stop())

  it('a mail that is delivered while the daemon idles is in Gmail within a second (median)', async t => {
    const daemon = world.start(['run'])
    // Found by the pull at the start, or by the look at the begin of the watch.
    await world.source.deliver(sampleMail(0))
    await until(() => world.gmail.accepted.length === 1, 'the first mail')
    const latencies: number[] = []
    for (let serial = 1; serial <= 9; serial += 1) {
      const deliveredMs = Date.now()
      await world.source.deliver(sampleMail(serial))
      await until(() => world.gmail.accepted.length === serial + 1, `mail ${serial}`)
      latencies.push((world.gmail.accepted.at(-1)?.atMs ?? 0) - deliveredMs)
    }
    const { p50 = Number.NaN, p95 } = computePercentiles(latencies) ?? {}
    t.diagnostic(`latency from delivery to Gmail: median ${p50} ms, p95 ${p95} ms`)
    assert.ok(p50 < 1000, latencies.join(' '))
    daemon.kill('SIGTERM')
    assert.equal((await daemon.ended).code, 0)
  })
})

describe('coming back', { concurrency: true }, () => {
  it('after the mail server was down it goes on by itself', { timeout: 60_000 }, async t => {
    const world = await worldFor(t, { protocol: 'pop3', env: { SCHEDULE: everySecond } })
    const { pop3 } = world.source
    assert.ok(pop3)
    const daemon = world.start(['run'])
    await until(() => logins(world) >= 1 && pop3.openConnections() === 0, 'a good pull')
    await pop3.close()
    await until(() => /source\.(unreachable|connection-lost)/.test(daemon.stderr()), 'the trouble is told')
    assert.match((await statusOf(world)).fault?.code ?? '', /^source\./)
    const users = { owner: 'correct horse battery' }
    const back = await startPop3Server({ port: pop3.port, users, messages: [sampleMail(5)] })
    t.after(() => back.close())
    await until(() => world.gmail.accepted.length === 1, 'mail after the server is back', 45_000)
    daemon.kill('SIGTERM')
    assert.equal((await daemon.ended).code, 0)
    assert.equal((await statusOf(world)).fault, null)
  })

  it('after Gmail was down it goes on by itself, and nothing is there twice', {
    timeout: 60_000,
  }, async t => {
    const world = await worldFor(t, { protocol: 'imap', env: { SCHEDULE: everySecond } })
    await world.source.deliver(sampleMail(1))
    const daemon = world.start(['run'])
    await until(() => world.gmail.accepted.length === 1, 'the first mail')
    await world.gmail.goOffline()
    for (const serial of [2, 3]) await world.source.deliver(sampleMail(serial))
    await until(() => /gmail\.unreachable/.test(daemon.stderr()), 'the trouble is told')
    assert.equal((await world.source.stored()).length, 3, 'the mail waits at the source')
    await world.gmail.goOnline()
    await until(() => world.gmail.stored().size === 3, 'what waited', 45_000)
    daemon.kill('SIGTERM')
    assert.equal((await daemon.ended).code, 0)
    const { stages, fault } = await statusOf(world)
    assert.deepEqual([stages.settled, fault], [3, null])
    assert.ok([...world.gmail.stored().values()].every(count => count === 1))
  })

  it('after a connection that idles was cut it watches again', { timeout: 60_000 }, async t => {
    const world = await worldFor(t, { protocol: 'imap', env: { SCHEDULE: hardlyEver } })
    const { imap } = world.source
    assert.ok(imap)
    const idling = (): number => imap.ledger.commands.filter(one => one.text.startsWith('IDLE')).length
    const daemon = world.start(['run'])
    await until(() => idling() === 1, 'the daemon idles')
    imap.resetAll()
    await until(() => idling() === 2, 'it idles again', 30_000)
    await world.source.deliver(sampleMail(1))
    await until(() => world.gmail.accepted.length === 1, 'mail without a schedule')
    daemon.kill('SIGTERM')
    assert.equal((await daemon.ended).code, 0)
  })
})
