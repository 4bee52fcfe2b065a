/** Public reports of people who import mail by the Gmail API, replayed. The table of them is docs/field-reports.md. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '../../src/base/fault.ts'
import { labelSubject } from '../../src/base/label-subject.ts'
import { codeOf, hour, mail, minute, type Play, play, uploads } from '../faults/harness.ts'
import { told } from '../faults/told.ts'
import { gmailError } from '../servers/gmail/envelope.ts'
import { type Fault as GmailFault, presets } from '../servers/gmail/gmail-server.ts'
import { countOf } from '../servers/in-process.ts'
import { sha256 } from '../servers/source-server.ts'
import { faultOf, textsOf } from './field.ts'

const said = (code: number, reason: string, words: string): GmailFault => ({
  kind: 'answer',
  answer: gmailError(code, reason, words),
  stage: 'after-body',
})

/** Pulls, `stepMs` apart, until Gmail holds so many messages; at most 12 times. */
async function pullUntil(self: Play, accepted: number, stepMs = hour): Promise<void> {
  for (let n = 0; n < 12 && self.world.gmail.accepted.length < accepted; n++) {
    self.clock.pass(stepMs)
    await self.app.pull()
  }
  assert.equal(self.world.gmail.accepted.length, accepted)
}

// https://github.com/google/import-mailbox-to-gmail/issues/29, https://github.com/GAM-team/got-your-back/issues/143 and /294
for (const words of ['Bad Request', 'Request contains an invalid argument.'])
  test(`single messages that Gmail refuses with "${words}" stay at the source, and the others go in`, () =>
    play({ protocol: 'pop3', more: { AFTER_IMPORT: 'delete' } }, async self => {
      const { gmail } = self.world
      let serial = 0
      gmail.faults.always(({ endpoint }) => {
        if (endpoint !== 'import') return false
        serial += 1
        return serial === 2 || serial === 6
      }, presets.refused(words))
      await self.deliver(...Array.from({ length: 8 }, (_, n) => mail(`m${n}`)))
      assert.equal(countOf(await self.app.pull()).imported, 6)
      const left = await self.world.source.stored()
      assert.equal(gmail.accepted.length, 6)
      const missing = self.put.map(sha256).filter(digest => !gmail.stored().has(digest))
      assert.ok(
        missing.every(digest => left.includes(digest)),
        'what Gmail refused is where it was',
      )
      gmail.faults.clear()
      await pullUntil(self, 8, 12 * hour)
      self.clock.pass(hour)
      await self.app.pull()
      await self.judge()
    }))

// https://github.com/GAM-team/got-your-back/issues/309
test('403 "Queries per minute per user" is a wait and no refusal: no message is blamed, no upload storm', () =>
  play({ protocol: 'pop3' }, async self => {
    const { gmail } = self.world
    await self.deliver(...Array.from({ length: 20 }, (_, n) => mail(`m${n}`)))
    gmail.faults.always('import', presets.rateLimited('queries-403'))
    const fault = faultOf(await self.app.pull())
    assert.equal(fault.code, 'gmail.rate-limited')
    for (const text of textsOf(fault)) assert.match(text, /Queries per minute per user/)
    assert.ok(uploads(self) <= 12, `${uploads(self)} uploads at a limit`)
    gmail.faults.clear()
    await pullUntil(self, 20)
    await self.judge()
  }))

// https://github.com/GAM-team/got-your-back/issues/462 and /90
for (const [name, fault] of [
  [
    '500 "Temporary System Problem. Try again later"',
    said(500, 'backendError', 'Temporary System Problem.  Try again later (NNN).'),
  ],
  ['502 with a page', presets.status(502, 'html')],
] as const)
  test(`${name} to every upload of half a day is Gmail's trouble: all mail comes by itself afterwards`, () =>
    play({ protocol: 'pop3', more: { AFTER_IMPORT: 'delete' } }, async self => {
      const { gmail } = self.world
      await self.deliver(...Array.from({ length: 6 }, (_, n) => mail(`m${n}`)))
      gmail.faults.always('import', fault)
      for (let n = 0; n < 12; n++) {
        await self.app.pull({ gate: true })
        self.clock.pass(hour)
      }
      assert.equal(gmail.accepted.length, 0)
      assert.equal(self.world.source.pop3?.messages.length, 6)
      assert.equal((await self.stages()).refused ?? 0, 0, 'no message is given up')
      gmail.faults.clear()
      await pullUntil(self, 6, 12 * hour)
      await self.judge()
    }))

