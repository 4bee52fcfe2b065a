/** Family F, "field": a wish of the owner that the server does not carry out costs no mail and no time. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ImapMoment, ImapPlay } from '../servers/imap-faults.ts'
import { usualCapabilities } from '../servers/imap-server.ts'
import { countOf } from '../servers/in-process.ts'
import { hour, imapOf, mail, minute, type Play, play, pop3Of, portsOf } from './harness.ts'

const wishOf = (self: Play, subject = 'INBOX') =>
  self.app.journal.troubles.find({ scope: 'wish', name: portsOf(self.app).mailbox.name, subject })
const no = (words: string): ImapPlay => ({ do: 'answer', pieces: [`{tag} ${words}\r\n`] })
const sent = (self: Play, verb: string): number =>
  imapOf(self).ledger.commands.filter(({ text }) => text.startsWith(verb)).length

/** Mail goes on: no back-off, no fault of the mailbox, and the next message is imported by the next pull. */
async function mailGoesOn(self: Play, name: string): Promise<void> {
  const { failures, notBeforeMs } = await self.app.journal.mailbox(portsOf(self.app).mailbox.name)
  assert.deepEqual([failures, notBeforeMs], [0, undefined])
  const before = self.world.gmail.accepted.length
  await self.deliver(mail(name))
  self.clock.pass(minute)
  const made = await self.app.pull({ gate: true })
  assert.equal(made.kind, 'pulled')
  assert.equal(self.world.gmail.accepted.length, before + 1)
}

/** The wish, about all six messages, as soon as the server can. */
async function carryOutWish(self: Play): Promise<void> {
  const imap = imapOf(self)
  imap.faults.at = () => undefined
  for (let n = 0; n < 26; n++) {
    self.clock.pass(hour)
    countOf(await self.app.pull({ gate: true }))
  }
  assert.equal(imap.folder('INBOX')?.messages.length, 0)
  assert.deepEqual(await self.app.journal.troubles.list(), [])
  assert.equal(self.world.gmail.accepted.length, 6)
}

const moves = { protocol: 'imap', more: { AFTER_IMPORT: 'move:Done' } } as const
const deletes = { protocol: 'imap', more: { AFTER_IMPORT: 'delete' } } as const
const words = 'NO over my dead body'

const refusals: readonly (readonly [
  name: string,
  options: typeof moves | typeof deletes,
  lacks: readonly string[],
  at: (moment: ImapMoment) => ImapPlay | undefined,
])[] = [
  ['CREATE: NO', moves, [], ({ verb }) => (verb === 'CREATE' ? no(words) : undefined)],
  ['CREATE: [CANNOT]', moves, [], ({ verb }) => (verb === 'CREATE' ? no('NO [CANNOT] dead') : undefined)],
  ['MOVE: NO', moves, [], ({ verb }) => (verb === 'UID MOVE' ? no(words) : undefined)],
  ['MOVE: [NOPERM]', moves, [], ({ verb }) => (verb === 'UID MOVE' ? no('NO [NOPERM] dead') : undefined)],
  ['MOVE: the connection ends', moves, [], ({ verb }) => (verb === 'UID MOVE' ? { do: 'reset' } : undefined)],
  ['MOVE: BYE', moves, [], ({ verb }) => (verb === 'UID MOVE' ? { do: 'bye', text: 'dead' } : undefined)],
  [
    'COPY: [OVERQUOTA]',
    moves,
    ['MOVE'],
    ({ verb }) => (verb === 'UID COPY' ? no('NO [OVERQUOTA] dead') : undefined),
  ],
  [
    'COPY: [TRYCREATE] always',
    moves,
    ['MOVE'],
    ({ verb }) => (verb === 'UID COPY' ? no('NO [TRYCREATE] dead') : undefined),
  ],
  ['STORE: NO', deletes, [], ({ verb }) => (verb === 'UID STORE' ? no(words) : undefined)],
  ['STORE: BAD', deletes, [], ({ verb }) => (verb === 'UID STORE' ? no('BAD dead') : undefined)],
  [
    'STORE: the connection ends',
    deletes,
    [],
    ({ verb }) => (verb === 'UID STORE' ? { do: 'end' } : undefined),
  ],
  ['EXPUNGE: NO', deletes, [], ({ verb }) => (verb === 'UID EXPUNGE' ? no(words) : undefined)],
]

