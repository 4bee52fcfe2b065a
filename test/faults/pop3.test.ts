/** Row B of the fault matrix: a POP3 server that drops or lies. The servers' books are the judges (oracle.ts). */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { runDaemon } from '../../src/daemon.ts'
import { makePop3Source } from '../../src/source/pop3.ts'
import { usualPop3Deadlines } from '../../src/source/pop3-deadlines.ts'
import { countOf } from '../servers/in-process.ts'
import type { Cut, Pop3Faults } from '../servers/pop3-maildrop.ts'
import { startPop3Server } from '../servers/pop3-server.ts'
import { until } from '../servers/until.ts'
import { codeOf, day, hour, hurry, mail, minute, play, pop3Of, portsOf, pullWith } from './harness.ts'

const deleting = { more: { AFTER_IMPORT: 'delete' } }

// Where a server falls silent nearly all is waiting, so the six are played beside one another.
describe('a dialogue that is cut', { concurrency: true }, () => {
  for (const how of ['rst', 'fin', 'silence'] as const satisfies readonly Cut[])
    for (const when of ['before', 'after'] as const)
      test(`B1: ${how} ${when} any line of the dialogue costs a retry and nothing else`, async () => {
        await play(deleting, async self => {
          const server = pop3Of(self)
          const { faults } = server
          let cut = 0
          for (let index = 0; ; index++) {
            await self.deliver(mail(`${when}-${index}`))
            let met = false
            faults.line = event => {
              if (event.index !== index || met) return undefined
              met = true
              return when === 'before' ? how : { after: how }
            }
            const made = await hurry(self.clock, how === 'silence' ? 5000 : 0, self.app.pull(), () => met)
            delete faults.line
            if (!met) break
            cut += 1
            // What CAPA met is mended within the same pull, and CAPA is left out for a day.
            if (made.kind === 'failed')
              assert.match(made.fault.code, /^source\.(timeout|connection-lost|unreachable)$/)
            self.clock.pass(25 * hour)
            countOf(await self.app.pull())
          }
          assert.ok(cut >= 10, `${cut} lines were cut`)
          self.clock.pass(minute)
          countOf(await self.app.pull())
          assert.deepEqual(server.messages, [])
          await self.judge()
        })
      })
})

test('B1: a cut at every octet of RETR leaves nothing half imported', async () => {
  await play(deleting, async self => {
    const { faults } = pop3Of(self)
    const message = mail('cut', 120)
    await self.deliver(message)
    for (let at = 0; at < message.length + 3; at += 1) {
      faults.retrCut = { at, how: at % 2 === 0 ? 'rst' : 'fin' }
      assert.equal(codeOf(await self.app.pull()), 'source.connection-lost')
      assert.equal(self.world.gmail.ledger.of('import').length, 0)
      // The message is blamed and waits for itself.
      self.clock.pass(5 * hour)
    }
    delete faults.retrCut
    self.clock.pass(hour)
    countOf(await self.app.pull())
    await self.judge()
    assert.equal(self.world.gmail.accepted.length, 1)
  })
})

const refusals = [
  ['-ERR [IN-USE] locked by another session', 'source.busy'],
  ['-ERR maildrop already locked', 'source.busy'],
  ['-ERR [LOGIN-DELAY] wait', 'source.login-delay'],
  ['-ERR [SYS/TEMP] try later', 'source.server-temporary'],
  ['-ERR [SYS/PERM] mailbox is gone', 'source.server-permanent'],
  ['-ERR [AUTH] bad password', 'source.login-refused'],
] as const

for (const [login, code] of refusals) {
  test(`B2: a first login answered by "${login}" is ${code} and asks Gmail for nothing`, async () => {
    await play({}, async self => {
      await self.deliver(mail('one'))
      pop3Of(self).faults.login = login
      assert.equal(codeOf(await self.app.pull()), code)
      delete pop3Of(self).faults.login
      self.clock.pass(hour)
      countOf(await self.app.pull())
      await self.judge()
    })
  })
}

