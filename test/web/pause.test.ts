/** A mailbox that the owner has paused: felt within seconds, kept over kill -9, told everywhere, and over when it is over. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { mail } from '../faults/harness.ts'
import { dovecotMissing } from '../servers/dovecot.ts'
import { freePorts, loopback } from '../servers/local.ts'
import { requireServer } from '../servers/required.ts'
import { until } from '../servers/until.ts'
import { answerOf, startWorld } from '../servers/world.ts'
import { ask, type PageWorld, type SignedIn, startPageWorld } from './page.ts'

const mailbox = `owner@${loopback}`
const everySecond = '* * * * * *'
const hardlyEver = '0 0 1 1 *'

interface Paused {
  readonly mailbox: string
  readonly pausedSinceMs: number | null
}

describe('a paused mailbox on a real server', { skip: requireServer('dovecot', dovecotMissing()) }, () => {
  let world: PageWorld
  let owner: SignedIn
  let metrics: string
  /** Of Dovecot's own log. */
  const count = async (line: RegExp): Promise<number> =>
    (await world.source.dovecot?.log())?.match(new RegExp(line, 'g'))?.length ?? 0
  const logins = (): Promise<number> => count(/imap-login: (?:Info: )?Login: user=<owner>/)
  const leaves = (): Promise<number> => count(/imap\(owner\)<.*Logged out/)
  const statusOf = async () => {
    const ended = await world.run(['status', '--json'])
    const [first] = answerOf(ended).mailboxes as Paused[]
    return { code: ended.code, pausedSinceMs: first?.pausedSinceMs }
  }
  const isPausedInLog = (): boolean => /Paused by you/.test(world.log())

  before(async () => {
    const [port] = await freePorts(1)
    metrics = `${loopback}:${port}`
    world = await startPageWorld({ server: 'dovecot', env: { SCHEDULE: everySecond, METRICS: metrics } })
    owner = await world.signIn()
    await world.source.deliver(mail('first'))
    await until(() => world.gmail.accepted.length === 1, 'mail comes')
    await until(async () => (await owner.ask(owner.home)).text.includes('The server is listened to.'), 'IDLE')
  })
  after(() => world.stop())

  it('is left within seconds of the button, politely, and not entered again', async () => {
    const left = await leaves()
    const beganMs = performance.now()
    const { status, headers } = await owner.post('pause', { mailbox })
    assert.equal(status, 303)
    await until(async () => (await leaves()) > left, 'the server saw LOGOUT')
    const tookMs = performance.now() - beganMs
    assert.ok(tookMs < 10_000, `${tookMs} ms`)
    await until(isPausedInLog, 'the log says so')
    const { text } = await owner.ask(`${owner.home}${String(headers.location).split('/').at(-1)}`)
    assert.match(text, /class="notice"[^<]*>[^<]*paused/)
    assert.match(text, /<h1[^>]*>⏸ Paused by you since/)
    const before = await logins()
    await world.source.deliver(mail('waits'))
    await owner.post('check-now')
    // Several times of the schedule.
    await pause(2500)
    assert.equal(await logins(), before, 'nobody logs in, nor when asked to check now')
    assert.equal(world.gmail.accepted.length, 1)
  })

  it('is told as paused, and as no trouble, by whoever is asked', async () => {
    const { code, pausedSinceMs } = await statusOf()
    assert.equal(code, 0)
    assert.ok(pausedSinceMs)
    const quick = await world.run(['status', '--quick'])
    assert.match(quick.stdout, /^⏸ Paused by you since/)
    const inJapanese = await world.run(['status'], { env: { HIKYAKU_LANG: 'ja' } })
    assert.match(inJapanese.stdout, /一時停止中/)
    const health = await ask(metrics, '/healthz')
    assert.equal(health.status, 200, health.text)
    assert.deepEqual(
      JSON.parse(health.text).paused.map((one: Paused) => one.mailbox),
      [mailbox],
    )
    assert.match((await ask(metrics, '/metrics')).text, /hikyaku_paused\{[^}]*\} 1/)
    assert.match((await world.run(['check-now'])).stdout, new RegExp(`left alone: ${mailbox}`))
    const again = await world.run(['pause', mailbox])
    assert.match(again.stdout, /was paused already, since/)
    assert.equal(again.code, 0)
    const doctor = await world.run(['doctor', '--json'])
    assert.match(doctor.stdout, /mailbox\.paused/)
  })

  it('stays so when the daemon is killed and started again', async () => {
    const before = await logins()
    await world.restart('SIGKILL')
    await until(isPausedInLog, 'it begins paused')
    await until(async () => (await ask(metrics, '/readyz')).status === 200, 'that is no start without end')
    await pause(2000)
    assert.equal(await logins(), before)
    assert.ok((await statusOf()).pausedSinceMs)
  })

  it('brings what has waited once it is resumed, and is listened to again', async () => {
    const before = await logins()
    const { code, stdout } = await world.run(['resume'])
    assert.equal(code, 0)
    assert.match(stdout, /resumed/)
    await until(() => world.gmail.accepted.length === 2, 'what has waited')
    await until(async () => (await owner.ask(owner.home)).text.includes('The server is listened to.'), 'IDLE')
    // Dovecot's log is written by a process of its own.
    await until(async () => (await logins()) > before, 'the login in the log')
    assert.equal((await logins()) - before, 1, 'one login is for pull and watch')
    assert.equal((await statusOf()).pausedSinceMs, null)
    assert.doesNotMatch((await owner.ask(owner.home)).text, /⏸/)
  })
})

