/** Public reports of people who import mail by the Gmail API, replayed. The table of them is docs/field-reports.md. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { codeOf, hour, mail, minute, type Play, play } from '../faults/harness.ts'
import { gmailError } from '../servers/gmail/envelope.ts'
import { type Fault, presets } from '../servers/gmail/gmail-server.ts'
import { countOf } from '../servers/in-process.ts'
import { sha256 } from '../servers/source-server.ts'
import { faultOf, textsOf } from './field.ts'

const said = (code: number, reason: string, words: string): Fault => ({
  kind: 'answer',
  answer: gmailError(code, reason, words),
  stage: 'after-body',
})

const uploads = ({ world }: Play): number => world.gmail.ledger.of('import').length

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
      assert.equal(self.stages().refused ?? 0, 0, 'no message is given up')
      gmail.faults.clear()
      await pullUntil(self, 6, 12 * hour)
      await self.judge()
    }))

const labelRefusals = [
  // https://github.com/GAM-team/got-your-back/issues/316 and /442 (names that Gmail keeps for itself in some language)
  [400, 'invalidArgument', 'Invalid label name'],
  // https://github.com/GAM-team/got-your-back/issues/105, https://github.com/gauteh/lieer/issues/29
  [409, 'aborted', 'Label name exists or conflicts'],
] as const
for (const [code, reason, words] of labelRefusals)
  test(`a label that Gmail refuses with ${code} "${words}" is named to the owner, and the mail waits unharmed`, () =>
    play({ protocol: 'pop3', more: { GMAIL_LABELS: 'Muted', AFTER_IMPORT: 'delete' } }, async self => {
      const { gmail } = self.world
      gmail.faults.always('labels.create', said(code, reason, words))
      await self.deliver(mail('a'), mail('b'))
      const fault = faultOf(await self.app.pull())
      assert.equal(fault.code, 'gmail.label')
      for (const text of textsOf(fault)) assert.match(text, /Muted/)
      assert.equal(self.world.source.pop3?.messages.length, 2)
      gmail.faults.clear()
      await pullUntil(self, 2)
      self.clock.pass(hour)
      await self.app.pull()
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