for (const [name, options, lacks, at] of refusals) {
  test(`F13: ${name}: mail goes on, the wish is told in the server's words, and tried again after growing waits`, () =>
    play(options, async self => {
      const imap = imapOf(self)
      imap.faults.capabilitiesAfterLogin = usualCapabilities.filter(each => !lacks.includes(each))
      let asks = 0
      imap.faults.at = moment => {
        const answer = at(moment)
        if (answer !== undefined) asks += 1
        return answer
      }
      await self.deliver(mail('a'), mail('b'))
      countOf(await self.app.pull())
      const wish = await wishOf(self)
      assert.ok(wish)
      if (!name.includes('connection')) assert.match(wish.said ?? '', /dead/)
      const first = asks
      for (let n = 0; n < 4; n++) await mailGoesOn(self, `more-${n}`)
      assert.equal(asks, first, 'not in each pull')
      assert.equal(imap.folder('INBOX')?.messages.length, 6, 'nothing is lost')
      const asked = asks
      for (let n = 0; n < 48; n++) {
        self.clock.pass(hour)
        countOf(await self.app.pull({ gate: true }))
      }
      assert.ok(asks > asked, 'it is tried again')
      // Where single messages are asked for, more of them stand there by now.
      const inOneTry = name.startsWith('CREATE') ? first : first + 6
      assert.ok(asks - asked <= 16 * inOneTry, `growing waits: ${asks - asked} in 48 hours`)
      await carryOutWish(self)
      if (options === moves) assert.equal(imap.folder('Done')?.messages.length, 6)
    }))
}

test("F13: SELECT: NO: the folder is examined and mail goes on, the wish is told in the server's words, and waits", () =>
  play(deletes, async self => {
    const imap = imapOf(self)
    imap.faults.at = ({ verb }) => (verb === 'SELECT' ? no(words) : undefined)
    await self.deliver(mail('a'), mail('b'))
    countOf(await self.app.pull())
    assert.match((await wishOf(self))?.said ?? '', /dead/)
    for (let n = 0; n < 4; n++) await mailGoesOn(self, `more-${n}`)
    assert.equal(imap.folder('INBOX')?.messages.length, 6, 'nothing is lost')
    await carryOutWish(self)
  }))

for (const [prefix, delimiter, hasNamespace] of [
  ['INBOX.', '.', true],
  ['INBOX/', '/', true],
  ['INBOX.', '.', false],
] as const) {
  test(`F13: names must begin with ${prefix}${hasNamespace ? '' : ', which no NAMESPACE says'}: the folder is made there`, () =>
    play(moves, async self => {
      const imap = imapOf(self)
      if (!hasNamespace)
        imap.faults.capabilitiesAfterLogin = usualCapabilities.filter(each => each !== 'NAMESPACE')
      imap.faults.at = ({ verb, text }) => {
        if (verb === 'CREATE' && !text.includes(prefix)) return no('NO [CANNOT] names begin with INBOX')
        if (verb === 'NAMESPACE')
          return {
            do: 'answer',
            pieces: [`* NAMESPACE (("${prefix}" "${delimiter}")) NIL NIL\r\n{tag} OK done\r\n`],
          }
        if (verb === 'LIST')
          return {
            do: 'answer',
            pieces: [
              ...['INBOX', ...(imap.folder(`${prefix}Done`) ? [`${prefix}Done`] : [])].map(
                folder => `* LIST () "${delimiter}" "${folder}"\r\n`,
              ),
              '{tag} OK done\r\n',
            ],
          }
        return undefined
      }
      await self.deliver(mail('a'))
      countOf(await self.app.pull())
      await mailGoesOn(self, 'b')
      self.clock.pass(minute)
      countOf(await self.app.pull())
      assert.equal(imap.folder(`${prefix}Done`)?.messages.length, 2)
      assert.deepEqual(await self.app.journal.troubles.list(), [])
      assert.ok(sent(self, 'CREATE') <= 2)
    }))
}

test('F13: where no name is possible the owner hears which would be', () =>
  play(moves, async self => {
    const imap = imapOf(self)
    imap.create('Archive')
    imap.faults.at = ({ verb }) => (verb === 'CREATE' ? no('NO [CANNOT] not here') : undefined)
    await self.deliver(mail('a'))
    countOf(await self.app.pull())
    const wish = await wishOf(self)
    assert.equal(wish?.code, 'source.target-refused')
    assert.match(String(wish?.facts.possible), /INBOX\/Done.*Archive/)
    assert.equal(wish?.said, 'not here')
  }))

