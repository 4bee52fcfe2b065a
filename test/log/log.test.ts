import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, openSync } from 'node:fs'
import { Writable } from 'node:stream'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { Fault } from '../../src/base/fault.ts'
import { chooseWords } from '../../src/locale/locale.ts'
import { type EventKind, type EventName, mailEvents } from '../../src/log/events.ts'
import { type Log, type LogOptions, type MessageEvent, makeLog } from '../../src/log/log.ts'

const numRuns = Number(process.env.HIKYAKU_FUZZ_RUNS ?? 300)
const nowMs = (): number => Date.UTC(2026, 3, 1, 0, 5, 7)

/** A log and everything that it wrote. */
function capture(options: LogOptions = {}): {
  log: Log
  text: () => string
  lines: () => string[]
  rows: () => Record<string, unknown>[]
} {
  const chunks: Buffer[] = []
  const stream = new Writable({
    write: (chunk, _encoding, done) => {
      chunks.push(chunk)
      done()
    },
  })
  const text = (): string => Buffer.concat(chunks).toString('utf8')
  const lines = (): string[] => text().split('\n').slice(0, -1)
  return {
    log: makeLog({ level: 'debug', nowMs, ...options, stream }),
    text,
    lines,
    rows: () => lines().map(line => JSON.parse(line)),
  }
}

const event: MessageEvent = {
  messageId: 42,
  mailbox: 'shop@example.jp',
  account: 'me@gmail.com',
  folder: 'INBOX',
  uid: '7.9',
  octets: 12_345,
  gmailId: '18c0',
  ms: 812,
}
const fault = new Fault('source.login-refused', {
  facts: { host: 'mail.example.jp', port: 993, user: 'shop', words: 'NO' },
})
const pullCounts = {
  fresh: 1,
  imported: 1,
  merged: 0,
  refused: 0,
  deferred: 0,
  settled: 0,
  gone: 0,
  pending: 0,
  ms: 5,
}

/** Every function of the log, once; faults twice. */
function sayAll(log: Log, e: MessageEvent, words: string): void {
  const mailbox = e.mailbox
  log.pullStarted({ mailbox, reason: words })
  log.listed({ mailbox, folder: words, total: 3, fresh: 1, ms: 4 })
  log.leftByRule(e)
  log.rulesChanged({ mailbox, folder: words, total: 3 })
  log.takenBack({ mailbox, folder: words, total: 3 })
  log.retrieved(e)
  log.imported(e)
  log.merged({ ...e, into: words })
  log.refused({ ...e, fault: new Fault('gmail.message-refused', { facts: { words } }) })
  log.deferred({ ...e, fault: new Fault('source.protocol', { facts: { words } }), inMs: 60_000 })
  log.settled({ ...e, as: words })
  log.gone(e)
  log.repeated(e)
  log.pullDone({ mailbox, ...pullCounts })
  log.pullEnded({ mailbox, ...pullCounts })
  log.waiting({ mailbox, ms: 5000, why: words })
  log.recovered({ mailbox, ms: 5000 })
  log.paused({ mailbox })
  log.resumed({ mailbox })
  log.scheduleLate({ mailbox })
  log.fault(new Fault('source.server-permanent', { facts: { words, reason: words } }), { mailbox, count: 2 })
  log.fault(new Error(words), { folder: words })
  log.say('info', 'other', words, { words, none: undefined })
}

test('each event of the table is written by its own name, with its fields in their order and a sentence', () => {
  const { log, rows } = capture({ format: 'json' })
  sayAll(log, event, 'x')
  assert.deepEqual(
    rows()
      .map(row => row.event)
      .filter(name => name !== 'fault' && name !== 'other'),
    Object.keys(mailEvents),
  )
  for (const { level, time, event: name, msg, ...fields } of rows()) {
    if (name === 'fault' || name === 'other') continue
    const { fields: expected, hasFault }: EventKind = mailEvents[name as EventName]
    const ofFault = hasFault ? ['code', 'scope', 'retry', 'notBefore', 'facts'] : []
    assert.deepEqual(Object.keys(fields), [...expected.map(field => field.replace('?', '')), ...ofFault])
    assert.ok(typeof level === 'string' && typeof time === 'string' && String(msg).length > 5)
  }
  for (const language of ['en', 'ja'] as const)
    assert.deepEqual(Object.keys(chooseWords(language).log), Object.keys(mailEvents))
})

