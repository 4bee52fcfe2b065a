/** What doctor promises whatever it finds: it changes nothing, shows no secret, ends in time, speaks both languages. */
import assert from 'node:assert/strict'
import { createServer, type Socket } from 'node:net'
import { describe, type TestContext, test } from 'node:test'
import { measureWidth } from '../../src/base/text-width.ts'
import { doctorDeadlines } from '../../src/doctor/context.ts'
import { doctorWords } from '../../src/doctor/words.ts'
import { openInProcess } from '../servers/in-process.ts'
import { answerOf, startWorld, type World, type WorldOptions } from '../servers/world.ts'
import { diagnosed, runDoctor, snapshot, writeYaml } from './harness.ts'

const message = Buffer.from(
  'From: a@example.test\r\nMessage-ID: <1@example.test>\r\nSubject: x\r\n\r\nhi\r\n',
)
const japanese = /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u
const secrets = (world: World): readonly string[] =>
  ['MAIL_PASSWORD', 'GOOGLE_CLIENT_SECRET', 'GOOGLE_REFRESH_TOKEN'].map(name => world.env[name] ?? '?')

async function start(t: TestContext, options: Partial<WorldOptions> = {}): Promise<World> {
  const world = await startWorld({ protocol: 'pop3', ...options })
  t.after(() => world.stop())
  await world.source.deliver(message)
  return world
}

describe('doctor where all is well', () => {
  for (const protocol of ['pop3', 'imap'] as const) {
    test(`says so line by line over ${protocol}, and exits with 0`, async t => {
      const world = await start(t, { protocol })
      await world.run(['pull'])
      const told = await diagnosed(world)
      assert.equal(told.exitCode, 0)
      assert.equal(told.cause, null)
      const verdicts = new Map(told.lines.map(({ check, verdict }) => [check, verdict]))
      for (const check of ['node', 'configuration', 'secrets', 'state', 'journal', 'clock']) {
        assert.equal(verdicts.get(check), 'ok', check)
      }
      for (const check of [
        'sourceReach',
        'sourceLogin',
        'sourceFolders',
        'sourceAbilities',
        'sourceLimits',
      ]) {
        assert.equal(verdicts.get(check), 'ok', check)
      }
      for (const check of [
        'googleReach',
        'googleSignIn',
        'gmailScopes',
        'gmailApi',
        'lastPull',
        'messages',
      ]) {
        assert.equal(verdicts.get(check), 'ok', check)
      }
    })
  }

  test('makes no folder, no journal, no label and no message, and retrieves nothing', async t => {
    const world = await start(t)
    const before = await snapshot(world.folder)
    const { exitCode } = await diagnosed(world, { env: { GMAIL_LABELS: 'Shop', AFTER_IMPORT: 'delete' } })
    assert.equal(exitCode, 0)
    assert.deepEqual(await snapshot(world.folder), before)
    const { pop3 } = world.source
    assert.equal(pop3?.ledger.logins.length, 1)
    assert.deepEqual([pop3?.ledger.retrieved, pop3?.ledger.deleted, pop3?.messages.length], [[], [], 1])
    assert.ok(
      world.gmail.ledger.entries.every(({ method, endpoint }) => method === 'GET' || endpoint === 'token'),
    )
  })

  test('leaves the files of a killed daemon as they are, to the octet', async t => {
    const world = await start(t)
    const running = world.start(['run'])
    await world.gmail.ledger.waitFor(({ endpoint, status }) => endpoint === 'import' && status === 200)
    running.kill('SIGKILL')
    await running.ended
    const before = await snapshot(world.folder)
    assert.ok(before.some(line => line.includes('journal.sqlite-wal')))
    const told = await diagnosed(world)
    assert.equal(told.lines.find(({ check }) => check === 'journal')?.verdict, 'ok')
    assert.deepEqual(await snapshot(world.folder), before)
  })

  test('sees a running daemon beside it', async t => {
    const world = await start(t)
    world.start(['run'])
    await world.gmail.ledger.waitFor(({ endpoint, status }) => endpoint === 'import' && status === 200)
    const told = await diagnosed(world)
    assert.equal(told.lines.find(({ check }) => check === 'instance')?.verdict, 'ok')
    assert.equal(told.exitCode, 0)
  })
})