test('F13: a target folder that is deleted between two commands is made again', () =>
  play(moves, async self => {
    const imap = imapOf(self)
    let isGone = true
    imap.faults.at = ({ verb }) => {
      if (verb !== 'UID MOVE' || !isGone) return undefined
      isGone = false
      return no('NO [TRYCREATE] no such mailbox')
    }
    imap.create('Done')
    await self.deliver(mail('a'))
    const { at } = imap.faults
    imap.faults.at = moment => {
      const answer = at?.(moment)
      if (answer !== undefined) imap.drop('Done')
      return answer
    }
    countOf(await self.app.pull())
    assert.equal(imap.folder('Done')?.messages.length, 1)
    assert.equal(await wishOf(self), undefined)
  }))

for (const verb of ['UID MOVE', 'UID STORE', 'UID EXPUNGE'] as const) {
  test(`F13: ${verb} is refused for one message only: the others go, that one is told and stays`, () =>
    play(verb === 'UID MOVE' ? moves : deletes, async self => {
      const imap = imapOf(self)
      const covers = (text: string): boolean => {
        const [, , set = ''] = text.split(' ')
        return set.split(',').some(part => {
          const [low = 0, high = low] = part.split(':').map(Number)
          return low <= 3 && 3 <= high
        })
      }
      imap.faults.at = moment => (moment.verb === verb && covers(moment.text) ? no(words) : undefined)
      await self.deliver(...['a', 'b', 'c', 'd', 'e'].map(name => mail(name)))
      for (let pulls = 0; pulls < 3; pulls++) {
        countOf(await self.app.pull())
        self.clock.pass(minute)
      }
      assert.deepEqual(
        imap.folder('INBOX')?.messages.map(({ uid }) => uid),
        [3],
      )
      assert.equal((await wishOf(self))?.facts.messages, 1)
      assert.match((await wishOf(self))?.said ?? '', /dead/)
      await mailGoesOn(self, 'f')
      self.clock.pass(minute)
      countOf(await self.app.pull())
      assert.equal(imap.folder('INBOX')?.messages.length, 1, 'new mail is settled meanwhile')
      assert.ok(await wishOf(self), 'told as long as it stands there')
      imap.faults.at = () => undefined
      for (let pulls = 0; pulls < 4; pulls++) {
        self.clock.pass(hour)
        countOf(await self.app.pull())
      }
      assert.deepEqual(imap.folder('INBOX')?.messages, [])
      assert.deepEqual(await self.app.journal.troubles.list(), [])
    }))
}

const pop3Plays: readonly (readonly [name: string, verb: string, fate: 'rst' | 'fin' | string])[] = [
  ['DELE: -ERR', 'DELE', '-ERR dead'],
  ['DELE: the connection ends', 'DELE', 'rst'],
  ['QUIT: -ERR', 'QUIT', '-ERR dead'],
  ['QUIT: the connection ends', 'QUIT', 'fin'],
]
for (const [name, verb, fate] of pop3Plays) {
  test(`F13: ${name}: mail goes on over POP3, the wish is told and comes by itself`, () =>
    play({ more: { AFTER_IMPORT: 'delete' } }, async self => {
      const server = pop3Of(self)
      server.faults.line = event =>
        event.verb !== verb ? undefined : fate === 'rst' || fate === 'fin' ? fate : { answer: `${fate}\r\n` }
      await self.deliver(mail('a'), mail('b'))
      countOf(await self.app.pull())
      assert.ok(await wishOf(self, ''))
      for (let n = 0; n < 3; n++) await mailGoesOn(self, `more-${n}`)
      assert.equal(server.messages.length, 5)
      delete server.faults.line
      for (let n = 0; n < 8; n++) {
        self.clock.pass(hour)
        countOf(await self.app.pull({ gate: true }))
      }
      assert.deepEqual(server.messages, [])
      assert.deepEqual(await self.app.journal.troubles.list(), [])
    }))
}

