/** Row D of the fault matrix: what Gmail's side may do. The servers' books are the judges (oracle.ts). */
import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { after, test } from 'node:test'
import { makePop3Source } from '../../src/source/pop3.ts'
import type { Fault } from '../servers/gmail/gmail-server.ts'
import { presets } from '../servers/gmail/gmail-server.ts'
import { reading } from '../servers/gmail/oauth.ts'
import { countOf } from '../servers/in-process.ts'
import {
  codeOf,
  day,
  hour,
  hurry,
  mail,
  minute,
  nameless,
  type Play,
  play,
  portsOf,
  pullImpatiently,
  pullWith,
  rowOf,
  uploads,
} from './harness.ts'

const deleting = { more: { AFTER_IMPORT: 'delete' } }
/** Two that leave side by side come to Gmail in either order: for who says which of them a fault meets. */
const oneByOne = { GMAIL_IMPORTS_IN_FLIGHT: '1' }
const atSource = ({ world }: Play): number => world.source.pop3?.messages.length ?? -1

/** Pulls until nothing is pending and everything is settled; at most 12 times, an hour apart. */
async function untilDone(self: Play): Promise<void> {
  for (let i = 0; i < 12; i++) {
    self.clock.pass(hour)
    const made = await self.app.pull()
    const { pending = 0 } = await self.app.journal.conservation(portsOf(self.app).mailbox.name)
    if (made.kind === 'pulled' && pending === 0 && made.result.count.settleAsked === 0) return
  }
  throw new Error(`never done: ${JSON.stringify(await self.stages())}`)
}

const shapes = [
  'user-rate',
  'user-rate-403',
  'queries-403',
  'exhausted-429',
  'concurrent-429',
  'retry-after-header',
] as const
for (const shape of shapes) {
  test(`D1: a rate limit (${shape}) is waited out, with an instant where one was named, and nothing is lost`, async () => {
    await play(deleting, async self => {
      const { gmail } = self.world
      await self.deliver(...Array.from({ length: 8 }, (_, serial) => mail(`m${serial}`)))
      gmail.faults.next('import', presets.rateLimited(shape, 10 * minute), 3)
      const made = await hurry(self.clock, 100, self.app.pull())
      const named = shape.startsWith('user-rate') || shape === 'retry-after-header'
      assert.equal(codeOf(made), 'gmail.rate-limited')
      const waitMs = made.kind === 'failed' ? made.notBeforeMs - self.clock.nowMs() : 0
      if (named) assert.ok(waitMs > 9.9 * minute && waitMs < 11 * minute, `${waitMs} ms`)
      const before = uploads(self)
      if (named) assert.ok(before <= 3, `${before} uploads at a limit: no hammering`)
      if (named) {
        self.clock.pass(9 * minute)
        assert.equal((await self.app.pull({ gate: true })).kind, 'waiting')
        assert.equal(uploads(self), before)
      }
      gmail.faults.clear()
      await untilDone(self)
      assert.equal(atSource(self), 0)
      assert.equal(gmail.accepted.length, 8)
      await self.judge()
    })
  })
}

const afterwards: readonly (readonly [name: string, fault: Fault])[] = [
  ...[500, 502, 503, 504].map(code => [`${code} after it took it in`, presets.acceptedThen(code)] as const),
  ['503 with HTML after it took it in', presets.acceptedThen(503, 'html')],
  ['a 200 with cut JSON', presets.unusable('cut-json')],
  ['a 200 with an empty body', presets.unusable('empty')],
  ['a 200 without an id', presets.unusable('no-id')],
  ['a 200 that says null', presets.unusable('null')],
  ['a 200 that says OK', presets.unusable('not-json')],
  ['a reset after it took it in', presets.reset('after-accept')],
  ['a close after it took it in', presets.close('after-accept')],
  ['an answer cut in its middle', { kind: 'cut-answer', afterOctets: 10 }],
  ['silence after it took it in', presets.hang('after-accept')],
]
const before: readonly (readonly [name: string, fault: Fault])[] = [
  ...[500, 502, 503, 504].map(code => [`${code} before it took it in`, presets.status(code)] as const),
  ['a reset before the body', presets.reset('before-body')],
  ['a reset amid the body', presets.reset('mid-body', 100)],
  ['a reset after the body', presets.reset('after-body')],
  ['silence before the body', presets.hang('before-body')],
  ['silence amid the body', presets.hang('mid-body', 100)],
  ['silence after the body', presets.hang('after-body')],
]