test('doctor does not blame a mailbox that the running daemon has open itself', async t => {
  const world = await start(t)
  world.start(['run'])
  await world.gmail.ledger.waitFor(({ endpoint, status }) => endpoint === 'import' && status === 200)
  Object.assign(world.source.pop3?.faults ?? {}, { login: '-ERR [IN-USE] maildrop is locked' })
  const told = await diagnosed(world)
  const line = told.lines.find(({ check }) => check === 'sourceLogin')
  assert.deepEqual([line?.verdict, line?.code, told.exitCode], ['warning', 'login.by-daemon', 0])
})

describe('doctor as a command', () => {
  test('prints one JSON object with the cause, and exits with its code', async t => {
    const world = await start(t, { env: { MAIL_PASSWORD: 'wrong' } })
    const ended = await world.run(['doctor', '--json'])
    assert.equal(ended.code, 77)
    const { ok, exitCode, cause, checks } = answerOf(ended)
    assert.deepEqual([ok, exitCode, cause], [false, 77, 'source.login-refused'])
    assert.ok(Array.isArray(checks) && checks.length > 10)
  })

  test('tells people in English and in Japanese, and shows no secret in either', async t => {
    const world = await start(t, { gmail: { oauth: { testing: true } } })
    for (const language of ['en', 'ja'] as const) {
      const { text } = await runDoctor(world, { language })
      for (const secret of secrets(world)) assert.ok(!text.includes(secret))
      const lines = text.split('\n').filter(line => line !== '')
      assert.match(text, /^! .*\n(?: {2}\S.*\n)* {4}→ /m)
      // Each line begins with its mark, or goes on below it; none is left to the terminal to break.
      for (const line of lines.slice(1, -1)) {
        assert.match(line, /^(?:[✔✖!-] {1}| {2,})\S/u)
        assert.ok(measureWidth(line) <= 80 || !line.trim().includes(' '), line)
      }
      assert.match(
        lines.at(-1) ?? '',
        language === 'en' ? /^No problem; \d+ notes?\.$/ : /^問題はありません、ご注意/,
      )
      if (language === 'en') assert.doesNotMatch(text, japanese)
      else
        for (const line of lines.filter(one => /^\S/.test(one)))
          assert.ok(japanese.test(line) || /Node\.js/.test(line), line)
    }
  })

  test('tells a folder name of a hostile server without its escape sequences', async t => {
    const world = await start(t, { protocol: 'imap' })
    world.source.imap?.create('\u001b]0;owned\u0007x')
    const { text } = await runDoctor(world, { env: { MAIL_FOLDERS: 'INBOX,Nowhere' } })
    assert.match(text, /Nowhere/)
    assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f]/)
  })
})

describe('doctor with several things wrong', () => {
  test('tells every problem of the settings, each on a line of its own', async t => {
    const world = await start(t)
    const { lines } = await diagnosed(world, { env: { MAIL_HOST: undefined, MAIL_PORT: '0', SCHEDULE: 'x' } })
    const settings = lines.filter(({ check, verdict }) => check === 'configuration' && verdict === 'bad')
    for (const name of ['MAIL_HOST', 'MAIL_PORT', 'SCHEDULE'])
      assert.ok(
        settings.some(({ what }) => what.includes(name)),
        name,
      )
  })

  test('looks at Google although the source is down, and at the source although Google is', async t => {
    const world = await start(t)
    await world.source.stop()
    const left = await diagnosed(world)
    assert.equal(left.cause, 'source.unreachable')
    assert.equal(left.lines.find(({ check }) => check === 'gmailApi')?.verdict, 'ok')
    const other = await start(t)
    await other.gmail.goOffline()
    const right = await diagnosed(other)
    assert.equal(right.cause, 'gmail.unreachable')
    assert.equal(right.lines.find(({ check }) => check === 'sourceFolders')?.verdict, 'ok')
  })

  test('says that it is the network of this computer where neither side can be reached', async t => {
    const world = await start(t)
    await world.gmail.goOffline()
    const told = await diagnosed(world, {
      given: {
        lookup: async () => {
          throw Object.assign(new Error('no answer'), { code: 'EAI_AGAIN' })
        },
      },
    })
    assert.equal(told.noNetwork, true)
    assert.equal(told.exitCode, 69)
  })

  test('one mailbox in trouble takes nothing from the lines of another', async t => {
    const world = await start(t)
    const env = await writeYaml(
      world,
      ['a'],
      [
        { name: 'shop', account: 'a' },
        { name: 'other', account: 'a', user: 'nobody' },
      ],
    )
    const told = await diagnosed(world, { env })
    assert.equal(told.cause, 'source.login-refused', JSON.stringify(told, null, 1))
    const of = (subject: string) =>
      told.lines.filter(line => line.subject === subject && line.check.startsWith('source'))
    assert.ok(of('shop').every(({ verdict }) => verdict === 'ok'))
    assert.deepEqual(
      of('other').flatMap(({ check, verdict }) => (verdict === 'bad' ? [check] : [])),
      ['sourceLogin'],
    )
  })

  test('does not try a login that the host has refused five times within the hour', async t => {
    const world = await start(t, { env: { MAIL_PASSWORD: 'wrong' } })
    const bridge = await openInProcess(world)
    for (let count = 0; count < 5; count += 1) await bridge.pull()
    await bridge.close()
    const { pop3 } = world.source
    const before = pop3?.ledger.failedLogins.length
    const told = await diagnosed(world)
    assert.equal(told.cause, 'login.not-tried')
    assert.equal(pop3?.ledger.failedLogins.length, before)
  })

  test('recognises trouble of the last pull that is over by now', async t => {
    const world = await start(t)
    await world.gmail.goOffline()
    await world.run(['pull'])
    await world.gmail.goOnline()
    const told = await diagnosed(world)
    const line = told.lines.find(({ check }) => check === 'lastPull')
    assert.deepEqual([line?.verdict, line?.code], ['warning', 'pull.mended'])
    assert.equal(told.exitCode, 0)
  })
})

