import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { describe, it } from 'node:test'
import { type Alerts, makeAlerts } from '../../src/alerts/alerts.ts'
import { composeNotice, encodeWords } from '../../src/alerts/notice-mail.ts'
import { loadConfig } from '../../src/config/load.ts'
import { makeLog } from '../../src/log/log.ts'
import type { Attempt } from '../../src/pull/attempt.ts'
import { pauseMailboxes, resumeMailboxes } from '../../src/pull/paused.ts'
import { presets } from '../servers/gmail/gmail-server.ts'
import { type InProcess, openInProcess, PlayedClock } from '../servers/in-process.ts'
import { until } from '../servers/until.ts'
import { startWorld, type World, type WorldOptions } from '../servers/world.ts'
import { type HookServer, startHookServer } from './hook-server.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const mail = (name: string): Buffer =>
  Buffer.from(
    `From: a@example.net\r\nMessage-ID: <${name}@example.net>\r\nSubject: ${name}\r\n\r\nHello.\r\n`,
  )

interface Stage {
  readonly world: World
  readonly hook: HookServer
  readonly clock: PlayedClock
  readonly app: InProcess
  /** One pull, and everything told that there was to tell. */
  pull(): Promise<Attempt>
  /** Another process on the same state. */
  restart(): Promise<void>
  /** Subjects of the notice mails in Gmail, decoded. */
  subjects(): string[]
  texts(): string[]
  log(): string
}

async function stage(
  options: Partial<WorldOptions> & {
    readonly env?: Readonly<Record<string, string>>
    readonly hooks?: boolean
  },
  story: (stage: Stage) => Promise<void>,
): Promise<void> {
  const clock = new PlayedClock()
  const hook = await startHookServer()
  const world = await startWorld({ protocol: 'pop3', ...options, gmail: { clock, ...options.gmail } })
  const env = {
    ALERT_AFTER_MINUTES: '30',
    ...(options.hooks === false ? {} : { ALERT_WEBHOOK: `${hook.url}/secret-topic` }),
    ...options.env,
  }
  const config = await loadConfig({ env: { ...world.env, ...env }, cwd: world.folder })
  let text = ''
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk)
      done()
    },
  })
  const log = makeLog({ format: 'json', stream })
  let app = await openInProcess(world, { clock, env })
  let alerts: Alerts = makeAlerts({ config, clock, log, mail: true })
  const notices = (): string[] =>
    world.gmail
      .messages()
      .map(message => message.read().toString('latin1'))
      .filter(octets => octets.includes('@notice.hikyaku.invalid>'))
  try {
    await story({
      world,
      hook,
      clock,
      get app() {
        return app
      },
      async pull() {
        const made = await app.pull()
        const [ports] = app.bridge.mailboxes
        assert.ok(ports !== undefined)
        alerts.afterAttempt(ports, made)
        await alerts.idle()
        return made
      },
      async restart() {
        await alerts.close(1000)
        await app.close()
        app = await openInProcess(world, { clock, env })
        alerts = makeAlerts({ config, clock, log, mail: true })
      },
      subjects: () => notices().map(subjectOf),
      texts: () => notices().map(bodyOf),
      log: () => text,
    })
  } finally {
    await alerts.close(1000)
    await app.close()
    await world.stop()
    await hook.stop()
  }
}

const subjectOf = (octets: string): string =>
  (/^Subject: (.*(?:\r\n .*)*)/m.exec(octets)?.[1] ?? '')
    .split(/\r\n /)
    .map(word => {
      const encoded = /^=\?UTF-8\?B\?(.*)\?=$/.exec(word)?.[1]
      return encoded === undefined ? word : Buffer.from(encoded, 'base64').toString()
    })
    .join('')
const bodyOf = (octets: string): string =>
  Buffer.from(octets.slice(octets.indexOf('\r\n\r\n') + 4), 'base64').toString()

