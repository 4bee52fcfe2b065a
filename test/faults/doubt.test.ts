/**
 * What may not be believed on its word: a copy in Gmail under the same Message-ID, a name at the source that stayed, a
 * write that failed once. The servers' books are the judges (oracle.ts). `npm run mutants` holds each of these
 * tests to the change of the program that it is to fail on.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import type { Journal } from '../../src/journal/journal.ts'
import { presets } from '../servers/gmail/gmail-server.ts'
import { reading } from '../servers/gmail/oauth.ts'
import { countOf } from '../servers/in-process.ts'
import { isOnPostgres } from '../servers/postgres-journals.ts'
import { until } from '../servers/until.ts'
import {
  copies,
  day,
  hour,
  mail,
  minute,
  nameless,
  type Play,
  play,
  pop3Of,
  portsOf,
  pullWith,
  rowOf,
  uploads,
} from './harness.ts'

const deleting = { more: { AFTER_IMPORT: 'delete' } }

/** Other mail takes the name and the place of what stands there, as servers do that number their messages. */
function replace(self: Play, index: number, octets: Buffer): void {
  const server = pop3Of(self)
  const old = server.messages[index]
  if (old === undefined) throw new Error('nothing there')
  server.vanish(old)
  self.put.push(octets)
  server.deliver(octets, old.uidl)
}

for (const [how, words] of [
  ['longer', 'second, and longer than the first'],
  ['of the same size', 'other'],
] as const) {
  test(`D3, D8: an unknown outcome is not settled by other octets under the same Message-ID (${how})`, async () => {
    await play({ ...deleting, scopes: reading }, async self => {
      const same = 'Message-ID: <same@example.net>\r\n'
      await self.deliver(mail('first', 200, same))
      for (let i = 0; i < 2; i++) countOf(await self.app.pull())
      assert.deepEqual(pop3Of(self).messages, [])
      const second = mail(words, 200, same)
      await self.deliver(second)
      self.world.gmail.faults.next('import', presets.reset('after-body'))
      await self.app.pull()
      assert.equal((await rowOf(self, 2)).stage, 'importing', 'the outcome is unknown')
      for (let i = 0; i < 6; i++) {
        self.clock.pass(hour)
        await self.app.pull()
      }
      assert.equal(copies(self, second), 0, 'Gmail took it for the first')
      assert.equal(pop3Of(self).messages.length, 1, 'the only copy of these octets')
      await self.judge()
    })
  })
}

for (const [policy, begin] of [
  ['delete-after:14d', { AFTER_IMPORT: 'delete-after:14d' }],
  ['keep, later delete', { AFTER_IMPORT: 'keep' }],
] as const) {
  test(`B7: a UIDL that went to other mail of the same size while unseen: it is read before it is deleted, and imported (${policy})`, async () => {
    await play({ more: begin }, async self => {
      await self.deliver(mail('older'))
      countOf(await self.app.pull())
      const newer = mail('newer')
      replace(self, 0, newer)
      // By name and size nothing speaks against it.
      countOf(await self.app.pull())
      assert.equal(uploads(self), 1)
      self.clock.pass(15 * day)
      if (begin.AFTER_IMPORT === 'keep') await self.restart({ AFTER_IMPORT: 'delete' })
      countOf(await self.app.pull())
      assert.equal(pop3Of(self).messages.length, 1, 'what was never imported stays')
      for (let i = 0; i < 3; i++) {
        self.clock.pass(15 * day)
        countOf(await self.app.pull())
      }
      assert.equal(copies(self, newer), 1)
      assert.deepEqual(pop3Of(self).messages, [])
      await self.judge()
    })
  })
}