test('doctor ends in time although nobody answers anything', async t => {
  const world = await start(t)
  const sockets = new Set<Socket>()
  const silent = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {})
  })
  await new Promise<void>(resolve => silent.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    silent.close()
  })
  const { port } = silent.address() as { port: number }
  const url = `http://127.0.0.1:${port}/`
  const began = performance.now()
  const told = await diagnosed(world, {
    env: { MAIL_PORT: String(port), GMAIL_API_ROOT: url, GOOGLE_TOKEN_URL: `${url}token` },
    given: { deadlines: { ...doctorDeadlines, overallMs: 500 } },
  })
  assert.ok(performance.now() - began < 10_000)
  assert.ok(told.lines.some(({ what }) => what === doctorWords.en.outOfTime))
})

test('the words of doctor are complete in both languages, and each text says what to do', () => {
  const numbers = 3
  const given: Readonly<Record<string, readonly unknown[]>> = {
    secretsWell: [['keychain']],
    alerts: [['mail', 'webhook', 'ping'], 5],
    addresses: ['h', ['a'], []],
    reached: ['h:1', [[4, 3]]],
    deadFamily: ['h:1', 6],
    noFamilyHere: ['h:1', 6],
    certificate: [['h'], 'ca', 3],
    certificateEnding: [['h'], 3],
    certificateSeen: [['h'], 0, 1, 'ab'],
    abilities: ['imap', ['IDLE']],
    labels: [['a'], ['b']],
    imapFolders: [['a']],
    imapFoldersHidden: [['\\All']],
    longerWaits: [[['login', 180_000]]],
    moreAuthorities: [['A=b']],
    keyLog: [['A=b']],
    foreignOptions: [['A=b']],
    scopes: [true],
    sharedMailbox: [['a', 'b'], 'u'],
    takenMailbox: [['a', 'b'], 'u', ['a']],
    tokenGiven: [['a'], 3],
    paused: ['shop', 3, 3],
  }
  for (const language of ['en', 'ja'] as const) {
    for (const [key, value] of Object.entries(doctorWords[language])) {
      // Only the time before the words of a fault.
      if (key === 'failing') continue
      const arguments_ = given[key] ?? Array(4).fill(numbers)
      const text: unknown =
        typeof value === 'function' ? Reflect.apply(value, undefined, [...arguments_]) : value
      const parts = typeof text === 'string' ? [text] : Object.values(text as object)
      for (const part of parts) {
        assert.ok(typeof part === 'string' && part.length > 1, `${language} ${key}`)
        assert.doesNotMatch(part, /undefined|NaN|\[object|\n/, `${language} ${key}: ${part}`)
        if (language === 'en') assert.doesNotMatch(part, japanese)
        else assert.match(part, japanese, `${key}: ${part}`)
      }
    }
  }
})
