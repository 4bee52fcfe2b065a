/** An upload that outlives the pull that began it: the pulls behind it let it be. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mail, minute, play, uploads } from '../faults/harness.ts'
import { reading } from '../servers/gmail/oauth.ts'
import { countOf } from '../servers/in-process.ts'
import { until } from '../servers/until.ts'

for (const protocol of ['pop3', 'imap'] as const)
  test(`what is on its way is neither looked up nor sent again by the pulls that follow (${protocol})`, () =>
    play({ protocol, scopes: reading }, async self => {
      const { gmail } = self.world
      const held = Promise.withResolvers<void>()
      gmail.faults.always('import', { kind: 'hold', until: held.promise })
      await self.deliver(mail('one'))
      const first = self.app.pull()
      try {
        await until(() => uploads(self) === 1, 'the upload')
        for (let pulls = 0; pulls < 4; pulls++) {
          // Long enough for a whole listing, and for the look-ups of an unknown outcome.
          self.clock.pass(11 * minute)
          const { imported, deferred } = countOf(await self.app.pull())
          assert.deepEqual([imported, deferred], [0, 0])
        }
        assert.equal(gmail.ledger.of('messages.list').length, 0)
      } finally {
        held.resolve()
      }
      countOf(await first)
      self.clock.pass(11 * minute)
      countOf(await self.app.pull())
      assert.equal(uploads(self), 1)
      await self.judge()
    }))
