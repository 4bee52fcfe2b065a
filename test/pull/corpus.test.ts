/**
 * The byte corpus through the whole bridge. The judge of what the source server sent is a client that shares no
 * code with ours (Python's standard library); the judge of what Gmail got is the stand-in's own book.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { dkimVerify } from 'mailauth'
import { corpus } from '../messages/corpus.ts'
import { large, mebibyte } from '../messages/large.ts'
import { signedMessage, signedResolver } from '../messages/signed.ts'
import { type CuttingProxy, startCuttingProxy } from '../servers/cutting-proxy.ts'
import { dovecotMissing } from '../servers/dovecot.ts'
import { countOf, type InProcess, openInProcess } from '../servers/in-process.ts'
import { pythonMissing, readIndependently } from '../servers/independent-client.ts'
import { requireServer } from '../servers/required.ts'
import { sha256 } from '../servers/source-server.ts'
import { answerOf, startWorld, type World } from '../servers/world.ts'

const noPython = requireServer('python3', pythonMissing())
const noDovecot = requireServer('dovecot', dovecotMissing())

/** A message with the Message-ID of another one and other octets: Gmail ignores a second import of it. */
const namesake = Buffer.from('From: a@example.jp\r\nMessage-ID: <dots@corpus.example>\r\n\r\nother\r\n')
const messages = corpus()
const refusals = messages.filter(({ refused }) => refused !== undefined).length

/** SHA-256 of each message as the server sends it, sorted. */
async function sent(world: World): Promise<string[]> {
  const { MAIL_PORT, MAIL_USER = '', MAIL_PASSWORD = '', MAIL_CA_FILE: caFile } = world.source.env
  const mailbox = {
    protocol: world.source.protocol,
    port: Number(MAIL_PORT),
    user: MAIL_USER,
    password: MAIL_PASSWORD,
    ...(caFile === undefined ? {} : { caFile }),
  }
  return (await readIndependently(mailbox)).map(one => one.sha256).sort()
}

/** Everything in Gmail, each message as often as it is there, sorted. */
const inGmail = (world: World): string[] =>
  [...world.gmail.stored()].flatMap(([digest, count]) => Array<string>(count).fill(digest)).sort()

function without(all: readonly string[], taken: readonly string[]): string[] {
  const left = [...all]
  for (const one of taken) {
    const at = left.indexOf(one)
    assert.ok(at >= 0, `${one} is in Gmail and the server never sent it`)
    left.splice(at, 1)
  }
  return left
}

async function dkim(octets: Buffer): Promise<string> {
  const { results } = await dkimVerify(octets, { resolver: signedResolver })
  return results.map(result => String(result.status.result)).join(' ')
}

async function assertSignatureHolds(world: World): Promise<void> {
  assert.equal(await dkim(signedMessage()), 'pass')
  const stored = world.gmail.messages().find(one => one.sha256 === sha256(signedMessage()))
  assert.ok(stored, 'the signed message is in Gmail')
  assert.equal(await dkim(stored.read()), 'pass')
}

