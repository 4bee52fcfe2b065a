/** Family F, "field": what half works is told, once, and its end is told once. */
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeAlerts } from '../../src/alerts/alerts.ts'
import { loadConfig } from '../../src/config/load.ts'
import { startHookServer } from '../alerts/hook-server.ts'
import { presets } from '../servers/gmail/gmail-server.ts'
import { endOf } from '../servers/hikyaku.ts'
import { isOpening } from '../servers/imap-faults.ts'
import { countOf } from '../servers/in-process.ts'
import { until } from '../servers/until.ts'
import { answerOf, startWorld } from '../servers/world.ts'
import { hour, imapOf, mail, minute, play, portsOf } from './harness.ts'
import { told } from './told.ts'

const isBody = (verb: string, text: string): boolean =>
  verb === 'UID FETCH' && /BODY/.test(text) && !/HEADER/.test(text)

const folders = { MAIL_FOLDERS: 'INBOX,Orders' }

test('F1, F2: in a week a folder vanishes, an account is suspended and a message never comes: three notices, three all-clears, nothing lost', () =>
  play({ protocol: 'imap', more: folders }, async self => {
    const imap = imapOf(self)
    imap.create('Orders')
    await told(self, folders, async ({ titles, texts, hours }) => {
      await self.deliver(mail('first'))
      await hours(2)
      assert.deepEqual(titles(), [])
      // Day 1: the folder is renamed at the host; its answer to SELECT is that of Dovecot.
      const missing = {
        do: 'answer',
        pieces: ["{tag} NO [NONEXISTENT] Mailbox doesn't exist: Orders\r\n"],
      } as const
      const nothing = {
        do: 'answer',
        pieces: ['{tag} NO [SERVERBUG] \u001b[31mcannot read the body\r\n'],
      } as const
      let isFolderGone = true
      let isBodyGone = false
      imap.faults.at = ({ verb, text }) => {
        if (isFolderGone && isOpening(verb) && text.includes('Orders')) return missing
        return isBodyGone && isBody(verb, text) ? nothing : undefined
      }
      await self.deliver(mail('second'))
      await hours(24)
      assert.equal(titles().length, 1)
      assert.match(titles()[0] ?? '', /folder Orders of .* cannot be opened/)
      isFolderGone = false
      imap.deliver('Orders', mail('order'))
      await hours(12)
      assert.equal(titles().length, 2)
      assert.match(titles()[1] ?? '', /folder Orders of .* works again/)
      // Day 3: a message whose body never comes.
      isBodyGone = true
      await self.deliver(mail('third'))
      await hours(20)
      assert.equal(titles().length, 2, 'it may still come')
      await hours(16)
      assert.equal(titles().length, 3)
      assert.match(titles()[2] ?? '', /1 message from .* could not be brought yet/)
      assert.match(texts()[2] ?? '', /#4 {2}.*Subject: third.*<third@example\.net>/)
      assert.match(texts()[2] ?? '', /cannot read the body/)
      assert.doesNotMatch(texts()[2] ?? '', /\u001b/)
      isBodyGone = false
      await hours(8)
      assert.equal(titles().length, 4)
      assert.match(titles()[3] ?? '', /1 message from .* came after all/)
      // Day 5: Google suspends the account.
      self.world.gmail.faults.always('import', presets.accountSuspended())
      await self.deliver(mail('fourth'), mail('fifth'))
      await hours(36)
      assert.equal(titles().length, 5)
      assert.match(titles()[4] ?? '', /No mail into .* at the moment/)
      self.world.gmail.faults.clear()
      await hours(24)
      assert.equal(titles().length, 6)
      assert.match(titles()[5] ?? '', /works again/)
      assert.deepEqual(await self.app.journal.troubles.list(), [])
      await hours(24)
      assert.equal(titles().length, 6)
    })
    assert.equal(self.world.gmail.accepted.length, 6, 'first to fifth, and the order')
    imap.faults.at = () => undefined
    await self.judge({ put: [...self.put, mail('order')] })
  }))

test('F1: a folder that vanished is in the list until it is listed again, and a pull without it changes nothing', () =>
  play({ protocol: 'imap', more: folders }, async self => {
    const imap = imapOf(self)
    const list = () => self.app.journal.troubles.list()
    countOf(await self.app.pull())
    assert.deepEqual(
      (await list()).map(({ scope, subject, code, times }) => [scope, subject, code, times]),
      [['folder', 'Orders', 'source.folder-missing', 1]],
    )
    await self.deliver(mail('one'))
    countOf(await self.app.pull())
    assert.equal((await list())[0]?.times, 2)
    await self.restart({ MAIL_FOLDERS: 'INBOX' })
    countOf(await self.app.pull())
    assert.deepEqual(await list(), [], 'taken out of the configuration')
    await self.restart(folders)
    countOf(await self.app.pull())
    assert.equal((await list()).length, 1)
    imap.create('Orders')
    countOf(await self.app.pull())
    assert.deepEqual(await list(), [])
  }))

test('F2: a pull in which mail was due and none went in is no good one, and the ping says so', () =>
  play({ protocol: 'imap' }, async self => {
    const imap = imapOf(self)
    const { name } = portsOf(self.app).mailbox
    countOf(await self.app.pull())
    const goodMs = (await self.app.journal.mailbox(name)).lastGoodPullAtMs
    imap.faults.at = ({ verb, text }) =>
      isBody(verb, text) ? { do: 'answer', pieces: ['{tag} NO later\r\n'] } : undefined
    await self.deliver(mail('one'))
    self.clock.pass(minute)
    const made = await self.app.pull()
    assert.ok(made.kind === 'pulled' && !made.result.good)
    assert.equal((await self.app.journal.mailbox(name)).lastGoodPullAtMs, goodMs)
    const hook = await startHookServer()
    try {
      const env = { ...self.world.env, ALERT_PING: `${hook.url}/uuid` }
      const config = await loadConfig({ env, cwd: self.world.folder })
      const alerts = makeAlerts({ config, clock: self.clock, log: portsOf(self.app).log, mail: false })
      alerts.afterAttempt(portsOf(self.app), made)
      await alerts.idle()
      // Nothing is due now, and the message is in trouble all the same.
      self.clock.pass(minute / 2)
      alerts.afterAttempt(portsOf(self.app), await self.app.pull())
      self.clock.pass(minute)
      await alerts.idle()
      assert.deepEqual(
        hook.calls.map(({ path }) => path),
        ['/uuid/fail', '/uuid/fail'],
      )
      await alerts.close(1000)
    } finally {
      await hook.stop()
    }
  }))

test('F2: what went in before a fault ended the pull is counted', () =>
  play({ protocol: 'imap' }, async self => {
    const imap = imapOf(self)
    await self.deliver(...Array.from({ length: 12 }, (_, n) => mail(`m${n}`, 300_000)))
    let bodies = 0
    imap.faults.at = ({ verb, text }) => (isBody(verb, text) && ++bodies === 9 ? { do: 'reset' } : undefined)
    const made = await self.app.pull()
    assert.equal(made.kind, 'failed')
    const count = 'count' in made ? made.count : undefined
    assert.equal(count?.imported, self.world.gmail.accepted.length)
    assert.equal(count?.listed, 12)
    assert.ok((count?.imported ?? 0) > 0)
    imap.faults.at = () => undefined
    self.clock.pass(5 * minute)
    await self.app.pull()
    await self.judge()
  }))

test('F3: a deletion that the server cannot do safely is told once, with its all-clear, and mail goes on', () => {
  const more = { AFTER_IMPORT: 'delete' }
  return play({ protocol: 'imap', more }, async self => {
    const imap = imapOf(self)
    imap.faults.capabilitiesAfterLogin = ['IMAP4rev1', 'IDLE']
    await told(self, more, async ({ titles, texts, hours }) => {
      await self.deliver(mail('one'))
      await hours(3)
      await self.deliver(mail('two'))
      await hours(12)
      assert.equal(titles().length, 1)
      assert.match(titles()[0] ?? '', /imported mail cannot be deleted or moved/)
      assert.match(texts()[0] ?? '', /What to do: /)
      assert.equal(self.world.gmail.accepted.length, 2)
      delete imap.faults.capabilitiesAfterLogin
      await hours(3)
      assert.equal(titles().length, 2)
      assert.deepEqual(await self.app.journal.troubles.list(), [])
      assert.equal(imap.folder('INBOX')?.messages.length, 0)
    })
    await self.judge()
  })
})

test('F4: a daemon whose journal is taken away sends a last notice by the web hook before it ends, once a day', async () => {
  const hook = await startHookServer()
  const world = await startWorld({
    protocol: 'pop3',
    env: { ALERT_WEBHOOK: `${hook.url}/topic`, ALERT_MAIL: 'no', SCHEDULE: '* * * * * *' },
  })
  try {
    const daemon = world.start(['run'])
    await world.source.deliver(mail('one'))
    await until(() => world.gmail.accepted.length === 1, 'the first mail')
    for (const end of ['', '-wal', '-shm'])
      await rm(join(world.stateDir, `journal.sqlite${end}`), { force: true })
    const ended = await endOf(daemon)
    assert.equal(ended.code, 78, ended.stderr)
    assert.equal(hook.calls.length, 1)
    assert.match(hook.calls[0]?.text ?? '', /has stopped[\s\S]*What happened: [\s\S]*What to do: /)
    // What starts it again finds the same, and does not tell it again.
    assert.equal((await world.run(['run'])).code, 78)
    assert.equal(hook.calls.length, 1)
    await rm(join(world.stateDir, 'ended'))
    assert.equal((await world.run(['run'])).code, 78)
    assert.equal(hook.calls.length, 2, 'a start that fails is an end, too')
  } finally {
    await world.stop()
    await hook.stop()
  }
})

test('F5: status is not well where nobody looks after a mailbox, and well beside a daemon that does', async () => {
  const world = await startWorld({ protocol: 'pop3' })
  let isRunning = false
  const status = async () => {
    const ended = await world.run(['status', '--json'])
    const { ok, running, troubles } = answerOf(ended) as {
      ok: boolean
      running: boolean
      troubles: { code: string }[]
    }
    isRunning = running
    return [ended.code, ok, troubles.map(({ code }) => code)]
  }
  try {
    assert.deepEqual(await status(), [69, false, ['mailbox.unattended']], 'never pulled')
    assert.equal((await world.run(['pull', '--json'])).code, 0)
    assert.deepEqual(await status(), [0, true, []], 'just pulled')
    const { DatabaseSync } = await import('node:sqlite')
    const journal = new DatabaseSync(join(world.stateDir, 'journal.sqlite'))
    const pulledAtMs = (): number =>
      Number(journal.prepare('SELECT last_pull_at_ms AS ms FROM mailbox').get()?.ms)
    const byHandMs = pulledAtMs()
    const daemon = world.start(['run'])
    await until(async () => (await status())[0] === 0 && isRunning, 'the daemon')
    // One that ends before its first pull leaves the last word to the pull by hand.
    await until(() => pulledAtMs() > byHandMs, 'its first pull')
    daemon.kill('SIGTERM')
    await endOf(daemon)
    assert.deepEqual(await status(), [69, false, ['mailbox.unattended']], 'the daemon has just ended')
    // Who pulls by hand now looks after it for a while.
    assert.equal((await world.run(['pull', '--json'])).code, 0)
    assert.deepEqual(await status(), [0, true, []], 'pulled by hand')
    const ago = (ms: number): void => {
      journal.prepare('UPDATE mailbox SET last_pull_at_ms = ?').run(Date.now() - ms)
    }
    ago(hour)
    assert.deepEqual(await status(), [69, false, ['mailbox.unattended']], 'nobody for an hour')
    const quick = await world.run(['status', '--quick'])
    assert.deepEqual([quick.code, quick.stderr], [69, ''])
    assert.match(quick.stdout, /^✖ [^\n]+\n$/)
    // A timer that comes every hour: the intervals of its pulls show it.
    const note = JSON.stringify([4, 3, 2, 1].map(n => Date.now() - n * hour))
    journal
      .prepare("INSERT OR REPLACE INTO note (key, value) SELECT 'pulls ' || name, ? FROM mailbox")
      .run(note)
    assert.deepEqual(await status(), [0, true, []])
    ago(3 * hour + minute)
    assert.deepEqual(await status(), [69, false, ['mailbox.unattended']])
    journal.close()
  } finally {
    await world.stop()
  }
})