for (const [words, restarted] of [
  ['-ERR login incorrect', false],
  ['-ERR [AUTH] login incorrect', false],
  ['-ERR login incorrect', true],
  ['-ERR too many logins, try again later', true],
] as const) {
  const who = restarted ? 'a pull from cron, each minute in a process of its own,' : 'a daemon'
  test(`B2: "${words}" after 100 good logins: ${who} fails at most 5 logins an hour over a day`, async () => {
    await play({}, async self => {
      const { faults, ledger } = pop3Of(self)
      for (let i = 0; i < (restarted ? 3 : 100); i++) countOf(await self.app.pull())
      faults.login = words
      const failedAtMs: number[] = []
      let first = ''
      const endMs = self.clock.nowMs() + (restarted ? 3 * hour : day)
      while (self.clock.nowMs() < endMs) {
        if (restarted) await self.restart()
        const before = ledger.failedLogins.length
        const made = await self.app.pull({ gate: !restarted })
        first ||= codeOf(made)
        for (let i = before; i < ledger.failedLogins.length; i++) failedAtMs.push(self.clock.nowMs())
        self.clock.pass(restarted ? 5 * minute : minute)
      }
      const doubtful = words.includes('too many') ? 'source.login-limited' : 'source.login-doubtful'
      assert.equal(first, doubtful, 'a rate limit is suspected first')
      assert.ok(failedAtMs.length > 3, 'it goes on trying')
      for (const [index, at] of failedAtMs.entries()) {
        const later = failedAtMs.slice(index).filter(one => one < at + hour).length
        assert.ok(later <= 5, `${later} refused logins within an hour`)
      }
      delete faults.login
      self.clock.pass(2 * hour)
      await self.deliver(mail('after'))
      countOf(await self.app.pull({ gate: true }))
      await self.judge()
    })
  })
}

test('B3: QUIT without an answer, refused or cut off proves no deletion, and nothing is imported again', async () => {
  await play(deleting, async self => {
    const server = pop3Of(self)
    const { faults } = server
    const plays: readonly Pop3Faults[] = [
      { quit: '-ERR some deleted messages not removed' },
      { line: ({ verb }) => (verb === 'QUIT' ? 'silence' : undefined) },
      { line: ({ verb }) => (verb === 'QUIT' ? 'rst' : undefined) },
      // Deleted in truth, but nobody said so.
      { line: ({ verb }) => (verb === 'QUIT' ? { after: 'rst' } : undefined) },
      { line: ({ verb }) => (verb === 'QUIT' ? { answer: '' } : undefined) },
    ]
    for (const [serial, fault] of plays.entries()) {
      await self.deliver(mail(`quit-${serial}`))
      Object.assign(faults, fault)
      await hurry(self.clock, 30_000, self.app.pull())
      delete faults.quit
      delete faults.line
      assert.equal((await self.stages()).settled ?? 0, serial, 'not believed before it is seen')
      for (let i = 0; i < 2; i++) {
        self.clock.pass(2 * hour)
        countOf(await self.app.pull())
      }
      assert.equal((await self.stages()).settled, serial + 1)
    }
    assert.deepEqual(server.messages, [])
    await self.judge()
    assert.equal(self.world.gmail.accepted.length, plays.length)
  })
})

