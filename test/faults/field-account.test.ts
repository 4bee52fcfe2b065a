/**
 * Family F, "field": an account that Google refuses in words that nobody knows. The account waits, not its messages; all
 * of them come by themselves afterwards. The reports: https://github.com/googleapis/google-api-nodejs-client/issues/3532,
 * https://github.com/googleapis/google-api-php-client/issues/2558, https://github.com/firebase/firebase-ios-sdk/issues/14845.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Attempt } from '../../src/pull/attempt.ts'
import { type Answer, empty, gmailError, html, json } from '../servers/gmail/envelope.ts'
import { type Fault, presets } from '../servers/gmail/gmail-server.ts'
import { countOf } from '../servers/in-process.ts'
import { codeOf, day, hour, mail, minute, type Play, play, portsOf, uploads } from './harness.ts'

const always = (answer: Answer): Fault => ({ kind: 'answer', answer, stage: 'after-body' })
const account = (self: Play): string => portsOf(self.app).mailbox.account
const troubles = (self: Play) => self.app.journal.troubles.list()
const rows = (self: Play, count: number) =>
  Promise.all(
    Array.from({ length: count }, async (_, at) => {
      const row = await self.app.journal.row(at + 1)
      assert.ok(row)
      return row
    }),
  )

/** Pulls as the daemon does, the waits kept, until all mail is in Gmail. */
async function untilAllCame(self: Play, count: number): Promise<void> {
  for (let n = 0; n < 40 && self.world.gmail.accepted.length < count; n++) {
    self.clock.pass(5 * minute)
    await self.app.pull({ gate: true })
  }
  assert.equal(self.world.gmail.accepted.length, count, 'all mail came by itself')
  assert.deepEqual(await troubles(self), [])
}

const info = (reason: string, domain = 'googleapis.com') => ({
  '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
  reason,
  domain,
})
const status = (code: number, name: string, message: string, details: object[] = []): Answer =>
  json(code, { error: { code, message, status: name, ...(details.length > 0 && { details }) } })

const refusals: readonly (readonly [name: string, answer: Answer, words: RegExp])[] = [
  [
    'failedPrecondition (google-api-nodejs-client 3532)',
    gmailError(400, 'failedPrecondition', 'Precondition check failed.', { status: 'FAILED_PRECONDITION' }),
    /Precondition check failed/,
  ],
  [
    'failedPrecondition in another language, without errors[]',
    status(400, 'FAILED_PRECONDITION', '前提条件の確認に失敗しました。'),
    /前提条件の確認/,
  ],
  [
    'CONSUMER_SUSPENDED (google-api-php-client 2558)',
    status(403, 'PERMISSION_DENIED', 'Consumer has been suspended.', [info('CONSUMER_SUSPENDED')]),
    /Consumer has been suspended/,
  ],
  [
    'an ErrorInfo of Google that is in no list',
    status(400, 'INVALID_ARGUMENT', 'Something new.', [info('BRAND_NEW')]),
    /Something new/,
  ],
  [
    '404 of the collection (firebase-ios-sdk 14845)',
    gmailError(404, 'notFound', 'Requested entity was not found.'),
    /Requested entity was not found/,
  ],
  [
    'a list of errors',
    json(403, [{ error: { code: 403, message: 'Not you.', status: 'PERMISSION_DENIED' } }]),
    /Not you/,
  ],
  ['a bare google.rpc.Status', json(400, { code: 9, message: 'Not now.', details: [] }), /Not now/],
  [
    'a page with 403',
    html(403, 'Error 403 (Forbidden)!!1', 'Your client does not have permission.'),
    /permission/,
  ],
  ['403 and nothing', empty(403), /HTTP 403/],
  ['accountDisabled', gmailError(403, 'accountDisabled', 'Account disabled.'), /Account disabled/],
  ['domainPolicy', gmailError(403, 'domainPolicy', 'Switched off by the administrator.'), /administrator/],
  [
    'Mail service not enabled',
    gmailError(400, 'failedPrecondition', 'Mail service not enabled'),
    /not enabled/,
  ],
]
for (const [name, answer, words] of refusals) {
  test(`F6: an account refused by ${name} waits and blames no message; its words are told; all mail comes by itself`, () =>
    play({}, async self => {
      await self.deliver(...Array.from({ length: 30 }, (_, n) => mail(`m${n}`)))
      self.world.gmail.faults.always('import', always(answer))
      const made = await self.app.pull()
      assert.equal(made.kind, 'failed')
      assert.ok(uploads(self) <= 6, `${uploads(self)} uploads`)
      for (let n = 0; n < 40; n++) {
        self.clock.pass(hour)
        await self.app.pull({ gate: true })
      }
      assert.ok(uploads(self) <= 6 + 40, 'one message at a time is tried')
      assert.deepEqual(
        (await rows(self, 30)).filter(
          ({ stage, attempts, fault }) => stage === 'refused' || attempts > 0 || fault,
        ),
        [],
        'no message is blamed',
      )
      const [trouble, ...others] = await troubles(self)
      assert.deepEqual([trouble?.scope, trouble?.name, others], ['account', account(self), []])
      assert.match(self.printed(), words)
      const { lastGoodPullAtMs } = await self.app.journal.mailbox(portsOf(self.app).mailbox.name)
      assert.equal(lastGoodPullAtMs, undefined, 'mail was due and none went in')
      self.world.gmail.faults.clear()
      await untilAllCame(self, 30)
      await self.judge()
    }))
}

