/** A rehearsal promises no more than it can know: what stands under a new name may be in Gmail already. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chooseWords } from '../../src/locale/locale.ts'
import { dryRun } from '../../src/proof/dry-run.ts'
import { mail, play, pop3Of, portsOf } from '../faults/harness.ts'
import { countOf } from '../servers/in-process.ts'

test('after all names have changed a dry run says how many of the mail may be known, and a pull imports the rest', () =>
  play({ protocol: 'pop3' }, async self => {
    await self.deliver(mail('a'), mail('b'), mail('c'))
    assert.equal(countOf(await self.app.pull()).imported, 3)
    for (const message of pop3Of(self).messages) message.uidl = `new-${message.uidl}`
    await self.deliver(mail('d'))
    const rehearsed = await dryRun(portsOf(self.app), new AbortController().signal)
    assert.deepEqual([rehearsed.fresh, rehearsed.mayBeKnown], [4, 3])
    const { pull } = chooseWords('en')
    assert.match(pull.dryRun('shop', rehearsed.fresh, undefined, rehearsed.mayBeKnown), /up to 4 messages/)
    assert.match(chooseWords('ja').pull.dryRun('shop', 4, undefined, 3), /最大 4 通/)
    assert.equal(countOf(await self.app.pull()).imported, 1)
    const known = await dryRun(portsOf(self.app), new AbortController().signal)
    assert.deepEqual([known.fresh, known.mayBeKnown], [0, 0])
  }))