for (const scopes of [undefined, reading]) {
  const how = scopes === undefined ? 'without gmail.readonly' : 'with gmail.readonly'
  for (const [name, fault] of [...afterwards, ...before]) {
    test(`D2, D3: ${name}, ${how}: one copy in Gmail, deleted only once it is known`, async () => {
      await play({ ...deleting, ...(scopes && { scopes }) }, async self => {
        const { gmail } = self.world
        await self.deliver(mail('one'))
        gmail.faults.next('import', fault)
        await (fault.kind === 'hang' ? pullImpatiently(self) : self.app.pull())
        assert.equal((await rowOf(self, 1)).stage, 'importing', 'the outcome is unknown')
        assert.equal(atSource(self), 1)
        await untilDone(self)
        assert.equal(atSource(self), 0)
        assert.deepEqual([...gmail.stored().values()], [1])
        const taken = afterwards.some(([one]) => one === name)
        assert.equal(
          uploads(self),
          scopes !== undefined && taken ? 1 : 2,
          'a look-up spares the second upload where there is something to find',
        )
        assert.equal((await rowOf(self, 1)).repeated, uploads(self) - 1, 'told')
        await self.judge()
      })
    })
  }
}

test('D3, A9: without a Message-ID and by default the import is repeated, and the copy too many is told', async () => {
  await play(deleting, async self => {
    await self.deliver(nameless('one'))
    self.world.gmail.faults.next('import', presets.reset('after-accept'))
    await self.app.pull()
    await untilDone(self)
    assert.deepEqual([...self.world.gmail.stored().values()], [2])
    assert.equal((await rowOf(self, 1)).repeated, 1)
    assert.match(self.printed(), /"event":"repeated"/)
    await self.judge()
  })
})

test('D3, A9: without a Message-ID the owner may choose to be asked; the others go on meanwhile', async () => {
  await play({ more: { AFTER_IMPORT: 'delete', WHEN_OUTCOME_UNKNOWN: 'ask', ...oneByOne } }, async self => {
    await self.deliver(nameless('one'), mail('two'))
    self.world.gmail.faults.next('import', presets.reset('after-accept'))
    await self.app.pull()
    await untilDone(self)
    assert.deepEqual(await self.stages(), { refused: 1, settled: 1 })
    assert.equal((await rowOf(self, 1)).fault?.code, 'gmail.ask-owner')
    assert.equal(atSource(self), 1)
    await self.judge()
    // The owner says: once more.
    await self.app.journal.move(1, 'listed', { notBeforeMs: null })
    await untilDone(self)
    assert.equal((await rowOf(self, 1)).repeated, 1, 'told')
    await self.judge()
  })
})

test('D3: the outcome unknown, then a fault of the message itself: it stays unknown until Gmail is asked', async () => {
  for (const next of [presets.refused('Bad Request'), presets.status(418), presets.acceptedThen(503)]) {
    await play({ ...deleting, scopes: reading }, async self => {
      const { gmail } = self.world
      gmail.rules.indexLagMs = 'manual'
      await self.deliver(mail('one'))
      gmail.faults.next('import', presets.reset('after-accept'))
      gmail.faults.next('import', next)
      for (let i = 0; i < 5; i++) {
        await self.app.pull()
        self.clock.pass(31_000)
      }
      assert.equal((await rowOf(self, 1)).stage, 'importing')
      gmail.indexNow()
      gmail.faults.clear()
      await untilDone(self)
      assert.equal((await rowOf(self, 1)).stage, 'settled')
      assert.deepEqual([...gmail.stored().values()], [1])
      await self.judge()
    })
  }
})

test('D3: a message of unknown outcome that left the source is looked for in Gmail, and else called gone', async () => {
  for (const fault of [presets.reset('after-accept'), presets.reset('after-body')]) {
    for (const scopes of [reading, undefined]) {
      await play(scopes === undefined ? {} : { scopes }, async self => {
        const { world } = self
        const message = mail('one')
        await self.deliver(message)
        world.gmail.faults.next('import', fault)
        await self.app.pull()
        const [stored] = world.source.pop3?.messages ?? []
        if (stored !== undefined) world.source.pop3?.vanish(stored)
        await untilDone(self)
        const found = scopes !== undefined && world.gmail.stored().size === 1
        assert.equal((await rowOf(self, 1)).stage, found ? 'settled' : 'gone')
        await self.judge({ takenAway: [message] })
      })
    }
  }
})