test('B4: a maildrop that says +OK and deletes nothing is told after two cycles, and asked again only hourly', async () => {
  await play(deleting, async self => {
    const server = pop3Of(self)
    const { faults, ledger } = server
    faults.readOnly = true
    await self.deliver(mail('one'), mail('two'))
    const warning = async (): Promise<string | undefined> =>
      (await self.app.journal.troubles.list()).find(one => one.scope === 'wish')?.code
    const asked = (): number => ledger.commands.filter(line => line.startsWith('DELE')).length
    for (let cycle = 1; cycle <= 2; cycle++) {
      countOf(await self.app.pull())
      assert.equal(await warning(), undefined, `told too early: cycle ${cycle}`)
      self.clock.pass(minute)
    }
    assert.equal(asked(), 4)
    countOf(await self.app.pull())
    assert.equal(await warning(), 'source.read-only')
    assert.match(self.printed(), /source\.read-only/)
    for (let i = 0; i < 30; i++) {
      self.clock.pass(minute)
      countOf(await self.app.pull())
    }
    assert.equal(asked(), 4, 'no hammering')
    self.clock.pass(hour)
    countOf(await self.app.pull())
    assert.equal(asked(), 6)
    assert.equal(self.printed().match(/"code":"source\.read-only"/g)?.length, 1, 'told once')
    faults.readOnly = false
    self.clock.pass(hour)
    countOf(await self.app.pull())
    countOf(await self.app.pull())
    assert.equal(await warning(), undefined)
    assert.deepEqual(server.messages, [])
    await self.judge()
    assert.equal(self.world.gmail.accepted.length, 2)
  })
})

test('B5: a message that vanishes between listing and RETR is gone, and the others go on', async () => {
  await play({}, async self => {
    const server = pop3Of(self)
    const lost = mail('lost')
    await self.deliver(mail('one'), lost, mail('three'))
    server.faults.line = ({ verb }) => {
      const victim = server.messages.find(message => message.octets.equals(lost))
      if (verb === 'RETR' && victim !== undefined) server.vanish(victim)
      return undefined
    }
    const first = countOf(await self.app.pull())
    assert.equal(first.imported, 2)
    countOf(await self.app.pull())
    assert.deepEqual(await self.stages(), { settled: 2, gone: 1 })
    await self.judge({ takenAway: [lost] })
  })
})

for (const policy of ['keep', 'delete-after:1d'] as const) {
  test(`B6: all UIDLs change at once under ${policy}: nothing is imported again and nothing settled in that pull`, async () => {
    await play({ more: { AFTER_IMPORT: policy } }, async self => {
      const server = pop3Of(self)
      await self.deliver(...Array.from({ length: 20 }, (_, serial) => mail(`m${serial}`)))
      countOf(await self.app.pull())
      self.clock.pass(2 * day)
      if (policy !== 'keep') await self.restart() // time that no process saw counts a day at most
      for (const message of server.messages) message.uidl = `renamed-${message.uidl}`
      await self.deliver(mail('new'))
      const count = countOf(await self.app.pull())
      assert.equal(count.imported, 1, 'the new one only')
      assert.equal(server.ledger.deleted.length, 0, 'nothing is deleted while names are in doubt')
      const retrieved = server.ledger.retrieved.length
      assert.equal(retrieved, 21, 'header sections were evidence enough')
      self.clock.pass(2 * day)
      countOf(await self.app.pull())
      countOf(await self.app.pull())
      assert.equal(server.messages.length, policy === 'keep' ? 21 : 0)
      await self.judge()
      assert.equal(self.world.gmail.accepted.length, 21)
    })
  })
}

test('B6: UIDLs that change where TOP is refused cost a second reading and no second import', async () => {
  await play({}, async self => {
    const server = pop3Of(self)
    await self.deliver(...Array.from({ length: 5 }, (_, serial) => mail(`m${serial}`)))
    countOf(await self.app.pull())
    for (const message of server.messages) message.uidl = `renamed-${message.uidl}`
    server.faults.line = ({ verb }) => (verb === 'TOP' ? { answer: '-ERR no\r\n' } : undefined)
    // As many messages and octets as before: seen by the whole listing that is made every ten minutes.
    self.clock.pass(10 * minute)
    const count = countOf(await self.app.pull())
    assert.deepEqual([count.imported, count.merged], [0, 5])
    await self.judge()
  })
})