test('every line about a message has the same fields, null where not known', () => {
  const { log, rows } = capture({ format: 'json' })
  log.retrieved({ messageId: 1, mailbox: 'a' })
  log.imported(event)
  log.gone({ messageId: 2, mailbox: 'a' })
  const fields = [
    'level',
    'time',
    'event',
    'mailbox',
    'account',
    'messageId',
    'folder',
    'uid',
    'octets',
    'gmailId',
    'ms',
    'msg',
  ]
  for (const row of rows()) assert.deepEqual(Object.keys(row), fields)
  assert.deepEqual(rows()[1], {
    level: 'info',
    time: '2026-04-01T00:05:07.000Z',
    event: 'imported',
    ...event,
    msg: 'Imported message 42 (12.3 kB) into me@gmail.com in 0.8 s, Gmail id 18c0',
  })
  assert.equal(rows()[0]?.gmailId, null)
})

test("a fault is logged with code, scope, retry, facts and the text in the owner's language", () => {
  const { log, rows } = capture({ format: 'json', language: 'ja' })
  log.fault(fault, { mailbox: 'shop@example.jp', count: 3 })
  const [row] = rows()
  assert.equal(row?.level, 'error')
  assert.equal(row?.code, 'source.login-refused')
  assert.equal(row?.scope, 'mailbox')
  assert.equal(row?.retry, 'owner')
  assert.deepEqual(row?.facts, fault.facts)
  assert.match(String(row?.what), /ログインできません/)
  assert.match(String(row?.next), /hikyaku setup/)
})

test('what is thrown and is no fault is logged as a bug, with its stack', () => {
  const { log, rows } = capture({ format: 'json' })
  log.fault(new TypeError('x is not a function'))
  assert.equal(rows()[0]?.code, 'bug')
  assert.match(String(rows()[0]?.stack), /TypeError: x is not a function.*log\.test\.ts/)
})

test('text for people is one line each, with local time, level and mailbox in front', () => {
  const { log, lines } = capture({ format: 'text' })
  sayAll(log, event, 'x')
  assert.equal(lines().length, 23)
  for (const line of lines())
    assert.match(line, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d (debug|info |warn |error) \S/)
  assert.match(lines().join('\n'), /\[shop@example\.jp\] Imported message 42/)
})

test('under journald the time is left out and the priority stands in front', () => {
  const { log, text } = capture({ format: 'text', journald: true })
  log.imported(event)
  log.fault(fault)
  assert.match(text(), /^<6>\[shop@example\.jp\] Imported/)
  assert.match(text(), /\n<3>The mail server/)
})

test('a level hides what is below it, and silent hides everything', () => {
  const { log, rows } = capture({ format: 'json', level: 'warn' })
  sayAll(log, event, 'x')
  assert.ok(rows().every(row => row.level === 'warn' || row.level === 'error'))
  const silent = capture({ level: 'silent' })
  sayAll(silent.log, event, 'x')
  assert.equal(silent.text(), '')
})

test('a pull that found nothing is not worth a line at level info', () => {
  const { log, text } = capture({ level: 'info' })
  log.pullStarted({ mailbox: 'a', reason: 'schedule' })
  log.listed({ mailbox: 'a', folder: '', total: 900, fresh: 0, ms: 3 })
  log.pullDone({ mailbox: 'a', ...pullCounts, fresh: 0, imported: 0 })
  assert.equal(text(), '')
})

test('a hidden secret is masked wherever and however it stands', () => {
  const secret = 'p"ä\\ss/w+rd?'
  for (const format of ['text', 'json'] as const) {
    const { log, text } = capture({ format })
    log.hide(secret)
    const plain = Buffer.from(`\0shop\0${secret}`).toString('base64')
    for (const form of [
      secret,
      JSON.stringify(secret),
      encodeURIComponent(secret),
      plain,
      Buffer.from(secret).toString('base64url'),
    ])
      sayAll(log, { ...event, folder: form }, `said ${form} again`)
    for (const trace of [
      secret,
      'ss/w',
      'ss%2Fw',
      JSON.stringify(secret).slice(1, -1),
      plain,
      Buffer.from(secret).toString('base64').slice(0, 12),
    ])
      assert.ok(!text().includes(trace), `${trace} in ${format}`)
    assert.match(text(), /\[secret\]/)
  }
})

test('a secret longer than a line is masked before the line is cut', () => {
  const { log, text } = capture()
  const secret = 'S3'.repeat(200)
  log.hide(secret)
  log.say('info', 'x', `${'y'.repeat(3900)}${secret}`)
  log.fault(new Fault('source.protocol', { facts: { words: `${'y'.repeat(250)}${secret}` } }))
  assert.doesNotMatch(text(), /S3S3/)
})

test('a short secret is masked where it stands alone and leaves other words readable', () => {
  const { log, text } = capture()
  log.hide('in')
  log.say('info', 'x', 'password in: "in" is inside')
  assert.match(text(), /password \[secret\]: "\[secret\]" is inside/)
})