describe('the owner is told by a mail in Gmail', () => {
  it('once when a mailbox has failed for half an hour, and once when it works again, over restarts', () =>
    stage({}, async ({ world, clock, pull, restart, subjects, texts, hook }) => {
      const faults = world.source.pop3?.faults
      assert.ok(faults !== undefined)
      faults.greeting = '-ERR closed for today'
      await pull()
      clock.pass(29 * minute)
      await pull()
      assert.deepEqual(subjects(), [], 'half an hour is not over')
      clock.pass(2 * minute)
      await pull()
      assert.equal(subjects().length, 1)
      assert.match(subjects()[0] ?? '', /^\[hikyaku\] No mail from/)
      assert.match(
        texts()[0] ?? '',
        /For 31 min[\s\S]*What happened: [\s\S]*Your mail: [\s\S]*hikyaku status/,
      )
      clock.pass(hour)
      await pull()
      await restart()
      await pull()
      assert.equal(subjects().length, 1, 'a restart repeats nothing')
      delete faults.greeting
      clock.pass(hour)
      await pull()
      await pull()
      await restart()
      await pull()
      assert.equal(subjects().length, 2)
      assert.match(subjects()[1] ?? '', /works again$/)
      assert.deepEqual(hook.calls, [], 'what goes by mail needs no hook')
      const [, told] = world.gmail.messages()
      assert.deepEqual([...(told?.labelIds ?? [])].sort(), ['INBOX', 'UNREAD'])
      assert.equal(told?.neverMarkSpam, true)
    }))

  it('again after a week of the same trouble, and not at each outage of a mailbox that comes and goes', () =>
    stage({}, async ({ world, clock, pull, subjects }) => {
      const faults = world.source.pop3?.faults
      assert.ok(faults !== undefined)
      faults.greeting = '-ERR closed'
      await pull()
      clock.pass(hour)
      await pull()
      clock.pass(6 * day)
      await pull()
      assert.equal(subjects().length, 1)
      clock.pass(day)
      await pull()
      assert.equal(subjects().length, 2, 'a reminder')
      delete faults.greeting
      await pull()
      assert.equal(subjects().length, 3)
      faults.greeting = '-ERR closed'
      await pull()
      clock.pass(31 * minute)
      await pull()
      assert.equal(subjects().length, 3, 'half an hour after the last notice')
      clock.pass(30 * minute)
      await pull()
      assert.equal(subjects().length, 4)
    }))

  it('of a pause after a day and then each week, over restarts, until it ends', () =>
    stage({}, async ({ app, clock, pull, restart, subjects, texts }) => {
      const [ports] = app.bridge.mailboxes
      assert.ok(ports)
      const { name } = ports.mailbox
      await pull()
      await pauseMailboxes(app.journal, [name], clock.nowMs())
      clock.pass(23 * hour)
      await pull()
      assert.deepEqual(subjects(), [], 'a day is not over')
      const reminders: number[] = []
      for (let hours = 24; hours <= 24 * 30; hours += 1) {
        clock.pass(hour)
        if (hours % 240 === 0) await restart()
        await pull()
        while (reminders.length < subjects().length) reminders.push(hours / 24)
      }
      assert.deepEqual(reminders, [1, 8, 15, 22, 29])
      assert.ok(subjects().every(subject => subject.endsWith(`${name} is still paused`)))
      assert.match(texts().at(-1) ?? '', /29 days ago/)
    }))

  it('of a pause that ended and began anew as of a new one', () =>
    stage({}, async ({ app, clock, pull, subjects }) => {
      const { name } = app.bridge.mailboxes[0]?.mailbox ?? {}
      assert.ok(name)
      await pauseMailboxes(app.journal, [name], clock.nowMs())
      clock.pass(25 * hour)
      await pull()
      assert.equal(subjects().length, 1)
      await resumeMailboxes(app.journal, [name])
      clock.pass(10 * day)
      await pull()
      assert.equal(subjects().length, 1)
      await pauseMailboxes(app.journal, [name], clock.nowMs())
      clock.pass(23 * hour)
      await pull()
      assert.equal(subjects().length, 1, 'it is not a day old')
      clock.pass(hour)
      await pull()
      assert.equal(subjects().length, 2)
    }))

  it('when Gmail refuses a message for the first time, with the reason', () =>
    stage({}, async ({ world, clock, pull, restart, subjects, texts }) => {
      world.gmail.faults.next('import', presets.refused('Invalid From header'))
      await world.source.deliver(mail('one'))
      await pull()
      assert.deepEqual(
        subjects().map(one => /1 message from .* set aside$/.test(one)),
        [true],
      )
      assert.match(texts()[0] ?? '', /1 message from [\s\S]*Invalid From header/)
      world.gmail.faults.next('import', presets.refused('Invalid From header'))
      await world.source.deliver(mail('two'))
      await pull()
      await restart()
      await pull()
      assert.equal(subjects().length, 1, 'a second one on the same day')
      clock.pass(day)
      await pull()
      assert.equal(subjects().length, 2)
    }))

  it('three days and one day before the consent ends', () =>
    stage(
      { gmail: { oauth: { testing: true } } },
      async ({ world, clock, pull, restart, subjects, texts }) => {
        await world.source.deliver(mail('one'))
        await pull()
        assert.deepEqual(subjects(), [])
        clock.pass(4 * day + hour)
        await restart() // this process has asked for no token yet
        await pull()
        await pull()
        assert.equal(subjects().length, 1)
        assert.match(texts()[0] ?? '', /ends in 3 days/)
        clock.pass(2 * day)
        await restart()
        await pull()
        await pull()
        assert.equal(subjects().length, 2)
        assert.match(texts()[1] ?? '', /ends in 1 day\./)
      },
    ))

  it('when the books do not balance', () =>
    stage({}, async ({ app, world, clock, subjects }) => {
      const [ports] = app.bridge.mailboxes
      assert.ok(ports !== undefined)
      const config = await loadConfig({ env: world.env, cwd: world.folder })
      const alerts = makeAlerts({ config, clock: app.clock, log: ports.log, mail: true })
      const made = await app.pull()
      await app.journal.troubles.opened(
        { scope: 'mailbox', name: ports.mailbox.name, subject: 'books' },
        { code: 'books.broken', retry: 'owner', facts: {}, atMs: clock.nowMs() },
      )
      for (let i = 0; i < 2; i++) {
        alerts.afterAttempt(ports, made)
        await alerts.idle()
      }
      await alerts.close(1000)
      assert.deepEqual(
        subjects().map(one => /do not balance$/.test(one)),
        [true],
      )
    }))

  it('in Japanese, and the mail is well-formed', () => {
    const subject = '【hikyaku】店のメールボックスにとても長い名前が付いている場合でも題名は崩れません'
    const octets = composeNotice({
      address: 'owner@example.test',
      subject,
      text: '取り込めていません。\n\n以上です。\n',
      atMs: Date.UTC(2026, 0, 2, 3, 4, 5),
      key: 'a key',
    })
    const text = octets.toString('latin1')
    assert.match(text, /^[\r\n\x20-\x7e]*$/)
    assert.doesNotMatch(text, /[^\r]\n|\r[^\n]/)
    for (const line of text.split('\r\n')) assert.ok(line.length <= 78, line)
    assert.match(text, /^Date: Fri, 02 Jan 2026 03:04:05 \+0000\r$/m)
    assert.equal(subjectOf(text), subject)
    assert.equal(bodyOf(text), '取り込めていません。\r\n\r\n以上です。\r\n')
    assert.deepEqual(encodeWords('plain'), ['plain'])
    assert.deepEqual(encodeWords('a\r\nBcc: x'), ['a Bcc: x'])
    const me = composeNotice({ address: undefined, subject: 'x', text: 'x', atMs: 0, key: 'x' })
    assert.match(me.toString(), /^To: undisclosed-recipients:;\r$/m)
  })
})