test('B6: with START_FROM=new a change of all UIDLs brings neither the old mail nor skips the new', async () => {
  const arrived = (name: string, atMs: number): Buffer =>
    mail(
      name,
      100,
      `Received: from x by y; ${new Date(atMs).toUTCString()}\r\nMessage-ID: <${name}@example.net>\r\n`,
    )
  await play({ more: { START_FROM: 'new' } }, async self => {
    const server = pop3Of(self)
    const now = self.clock.nowMs()
    const old = Array.from({ length: 10 }, (_, serial) => arrived(`old${serial}`, now - (serial + 1) * day))
    await self.deliver(...old)
    assert.equal(countOf(await self.app.pull()).ignored + countOf(await self.app.pull()).imported, 0)
    self.clock.pass(hour)
    await self.deliver(arrived('seen', self.clock.nowMs()))
    assert.equal(countOf(await self.app.pull()).imported, 1)
    self.clock.pass(hour)
    for (const message of server.messages) message.uidl = `renamed-${message.uidl}`
    await self.deliver(arrived('fresh', self.clock.nowMs()))
    assert.equal(countOf(await self.app.pull()).imported, 1, 'fresh only')
    // A server that shows an empty maildrop once, and everything again the next time.
    const uidl = server.faults.uidl
    server.faults.line = ({ verb }) =>
      verb === 'LIST' || verb === 'UIDL' ? { answer: '+OK\r\n.\r\n' } : undefined
    countOf(await self.app.pull())
    delete server.faults.line
    assert.equal(uidl, undefined)
    self.clock.pass(minute)
    assert.equal(countOf(await self.app.pull()).imported, 0, 'the old mail stays out')
    assert.equal(self.world.gmail.accepted.length, 2)
    await self.judge()
  })
})

test('B7: two mails under one UIDL, a UIDL given to the next mail: all are imported, none deleted unread', async () => {
  await play(deleting, async self => {
    const server = pop3Of(self)
    const put = (name: string, uidl: string): void => {
      const octets = mail(name)
      self.put.push(octets)
      server.deliver(octets, uidl)
    }
    put('first', 'same')
    put('second', 'same')
    put('third', 'other')
    for (let i = 0; i < 3; i++) countOf(await self.app.pull())
    assert.deepEqual(server.messages, [])
    for (const name of ['fourth', 'fifth!', 'sixth!']) {
      put(name, 'other') // of the same size, and in the place of a message that is gone
      for (let i = 0; i < 3; i++) countOf(await self.app.pull())
    }
    assert.deepEqual(server.messages, [])
    await self.judge()
    assert.equal(self.world.gmail.stored().size, 6)
  })
})

test('B7: a UIDL that goes to another mail between two pulls, the old one being kept, is noticed by size or header', async () => {
  await play({}, async self => {
    const server = pop3Of(self)
    await self.deliver(mail('old'))
    countOf(await self.app.pull())
    const [old] = server.messages
    if (old === undefined) throw new Error('nothing there')
    server.vanish(old)
    countOf(await self.app.pull())
    const octets = mail('new')
    self.put.push(octets)
    server.deliver(octets, old.uidl)
    countOf(await self.app.pull())
    assert.equal(self.world.gmail.stored().size, 2)
    await self.judge({ takenAway: [] })
  })
})

test('B7: the same octets twice, at once and later, are one message in Gmail and are called merged', async () => {
  await play(deleting, async self => {
    const server = pop3Of(self)
    const octets = mail('twin', 200, '')
    await self.deliver(octets, octets, mail('other'))
    const count = countOf(await self.app.pull())
    assert.deepEqual([count.imported, count.merged], [2, 1])
    await self.deliver(octets)
    assert.equal(countOf(await self.app.pull()).merged, 1)
    countOf(await self.app.pull())
    assert.deepEqual(server.messages, [])
    await self.judge()
  })
})

for (const faults of [{}, { noUidl: true }] satisfies Pop3Faults[]) {
  const names = 'noUidl' in faults ? 'without UIDLs' : 'under new UIDLs'
  for (const policy of ['keep', 'delete'] as const) {
    test(`B7: a machine that sends the same header section and size every day, ${names}, ${policy}: no mail is taken for another`, async () => {
      await play({ more: { AFTER_IMPORT: policy } }, async self => {
        const server = pop3Of(self)
        Object.assign(server.faults, faults)
        for (let today = 1; today <= 5; today++) {
          const report = Buffer.from(`From: cron@example.net\r\nSubject: report\r\n\r\nday ${today}\r\n`)
          // The owner's other program clears the maildrop.
          if (policy === 'keep') for (const old of server.messages) server.vanish(old)
          await self.deliver(report)
          countOf(await self.app.pull())
          self.clock.pass(day)
        }
        for (let i = 0; i < 2; i++) countOf(await self.app.pull())
        assert.equal(self.world.gmail.stored().size, 5)
        await self.judge()
      })
    })
  }
}