for (const WHEN_OUTCOME_UNKNOWN of ['repeat', 'ask']) {
  test(`D3, B6: a message of unknown outcome whose name changes meanwhile is told as repeated, or asked about (${WHEN_OUTCOME_UNKNOWN})`, async () => {
    await play({ more: { WHEN_OUTCOME_UNKNOWN } }, async self => {
      const { world } = self
      await self.deliver(nameless('one'))
      world.gmail.faults.next('import', presets.reset('after-accept'))
      await self.app.pull()
      for (const message of world.source.pop3?.messages ?? []) message.uidl = `renamed-${message.uidl}`
      for (let i = 0; i < 4; i++) {
        self.clock.pass(hour)
        await self.app.pull()
      }
      const asked = WHEN_OUTCOME_UNKNOWN === 'ask'
      assert.deepEqual([...world.gmail.stored().values()], [asked ? 1 : 2])
      assert.equal((await rowOf(self, 2)).stage, asked ? 'refused' : 'settled')
      await self.judge()
      if (!asked) return
      await self.app.journal.move(2, 'listed', { notBeforeMs: null })
      await untilDone(self)
      await self.judge()
    })
  })
}

test('D3: a short reading while an earlier outcome is unknown does not hide what Gmail has', async () => {
  await play({ ...deleting, scopes: reading }, async self => {
    const { gmail, source } = self.world
    gmail.rules.indexLagMs = 'manual'
    await self.deliver(mail('one', 4000))
    gmail.faults.next('import', presets.reset('after-accept'))
    await self.app.pull()
    if (source.pop3 !== undefined) source.pop3.faults.truncate = () => 500
    for (let i = 0; i < 4; i++) {
      self.clock.pass(31_000)
      await self.app.pull()
    }
    gmail.indexNow()
    if (source.pop3 !== undefined) delete source.pop3.faults.truncate
    await untilDone(self)
    assert.equal(gmail.accepted.length, 1)
    await self.judge()
  })
})

for (const message of [
  'Invalid From header',
  "Expected a single 'From' header",
  'Invalid attachment. Executables are not allowed.',
]) {
  test(`D5: "${message}" sets that message aside at once, untouched at the source, and stops no other`, async () => {
    await play({ more: { ...deleting.more, ...oneByOne } }, async self => {
      await self.deliver(mail('bad'), mail('good'))
      self.world.gmail.faults.next(
        entry => entry.endpoint === 'import' && self.world.gmail.ledger.of('import').length === 1,
        presets.refused(message),
      )
      await untilDone(self)
      assert.deepEqual(await self.stages(), { refused: 1, settled: 1 })
      assert.equal(atSource(self), 1)
      assert.equal(uploads(self), 2)
      await self.judge()
      await self.app.journal.move(1, 'listed', { attempts: 0, notBeforeMs: null })
      await untilDone(self)
      assert.equal(atSource(self), 0)
      await self.judge()
    })
  })
}

test('D5: a bare "Bad Request" is tried over six hours while other mail goes in, then set aside; the source is untouched', async () => {
  await play(deleting, async self => {
    await self.deliver(mail('bad', 5000))
    self.world.gmail.faults.always(
      entry => entry.endpoint === 'import' && Number(entry.headers['content-length']) > 4000,
      presets.refused('Bad Request'),
    )
    await self.app.pull()
    await self.deliver(mail('good'))
    const began = self.clock.nowMs()
    while ((await firstRowOrUndefined(self))?.stage !== 'refused') {
      assert.ok(self.clock.nowMs() - began < 2 * day, 'it is set aside in the end')
      await self.app.pull()
      self.clock.pass(5 * minute)
    }
    assert.ok(self.clock.nowMs() - began >= 6 * hour, 'not too early')
    assert.ok(uploads(self) >= 7 && uploads(self) <= 16, `${uploads(self)} tries`)
    assert.equal(atSource(self), 1)
    await self.judge()
  })
})
const firstRowOrUndefined = (self: Play) => self.app.journal.row(1)