describe('what cannot be said through Gmail goes to the web hook', () => {
  it('a consent that ended, and that all is well again', () =>
    stage({ env: { HIKYAKU_LANG: 'ja' } }, async ({ world, clock, pull, restart, hook, subjects, log }) => {
      await world.source.deliver(mail('one'))
      world.gmail.faults.always('token', presets.invalidGrant())
      await pull()
      clock.pass(31 * minute)
      await pull()
      await restart()
      await pull()
      assert.equal(hook.calls.length, 1)
      const [call] = hook.calls
      assert.equal(call?.method, 'POST')
      assert.equal(call?.path, '/secret-topic')
      assert.equal(call?.headers['content-type'], 'text/plain; charset=utf-8')
      assert.equal(call?.headers.priority, 'high')
      assert.equal(call?.headers.tags, 'warning')
      assert.match(String(call?.headers.title), /^[\x20-\x7e]+$/)
      assert.match(call?.text ?? '', /hikyaku setup/)
      world.gmail.faults.clear()
      clock.pass(hour)
      await pull()
      assert.deepEqual(subjects().length, 1, 'that it works again can be said by mail')
      assert.ok(!log().includes('secret-topic'))
    }))

  it('a full storage; and where the hook fails it is logged once, without the address, and mail goes on', () =>
    stage({}, async ({ world, clock, pull, hook, log }) => {
      await world.source.deliver(mail('one'))
      world.gmail.faults.always('import', presets.storageFull('drive-403'))
      hook.answer = { status: 302, location: `${hook.url}/elsewhere` }
      for (let i = 0; i < 4; i++) {
        await pull()
        clock.pass(31 * minute)
      }
      assert.ok(hook.calls.length >= 2, 'it is tried again')
      assert.ok(
        hook.calls.every(call => call.path === '/secret-topic'),
        'no redirect is followed',
      )
      assert.equal(log().match(/noticeNotSent/g)?.length, 1)
      assert.match(log(), /HTTP 302/)
      assert.ok(!log().includes('secret-topic'))
      assert.ok(!log().includes(hook.url))
      world.gmail.faults.clear()
      hook.answer = { status: 200 }
      clock.pass(hour)
      assert.equal((await pull()).kind, 'pulled')
    }))

  it('a hook that never answers is given up after ten seconds', () =>
    stage({ env: { ALERT_MAIL: 'no' } }, async ({ world, clock, pull, hook, log }) => {
      const faults = world.source.pop3?.faults
      assert.ok(faults !== undefined)
      faults.greeting = '-ERR closed'
      await pull()
      clock.pass(31 * minute)
      hook.answer = 'silence'
      const told = pull()
      await until(() => hook.calls.length === 1, 'the call')
      clock.pass(10_000)
      await told
      assert.match(log(), /ETIMEDOUT/)
    }))
})

