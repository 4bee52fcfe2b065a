/** Family F, "field": the counts of a pull hold whatever ended it, and count messages, not tries; Google's own words. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { oauthError } from '../servers/gmail/envelope.ts'
import { presets } from '../servers/gmail/gmail-server.ts'
import { answerOf, startWorld, type World } from '../servers/world.ts'
import { codeOf, mail, play } from './harness.ts'

interface Answer {
  readonly listed: number
  readonly imported: number
  readonly refused: number
  readonly deferred: number
  readonly mailboxes: readonly {
    readonly fault: { readonly code: string } | null
    readonly imported: number
  }[]
}

async function between(story: (world: World) => Promise<void>): Promise<void> {
  const world = await startWorld({ protocol: 'pop3' })
  try {
    await story(world)
  } finally {
    await world.stop()
  }
}

/** With --now, since a pull that nobody sits at keeps the waits of the one before. */
const pullJson = async (world: World): Promise<Answer> =>
  answerOf(await world.run(['pull', '--now', '--json'])) as unknown as Answer

test('F7: the server hangs up at one message: pull --json says what went into Gmail before (imapsync issue 433)', () =>
  between(async world => {
    const { pop3 } = world.source
    assert.ok(pop3)
    for (let n = 0; n < 5; n++) await world.source.deliver(mail(`m${n}`))
    pop3.faults.line = event => (event.line.trim() === 'RETR 3' ? 'fin' : undefined)
    const answer = await pullJson(world)
    assert.notEqual(answer.mailboxes[0]?.fault, null)
    assert.equal(answer.listed, 5)
    assert.equal(answer.imported, world.gmail.accepted.length)
    assert.equal(answer.mailboxes[0]?.imported, world.gmail.accepted.length)
    assert.ok(answer.imported > 0)
  }))

test('F7: Gmail refuses the account amid a pull: the JSON, the text and the log agree with the books of Gmail', () =>
  between(async world => {
    for (let n = 0; n < 12; n++) await world.source.deliver(mail(`m${n}`))
    world.gmail.faults.always(
      entry => entry.endpoint === 'import' && world.gmail.accepted.length >= 4,
      presets.refused('Precondition check failed.', 'failedPrecondition'),
    )
    const ended = await world.run(['pull'])
    const first = world.gmail.accepted.length
    assert.ok(first >= 4 && first < 12)
    assert.match(ended.stdout, /did not come to its end/)
    assert.match(ended.stdout, new RegExp(`${first} imported, .*${12 - first} still waiting`))
    assert.match(ended.stderr, new RegExp(`cut short: ${first} imported, .*${12 - first} waiting`))
    assert.match(ended.stderr, /Precondition check failed/)
    const answer = await pullJson(world)
    assert.equal(answer.listed, 12)
    assert.equal(answer.imported, world.gmail.accepted.length - first)
    assert.equal(answer.mailboxes[0]?.fault?.code, 'gmail.account-refused')
  }))

test('F7: ten messages that are tried twice in one pull are ten to be tried again', () =>
  between(async world => {
    const { pop3 } = world.source
    assert.ok(pop3)
    for (let n = 0; n < 10; n++) await world.source.deliver(mail(`short${n}`, 4000))
    await world.source.deliver(mail('good'))
    let tries = 0
    pop3.faults.truncate = ({ octets }) => (octets.length > 2000 ? 1000 + ++tries : undefined)
    // The second pass proves the deletion of the good one; by then the others are due again.
    world.gmail.faults.always('import', { kind: 'slow', ms: 1500 })
    const answer = answerOf(
      await world.run(['pull', '--json'], { env: { AFTER_IMPORT: 'delete' } }),
    ) as unknown as Answer
    assert.ok(tries >= 20, `${tries} tries`)
    assert.deepEqual([answer.imported, answer.deferred], [1, 10])
  }))

test('F8: session control of Workspace is told as what it is, in Google’s words and both languages (google-auth-library-nodejs issue 1961)', () =>
  play({}, async self => {
    await self.deliver(mail('one'))
    const { status, headers, body } = oauthError(400, 'invalid_grant', 'reauth related error (invalid_rapt)')
    const told = { ...JSON.parse(body.toString()), error_subtype: 'invalid_rapt' }
    const answer = { status, headers, body: Buffer.from(JSON.stringify(told)) }
    self.world.gmail.faults.always('token', { kind: 'answer', answer })
    assert.equal(codeOf(await self.app.pull()), 'gmail.session-control')
    const printed = self.printed()
    assert.match(printed, /reauth related error \(invalid_rapt\)/)
    assert.match(printed, /session control/)
    assert.doesNotMatch(printed, /seven days|7 days|“Testing”/)
    self.world.gmail.faults.clear()
    await self.app.pull()
    assert.equal(self.world.gmail.accepted.length, 1)
    await self.judge()
  }))

for (const [error, description, code] of [
  ['admin_policy_enforced', 'Access blocked by your administrator.', 'gmail.admin-policy'],
  ['org_internal', 'This client is restricted to users within its organization.', 'gmail.org-internal'],
  ['disabled_client', 'The OAuth client was disabled.', 'gmail.client-disabled'],
  ['unauthorized_client', 'Unauthorized', 'gmail.client-mismatch'],
  ['invalid_client', 'The OAuth client was not found.', 'gmail.client-invalid'],
  ['access_denied', 'Account restricted', 'gmail.forbidden'],
  ['invalid_grant', 'Account has been deleted', 'gmail.consent-ended'],
] as const) {
  test(`F8: ${error} is ${code}, with Google's own words, bounded and without what steers a terminal`, () =>
    play({}, async self => {
      await self.deliver(mail('one'))
      const words = `${description} \u001b[31m${'x'.repeat(2000)}`
      self.world.gmail.faults.always('token', { kind: 'answer', answer: oauthError(400, error, words) })
      assert.equal(codeOf(await self.app.pull()), code)
      assert.ok(self.printed().includes(description))
      assert.doesNotMatch(self.printed(), /x{301}/)
      self.world.gmail.faults.clear()
      await self.app.pull()
      await self.judge()
    }))
}
