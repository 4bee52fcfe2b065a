/** `hikyaku setup --browser` and what leads there: the link, the end of it, and going on another time. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { setupWords } from '../../src/setup/words.ts'
import { openSetUpListener } from '../../src/web/set-up-listener.ts'
import { makeSetupWords, pageSetupWords } from '../../src/web/setup/words.ts'
import { type DovecotServer, dovecotMissing } from '../servers/dovecot.ts'
import { hikyaku, type Running, startHikyaku } from '../servers/hikyaku.ts'
import { requireServer } from '../servers/required.ts'
import { until } from '../servers/until.ts'
import { answerOf } from '../servers/world.ts'
import { keys, startTerminal, terminalMissing } from '../setup/terminal.ts'
import {
  address,
  owner,
  password,
  type SetupWorld,
  startMailServer,
  startSetupWorld,
} from '../setup/world.ts'
import { ask } from './page.ts'
import { answerAsOffered, enter } from './set-up-visit.ts'

const names = new URL('../setup/loopback-names.ts', import.meta.url).href
const words = setupWords.en

describe('hikyaku setup --browser', { skip: requireServer('dovecot', dovecotMissing()) }, () => {
  let dovecot: DovecotServer
  let world: SetupWorld
  let running: Running
  before(async () => {
    dovecot = await startMailServer()
  })
  after(() => dovecot?.stop())
  beforeEach(async () => {
    world = await startSetupWorld('good', dovecot)
  })
  afterEach(async () => {
    running?.kill('SIGKILL')
    await running?.ended
    await world.stop()
  })
  const start = async (...args: string[]): Promise<string> => {
    running = startHikyaku(['setup', '--browser', ...args], {
      env: world.env,
      cwd: world.home,
      nodeArgs: ['--import', names],
    })
    const said = (): string => running.stdout() + running.stderr()
    await until(() => /\/enter\/[\w-]{43}/.test(said()), 'the link')
    return /http:\S+\/enter\/[\w-]{43}/.exec(said())?.[0] ?? ''
  }

  it('is left from the terminal and taken up another time, with what was answered and without the password', async () => {
    const link = await start()
    assert.match(running.stdout(), /ssh -L (\d+):127\.0\.0\.1:\1 \S+/)
    let visit = await enter(link)
    assert.equal((await ask(new URL(link).host, new URL(link).pathname)).status, 403, 'it works once')
    await visit.open(`${visit.home}setup/everything`)
    await visit.sees(words.address.question)
    await visit.send({ answer: address })
    await visit.sees(words.server.which)
    const [, server = ''] =
      /type="radio"[^>]* value="([^"]*)"/.exec((await visit.open(visit.path())).text) ?? []
    await visit.send({ answer: server })
    await visit.sees(words.login.user)
    await visit.send({ answer: address })
    await visit.sees(words.login.password(address).replace(' (not shown)', ''))
    await visit.send({ answer: password })
    await visit.sees(words.folders.noSpam)
    running.kill('SIGTERM')
    const left = await running.ended
    assert.equal(left.code, 75)
    assert.match(left.stderr, /Your answers are kept/)
    const kept = await readFile(join(world.stateDir, 'setup.json'), 'utf8')
    assert.ok(kept.includes(address))
    assert.ok(!kept.includes(password))

    visit = await enter(await start())
    await visit.open(`${visit.home}setup/everything`)
    await visit.sees(words.resume.question)
    await visit.send({ answer: 'yes' })
    await visit.sees(words.login.password(address).replace(' (not shown)', ''))
    assert.ok(!visit.everything().includes(password))
    await visit.send({ do: 'leave' })
    await visit.sees(pageSetupWords.en.ended.left)
    assert.equal((await running.ended).code, 75, 'who leaves on the page ends it')
    assert.ok(!existsSync(world.configFile))
  })

  it('ends with the fault that the page showed, and one JSON object', async () => {
    const ended = await hikyaku(['setup', '--browser', '--yes'], { env: world.env, cwd: world.home })
    assert.equal(ended.code, 2)
    assert.match(ended.stderr, /--browser asks in a browser/)
    const visit = await enter(await start('password', '--json'))
    await visit.open(`${visit.home}setup/password`)
    await visit.sees(pageSetupWords.en.ended.failed)
    const answer = await running.ended
    assert.equal(answer.code, 2)
    const { fault } = answerOf(answer) as { fault?: { code: string; what: string } }
    assert.equal(fault?.code, 'usage.invalid')
    assert.ok(visit.everything().includes('no mailbox is set up yet'))
    assert.match(answer.stderr, /\/enter\//, 'the link is for people')
  })

  it('goes on in the window where it was started, where that is chosen, until Ctrl+C', async t => {
    const [secretFile, tokenFile] = [join(world.home, 'password'), join(world.home, 'token')]
    world.gmail.oauth.rules.testing = false
    await writeFile(tokenFile, world.gmail.grant(owner), { mode: 0o600 })
    const link = await start(
      ...[
        '--address',
        address,
        '--host',
        '127.0.0.1',
        '--port',
        String(dovecot.ports.imaps),
        '--user',
        address,
      ],
      ...['--password-file', secretFile, '--ca-file', dovecot.caFile, '--gmail-account', owner],
      ...['--client-file', join(world.home, 'client.json'), '--refresh-token-file', tokenFile],
      ...['--protocol', 'imap', '--security', 'tls', '--start-from', 'all', '--after-import', 'keep'],
    )
    const own = makeSetupWords('user@host').en
    const visit = await enter(link)
    t.diagnostic((await answerAsOffered(visit, own.service.question)).join(' / '))
    assert.ok((await visit.sees(own.service.here.replaceAll('`', ''))).text.includes('value="here"'))
    await visit.send({ answer: 'here' })
    await visit.sees(own.service.hereNow.replaceAll('`', ''))
    const before = world.gmail.messages(owner).length
    await world.deliver('', 'after the set-up')
    await until(() => world.gmail.messages(owner).length === before + 1, 'mail by the process that stayed')
    assert.equal((await hikyaku(['status'], { env: world.env, cwd: world.home })).code, 0)
    running.kill('SIGINT')
    const ended = await running.ended
    assert.equal(ended.code, 0, ended.stderr)
    const shown = [visit.everything(), ended.stdout, ended.stderr].join('\n')
    for (const secret of [password, '1//0', 'ya29.']) assert.ok(!shown.includes(secret), secret)
  })

  it('is what `hikyaku dashboard` opens on a terminal where nothing is set up', {
    skip: requireServer('python3', terminalMissing()),
  }, async () => {
    const terminal = startTerminal(['dashboard'], { env: world.env, cwd: world.home })
    try {
      await terminal.sees(pageSetupWords.en.command.nothingSetUp)
      await terminal.sees('/enter/')
      terminal.type(keys.leave)
      assert.equal(await terminal.exitCode, 75)
    } finally {
      await terminal.stop()
    }
    running = startHikyaku(['dashboard'], { env: world.env, cwd: world.home })
    const ended = await running.ended
    assert.equal(ended.code, 78, 'a script is told that there is nothing')
    assert.match(ended.stderr, /Nothing is set up yet/)
  })
})

describe('the listener of the set-up', () => {
  it('lets nobody in by a link that is old, or that a newer one took the place of', async () => {
    let nowMs = 1_000_000
    const listener = await openSetUpListener({
      part: 'everything',
      language: 'en',
      port: 0,
      nowMs: () => nowMs,
      converse: async () => 'nothing',
    })
    try {
      const visit = (link: string) => ask(new URL(link).host, new URL(link).pathname)
      const first = listener.newLink()
      const second = listener.newLink()
      assert.equal((await visit(first)).status, 403)
      nowMs += 5 * 60_000
      assert.equal((await visit(second)).status, 403)
      const third = listener.newLink()
      assert.equal((await visit(third)).status, 200)
      await listener.entered
      await assert.rejects(ask(`127.0.0.2:${listener.port}`, '/'), 'this computer’s own address alone')
    } finally {
      await listener.close()
    }
  })
})