test('D5: what import refuses goes by insert where the owner allowed it, once', async () => {
  await play({ more: { AFTER_IMPORT: 'delete', WHEN_REFUSED: 'insert' } }, async self => {
    const { gmail } = self.world
    await self.deliver(Buffer.from('From: not an address\r\nMessage-ID: <x@y>\r\n\r\nx\r\n'), mail('good'))
    gmail.faults.next('insert', presets.reset('after-accept'))
    await self.app.pull()
    assert.equal((await rowOf(self, 1)).stage, 'importing')
    await untilDone(self)
    assert.equal(atSource(self), 0)
    assert.equal(gmail.accepted.filter(one => one.method === 'insert').length, 2)
    await self.judge() // insert makes a second copy, and it is told
  })
})

test('D6: a token refused once is renewed and costs nothing', async () => {
  await play(deleting, async self => {
    await self.deliver(mail('one'))
    self.world.gmail.faults.next('import', presets.unauthorizedAnswer())
    assert.equal(countOf(await self.app.pull()).imported, 1)
    await self.judge()
  })
})

const accountTroubles: readonly (readonly [
  name: string,
  at: 'import' | 'token' | 'any',
  fault: Fault,
  code: string,
])[] = [
  ['a token refused for ever', 'import', presets.unauthorizedAnswer(), 'gmail.unauthorized'],
  ['a consent that ended', 'token', presets.invalidGrant(), 'gmail.consent-ended'],
  ['a disabled API', 'import', presets.apiDisabled(), 'gmail.api-disabled'],
  ['a policy of the domain', 'import', presets.domainPolicy(), 'gmail.forbidden'],
  ['a suspended account', 'import', presets.accountSuspended(), 'gmail.forbidden'],
  ['a daily limit', 'import', presets.dailyLimitExceeded(), 'gmail.daily-limit'],
]
for (const [name, at, fault, code] of accountTroubles) {
  test(`D6: ${name} stops the account, not a message; nothing is deleted; it goes on by itself afterwards`, async () => {
    await play(deleting, async self => {
      const { gmail } = self.world
      await self.deliver(...Array.from({ length: 12 }, (_, serial) => mail(`m${serial}`)))
      gmail.faults.always(at, fault)
      assert.equal(codeOf(await self.app.pull()), code)
      assert.ok(uploads(self) <= 12, 'not one try for each message')
      assert.equal(atSource(self), 12)
      assert.deepEqual(
        Object.keys(await self.stages()).filter(stage => !['listed', 'deferred'].includes(stage)),
        [],
      )
      const account = portsOf(self.app).mailbox.account
      assert.equal((await self.app.journal.accountState(account)).fault?.code, code)
      const before = uploads(self)
      assert.equal((await self.app.pull({ gate: true })).kind, 'waiting')
      assert.equal(uploads(self), before)
      gmail.faults.clear()
      self.clock.pass(day)
      await untilDone(self)
      assert.equal(atSource(self), 0)
      assert.equal((await self.app.journal.accountState(account)).fault, undefined)
      await self.judge()
    })
  })
}

test('D6: a scope that was taken away is told before anything is uploaded', async () => {
  await play({ scopes: ['gmail.labels'] }, async self => {
    await self.deliver(mail('one'))
    assert.equal(codeOf(await self.app.pull()), 'gmail.scope-missing')
    assert.equal(uploads(self), 0)
    await self.judge()
  })
})

for (const shape of ['drive-403', 'photos-400', 'mail-403', 'exhausted-429'] as const) {
  test(`D7: a full Gmail (${shape}) pauses the account, sets no message aside, and ends by itself`, async () => {
    await play(deleting, async self => {
      await self.deliver(mail('one'), mail('two'), mail('three'))
      self.world.gmail.faults.always('import', presets.storageFull(shape))
      const made = await self.app.pull()
      assert.equal(codeOf(made), 'gmail.storage-full')
      assert.ok(made.kind === 'failed' && made.notBeforeMs - self.clock.nowMs() >= minute)
      assert.equal((await self.stages()).refused, undefined)
      self.world.gmail.faults.clear()
      await untilDone(self)
      assert.equal(atSource(self), 0)
      await self.judge()
    })
  })
}

