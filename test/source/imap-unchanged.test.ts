/** A look at a folder in which nothing came: one SELECT, where the last listing is recorded and agrees with it. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import type { SourceSession } from '../../src/source/source.ts'
import { until } from '../servers/until.ts'
import { mail, never, type RigOptions, said, type Watched, watching } from './imap-harness.ts'

const minuteMs = 60_000

/** Two messages, on a connection that idles between the sessions. */
async function kept(t: TestContext, options: RigOptions = {}): Promise<Watched> {
  const rig = await watching(t, { folders: { INBOX: [mail('a'), mail('b')] }, ...options })
  await until(() => said(rig, 'IDLE') >= 1, 'IDLE')
  return rig
}

async function within<T>(rig: Watched, work: (session: SourceSession) => Promise<T>): Promise<T> {
  const session = await rig.open()
  try {
    return await work(session)
  } finally {
    await session.close()
  }
}

const listAndRecord = async (session: SourceSession): Promise<void> => {
  const listing = await session.list('INBOX', () => false, never)
  listing.noteRecorded?.()
}
const unchanged = async (session: SourceSession): Promise<number | undefined> =>
  session.standsUnchanged?.('INBOX', never)

test('a folder in which nothing came costs one SELECT, and no SEARCH', async t => {
  const rig = await kept(t)
  assert.equal(await within(rig, unchanged), undefined, 'never listed')
  await within(rig, async session => session.list('INBOX', () => false, never))
  assert.equal(await within(rig, unchanged), undefined, 'not recorded')
  await within(rig, listAndRecord)
  const searches = said(rig, 'UID SEARCH')
  for (let look = 0; look < 3; look += 1) assert.equal(await within(rig, unchanged), 2)
  assert.equal(said(rig, 'UID SEARCH'), searches)
  assert.equal(rig.server.ledger.logins.length, 1)
})

test('new mail, mail that went, both at once, and another UIDVALIDITY make a listing needed', async t => {
  const rig = await kept(t)
  const folder = rig.server.folder('INBOX') ?? assert.fail('INBOX')
  const changes: Readonly<Record<string, () => void>> = {
    'new mail': () => void rig.server.deliver('INBOX', mail('c')),
    'mail that went': () => rig.server.expunge('INBOX', 1),
    'one came and one went': () => {
      rig.server.deliver('INBOX', mail('d'))
      rig.server.expunge('INBOX', 2)
    },
    'the newest went and another came': () => {
      rig.server.expunge('INBOX', folder.uidNext - 1)
      rig.server.deliver('INBOX', mail('e'))
    },
    UIDVALIDITY: () => {
      folder.uidValidity = 7
    },
  }
  for (const [what, change] of Object.entries(changes)) {
    await within(rig, listAndRecord)
    assert.equal(await within(rig, unchanged), folder.messages.length, `before ${what}`)
    change()
    assert.equal(await within(rig, unchanged), undefined, what)
  }
})

test('a listing of ten minutes ago, and one behind which something was settled, let nothing stand unchanged', async t => {
  let aheadMs = 0
  const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + aheadMs }
  const rig = await kept(t, { clock })
  await within(rig, listAndRecord)
  aheadMs += 9 * minuteMs
  assert.equal(await within(rig, unchanged), 2)
  aheadMs += minuteMs
  assert.equal(await within(rig, unchanged), undefined)
  await within(rig, async session => {
    const { entries, noteRecorded } = await session.list('INBOX', () => false, never)
    noteRecorded?.()
    const { messages } = rig.server.folder('INBOX') ?? assert.fail('INBOX')
    const before = [...messages]
    await session.settle(entries.slice(0, 1), { do: 'delete' }, never)
    // As a server that says OK and keeps it.
    messages.splice(0, messages.length, ...before)
    assert.equal(await unchanged(session), undefined)
  })
})

test('a server whose UIDNEXT lies behind its mail, or is not there, is listed each time', async t => {
  const rig = await kept(t)
  const folder = rig.server.folder('INBOX') ?? assert.fail('INBOX')
  for (const uidNext of [1, 2]) {
    folder.uidNext = uidNext
    await within(rig, listAndRecord)
    assert.equal(await within(rig, unchanged), undefined, String(uidNext))
  }
})