type Endpoint = 'labels.list' | 'labels.create'
const labelRefusals: readonly (readonly [Endpoint, number, string, string])[] = [
  // https://github.com/GAM-team/got-your-back/issues/316 and /442 (names that Gmail keeps for itself in some language)
  ['labels.create', 400, 'invalidArgument', 'Invalid label name'],
  // https://github.com/GAM-team/got-your-back/issues/105, https://github.com/gauteh/lieer/issues/29
  ['labels.create', 409, 'aborted', 'Label name exists or conflicts'],
  ['labels.create', 400, 'invalidArgument', 'Too many labels'],
  ['labels.create', 403, 'limitExceeded', 'Label limit exceeded'],
  ['labels.create', 403, 'forbidden', 'Not allowed'],
  ['labels.list', 400, 'failedPrecondition', 'Precondition check failed.'],
  ['labels.list', 403, 'insufficientPermissions', 'Insufficient Permission'],
]
for (const protocol of ['pop3', 'imap'] as const)
  for (const [endpoint, code, reason, words] of labelRefusals)
    test(`${protocol}: a label that Gmail refuses (${endpoint}) with ${code} "${words}" costs no delivery, and is told once`, () => {
      const more = { GMAIL_LABELS: 'shop', AFTER_IMPORT: 'delete' }
      return play({ protocol, more }, async self => {
        const { gmail } = self.world
        // The other label stands in Gmail already.
        await self.deliver(mail('before'))
        assert.equal(countOf(await self.app.pull()).imported, 1)
        const shop = gmail.messages()[0]?.labelIds.find(id => id.startsWith('Label_')) ?? ''
        await self.restart({ ...more, GMAIL_LABELS: 'shop,Quiet' })
        gmail.faults.always(endpoint, said(code, reason, words))
        await told(self, { ...more, GMAIL_LABELS: 'shop,Quiet' }, async ({ titles, texts, hours }) => {
          await self.deliver(mail('a'), mail('b'))
          assert.equal(countOf(await self.app.pull()).imported, 2)
          for (const { labelIds } of gmail.messages().slice(1)) {
            assert.deepEqual(labelIds.includes('INBOX'), true)
            if (endpoint === 'labels.create') assert.ok(labelIds.includes(shop), 'the other label is kept')
          }
          const open = await self.app.journal.troubles.list()
          assert.ok(open.every(({ scope, code }) => scope === 'wish' && code === 'gmail.label-refused'))
          const quiet = open.find(({ subject }) => subject === labelSubject('Quiet'))
          assert.equal(quiet?.said, words)
          for (const text of textsOf(new Fault('gmail.label-refused', { facts: quiet?.facts ?? {} }))) {
            assert.match(text, /Quiet/)
            assert.ok(text.includes(words), text)
          }
          await hours(3)
          await self.deliver(mail('c'))
          await hours(9)
          assert.equal(gmail.accepted.length, 4)
          const label = titles().filter(title => title.includes('without the Gmail label Quiet'))
          assert.equal(label.length, 1, titles().join('\n'))
          assert.ok(texts()[0]?.includes(words))
          gmail.faults.clear()
          await hours(3)
          assert.equal(titles().filter(title => title.includes('gets the Gmail label Quiet again')).length, 1)
          assert.deepEqual(await self.app.journal.troubles.list(), [])
          await self.deliver(mail('d'))
          await hours(1)
          assert.equal(
            gmail
              .messages()
              .at(-1)
              ?.labelIds.filter(id => id.startsWith('Label_')).length,
            2,
          )
        })
        await self.judge()
      })
    })

test('a refused label is asked for again with growing waits, over restarts, and not at each mail', () => {
  const more = { GMAIL_LABELS: 'Muted' }
  return play({ protocol: 'pop3', more }, async self => {
    const { gmail } = self.world
    gmail.faults.always('labels.create', said(400, 'invalidArgument', 'Invalid label name'))
    const asked = (): number => gmail.ledger.of('labels.create').length
    await self.deliver(...Array.from({ length: 20 }, (_, n) => mail(`m${n}`)))
    assert.equal(countOf(await self.app.pull()).imported, 20)
    assert.equal(asked(), 1)
    for (let n = 0; n < 120; n++) {
      self.clock.pass(minute)
      if (n % 20 === 0) await self.restart(more)
      if (n % 3 === 0) await self.deliver(mail(`later${n}`))
      await self.app.pull()
    }
    assert.equal(gmail.accepted.length, 60)
    assert.ok(asked() >= 5 && asked() <= 9, `${asked()} times in two hours`)
    await self.judge()
  })
})

