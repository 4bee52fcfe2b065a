/** Family F, "field": servers that write lines of their own into stored mail, and change them as they like. */
import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { compare } from '../../src/proof/compare.ts'
import { reading } from '../servers/gmail/oauth.ts'
import { countOf } from '../servers/in-process.ts'
import { mailutilsMissing, startMailutils } from '../servers/mailutils.ts'
import { requireServer } from '../servers/required.ts'
import { sha256 } from '../servers/source-server.ts'
import { answerOf } from '../servers/world.ts'
import { hour, mail, minute, nameless, type Play, play, pop3Of, portsOf } from './harness.ts'

/** The server rewrites its own lines in every message that it holds; `lines` gives them for the nth message. */
function rewrite(self: Play, lines: (n: number) => readonly string[]): void {
  for (const [at, message] of pop3Of(self).messages.entries()) {
    const text = message.octets.toString('latin1')
    const blank = text.indexOf('\r\n\r\n')
    const kept = /^(x-uidl|status|x-status|x-uid|x-imap|x-imapbase|x-keywords|content-length|x-mozilla-.*):/i
    const fields = text.slice(0, blank).split(/\r\n(?![ \t])/)
    const own = fields.filter(field => !kept.test(field))
    const octets = Buffer.from([...own, ...lines(at)].join('\r\n') + text.slice(blank), 'latin1')
    Object.assign(message, { octets, sha256: sha256(octets) })
  }
}

const forms: readonly (readonly [name: string, lines: (n: number) => readonly string[]])[] = [
  ['X-UIDL', n => [`X-UIDL: ${n}.${'a'.repeat(32)}`]],
  ['Status and X-UID', n => [`X-UID: ${n}`, 'Status: RO']],
  ['Content-Length', () => ['Content-Length: 1234567']],
  [
    'names in any case, folded',
    n => [`x-KEYWORDS:\r\n  NonJunk\r\n\t$Forwarded`, `STATUS : RO`, `X-Uidl:\r\n ${n}`],
  ],
  ['Mozilla lines', () => ['X-Mozilla-Status: 0001', 'X-Mozilla-Status2: 00000000', 'X-Mozilla-Keys:      ']],
  ['X-IMAPbase', n => [`X-IMAPbase: 1795656392                    ${n}`, 'X-Status: A']],
]

for (const [name, lines] of forms) {
  for (const when of ['added', 'changed'] as const) {
    test(`F15: a server's own lines (${name}) are ${when} between two pulls: nothing is imported again, and delete deletes what is proved`, () =>
      play({}, async self => {
        await self.deliver(mail('a'), nameless('b'), mail('c', 5000), nameless('d'))
        if (when === 'changed') rewrite(self, n => ['Status: O', `X-UIDL: old${n}`, 'Content-Length: 1'])
        assert.equal(countOf(await self.app.pull()).imported, 4)
        for (let round = 0; round < 3; round++) {
          rewrite(self, n => lines(n + round * 10))
          self.clock.pass(hour)
          const count = countOf(await self.app.pull())
          assert.deepEqual([count.imported, count.merged, count.fresh], [0, 0, 0])
        }
        assert.equal(self.world.gmail.accepted.length, 4)
        await self.restart({ AFTER_IMPORT: 'delete' })
        for (let pulls = 0; pulls < 3; pulls++) {
          self.clock.pass(hour)
          countOf(await self.app.pull())
        }
        assert.deepEqual(pop3Of(self).messages, [])
        assert.equal(self.world.gmail.accepted.length, 4)
        assert.deepEqual(await self.stages(), { settled: 4 })
      }))
  }
}

for (const names of ['no UIDL', 'new UIDLs', 'no TOP'] as const) {
  test(`F15: lines are added by a server with ${names}: nothing stands twice in Gmail`, () =>
    play({}, async self => {
      const server = pop3Of(self)
      if (names === 'no UIDL') server.faults.noUidl = true
      if (names === 'no TOP')
        server.faults.line = ({ verb }) => (verb === 'TOP' ? { answer: '-ERR no\r\n' } : undefined)
      await self.deliver(mail('a'), nameless('b'), mail('c', 5000))
      assert.equal(countOf(await self.app.pull()).imported, 3)
      rewrite(self, n => [`X-UID: ${n}`, 'Status: RO'])
      if (names === 'new UIDLs') for (const message of server.messages) message.uidl = `new-${message.uidl}`
      self.clock.pass(hour)
      assert.equal(countOf(await self.app.pull()).imported, 0)
      assert.equal(self.world.gmail.accepted.length, 3)
      await self.restart({ AFTER_IMPORT: 'delete' })
      for (let pulls = 0; pulls < 4; pulls++) {
        self.clock.pass(hour)
        countOf(await self.app.pull())
      }
      assert.deepEqual(server.messages, [])
      assert.equal(self.world.gmail.accepted.length, 3)
    }))
}