for (const protocol of ['pop3', 'imap'] as const) {
  for (const server of ['stand-in', 'dovecot'] as const) {
    const name =
      server === 'dovecot' ? 'a real Dovecot' : 'a stand-in that cuts its packets in hostile places'
    describe(`the corpus over ${protocol} from ${name}`, {
      skip: noPython || (server === 'dovecot' && noDovecot),
    }, () => {
      let world: World
      let proxy: CuttingProxy | undefined
      let bridge: InProcess
      let expected: string[]

      before(async () => {
        world = await startWorld({ protocol, server })
        for (const { octets } of messages) await world.source.deliver(octets)
        const port = Number(world.source.env.MAIL_PORT)
        if (server === 'stand-in') proxy = await startCuttingProxy(port)
        const env = proxy === undefined ? {} : { MAIL_PORT: String(proxy.port) }
        bridge = await openInProcess(world, { env })
        expected = await sent(world)
        assert.equal(expected.length, messages.length)
      })
      after(async () => {
        await bridge.close()
        await proxy?.close()
        await world.stop()
      })

      const box = (): string => bridge.bridge.mailboxes[0]?.mailbox.name ?? ''
      const refusedRows = () => bridge.journal.inStages(box(), ['refused'])

      it('is in Gmail octet for octet as the server sent it, but for what Gmail refuses', async () => {
        const count = countOf(await bridge.pull())
        assert.equal(count.listed, messages.length)
        assert.equal(count.imported, messages.length - refusals)
        assert.equal(count.refused, refusals)
        const missing = without(expected, inGmail(world))
        assert.deepEqual(missing, (await refusedRows()).map(row => row.sha256).sort())
        if (proxy !== undefined) assert.ok(proxy.pieces > 2000, `${proxy.pieces} pieces`)
      })

      it('keeps what Gmail refuses, says why in Gmail’s words, and does not try it again by itself', async () => {
        const rows = await refusedRows()
        assert.equal(rows.length, refusals)
        for (const row of rows) {
          assert.equal(row.fault?.code, 'gmail.message-refused')
          assert.match(String(row.fault?.facts.words), /Expected a single 'From' header/)
        }
        const uploads = world.gmail.ledger.entries.filter(one => one.endpoint === 'import').length
        assert.equal(countOf(await bridge.pull()).imported, 0)
        assert.equal(world.gmail.ledger.entries.filter(one => one.endpoint === 'import').length, uploads)
      })

      it('leaves a DKIM signature whole', () => assertSignatureHolds(world))

      it('uploads the same octets once, though they stand at the source three times', async () => {
        const uploads = world.gmail.accepted.length
        const [first] = messages.filter(({ name: one }) => one === 'dots')
        assert.ok(first)
        for (let copy = 0; copy < 2; copy += 1) await world.source.deliver(first.octets)
        const count = countOf(await bridge.pull())
        assert.deepEqual([count.imported, count.merged], [0, 2])
        assert.equal(world.gmail.accepted.length, uploads)
      })

      it('knows that Gmail ignored other octets under a Message-ID that it has, and deletes only what Gmail holds', async () => {
        await world.source.deliver(namesake)
        const count = countOf(await bridge.pull())
        assert.deepEqual([count.imported, count.merged], [0, 1])
        const mail = inGmail(world)
        assert.ok(!mail.includes(sha256(namesake)))
        await bridge.close()
        const env = {
          AFTER_IMPORT: 'delete',
          ...(proxy === undefined ? {} : { MAIL_PORT: String(proxy.port) }),
        }
        bridge = await openInProcess(world, { env })
        assert.equal(countOf(await bridge.pull()).settleAsked, messages.length - refusals + 2)
        await bridge.pull()
        // Their octets are untouched at the source: what is read now is what was sent before.
        const kept = [...(await refusedRows()).map(row => row.sha256 ?? ''), sha256(namesake)].sort()
        assert.deepEqual(await sent(world), kept)
        assert.deepEqual(inGmail(world), mail, 'nothing was imported twice')
        assert.deepEqual(world.gmail.bugs, [])
      })
    })
  }

  describe(`the corpus over ${protocol} by the command`, { skip: noPython || noDovecot }, () => {
    it('is the same as in this process, with a message of 25 MiB behind it', {
      timeout: 120_000,
    }, async () => {
      const world = await startWorld({ protocol, server: 'dovecot' })
      try {
        const big = large(25 * mebibyte)
        for (const { octets } of messages) await world.source.deliver(octets)
        await world.source.dovecot?.deliver('INBOX', big.chunks())
        const expected = await sent(world)
        assert.ok(expected.includes(big.sha256), 'Dovecot sends the large message as it was made')
        const ended = await world.run(['pull', '--json'])
        const answer = answerOf(ended)
        assert.equal(ended.code, 1, `some messages were refused: ${ended.stdout}${ended.stderr}`)
        assert.equal(answer.imported, messages.length - refusals + 1)
        assert.equal(answer.refused, refusals)
        const stored = inGmail(world)
        assert.equal(without(expected, stored).length, refusals)
        assert.ok(stored.includes(big.sha256))
        await assertSignatureHolds(world)
      } finally {
        await world.stop()
      }
    })
  })
}