const chaos: readonly (readonly [name: string, faults: Pop3Faults])[] = [
  ['refused UIDL', { noUidl: true }],
  ['blank UIDLs', { uidl: () => '' }],
  ['UIDLs of 5,000 octets', { uidl: message => `${message.uidl}${'x'.repeat(5000)}` }],
  ['UIDLs with NUL and ESC', { uidl: message => `\x00\x1b[31m${message.uidl}` }],
  ['UIDLs in UTF-8 with spaces', { uidl: message => Buffer.from(`あ ${message.uidl} \u202e`) }],
  [
    'UIDL and TOP refused',
    { noUidl: true, line: ({ verb }) => (verb === 'TOP' ? { answer: '-ERR\r\n' } : undefined) },
  ],
]
for (const [name, faults] of chaos) {
  test(`B8: ${name}: each message once, deleted once it is proved, the log stays clean`, async () => {
    await play({}, async self => {
      Object.assign(pop3Of(self).faults, faults)
      await self.deliver(mail('one'), mail('two'), mail('three'))
      assert.equal(countOf(await self.app.pull()).imported, 3)
      await self.deliver(mail('four'))
      assert.equal(countOf(await self.app.pull()).imported, 1)
      await self.judge()
      await self.restart({ AFTER_IMPORT: 'delete' })
      for (let i = 0; i < 2; i++) countOf(await self.app.pull())
      assert.deepEqual(pop3Of(self).messages, [])
      await self.judge()
      assert.equal(self.world.gmail.accepted.length, 4)
    })
  })
}

const sizes: readonly (readonly [name: string, size: NonNullable<Pop3Faults['size']>])[] = [
  ['too short', message => String(message.octets.length - 50)],
  ['-1', () => '-1'],
  ['huge', () => '99999999999999999999'],
  ['missing', message => (message.octets.includes('m1') ? undefined : String(message.octets.length))],
  ['zero', () => '0'],
]
for (const [name, size] of sizes) {
  test(`B9: LIST with sizes that are ${name} costs no message`, async () => {
    await play(deleting, async self => {
      pop3Of(self).faults.size = size
      await self.deliver(mail('m1'), mail('m2'), mail('m3'))
      for (let i = 0; i < 2; i++) countOf(await self.app.pull())
      assert.deepEqual(pop3Of(self).messages, [])
      await self.judge()
    })
  })
}

test('B9: a line too many in LIST, and mail that comes between LIST and UIDL, cost no message', async () => {
  await play(deleting, async self => {
    const server = pop3Of(self)
    await self.deliver(mail('m1'), mail('m2'))
    server.faults.line = ({ verb }) =>
      verb === 'LIST' ? { answer: `+OK\r\n1 ${mail('m1').length}\r\n7 100\r\nnonsense\r\n.\r\n` } : undefined
    for (let i = 0; i < 3; i++) {
      await self.app.pull()
      self.clock.pass(hour)
    }
    delete server.faults.line
    for (let i = 0; i < 2; i++) countOf(await self.app.pull())
    assert.deepEqual(server.messages, [])
    await self.judge()
  })
})

test('B10: a message cut short but properly ended is read again, then imported with a mark and never deleted', async () => {
  await play(deleting, async self => {
    const server = pop3Of(self)
    const { faults } = server
    const cut = mail('cut', 5000)
    await self.deliver(cut, mail('whole'))
    faults.truncate = message => (message.octets.equals(cut) ? 2000 : undefined)
    const first = countOf(await self.app.pull())
    assert.deepEqual([first.imported, first.deferred], [1, 1])
    assert.equal(self.world.gmail.accepted.length, 1)
    self.clock.pass(minute)
    assert.equal(countOf(await self.app.pull()).imported, 1, 'two equal readings')
    for (let i = 0; i < 3; i++) {
      self.clock.pass(2 * hour)
      countOf(await self.app.pull())
    }
    assert.deepEqual(
      server.messages.map(message => message.octets),
      [cut],
      'the source keeps the only whole copy',
    )
  })
})