test('D8: other octets under the same Message-ID: Gmail keeps the first; the second is never removed from the source', async () => {
  await play(deleting, async self => {
    const first = mail('first', 200, 'Message-ID: <same@example.net>\r\n')
    const second = mail('second', 900, 'Message-ID: <same@example.net>\r\n')
    await self.deliver(first)
    await untilDone(self)
    await self.deliver(second, second)
    await untilDone(self)
    await untilDone(self)
    assert.deepEqual([...self.world.gmail.stored().values()], [1])
    assert.equal(atSource(self), 2, 'the only copies of these octets')
    const sentence = await self.app.journal.conservation(portsOf(self.app).mailbox.name)
    assert.deepEqual([sentence.imported, sentence.merged], [1, 2])
    await self.judge()
  })
})

for (const place of ['TRASH', 'SPAM'] as const) {
  test(`D8: a repeated import whose first copy lies in ${place} is no second copy and no loss`, async () => {
    await play({ ...deleting, scopes: reading }, async self => {
      const { gmail } = self.world
      await self.deliver(mail('one'))
      gmail.faults.next('import', presets.reset('after-accept'))
      await self.app.pull()
      const [held] = gmail.messages()
      if (held === undefined) throw new Error('nothing was stored')
      if (place === 'TRASH') gmail.mailbox().trash(held.id)
      else held.labelIds = ['SPAM']
      await untilDone(self)
      assert.equal(uploads(self), 1)
      await self.judge()
    })
  })
}

test('D9: what the owner deleted in Gmail for good is not imported again', async () => {
  await play({ scopes: reading }, async self => {
    await self.deliver(mail('one'))
    countOf(await self.app.pull())
    const [held] = self.world.gmail.messages()
    self.world.gmail.mailbox().delete(held?.id ?? '')
    for (let i = 0; i < 3; i++) countOf(await self.app.pull())
    await self.restart()
    countOf(await self.app.pull())
    assert.equal(uploads(self), 1)
  })
})

for (const [name, fault, aside] of [
  ['413', presets.messageTooLarge(), 'refused'],
  ['a closed connection amid the body', presets.close('mid-body', 1000), 'importing'],
] as const) {
  test(`D10: a message that Gmail ends by ${name} is ${aside}, stays at the source and stops no other`, async () => {
    await play(deleting, async self => {
      const big = mail('big', 300_000)
      await self.deliver(big, mail('small'))
      self.world.gmail.faults.always(
        entry => entry.endpoint === 'import' && Number(entry.headers['content-length']) > 100_000,
        fault,
      )
      for (let i = 0; i < 4; i++) {
        await self.app.pull()
        self.clock.pass(5 * hour)
      }
      assert.equal((await rowOf(self, 1)).stage, aside)
      assert.equal((await rowOf(self, 2)).stage, 'settled')
      assert.equal(atSource(self), 1)
      await self.judge()
    })
  })
}

test('D11: a search that lags is asked again before the import is repeated; one copy, one upload', async () => {
  await play({ ...deleting, scopes: reading }, async self => {
    const { gmail } = self.world
    gmail.rules.indexLagMs = 45_000
    await self.deliver(mail('one'))
    gmail.faults.next('import', presets.reset('after-accept'))
    await self.app.pull()
    for (let i = 0; i < 8; i++) {
      self.clock.pass(20_000)
      countOf(await self.app.pull())
    }
    assert.equal(atSource(self), 0)
    assert.equal(uploads(self), 1)
    await self.judge()
  })
})

for (const [name, fault] of [
  ['500', presets.status(500)],
  ['400', presets.status(400)],
  ['HTML', presets.captivePortal()],
] as const) {
  test(`D11: a search that fails (${name}) is asked again, and new mail flows meanwhile`, async () => {
    await play({ ...deleting, scopes: reading }, async self => {
      const { gmail } = self.world
      await self.deliver(mail('one'))
      gmail.faults.next('import', presets.reset('after-accept'))
      await self.app.pull()
      gmail.faults.always('messages.list', fault)
      await self.deliver(mail('two'))
      for (let i = 0; i < 4; i++) {
        self.clock.pass(5 * minute)
        await self.app.pull()
      }
      assert.equal((await rowOf(self, 1)).stage, 'importing', 'not repeated on a guess')
      assert.equal((await rowOf(self, 2)).stage, 'settled')
      gmail.faults.clear()
      await untilDone(self)
      assert.equal(uploads(self), 2)
      await self.judge()
    })
  })
}