test('F13: DELE is refused for one message, and a re-reading ends the session at another: the others go', () =>
  play({ more: { AFTER_IMPORT: 'keep' } }, async self => {
    const server = pop3Of(self)
    await self.deliver(...['a', 'b', 'c', 'd'].map(name => mail(name)))
    countOf(await self.app.pull())
    await self.restart({ AFTER_IMPORT: 'delete' })
    server.faults.line = ({ verb, line }) => {
      const number = Number(line.split(' ')[1])
      const uidl = server.messages[number - 1]?.uidl
      if (verb === 'RETR' && uidl === 'uidl-2') return 'rst'
      return verb === 'DELE' && uidl === 'uidl-3' ? { answer: '-ERR dead\r\n' } : undefined
    }
    for (let n = 0; n < 6; n++) {
      self.clock.pass(10 * minute)
      countOf(await self.app.pull({ gate: true }))
    }
    assert.deepEqual(
      server.messages.map(({ uidl }) => uidl),
      ['uidl-2', 'uidl-3'],
    )
    await mailGoesOn(self, 'e')
    assert.ok(await wishOf(self, ''))
  }))

for (const hasUidPlus of [true, false] as const) {
  test(`F14: a copy whose deletion is refused ${hasUidPlus ? '' : 'and whose UID nobody tells '}is never made again`, () =>
    play(moves, async self => {
      const imap = imapOf(self)
      imap.faults.capabilitiesAfterLogin = usualCapabilities.filter(each => each !== 'MOVE')
      imap.faults.noCopyUid = !hasUidPlus
      imap.faults.at = ({ verb }) => (verb === 'UID STORE' ? no('NO [NOPERM] not for you') : undefined)
      await self.deliver(mail('a'), mail('b', 200, ''))
      for (let n = 0; n < 30; n++) {
        countOf(await self.app.pull({ gate: true }))
        self.clock.pass(hour)
      }
      assert.equal(imap.folder('Done')?.messages.length, 2, 'two messages, two copies')
      assert.equal(imap.folder('INBOX')?.messages.length, 2)
      assert.ok(await wishOf(self))
      assert.equal((await self.app.journal.row(1))?.copy?.uid !== undefined, hasUidPlus)
      imap.faults.at = () => undefined
      for (let n = 0; n < 26; n++) {
        countOf(await self.app.pull({ gate: true }))
        self.clock.pass(hour)
      }
      assert.equal(imap.folder('Done')?.messages.length, 2)
      assert.deepEqual(imap.folder('INBOX')?.messages, [])
    }))
}

for (const ending of ['reset', 'end'] as const) {
  test(`F14: the connection ends (${ending}) after the copy was made and before its answer: the copy is found and not made again`, () =>
    play(moves, async self => {
      const imap = imapOf(self)
      imap.faults.capabilitiesAfterLogin = usualCapabilities.filter(each => each !== 'MOVE')
      imap.faults.at = ({ verb }) =>
        verb === 'UID COPY' ? { do: 'cut', of: 'answer', at: 0, ending } : undefined
      imap.create('Done')
      imap.deliver('Done', mail('z'))
      await self.deliver(mail('a'), mail('b', 200, ''))
      countOf(await self.app.pull())
      assert.equal(imap.folder('Done')?.messages.length, 3)
      await self.restart()
      imap.faults.at = () => undefined
      for (let n = 0; n < 3; n++) {
        self.clock.pass(hour)
        countOf(await self.app.pull({ gate: true }))
      }
      assert.equal(imap.folder('Done')?.messages.length, 3)
      assert.deepEqual(imap.folder('INBOX')?.messages, [])
      assert.equal(sent(self, 'UID COPY'), 1)
    }))
}

test('F13: what settling will never take away is told with its reason and count, and closed when it is gone', () =>
  play({ more: { AFTER_IMPORT: 'delete' } }, async self => {
    const server = pop3Of(self)
    server.faults.truncate = message => (message.uidl === 'uidl-1' ? message.octets.length - 60 : undefined)
    await self.deliver(mail('short'), mail('whole'))
    for (let n = 0; n < 4; n++) {
      countOf(await self.app.pull())
      self.clock.pass(minute)
    }
    const wish = await wishOf(self, '')
    assert.equal(wish?.code, 'source.left-there')
    assert.deepEqual([wish?.facts.messages, wish?.facts.short], [1, 1])
    const [left] = server.messages
    assert.ok(left)
    server.vanish(left)
    countOf(await self.app.pull())
    assert.equal(await wishOf(self, ''), undefined)
  }))