test('B10: a reading cut short once is of no consequence: the whole message is imported', async () => {
  await play(deleting, async self => {
    const server = pop3Of(self)
    const { faults } = server
    await self.deliver(mail('cut', 5000))
    faults.truncate = () => 2000
    assert.equal(countOf(await self.app.pull()).deferred, 1)
    delete faults.truncate
    self.clock.pass(minute)
    countOf(await self.app.pull())
    countOf(await self.app.pull())
    assert.deepEqual(server.messages, [])
    await self.judge()
  })
})

const octets = (text: string): Buffer => Buffer.from(text, 'latin1')
const odd: readonly (readonly [name: string, message: Buffer])[] = [
  ['dots', octets('From: a@b.example\r\n\r\n.\r\n..\r\n.x\r\nend\r\n')],
  ['no CRLF at the end', octets('From: a@b.example\r\n\r\nlast line')],
  ['bare LF', octets('From: a@b.example\n\nbare\nlines\n')],
  ['bare CR', octets('From: a@b.example\r\n\r\nbare\rreturn\r\n')],
  ['NUL', octets('From: a@b.example\r\n\r\n\0\0\r\n')],
  ['an 8-bit header', octets('From: a@b.example\r\nSubject: \xe3\x81\x82\r\n\r\nx\r\n')],
  ['only a header', octets('From: a@b.example\r\nSubject: only\r\n')],
  ['no blank line', octets('just text\r\nand more\r\n')],
  [
    'one line of 20 MB',
    Buffer.concat([octets('From: a@b.example\r\n\r\n'), Buffer.alloc(20_000_000, 0x61), octets('\r\n')]),
  ],
]
for (const chunk of [undefined, 1]) {
  test(`B11: octets arrive as the server has them, in packets of ${chunk ?? 'any number of'} octets`, async () => {
    await play({ ...deleting, gmail: { rules: { refuse: false } } }, async self => {
      const server = pop3Of(self)
      if (chunk !== undefined) server.faults.chunk = chunk
      await self.deliver(
        ...odd.map(([, message]) => message).filter(one => chunk === undefined || one.length < 1000),
      )
      for (let i = 0; i < 2; i++) countOf(await self.app.pull())
      assert.deepEqual(server.messages, [])
      await self.judge()
    })
  })
}

const broken: readonly (readonly [name: string, retr: NonNullable<Pop3Faults['retr']>])[] = [
  ['extra octets after the terminator', (_, right) => Buffer.concat([right, octets('surplus\r\n.\r\n')])],
  [
    'a dot that was not stuffed',
    (_, right) => octets(right.toString('latin1').replace('\r\n\r\n', '\r\n\r\n.\r\nrest\r\n')),
  ],
  ['an empty body', () => octets('+OK\r\n.\r\n')],
]
for (const [name, retr] of broken) {
  test(`B11: ${name} in one message deletes nothing unread and does not hold up the others`, async () => {
    await play(deleting, async self => {
      const server = pop3Of(self)
      await self.deliver(mail('bad'), mail('good'))
      server.faults.retr = (message, right) => (message.octets.includes('bad') ? retr(message, right) : right)
      for (let i = 0; i < 12; i++) {
        await self.app.pull()
        self.clock.pass(2 * minute)
      }
      const good = self.put[1] ?? Buffer.alloc(0)
      assert.ok(
        self.world.gmail.accepted.some(one => one.octets === good.length),
        'the other one went on',
      )
      if (server.messages.length > 0) {
        delete server.faults.retr
        self.clock.pass(5 * hour)
        for (let i = 0; i < 2; i++) countOf(await self.app.pull())
      }
      await self.judge({ partial: true })
    })
  })
}

