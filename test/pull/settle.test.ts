/** What a source refuses of one folder, or after the import, costs that and nothing else. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Attempt } from '../../src/pull/attempt.ts'
import { codeOf, mail, minute, play, portsOf } from '../faults/harness.ts'
import { presets } from '../servers/gmail/gmail-server.ts'
import { isOpening } from '../servers/imap-faults.ts'
import { countOf } from '../servers/in-process.ts'

const faultsOf = (made: Attempt): string[] =>
  made.kind === 'pulled' ? made.result.faults.map(fault => fault.code) : [`not pulled: ${codeOf(made)}`]

const twoFolders = (folders: string) =>
  ({ protocol: 'imap', more: { AFTER_IMPORT: 'delete', MAIL_FOLDERS: folders } }) as const

test('a folder that cannot be selected keeps no other folder from its pull', () =>
  play(twoFolders('Junk,INBOX'), async ({ world, app }) => {
    const { imap } = world.source
    assert.ok(imap)
    imap.create('Junk')
    imap.deliver('INBOX', mail('i'))
    const answer = { do: 'answer', pieces: ['{tag} NO [SERVERBUG] index is corrupt\r\n'] } as const
    imap.faults.at = ({ verb, text }) => (isOpening(verb) && /Junk/.test(text) ? answer : undefined)
    assert.deepEqual(faultsOf(await app.pull()), ['source.server-temporary'])
    assert.equal(world.gmail.accepted.length, 1)
  }))

test('a folder that lets nothing be deleted keeps no other one from being settled', () =>
  play(twoFolders('Shared,INBOX'), async ({ world, app, clock }) => {
    const { imap } = world.source
    assert.ok(imap)
    imap.create('Shared')
    imap.deliver('Shared', mail('s'))
    imap.deliver('INBOX', mail('i'))
    const answer = { do: 'answer', pieces: ['{tag} NO [NOPERM] not yours\r\n'] } as const
    imap.faults.at = ({ verb, folder }) => (verb === 'UID STORE' && folder === 'Shared' ? answer : undefined)
    const made = await app.pull()
    assert.equal(faultsOf(made).length, 1)
    assert.equal(countOf(made).settleAsked, 1)
    assert.equal(imap.folder('INBOX')?.messages.length, 0)
    assert.equal(imap.folder('Shared')?.messages.length, 1)
    clock.pass(minute)
    assert.equal(countOf(await app.pull()).settled, 1)
  }))

test('a folder that was not reached was not asked', () =>
  play(twoFolders('INBOX,Junk'), async ({ world, app }) => {
    const { imap } = world.source
    assert.ok(imap)
    imap.create('Junk')
    imap.deliver('INBOX', mail('i'))
    imap.deliver('Junk', mail('j'))
    const answer = { do: 'answer', pieces: ['{tag} NO [SERVERBUG] index is corrupt\r\n'] } as const
    // Both are listed and imported by then.
    imap.faults.at = ({ verb, text }) =>
      isOpening(verb) && /INBOX/.test(text) && world.gmail.accepted.length === 2 ? answer : undefined
    for (let pulls = 0; pulls < 4; pulls++) await app.pull()
    const [row] = [await app.journal.row(1)]
    assert.deepEqual([row?.stage, row?.settleAsks], ['imported', 0])
    assert.deepEqual([imap.folder('INBOX')?.messages.length, imap.folder('Junk')?.messages.length], [1, 0])
    const wish = { scope: 'wish', name: portsOf(app).mailbox.name, subject: 'INBOX' } as const
    assert.notEqual((await app.journal.troubles.find(wish))?.code, 'source.read-only')
  }))

test('a read-only mailbox is imported and told of, and its pulls are good ones', () =>
  play({ protocol: 'imap', more: { AFTER_IMPORT: 'delete' } }, async self => {
    const { world, app } = self
    assert.ok(world.source.imap)
    world.source.imap.faults.readOnly = true
    await self.deliver(mail('r'))
    assert.deepEqual(faultsOf(await app.pull()), ['source.read-only'])
    const { failures, lastGoodPullAtMs } = await app.journal.mailbox(portsOf(app).mailbox.name)
    assert.equal(failures, 0)
    assert.ok(lastGoodPullAtMs !== undefined)
  }))

test('a refused QUIT is no failure where nothing was asked of the source, and is told where something was', async () => {
  for (const [policy, expected] of [
    ['keep', []],
    ['delete', ['source.settle-failed']],
  ] as const) {
    await play({ more: { AFTER_IMPORT: policy } }, async self => {
      assert.ok(self.world.source.pop3)
      self.world.source.pop3.faults.quit = '-ERR cannot'
      await self.deliver(mail('m'))
      assert.deepEqual(faultsOf(await self.app.pull()), expected)
    })
  }
})

test("the account's trouble is not hidden by what the source refuses afterwards", () =>
  play({}, async self => {
    const { pop3 } = self.world.source
    assert.ok(pop3)
    pop3.faults.line = event => (event.verb === 'QUIT' ? 'fin' : undefined)
    await self.deliver(mail('m'))
    self.world.gmail.faults.always('import', presets.status(503, 'json', 'before-body'))
    assert.match(codeOf(await self.app.pull()), /^gmail\./)
    assert.equal((await self.app.journal.accountState(portsOf(self.app).mailbox.account)).failures, 1)
  }))