test('a secret that begins with another one is masked to its end, in whatever order they were told', () => {
  for (const secrets of [
    ['hunter2', 'hunter2-and-its-tail'],
    ['hunter2-and-its-tail', 'hunter2'],
  ]) {
    const { log, text } = capture()
    for (const secret of secrets) log.hide(secret)
    log.say('info', 'x', 'said hunter2-and-its-tail and hunter2')
    assert.match(text(), /said \[secret\] and \[secret\]/)
  }
})

test('hiding nothing masks nothing', () => {
  const { log, text } = capture()
  log.hide('')
  log.say('info', 'x', 'abc')
  assert.match(text(), / abc\n$/)
})

test('whatever comes from outside, each entry stays one line without control characters', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 80 }),
      fc.constantFrom('text', 'json'),
      (words, format) => {
        const { log, text, lines } = capture({ format })
        sayAll(
          log,
          { ...event, folder: words, uid: words, mailbox: `${words}m`, account: words, gmailId: words },
          words,
        )
        assert.equal(lines().length, 23)
        assert.doesNotMatch(text().replaceAll('\n', ''), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
        if (format === 'json') for (const line of lines()) JSON.parse(line)
      },
    ),
    { numRuns },
  )
})

test('whatever the secret is, it does not get out, and JSON stays JSON', () => {
  const secret = fc.string({ unit: 'binary', minLength: 4, maxLength: 40 }).map(text => `Zq9${text}`)
  fc.assert(
    fc.property(secret, fc.constantFrom('text', 'json'), (hidden, format) => {
      const { log, text, lines } = capture({ format })
      log.hide(hidden)
      sayAll(log, event, `<${hidden}>`)
      assert.doesNotMatch(text(), /Zq9/)
      if (format === 'json') for (const line of lines()) JSON.parse(line)
    }),
    { numRuns },
  )
})

test('a stream that fails loses lines and nothing else, and says how many once it works again', async () => {
  let broken = true
  const chunks: string[] = []
  const stream = new Writable({
    write: (chunk, _encoding, done) => {
      if (broken) return done(Object.assign(new Error('no space left'), { code: 'ENOSPC' }))
      chunks.push(String(chunk))
      done()
    },
    // As Node's own standard streams survive an error.
    destroy: (error, done) => {
      done(error)
      Object(stream)._undestroy()
    },
  })
  const log = makeLog({ stream, level: 'info' })
  log.imported(event)
  log.imported(event)
  await new Promise(setImmediate)
  assert.equal(log.lost, 2)
  broken = false
  log.imported(event)
  assert.match(chunks.join(''), /2 log lines were lost.*\n.*Imported message 42/)
})

test('a stream that nobody reads does not fill the memory', () => {
  const stream = new Writable({ write: () => {} })
  const log = makeLog({ stream, level: 'info' })
  const text = 'x'.repeat(1000)
  for (let i = 0; i < 5000; i += 1) log.say('info', 'x', text)
  assert.ok(stream.writableLength < 2 << 20, `${stream.writableLength} octets wait`)
  assert.ok(log.lost > 3000)
})

test('several logs on one stream leave one listener behind', () => {
  const stream = new Writable({ write: (_chunk, _encoding, done) => done() })
  for (let i = 0; i < 20; i += 1) makeLog({ stream })
  assert.equal(stream.listenerCount('error'), 1)
})

const source = fileURLToPath(new URL('../../src/log/log.ts', import.meta.url))
/** Logs 200 lines to standard error and ends well by itself. */
const child = `
import { makeLog } from ${JSON.stringify(source)}
const log = makeLog({ level: 'info' })
for (let i = 0; i < 200; i += 1) {
  log.say('info', 'x', 'y'.repeat(2000))
  if (i % 50 === 0) await new Promise(setImmediate)
}
process.stdout.write('mail goes on')
`

test('a full disk under the log does not end the process', { skip: !existsSync('/dev/full') }, async () => {
  const run = spawn(process.execPath, ['--input-type=module', '-e', child], {
    stdio: ['ignore', 'pipe', openSync('/dev/full', 'w')],
  })
  let said = ''
  run.stdout?.on('data', chunk => {
    said += chunk
  })
  const [code] = await once(run, 'close')
  assert.equal(said, 'mail goes on')
  assert.equal(code, 0)
})

test('a reader of the log that goes away does not end the process', async () => {
  const run = spawn(process.execPath, ['--input-type=module', '-e', child], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  run.stderr?.destroy()
  let said = ''
  run.stdout?.on('data', chunk => {
    said += chunk
  })
  const [code] = await once(run, 'close')
  assert.equal(said, 'mail goes on')
  assert.equal(code, 0)
})