test('B12: a steady trickle is let go on, one octet a minute is ended by policy', async () => {
  await play({}, async self => {
    const server = pop3Of(self)
    await self.deliver(mail('slow', 600))
    const { mailbox } = portsOf(self.app)
    const source = makePop3Source({
      mailbox,
      clock: self.clock,
      deadlines: { ...usualPop3Deadlines, progressMs: 400, trickleMs: 2000, trickleOctets: 64 },
    })
    server.faults.line = ({ verb }) => {
      server.faults.chunk = verb === 'RETR' ? 60 : 4096
      server.faults.chunkDelayMs = verb === 'RETR' ? 15 : 0
      return undefined
    }
    countOf(await pullWith(self.app, { source }))
    await self.deliver(mail('dead', 600))
    server.faults.line = ({ verb }) => {
      server.faults.chunk = verb === 'RETR' ? 1 : 4096
      server.faults.chunkDelayMs = verb === 'RETR' ? 100 : 0
      return undefined
    }
    assert.equal(codeOf(await pullWith(self.app, { source })), 'source.timeout')
    server.faults.line = () => undefined
    server.faults.chunk = 4096
    server.faults.chunkDelayMs = 0
    self.clock.pass(hour)
    countOf(await self.app.pull())
    await self.judge()
  })
})

test('B12: one mailbox whose server is silent amid a message delays no other mailbox', async () => {
  await play({}, async self => {
    const dead = pop3Of(self)
    await self.deliver(mail('never'))
    dead.faults.retrCut = { at: 50, how: 'silence' }
    const alive = await startPop3Server({ users: { owner: 'correct horse battery' } })
    const ports = portsOf(self.app)
    const mailbox = {
      ...ports.mailbox,
      name: 'alive',
      server: { ...ports.mailbox.server, port: alive.port },
      schedule: '* * * * * *',
    }
    const other = { ...ports, mailbox, source: makePop3Source({ mailbox, clock: self.clock }) }
    const stopping = new AbortController()
    const now = new AbortController()
    const bridge = { ...self.app.bridge, mailboxes: [ports, other] }
    const running = runDaemon(bridge, stopping.signal, now.signal, { afterAttempt: () => {} })
    try {
      await dead.until(() => dead.ledger.commands.some(line => line.startsWith('RETR')))
      for (let serial = 0; serial < 3; serial++) {
        const octetsOf = mail(`alive${serial}`)
        self.put.push(octetsOf)
        alive.deliver(octetsOf)
        await until(() => self.world.gmail.accepted.length === serial + 1, 'mail of the other mailbox')
      }
    } finally {
      stopping.abort()
      now.abort()
      await running
      await alive.close()
    }
    delete dead.faults.retrCut
    self.clock.pass(hour)
    countOf(await self.app.pull())
    await self.judge()
  })
})

for (const capa of ['hang', 'garbage', 'hang-up', 'none'] as const) {
  test(`B13: CAPA that ends in ${capa} costs no mail`, async () => {
    await play(deleting, async self => {
      pop3Of(self).faults.capa = capa
      await self.deliver(mail('one'))
      for (let i = 0; i < 2; i++) countOf(await hurry(self.clock, 500, self.app.pull()))
      assert.deepEqual(pop3Of(self).messages, [])
      await self.judge()
    })
  })
}

test('B14: mail that comes while a backlog of 3,000 is drained is in Gmail within the next pass, in bounded memory', async () => {
  await play(deleting, async self => {
    await self.deliver(...Array.from({ length: 3000 }, (_, serial) => mail(`b${serial}`, 60)))
    const rss = process.memoryUsage().rss
    const first = await pullWith(self.app, {}, 300)
    assert.ok(first.kind === 'pulled' && first.result.left > 1000, 'the budget ends a pass')
    const news = mail('news')
    await self.deliver(news)
    const before = self.world.gmail.accepted.length
    const second = await pullWith(self.app, {}, 300)
    assert.ok(second.kind === 'pulled' && second.result.left > 0)
    const place = self.world.gmail.accepted.slice(before).findIndex(one => one.octets === news.length)
    assert.ok(place >= 0 && place < 12, `the new mail was number ${place} of its pass`)
    assert.ok(process.memoryUsage().rss - rss < 300 * 2 ** 20)
    // The rest is thrown away by another hand: this test is about order.
    assert.equal(self.world.source.pop3?.ledger.deleted.length, self.world.gmail.accepted.length)
  })
})