describe('a ping after each attempt', () => {
  it('goes to the address after a good pull and below /fail after a bad one, at most once a minute', () =>
    stage({ hooks: false, env: {} }, async ({ world, hook, clock, app }) => {
      const env = { ...world.env, ALERT_PING: `${hook.url}/uuid?x=1` }
      const config = await loadConfig({ env, cwd: world.folder })
      const [ports] = app.bridge.mailboxes
      assert.ok(ports !== undefined)
      const alerts = makeAlerts({ config, clock, log: ports.log, mail: false })
      const paths = (): string[] => hook.calls.map(call => call.path)
      alerts.afterAttempt(ports, await app.pull())
      await alerts.idle()
      assert.deepEqual(paths(), ['/uuid?x=1'])
      alerts.afterAttempt(ports, await app.pull())
      const faults = world.source.pop3?.faults
      assert.ok(faults !== undefined)
      faults.greeting = '-ERR closed'
      alerts.afterAttempt(ports, await app.pull())
      assert.equal(paths().length, 1)
      clock.pass(minute)
      await alerts.idle()
      assert.deepEqual(paths(), ['/uuid?x=1', '/uuid/fail?x=1'], 'the latest state, one call')
      await alerts.close(1000)
    }))

  it('is sent by a one-shot pull too', () =>
    stage({ hooks: false }, async ({ world, hook, app }) => {
      await app.close()
      const env = { ALERT_PING: `${hook.url}/uuid` }
      const well = await world.run(['pull', '--json'], { env })
      assert.equal(well.code, 0, well.stderr)
      const ill = await world.run(['pull', '--json'], { env: { ...env, MAIL_PORT: '1' } })
      assert.equal(ill.code, 69)
      assert.deepEqual(
        hook.calls.map(call => call.path),
        ['/uuid', '/uuid/fail'],
      )
    }))
})