test('a token without the scope for labels brings the mail, and the missing permission is told', () =>
  play({ protocol: 'pop3', more: { GMAIL_LABELS: 'shop' } }, async self => {
    const { gmail } = self.world
    await self.restart({ GOOGLE_REFRESH_TOKEN: gmail.grant(undefined, ['gmail.insert']) })
    await self.deliver(mail('a'))
    assert.equal(countOf(await self.app.pull()).imported, 1)
    const [open] = await self.app.journal.troubles.list()
    assert.deepEqual([open?.scope, open?.code], ['wish', 'gmail.label-refused'])
    for (const text of textsOf(new Fault('gmail.label-refused', { facts: open?.facts ?? {} })))
      assert.match(text, /hikyaku setup google/)
    await self.judge()
  }))

test('an account that is refused at labels and imports alike is the trouble, and no label is blamed', () =>
  play({ protocol: 'pop3', more: { GMAIL_LABELS: 'shop' } }, async self => {
    const { gmail } = self.world
    await self.deliver(mail('a'), mail('b'))
    gmail.faults.always(
      ({ endpoint }) => endpoint === 'import' || endpoint.startsWith('labels'),
      said(403, 'forbidden', 'Suspended'),
    )
    for (let n = 0; n < 3; n++) {
      assert.equal(faultOf(await self.app.pull()).scope, 'account')
      self.clock.pass(hour)
    }
    assert.deepEqual(
      (await self.app.journal.troubles.list()).map(({ scope }) => scope),
      ['account'],
    )
    gmail.faults.clear()
    await pullUntil(self, 2)
    assert.ok(gmail.messages().every(({ labelIds }) => labelIds.some(id => id.startsWith('Label_'))))
    await self.judge()
  }))

test('a label that is taken out of the configuration is no trouble any more', () =>
  play({ protocol: 'pop3', more: { GMAIL_LABELS: 'Muted' } }, async self => {
    self.world.gmail.faults.always('labels.create', said(400, 'invalidArgument', 'Invalid label name'))
    await self.deliver(mail('a'))
    await self.app.pull()
    assert.equal((await self.app.journal.troubles.list()).length, 1)
    await self.restart({ GMAIL_LABELS: '' })
    await self.app.pull()
    assert.deepEqual(await self.app.journal.troubles.list(), [])
  }))

// https://github.com/GAM-team/got-your-back/issues/135
for (const words of ['Invalid label: Label_1', 'labelId not found'])
  test(`uploads refused for the sake of a label every time ("${words}") are made without it, at once`, () =>
    play({ protocol: 'pop3', more: { GMAIL_LABELS: 'shop' } }, async self => {
      const { gmail } = self.world
      await self.deliver(mail('a'))
      // The second time the labels were read anew.
      gmail.faults.next('import', presets.refused(words), 2)
      assert.equal(countOf(await self.app.pull()).imported, 1)
      const [open] = await self.app.journal.troubles.list()
      assert.deepEqual([open?.scope, open?.code, open?.said], ['wish', 'gmail.label-refused', words])
      await self.deliver(mail('b'))
      await self.app.pull()
      assert.ok(gmail.messages().every(({ labelIds }) => !labelIds.some(id => id.startsWith('Label_'))))
      assert.equal(gmail.accepted.length, 2)
      self.clock.pass(2 * hour)
      await self.deliver(mail('c'))
      await self.app.pull()
      assert.deepEqual(await self.app.journal.troubles.list(), [])
      await self.judge()
    }))

// https://github.com/GAM-team/got-your-back/issues/135 ("Invalid label: CHAT" at the upload itself)
test('an upload refused for the sake of a label is made again without it', () =>
  play({ protocol: 'pop3', more: { GMAIL_LABELS: 'shop' } }, async self => {
    const { gmail } = self.world
    await self.deliver(mail('a'))
    gmail.faults.next('import', presets.refused('Invalid label: Label_1'))
    await self.app.pull()
    await pullUntil(self, 1, minute)
    await self.judge()
  }))

// https://github.com/elie222/inbox-zero/issues/480, https://github.com/bettergov/foiamail/issues/36 (429 at the labels)
test('a rate limit at the labels stops the pull and not the mail: all goes in after the wait, with the label', () =>
  play({ protocol: 'pop3', more: { GMAIL_LABELS: 'shop' } }, async self => {
    const { gmail } = self.world
    await self.deliver(mail('a'))
    gmail.faults.next('labels.list', presets.rateLimited('user-rate', 10 * minute))
    const attempt = await self.app.pull()
    assert.ok(['none', 'gmail.rate-limited'].includes(codeOf(attempt)), codeOf(attempt))
    gmail.faults.clear()
    await pullUntil(self, 1)
    assert.equal(
      gmail.messages()[0]?.labelIds.some(id => id.startsWith('Label_')),
      true,
    )
    await self.judge()
  }))
