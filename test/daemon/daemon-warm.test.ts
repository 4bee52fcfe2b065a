/** News to Gmail over the connection that idles: what is asked of the source for it, and how often it is logged in to. */
import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { sampleMail } from '../../scripts/sandbox/mail.ts'
import { dovecotMissing } from '../servers/dovecot.ts'
import { freePorts } from '../servers/local.ts'
import { requireServer } from '../servers/required.ts'
import { startSource } from '../servers/source-server.ts'
import { until } from '../servers/until.ts'
import { answerOf, startWorld, type World } from '../servers/world.ts'

const hardlyEver = '0 0 1 1 *'

async function idlingWorld(t: TestContext, env: Record<string, string> = {}) {
  const world = await startWorld({
    protocol: 'imap',
    env: { SCHEDULE: hardlyEver, ALERT_MAIL: 'no', ...env },
  })
  t.after(() => world.stop())
  const { imap } = world.source
  assert.ok(imap)
  const daemon = world.start(['run'])
  const idles = (): number => imap.ledger.commands.filter(({ text }) => text === 'IDLE').length
  await until(() => idles() >= 1, 'the daemon idles')
  return { world, imap, daemon, idles }
}

const accepted = ({ gmail }: World): number => gmail.accepted.length

test('a start makes one login: the watch goes on with the connection of the first pull, whatever number of folders', async t => {
  const { world, imap, daemon } = await idlingWorld(t, { MAIL_FOLDERS: 'INBOX,Junk' })
  imap.create('Junk')
  await world.source.deliver(sampleMail(1))
  await until(() => accepted(world) === 1, 'the mail')
  const asked = imap.ledger.commands.map(({ text }) => text)
  // Nothing was there but what the first pull has seen, so the first IDLE is not interrupted.
  assert.equal(asked.filter(text => text === 'LOGOUT').length, 0, asked.join(' | '))
  assert.equal(imap.ledger.logins.length, 1)
  // What ends amid the looks before that takes no leave.
  await until(() => imap.ledger.commands.at(-1)?.text === 'IDLE', 'it idles again')
  daemon.kill('SIGTERM')
  assert.equal((await daemon.ended).code, 0)
  assert.equal(imap.ledger.commands.at(-1)?.text, 'LOGOUT')
  await until(() => imap.connections === 0, 'no connection')
})

test('a stop before the watch has begun takes leave of the server', async t => {
  const world = await startWorld({ protocol: 'imap', env: { SCHEDULE: hardlyEver, ALERT_MAIL: 'no' } })
  t.after(() => world.stop())
  const { imap } = world.source
  assert.ok(imap)
  await world.source.deliver(sampleMail(1))
  const release = Promise.withResolvers<void>()
  world.gmail.faults.next('import', { kind: 'hold', until: release.promise, stage: 'after-body' })
  const daemon = world.start(['run'])
  await until(() => world.gmail.ledger.of('import').length === 1, 'an upload under way')
  daemon.kill('SIGTERM')
  await until(() => /SIGTERM/.test(daemon.stderr()), 'the signal is heard')
  release.resolve()
  assert.equal((await daemon.ended).code, 0)
  assert.equal(imap.ledger.logins.length, 1)
  assert.equal(imap.ledger.commands.at(-1)?.text, 'LOGOUT')
})

test('each new mail costs one question at the source, whatever number of them comes, and no login', async t => {
  const { world, imap, daemon, idles } = await idlingWorld(t)
  const logins = imap.ledger.logins.length
  for (let serial = 1; serial <= 6; serial += 1) {
    const before = imap.ledger.commands.length
    const idlesBefore = idles()
    await world.source.deliver(sampleMail(serial))
    await until(() => accepted(world) === serial, `mail ${serial}`)
    const acceptedAtMs = world.gmail.accepted.at(-1)?.atMs ?? 0
    const asked = imap.ledger.commands.slice(before).filter(({ atMs }) => atMs < acceptedAtMs)
    const questions = asked.map(({ text }) => text).filter(text => !/^(SELECT|IDLE)/.test(text))
    assert.equal(questions.length, 1, asked.map(({ text }) => text).join(' | '))
    assert.equal(
      questions[0],
      `UID FETCH ${serial}:${serial + 63} (UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[]<0.65536>)`,
    )
    await until(() => idles() > idlesBefore, 'it idles again')
  }
  assert.equal(imap.ledger.logins.length, logins)
  daemon.kill('SIGTERM')
  assert.equal((await daemon.ended).code, 0)
  assert.equal(imap.ledger.commands.at(-1)?.text, 'LOGOUT')
})