test('B15: a message over the limit of Gmail stays at the source, is told once, and stops no other', async () => {
  await play({ ...deleting, gmail: { rules: { maxMessageOctets: 10_000 } } }, async self => {
    const server = pop3Of(self)
    const big = mail('big', 50_000)
    await self.deliver(big, mail('small'))
    for (let i = 0; i < 3; i++) {
      countOf(await self.app.pull())
      self.clock.pass(6 * hour)
    }
    assert.deepEqual(
      server.messages.map(message => message.octets),
      [big],
    )
    assert.equal((await self.stages()).refused, 1)
    assert.equal(self.printed().match(/"event":"refused"/g)?.length, 1)
    await self.judge()
  })
})

test('B16: a pseudo message of the mailbox format is neither imported nor deleted', async () => {
  await play(deleting, async self => {
    const server = pop3Of(self)
    const pseudo = octets(
      "From: Mail System Internal Data <MAILER-DAEMON@x>\r\nSubject: DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA\r\nX-IMAP: 1 2\r\n\r\nx\r\n",
    )
    await self.deliver(pseudo, mail('one'))
    for (let i = 0; i < 3; i++) countOf(await self.app.pull())
    assert.deepEqual(
      server.messages.map(message => message.octets),
      [pseudo],
    )
    await self.judge()
    assert.equal(self.world.gmail.accepted.length, 1)
  })
})

test('B17: a ban of an hour is sat out with few attempts, told as one trouble, and ends by itself', async () => {
  await play({}, async self => {
    const server = pop3Of(self)
    countOf(await self.app.pull())
    server.faults.line = ({ verb }) => (verb === 'CONNECT' ? 'rst' : undefined)
    const before = server.ledger.connections
    const name = portsOf(self.app).mailbox.name
    const began = self.clock.nowMs()
    const since = new Set<number | undefined>()
    for (; self.clock.nowMs() < began + hour; self.clock.pass(20_000)) {
      await self.app.pull({ gate: true })
      since.add((await self.app.journal.mailbox(name)).failingSinceMs)
    }
    const attempts = server.ledger.connections - before
    assert.ok(attempts >= 4 && attempts <= 20, `${attempts} connections in an hour`)
    assert.equal(since.size, 1, 'one trouble')
    delete server.faults.line
    await self.deliver(mail('after'))
    self.clock.pass(15 * minute)
    countOf(await self.app.pull({ gate: true }))
    assert.match(self.printed(), /"event":"recovered"/)
    await self.judge()
  })
})

test('E10, B8: a hostile banner, UIDL, subject and refusal never reach the log raw', async () => {
  const evil = '\x1b]0;owned\x07\r\x1b[2J\u202e\u2028\x9b31m'
  await play({}, async self => {
    const server = pop3Of(self)
    server.faults.greeting = `+OK ${evil}`
    await self.deliver(mail(`s${evil.replace(/\r/g, '')}`), mail('two'))
    countOf(await self.app.pull())
    server.faults.greeting = `-ERR ${evil} 2026-01-01 error fake line`
    await self.app.pull()
    delete server.faults.greeting
    server.faults.login = `-ERR ${evil} ${self.world.env.MAIL_PASSWORD}`
    await self.app.pull()
    delete server.faults.login
    server.faults.retr = () => octets(`-ERR ${evil}\r\n`)
    await self.deliver(mail('three'))
    await self.app.pull()
    delete server.faults.retr
    self.clock.pass(6 * hour)
    countOf(await self.app.pull())
    await self.judge()
  })
})