test('B7: where one UIDL went to other mail, the other names are not believed either', async () => {
  await play({}, async self => {
    await self.deliver(mail('one'), mail('two'))
    countOf(await self.app.pull())
    const longer = mail('three', 900)
    const alike = mail('new')
    replace(self, 0, longer)
    replace(self, 0, alike)
    for (let i = 0; i < 2; i++) countOf(await self.app.pull())
    assert.deepEqual([copies(self, longer), copies(self, alike)], [1, 1])
    await self.judge()
  })
})

test('B6: IMAP: known by its header section after a new UIDVALIDITY, it is read once more before it is deleted', async () => {
  await play({ protocol: 'imap' }, async self => {
    const folder = self.world.source.imap?.folder('INBOX')
    assert.ok(folder !== undefined)
    const first = mail('same')
    const second = Buffer.from(first.toString('latin1').replace('lazy dog', 'lazy cat'), 'latin1')
    await self.deliver(first)
    countOf(await self.app.pull())
    self.put.push(second)
    folder.uidValidity = 1_900_000_000
    folder.messages = folder.messages.map(message => ({ ...message, uid: 1, octets: second }))
    countOf(await self.app.pull())
    await self.restart({ AFTER_IMPORT: 'delete' })
    for (let i = 0; i < 4; i++) {
      self.clock.pass(hour)
      countOf(await self.app.pull())
    }
    assert.equal(copies(self, second), 0, 'Gmail took it for the first')
    assert.equal(folder.messages.length, 1, 'the only copy of these octets')
    await self.judge()
  })
})

const dated = (name: string, atMs: number): Buffer =>
  mail(name, 200, `Message-ID: <${name}@example.net>\r\nDate: ${new Date(atMs).toUTCString()}\r\n`)

test('START_FROM=date imports a message without Date and Received: too much is better than too little', async () => {
  await play({ more: { START_FROM: '2026-04-01' } }, async self => {
    const undated = mail('undated')
    await self.deliver(undated, dated('old', Date.UTC(2026, 2, 1)), dated('later', Date.UTC(2026, 4, 1)))
    const count = countOf(await self.app.pull())
    assert.equal(count.imported, 2)
    assert.equal(copies(self, undated), 1)
    assert.equal((await self.stages()).baseline, 1)
  })
})

test('START_FROM=new: the first pull fails after the login; what came before the second is imported', async () => {
  await play({ more: { START_FROM: 'new' } }, async self => {
    const { faults } = pop3Of(self)
    await self.deliver(dated('old', self.clock.nowMs() - day))
    faults.line = ({ verb }) => (verb === 'LIST' || verb === 'UIDL' ? 'fin' : undefined)
    assert.equal((await self.app.pull()).kind, 'failed')
    assert.ok(pop3Of(self).ledger.logins.length > 0, 'a login came first')
    delete faults.line
    self.clock.pass(hour)
    const meanwhile = dated('meanwhile', self.clock.nowMs() - minute)
    await self.deliver(meanwhile)
    countOf(await self.app.pull())
    assert.equal(copies(self, meanwhile), 1)
    assert.deepEqual(await self.stages(), { baseline: 1, settled: 1 })
  })
})

test('START_FROM=new: where the first pull fails, a slow clock of the server holds no later mail back', async () => {
  await play({ more: { START_FROM: 'new' } }, async self => {
    const { faults } = pop3Of(self)
    await self.deliver(dated('old', self.clock.nowMs() - hour))
    faults.line = ({ verb }) => (verb === 'LIST' || verb === 'UIDL' ? 'fin' : undefined)
    assert.equal((await self.app.pull()).kind, 'failed')
    delete faults.line
    self.clock.pass(2 * minute)
    // By the server's clock it came five minutes ago, which is before that pull.
    const meanwhile = dated('meanwhile', self.clock.nowMs() - 5 * minute)
    await self.deliver(meanwhile)
    countOf(await self.app.pull())
    assert.equal(copies(self, meanwhile), 1)
    assert.deepEqual(await self.stages(), { baseline: 1, settled: 1 })
  })
})