let serial = 0
const unexplained: readonly (readonly [name: string, fault: Fault])[] = [
  ['a bare Bad Request', presets.refused('Bad Request')],
  ['400 and nothing', always(empty(400))],
  ['a page with 400', always(html(400, 'Error 400', 'That is an error.'))],
  ['a status that nobody knows', always(html(418, 'Teapot', 'Short and stout'))],
  ['413 for a few lines', presets.messageTooLarge()],
  ['a label that is refused however it is read', presets.refused('Invalid label: Label_7')],
  [
    'words that hold an id',
    {
      kind: 'answer',
      answer: () =>
        gmailError(400, 'invalidArgument', `Rejected (request id 18c${(++serial).toString(16)}f00d).`),
    },
  ],
  ['a 200 without an id', always(json(200, { labelIds: [] }))],
  ['a connection that is cut amid each body', presets.reset('mid-body', 100)],
]
for (const [name, fault] of unexplained) {
  test(`F6: ${name} for the first three messages stops the account; none of them is blamed, and all come by themselves`, () =>
    play({}, async self => {
      await self.deliver(...Array.from({ length: 30 }, (_, n) => mail(`m${n}`)))
      self.world.gmail.faults.always('import', fault)
      const made = await self.app.pull()
      assert.equal(made.kind === 'failed' && made.fault.scope, 'account')
      // A label is read anew and tried once more; a dead connection, too.
      const most = 2 * (3 + 5)
      const first = uploads(self)
      assert.ok(first <= most, `${first} uploads`)
      for (let n = 0; n < 40; n++) {
        self.clock.pass(hour)
        await self.app.pull({ gate: true })
      }
      assert.ok(uploads(self) <= most + 2 * 40, `one message at a time is tried: ${uploads(self) - first}`)
      assert.deepEqual(
        (await rows(self, 30)).filter(({ stage, attempts }) => stage === 'refused' || attempts > 0),
        [],
      )
      assert.deepEqual(
        (await troubles(self)).map(({ scope }) => scope),
        ['account'],
      )
      self.world.gmail.faults.clear()
      await untilAllCame(self, 30)
      await self.judge({ repeated: Number.POSITIVE_INFINITY })
    }))
}

test('F6: the breaker counts over pulls and processes, tries one other message at a time with growing waits, and a success closes it', () =>
  play({}, async self => {
    const { gmail } = self.world
    gmail.faults.always('import', presets.refused('Bad Request'))
    const made: string[] = []
    for (let n = 0; n < 3; n++) {
      await self.deliver(mail(`m${n}`, 200 + n * 1000))
      await self.restart()
      made.push(codeOf(await self.app.pull()))
    }
    assert.deepEqual(made, ['none', 'none', 'gmail.account-unexplained'])
    assert.deepEqual(
      (await troubles(self)).map(({ scope, code }) => [scope, code]),
      [['account', 'gmail.account-unexplained']],
    )
    const gaps: number[] = []
    const tried: string[] = []
    for (let n = 0; n < 4; n++) {
      await self.restart()
      const before = uploads(self)
      const { notBeforeMs = 0 } = await self.app.journal.accountState(account(self))
      gaps.push(notBeforeMs - self.clock.nowMs())
      assert.equal((await self.app.pull({ gate: true })).kind, 'waiting')
      self.clock.pass(notBeforeMs - self.clock.nowMs())
      await self.app.pull({ gate: true })
      assert.equal(uploads(self), before + 1, 'one probe')
      tried.push(String(gmail.ledger.of('import').at(-1)?.headers['content-length']))
    }
    assert.equal(new Set(tried.slice(0, 3)).size, 3, 'each probe is another message')
    assert.ok((gaps[3] ?? 0) > (gaps[0] ?? 0), `growing: ${gaps.join(' ')}`)
    gmail.faults.clear()
    await untilAllCame(self, 3)
    await self.judge()
  }))