test('F15, B7: a name that goes to another mail is noticed though the server keeps lines of its own, and nothing goes unread', () =>
  play({ more: { AFTER_IMPORT: 'keep' } }, async self => {
    const server = pop3Of(self)
    await self.deliver(mail('old'), mail('stays'))
    countOf(await self.app.pull())
    const [old] = server.messages
    assert.ok(old)
    server.vanish(old)
    const other = mail('new')
    server.deliver(other, old.uidl)
    rewrite(self, n => [`X-UID: ${n}`, 'Status: RO'])
    countOf(await self.app.pull())
    assert.equal(self.world.gmail.accepted.length, 3)
    // The same header section but for such lines, the same name, another body: the octets decide.
    const [, , again] = [...server.messages, ...server.messages]
    assert.ok(again)
    const body = Buffer.concat([
      again.octets,
      Buffer.from('one line more, written by somebody\r\n'.repeat(3)),
    ])
    Object.assign(again, { octets: body, sha256: sha256(body) })
    self.clock.pass(minute)
    countOf(await self.app.pull())
    assert.equal(self.world.gmail.accepted.length, 4)
  }))

test('F15: an upgrade imports nothing twice: rows of before are recognised by either form, or by name, Message-ID and size', () =>
  play({}, async self => {
    await self.deliver(mail('plain'), mail('lines'), mail('changed'))
    rewrite(self, n => (n === 0 ? [] : [`X-UID: ${n}`, 'Status: O']))
    countOf(await self.app.pull())
    const { path } = self.app.journal
    await self.restart()
    await self.app.close()
    // As the version before wrote it: the digest of the whole header section, and no bare form.
    const { createHash } = await import('node:crypto')
    const database = new DatabaseSync(path)
    for (const [at, message] of pop3Of(self).messages.entries()) {
      const header = message.octets.subarray(0, message.octets.indexOf('\r\n\r\n') + 4)
      database
        .prepare('UPDATE message SET header_sha256 = ?, bare_sha256 = NULL, bare_octets = NULL WHERE id = ?')
        .run(createHash('sha256').update(header).digest('hex'), at + 1)
    }
    database.close()
    await self.restart()
    rewrite(self, n =>
      n === 0
        ? ['Status: O', 'X-UID: 7']
        : n === 1
          ? ['X-UID: 1', 'Status: O']
          : ['X-UID: 2', 'Status: RO', 'X-Keywords: a b c'],
    )
    self.clock.pass(hour)
    assert.equal(countOf(await self.app.pull()).imported, 0)
    assert.equal(self.world.gmail.accepted.length, 3)
  }))

test('F15: compare and rebuild know a message by what is not the server’s own', () =>
  play({ scopes: reading }, async self => {
    await self.deliver(mail('a'), mail('b'))
    countOf(await self.app.pull())
    rewrite(self, n => [`X-UID: ${n}`, 'Status: RO'])
    for (const message of pop3Of(self).messages) message.uidl = `new-${message.uidl}`
    const { mailbox, source, journal, gmail, clock } = portsOf(self.app)
    const { messages } = await compare(
      { mailbox: mailbox.name, source, journal, gmail, others: new Map(), clock, onProgress: () => {} },
      new AbortController().signal,
    )
    assert.deepEqual(
      messages.map(each => [each.journal, each.gmail]),
      [
        ['imported', 'ours'],
        ['imported', 'ours'],
      ],
    )
    await self.app.close()
    const rebuilt = await self.world.run(['journal', 'rebuild', '--yes', '--json'])
    assert.equal(rebuilt.code, 0, rebuilt.stderr)
    const again = await self.world.run(['pull', '--json'])
    assert.equal(answerOf(again).imported, 0)
    assert.equal(self.world.gmail.accepted.length, 2)
    await self.restart()
  }))

const real = { skip: requireServer('mailutils', mailutilsMissing()) }

test(
  'F15: GNU mailutils pop3d writes into the mail in the first session: the second pull imports nothing, delete deletes all',
  real,
  async () => {
    const pop3d = await startMailutils()
    try {
      for (let n = 0; n < 40; n++)
        await pop3d.deliver(n % 4 === 0 ? nameless(`m${n}`) : mail(`m${n}`, 100 + n * 40))
      await play({ more: pop3d.env }, async self => {
        assert.equal(countOf(await self.app.pull()).imported, 40)
        assert.match(await pop3d.mbox(), /^X-UIDL: /m)
        for (let pulls = 0; pulls < 3; pulls++) {
          self.clock.pass(hour)
          const count = countOf(await self.app.pull())
          assert.deepEqual([count.listed, count.imported, count.merged, count.fresh], [40, 0, 0, 0])
        }
        await pop3d.deliver(mail('late'))
        self.clock.pass(hour)
        assert.equal(countOf(await self.app.pull()).imported, 1)
        await self.restart({ AFTER_IMPORT: 'delete' })
        for (let pulls = 0; pulls < 3; pulls++) {
          self.clock.pass(hour)
          countOf(await self.app.pull())
        }
        assert.equal(await pop3d.mbox(), '')
        assert.equal(self.world.gmail.accepted.length, 41)
      })
    } finally {
      await pop3d.stop()
    }
  },
)