describe('a pause', () => {
  it('cuts nothing that was begun, and begins nothing', async t => {
    const world = await startPageWorld({ env: { SCHEDULE: hardlyEver } })
    t.after(() => world.stop())
    const owner = await world.signIn()
    let release = (): void => {}
    const held = new Promise<void>(resolve => {
      release = resolve
    })
    world.gmail.faults.next('import', { kind: 'hold', until: held, stage: 'after-body' })
    const uploads = (): number => world.gmail.ledger.entries.filter(one => one.endpoint === 'import').length
    await world.source.deliver(mail('under-way'))
    await until(() => uploads() === 1, 'an upload under way')
    await owner.post('pause', { mailbox })
    await until(() => /Paused by you/.test(world.log()), 'it is felt')
    await world.source.deliver(mail('later'))
    release()
    await until(() => world.gmail.accepted.length === 1, 'what was begun is done')
    assert.equal(answerOf(await world.run(['status', '--json'])).ok, true)
    assert.equal(uploads(), 1)
    await owner.post('resume', { mailbox })
    await until(() => world.gmail.accepted.length === 2, 'the rest comes')
    assert.equal(uploads(), 2, 'each once')
  })

  it('is kept by pulls, but for one that names the mailbox with --now', async t => {
    const world = await startWorld({ protocol: 'pop3', env: { ALERT_MAIL: 'no' } })
    t.after(() => world.stop())
    const logins = (): number => world.source.pop3?.ledger.logins.length ?? 0
    const nothing = await world.run(['pause'])
    assert.deepEqual([nothing.code, /no journal/.test(nothing.stdout)], [69, true])
    assert.equal((await world.run(['pull'])).code, 0)
    assert.equal((await world.run(['pause'])).code, 0)
    await world.source.deliver(mail('one'))
    const before = logins()
    for (const args of [
      ['pull', mailbox],
      ['pull', '--now'],
      ['pull', '--dry-run', mailbox],
    ]) {
      const { code, stdout } = await world.run(args)
      assert.equal(code, 0, args.join(' '))
      assert.match(stdout, /paused by you since .*, so nothing was pulled/, args.join(' '))
    }
    const quiet = await world.run(['pull', '--quiet'])
    assert.deepEqual([quiet.code, quiet.stdout + quiet.stderr], [0, ''])
    const [answer] = answerOf(await world.run(['pull', '--json'])).mailboxes as Paused[]
    assert.ok(answer?.pausedSinceMs)
    assert.equal(logins(), before)
    assert.equal((await world.run(['pull', '--now', mailbox])).code, 0)
    assert.equal(world.gmail.accepted.length, 1)
    assert.match((await world.run(['status'])).stdout, /Paused by you since/, 'and it is paused still')
  })

  it('is what the owner is reminded of', async t => {
    const world = await startWorld({ protocol: 'pop3', env: { SCHEDULE: everySecond } })
    t.after(() => world.stop())
    assert.equal((await world.run(['pull'])).code, 0)
    const { DatabaseSync } = await import('node:sqlite')
    const journal = new DatabaseSync(`${world.stateDir}/journal.sqlite`)
    const sinceMs = Date.now() - 25 * 3600_000
    journal
      .prepare("INSERT INTO note (key, value) VALUES ('paused', ?)")
      .run(JSON.stringify({ [mailbox]: { sinceMs } }))
    const daemon = world.start(['run'])
    await until(() => world.gmail.accepted.length === 1, 'the notice is in Gmail')
    const [notice] = world.gmail.messages()
    const text = notice?.read().toString('utf8') ?? ''
    const body = Buffer.from(text.split('\r\n\r\n')[1] ?? '', 'base64').toString('utf8')
    assert.match(text, /Subject: \[hikyaku\] owner@127\.0\.0\.1 is still paused/)
    assert.match(body, /You paused owner@127\.0\.0\.1 .* ago/)
    const note = journal.prepare("SELECT value FROM note WHERE key = 'paused'")
    // Behind Gmail's answer.
    await until(
      () => JSON.parse(String(note.get()?.value))[mailbox].remindedAtMs > sinceMs,
      'that the owner was reminded is written down',
    )
    journal.close()
    await pause(1500)
    assert.equal(world.gmail.accepted.length, 1, 'once')
    daemon.kill('SIGTERM')
    await daemon.ended
  })
})