test('F6: one poison message among good ones is blamed alone and set aside in the end; the account goes on', () =>
  play({}, async self => {
    const { gmail } = self.world
    const poison = mail('poison', 5000)
    gmail.faults.always(
      entry => entry.endpoint === 'import' && Number(entry.headers['content-length']) > 4000,
      presets.refused('Bad Request'),
    )
    await self.deliver(poison, ...Array.from({ length: 10 }, (_, n) => mail(`m${n}`)))
    for (let n = 0; n < 16; n++) {
      await self.deliver(mail(`later${n}`))
      countOf(await self.app.pull({ gate: true }))
      self.clock.pass(hour)
    }
    assert.equal(gmail.accepted.length, 26)
    assert.equal((await self.app.journal.row(1))?.stage, 'refused')
    assert.deepEqual(
      (await troubles(self)).map(({ scope, messages }) => [scope, messages]),
      [['message', 1]],
    )
    await self.judge()
  }))

test('F6: three old poison messages that come due together stop no account', () =>
  play({}, async self => {
    const { gmail } = self.world
    gmail.faults.always(
      entry => entry.endpoint === 'import' && Number(entry.headers['content-length']) > 4000,
      presets.refused('Bad Request'),
    )
    await self.deliver(mail('p1', 5000))
    await self.app.pull()
    await self.deliver(mail('good1'))
    await self.app.pull()
    await self.deliver(mail('p2', 5000), mail('p3', 5000))
    await self.app.pull()
    await self.deliver(mail('good2'))
    await self.app.pull()
    for (let n = 0; n < 3; n++) {
      self.clock.pass(5 * hour)
      countOf(await self.app.pull({ gate: true }))
    }
    assert.deepEqual(
      (await Promise.all([1, 3, 4].map(id => self.app.journal.row(id)))).map(row => row?.attempts),
      [4, 4, 4],
    )
    await self.judge()
  }))

for (const count of [1, 2]) {
  test(`F6: ${count} unexplained and no other mail: nothing is refused for good until another message shows that the account works`, () =>
    play({}, async self => {
      const { gmail } = self.world
      await self.deliver(...Array.from({ length: count }, (_, n) => mail(`m${n}`)))
      gmail.faults.always('import', presets.refused('Bad Request'))
      for (let n = 0; n < 72; n++) {
        countOf(await self.app.pull({ gate: true }))
        self.clock.pass(hour)
      }
      assert.deepEqual(await self.stages(), { deferred: count })
      assert.deepEqual(
        (await troubles(self)).map(({ scope, messages }) => [scope, messages]),
        [['message', count]],
      )
      gmail.faults.clear()
      self.clock.pass(hour)
      countOf(await self.app.pull({ gate: true }))
      assert.equal(gmail.accepted.length, count)
      await self.judge()
    }))
}

test('F6: a server error for every message for days stops the account, counts against no message, and ends by itself', () =>
  play({}, async self => {
    await self.deliver(...Array.from({ length: 10 }, (_, n) => mail(`m${n}`)))
    self.world.gmail.faults.always('import', presets.status(503))
    for (let n = 0; n < 72; n++) {
      await self.app.pull({ gate: true })
      self.clock.pass(hour)
    }
    assert.ok(uploads(self) <= 6 + 72)
    assert.deepEqual(
      (await rows(self, 10)).filter(({ attempts }) => attempts > 0),
      [],
    )
    assert.deepEqual(
      (await troubles(self)).map(({ scope }) => scope),
      ['account'],
    )
    self.world.gmail.faults.clear()
    await untilAllCame(self, 10)
    await self.judge({ repeated: 10 })
  }))

test('F6: one message that Gmail answers with a server error each time is blamed alone, and new mail does not wait for it', () =>
  play({}, async self => {
    const { gmail } = self.world
    gmail.faults.always(
      entry => entry.endpoint === 'import' && Number(entry.headers['content-length']) > 4000,
      presets.status(500),
    )
    await self.deliver(mail('poison', 5000), mail('m'))
    const made: Attempt[] = []
    for (let n = 0; n < 12; n++) {
      made.push(await self.app.pull({ gate: true }))
      self.clock.pass(10 * minute)
      await self.deliver(mail(`later${n}`))
    }
    assert.deepEqual(
      made.slice(4).map(codeOf),
      Array.from({ length: 8 }, () => 'none'),
    )
    assert.equal(gmail.accepted.length, 12)
    assert.deepEqual(
      (await troubles(self)).map(({ scope }) => scope),
      ['message'],
    )
    gmail.faults.clear()
    self.clock.pass(day)
    await self.app.pull()
    await self.judge({ repeated: Number.POSITIVE_INFINITY })
  }))
