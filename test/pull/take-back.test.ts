/** START_FROM moved back: what was left comes after all, each message once; what was imported stays as it is. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dryRun } from '../../src/proof/dry-run.ts'
import { day, hour, imapOf, mail, type Play, play, pop3Of, portsOf } from '../faults/harness.ts'
import { countOf } from '../servers/in-process.ts'

const dated = (name: string, atMs: number): Buffer =>
  mail(
    name,
    100,
    `Received: from x by y; ${new Date(atMs).toUTCString()}\r\nMessage-ID: <${name}@example.net>\r\n`,
  )

/** Days before the first pull. */
const days = [90, 60, 30, 10]

async function deliverOld(self: Play): Promise<void> {
  const now = self.clock.nowMs()
  const { imap } = self.world.source
  for (const ago of days) {
    const octets = dated(`old-${ago}`, now - ago * day)
    if (imap === undefined) await self.deliver(octets)
    else {
      imap.deliver('INBOX', octets, { internalDate: new Date(now - ago * day) })
      self.put.push(octets)
    }
  }
}

/** What a pull with this setting imports, after a rehearsal has said so; another one imports nothing. */
async function importedFrom(self: Play, startFrom: string): Promise<number> {
  await self.restart({ START_FROM: startFrom })
  const told = await dryRun(portsOf(self.app), new AbortController().signal)
  const { imported } = countOf(await self.app.pull())
  assert.deepEqual([told.fresh, told.takenBack], [imported, imported], 'as `pull --dry-run` says')
  assert.equal(countOf(await self.app.pull()).imported, 0, 'once')
  return imported
}

for (const protocol of ['pop3', 'imap'] as const) {
  test(`${protocol}: a start moved back takes in what was left, by its date, and nothing twice`, () =>
    play({ protocol, more: { START_FROM: 'new' } }, async self => {
      const now = self.clock.nowMs()
      const before = (ago: number): string => new Date(now - ago * day).toISOString().slice(0, 10)
      await deliverOld(self)
      assert.equal(countOf(await self.app.pull()).imported, 0)
      self.clock.pass(hour)
      await self.deliver(dated('fresh', self.clock.nowMs()))
      assert.equal(countOf(await self.app.pull()).imported, 1)
      assert.equal((await self.stages()).baseline, 4)

      assert.equal(await importedFrom(self, before(20)), 1, 'of ten days ago')
      assert.equal((await self.stages()).baseline, 3)
      assert.match(self.printed(), /START_FROM was moved back: 1 message/)
      assert.equal(await importedFrom(self, 'new'), 0)
      assert.equal(await importedFrom(self, before(15)), 0, 'moved forward again')
      assert.equal(await importedFrom(self, before(75)), 2, 'of a month and of two')
      assert.equal(await importedFrom(self, 'all'), 1, 'the rest')
      assert.equal((await self.stages()).baseline, undefined)
      assert.equal(self.world.gmail.accepted.length, 5)
      await self.judge()
    }))

  test(`${protocol}: what comes back under other names is taken in by the listing after that`, () =>
    play({ protocol, more: { START_FROM: 'new' } }, async self => {
      await deliverOld(self)
      assert.equal(countOf(await self.app.pull()).imported, 0)
      const { pop3 } = self.world.source
      if (pop3 === undefined) Object.assign(imapOf(self).folder('INBOX') ?? {}, { uidValidity: 7 })
      else for (const message of pop3.messages) message.uidl = `new-${message.uidl}`
      await self.restart({ START_FROM: 'all' })
      for (let pulls = 0; pulls < 3; pulls += 1) countOf(await self.app.pull())
      assert.equal(self.world.gmail.accepted.length, 4)
      await self.judge()
    }))
}

test('pop3: the time of what stays left is asked for once', () =>
  play({ protocol: 'pop3', more: { START_FROM: 'new' } }, async self => {
    const { ledger } = pop3Of(self)
    await deliverOld(self)
    countOf(await self.app.pull())
    const tops = (): number => ledger.commands.filter(command => command.startsWith('TOP')).length
    const start = new Date(self.clock.nowMs() - 20 * day).toISOString().slice(0, 10)
    await self.restart({ START_FROM: start })
    assert.equal(countOf(await self.app.pull()).imported, 1)
    const asked = tops()
    assert.ok(asked >= 4, `${asked} header sections`)
    for (let pulls = 0; pulls < 2; pulls += 1) {
      await self.restart({ START_FROM: start })
      self.clock.pass(hour)
      assert.equal(countOf(await self.app.pull()).imported, 0)
    }
    assert.equal(tops(), asked)
    await self.judge()
  }))