test('D11: a Message-ID that Gmail cannot search for holds up nothing, and the repetition is told', async () => {
  await play({ ...deleting, scopes: reading }, async self => {
    // Alone: of two that leave side by side either comes first.
    await self.deliver(mail('odd', 200, 'Message-ID: <a b"(c)@example.net>\r\n'))
    self.world.gmail.faults.next('import', presets.reset('after-accept'))
    await self.app.pull()
    await self.deliver(mail('two'))
    await untilDone(self)
    assert.equal(atSource(self), 0)
    assert.equal((await rowOf(self, 1)).repeated, 1)
    await self.judge()
  })
})

const strangers: readonly (readonly [name: string, fault: Fault])[] = [
  ['a redirect', presets.redirect('http://127.0.0.1:9/')],
  ['a captive portal', presets.captivePortal()],
]
for (const [name, fault] of strangers) {
  test(`D12: ${name} is no success; the token does not travel; the mail stays and comes later`, async () => {
    await play(deleting, async self => {
      await self.deliver(mail('one'))
      self.world.gmail.faults.always('import', fault)
      await self.app.pull()
      assert.equal(atSource(self), 1)
      assert.equal((await self.stages()).settled, undefined)
      self.world.gmail.faults.clear()
      await untilDone(self)
      assert.equal(atSource(self), 0)
      await self.judge()
    })
  })
}

test('D12: a Google that answers TLS with nonsense gets neither token nor mail', async () => {
  const got: Buffer[] = []
  const server = createServer(socket => {
    socket.on('error', () => {})
    socket.on('data', chunk => {
      got.push(chunk)
      socket.end('HTTP/1.1 200 OK\r\n\r\n')
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  after(() => server.close())
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  await play({ ...deleting, more: { GMAIL_API_ROOT: `https://127.0.0.1:${port}/` } }, async self => {
    await self.deliver(mail('one'))
    assert.match(codeOf(await self.app.pull()), /^gmail\.(unreachable|not-google)$/)
    assert.doesNotMatch(Buffer.concat(got).toString('latin1'), /Bearer|Subject/)
    await self.judge()
  })
})

test('D13: a name that does not resolve is blamed on the side that it belongs to', async () => {
  const more = { GMAIL_API_ROOT: 'https://gmail.invalid/', HIKYAKU_TEST_ENDPOINTS: 'anywhere' }
  await play({ more }, async self => {
    await self.deliver(mail('one'))
    const made = await self.app.pull()
    assert.equal(codeOf(made), 'gmail.unreachable')
    assert.match(JSON.stringify(made.kind === 'failed' ? made.fault.facts : {}), /gmail\.invalid/)
    await self.judge()
  })
  await play({}, async self => {
    const { mailbox } = portsOf(self.app)
    const server = { ...mailbox.server, host: 'pop.invalid', security: 'tls' } as const
    const source = makePop3Source({ mailbox: { ...mailbox, server }, clock: self.clock })
    const made = await pullWith(self.app, { source })
    assert.equal(codeOf(made), 'source.unknown-host')
    assert.match(JSON.stringify(made.kind === 'failed' ? made.fault.facts : {}), /pop\.invalid/)
  })
})

test('D1, D2: order and totals hold when every other request fails', async () => {
  await play(deleting, async self => {
    const { gmail } = self.world
    await self.deliver(...Array.from({ length: 30 }, (_, serial) => mail(`m${serial}`)))
    const kinds = [
      presets.status(503),
      presets.acceptedThen(500),
      presets.reset('after-accept'),
      presets.unusable('no-id'),
    ]
    let serial = 0
    for (let round = 0; round < 40; round++) {
      gmail.faults.next(
        entry => entry.endpoint === 'import' && serial++ % 2 === 0,
        kinds[round % kinds.length] ?? presets.status(503),
      )
    }
    for (let i = 0; i < 40; i++) {
      await self.app.pull()
      self.clock.pass(hour)
    }
    gmail.faults.clear()
    await untilDone(self)
    assert.equal(atSource(self), 0)
    await self.judge()
  })
})

test('E10: a hostile text in an error of Gmail never reaches the log raw, and no token does', async () => {
  await play({}, async self => {
    await self.deliver(mail('one'))
    const token = self.world.gmail.accessToken()
    self.world.gmail.faults.next(
      'import',
      presets.refused(`Invalid From header \x1b[31m\r\n2026 fake\u202e ${token}`),
    )
    await self.app.pull()
    assert.equal((await self.stages()).refused, 1)
    assert.doesNotMatch(self.printed(), /\x1b|\u202e/)
    await self.judge()
  })
})