test('what is to be deleted is deleted in the pull behind a quick look, by a whole listing', async t => {
  const { world, imap, daemon } = await idlingWorld(t, { AFTER_IMPORT: 'delete' })
  const logins = imap.ledger.logins.length
  await world.source.deliver(sampleMail(1))
  await until(() => accepted(world) === 1, 'the mail')
  await until(async () => (await world.source.stored()).length === 0, 'its deletion')
  const asked = imap.ledger.commands.map(({ text }) => text)
  const looked = asked.findIndex(text => /^UID FETCH \d+:\d+ \(UID FLAGS .*BODY\.PEEK/.test(text))
  const listed = asked.findIndex((text, at) => at > looked && text.startsWith('UID SEARCH'))
  const deleted = asked.findIndex(text => text.startsWith('UID EXPUNGE'))
  assert.ok(looked >= 0 && looked < listed && listed < deleted, asked.join(' | '))
  assert.equal(imap.ledger.logins.length, logins)
  daemon.kill('SIGTERM')
  assert.equal((await daemon.ended).code, 0)
})

test('a mail that is larger than the first window comes whole, and so does a burst of many', async t => {
  const { world, daemon } = await idlingWorld(t)
  const large = Buffer.concat([sampleMail(1), Buffer.from('a line of text\r\n'.repeat(20_000))])
  await world.source.deliver(large)
  await until(() => accepted(world) === 1, 'the large one')
  await Promise.all(Array.from({ length: 40 }, (_, n) => world.source.deliver(sampleMail(n + 2))))
  await until(() => accepted(world) === 41, 'all of them')
  assert.ok([...world.gmail.stored().values()].every(count => count === 1))
  assert.equal(world.gmail.stored().size, 41)
  daemon.kill('SIGTERM')
  assert.equal((await daemon.ended).code, 0)
})

describe('POP3 that hears of new mail by IMAP, on a real Dovecot', {
  skip: requireServer('dovecot', dovecotMissing()),
}, () => {
  async function listening(
    t: TestContext,
    env: (ports: { imaps: number; unused: number }) => object = () => ({}),
  ) {
    const source = await startSource('pop3', 'dovecot')
    const { dovecot } = source
    assert.ok(dovecot)
    const [unused = 0] = await freePorts(1)
    const { imaps } = dovecot.ports
    const more = { MAIL_IDLE_PORT: String(imaps), ...env({ imaps, unused }) }
    const world = await startWorld({
      protocol: 'pop3',
      source,
      env: { SCHEDULE: hardlyEver, ALERT_MAIL: 'no', ...more },
    })
    t.after(() => world.stop())
    return { world, dovecot }
  }
  const watchOf = async (world: World): Promise<{ watched: boolean; told: string[] } | null> => {
    const answer = answerOf(await world.run(['status', '--json']))
    return (answer.mailboxes as { watch: { watched: boolean; told: string[] } | null }[])[0]?.watch ?? null
  }

  test('mail is told of by IDLE and brought by POP3 once, and one pull over POP3 alone finds nothing new', async t => {
    const { world, dovecot } = await listening(t)
    const daemon = world.start(['run'])
    await until(async () => (await watchOf(world))?.watched === true, 'it listens')
    await world.source.deliver(sampleMail(1))
    await until(() => accepted(world) === 1, 'the mail')
    await until(async () => (await watchOf(world))?.told.join() === 'INBOX', 'what was learned')
    daemon.kill('SIGTERM')
    assert.equal((await daemon.ended).code, 0)
    const log = await dovecot.log()
    assert.match(log, /imap-login: Info: Login/)
    await world.run(['pull', '--json'], { env: { MAIL_IDLE_PORT: '' } })
    assert.equal(accepted(world), 1)
  })

  test('where IMAP is away POP3 goes on by its schedule, and status says that nobody listens', async t => {
    const everySecond = '* * * * * *'
    const { world } = await listening(t, ({ unused }) => ({
      MAIL_IDLE_PORT: String(unused),
      SCHEDULE: everySecond,
    }))
    const daemon = world.start(['run'])
    await world.source.deliver(sampleMail(1))
    await until(() => accepted(world) === 1, 'the mail')
    await until(async () => (await watchOf(world))?.watched === false, 'the watch')
    await world.source.deliver(sampleMail(2))
    await until(() => accepted(world) === 2, 'the next mail')
    daemon.kill('SIGTERM')
    assert.equal((await daemon.ended).code, 0)
  })
})