test('D3, B7: the same octets under two names, the first answer lost: the second waits for the first', async () => {
  await play(deleting, async self => {
    const twin = nameless('twin')
    await self.deliver(twin, twin)
    self.world.gmail.faults.next('import', presets.reset('after-accept'))
    await self.app.pull()
    assert.equal(uploads(self), 1, 'none beside an unknown outcome')
    assert.deepEqual(await self.stages(), { deferred: 1, importing: 1 })
    for (let i = 0; i < 4; i++) {
      self.clock.pass(minute)
      await self.app.pull()
    }
    assert.equal(uploads(self), 2)
    assert.equal(await self.app.journal.repeatedCount(portsOf(self.app).mailbox.name), 1, 'told')
    assert.deepEqual(pop3Of(self).messages, [])
    await self.judge()
  })
})

/** The real journal, in which the record of Gmail's answer fails in a way that nobody thought of. */
function failingAtImported(journal: Journal): Journal {
  return new Proxy(journal, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key, target)
      if (typeof member !== 'function') return member
      return (...args: unknown[]): unknown => {
        if (key === 'recordImport') throw new TypeError('nobody thought of this')
        return member.apply(target, args)
      }
    },
  })
}

for (const how of ['the disk refuses it', 'by a fault of our own'] as const) {
  test(`E1, D3: one journal write fails after Gmail's answer (${how}), the next succeeds: the outcome stays unknown`, {
    skip: isOnPostgres && 'it is the file that refuses',
  }, async () => {
    await play(deleting, async self => {
      await self.deliver(nameless('one'))
      const file = new DatabaseSync(join(self.world.stateDir, 'journal.sqlite'))
      const { journal } = portsOf(self.app)
      if (how === 'the disk refuses it') {
        file.exec(`CREATE TRIGGER refusing BEFORE UPDATE ON message WHEN NEW.stage = 'imported'
          BEGIN SELECT RAISE(ABORT, 'disk I/O error'); END`)
        await self.app.pull().catch(() => {})
        file.exec('DROP TRIGGER refusing')
      } else await pullWith(self.app, { journal: failingAtImported(journal) }).catch(() => {})
      file.close()
      assert.equal(self.world.gmail.accepted.length, 1)
      assert.equal((await rowOf(self, 1)).stage, 'importing')
      assert.equal(pop3Of(self).messages.length, 1)
      for (let i = 0; i < 4; i++) {
        self.clock.pass(hour)
        await self.app.pull()
      }
      assert.equal((await rowOf(self, 1)).repeated, 1, 'the copy too many is told')
      assert.deepEqual(pop3Of(self).messages, [])
      await self.judge()
    })
  })
}

test('A17: once a stop is asked for no message is begun; those under way are finished', async () => {
  await play({}, async self => {
    await self.deliver(...Array.from({ length: 20 }, (_, serial) => mail(`m${serial}`)))
    const held = Promise.withResolvers<void>()
    const stop = new AbortController()
    self.world.gmail.faults.always('import', { kind: 'hold', until: held.promise })
    const pulling = self.app.pull({ stopping: stop.signal })
    try {
      await until(() => uploads(self) > 0, 'an upload')
      // As many as are carried at once; what was fetched ahead of them is not begun.
      await until(async () => ((await self.stages()).importing ?? 0) >= 6, 'as many as are carried at once')
      stop.abort()
    } finally {
      held.resolve()
    }
    await pulling
    // Nor is one read that would not be sent.
    assert.equal(self.app.log().match(/"retrieved"/g)?.length, 6)
    assert.equal(self.world.gmail.accepted.length, 6)
    assert.equal((await self.stages()).importing ?? 0, 0)
    assert.equal(
      self.world.gmail.accepted.length,
      (await self.stages()).settled ?? (await self.stages()).imported,
    )
    self.world.gmail.faults.clear()
    countOf(await self.app.pull())
    await self.judge()
  })
})
