/** 500 messages by an app password, octet for octet; then the same mailbox by import: nothing comes twice. */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { startAppendWorld } from '../servers/append-world.ts'
import { gmailEnv } from '../servers/hikyaku.ts'
import { countOf, openInProcess } from '../servers/in-process.ts'
import { answerOf } from '../servers/world.ts'

const messages = 500

/** Sizes from nothing to 300 kB, 8-bit, long lines, dots, with and without Message-ID. */
function messageOf(serial: number): Buffer {
  const id = serial % 7 === 0 ? '' : `Message-ID: <${serial}@example.net>\r\n`
  const header = Buffer.from(`From: a@example.net\r\nSubject: ${serial}\r\n${id}\r\n`)
  const size = serial % 50 === 0 ? 300_000 : (serial * 37) % 4000
  const body = Buffer.from(randomBytes(size).map(octet => (octet === 0 ? 1 : octet)))
  // Line ends as mail has them: what a POP3 server sends is lines.
  const lines = body
    .toString('latin1')
    .replace(/[\r\n]/g, '.')
    .replace(/.{1,200}/g, '$&\r\n')
  return Buffer.concat([header, Buffer.from(`.\r\n..\r\n${lines}`, 'latin1')])
}

test('500 messages are in Gmail as they were, and stay one each when the owner moves to import', async () => {
  const world = await startAppendWorld({ protocol: 'pop3', env: { GMAIL_LABELS: 'work' } })
  const digests: string[] = []
  for (let serial = 0; serial < messages; serial += 1) {
    const octets = messageOf(serial)
    digests.push(createHash('sha256').update(octets).digest('hex'))
    await world.source.deliver(octets)
  }
  try {
    const app = await openInProcess(world)
    const beganMs = performance.now()
    const { imported } = countOf(await app.pull())
    const seconds = (performance.now() - beganMs) / 1000
    await app.close()
    const stored = world.imap.stored()
    const identical = digests.filter(digest => stored.get(digest) === 1).length
    console.log(
      `${imported} messages by APPEND in ${seconds.toFixed(1)} s, ${identical} identical, ${world.imap.ledger.logins.length} logins`,
    )
    assert.deepEqual([imported, identical, world.imap.mail.messages.length], [messages, messages, messages])
    assert.ok(world.imap.mail.messages.every(({ labels }) => labels.has('work')))

    const compared = await world.run(['compare', '--json'])
    assert.equal(compared.code, 0, compared.stdout)
    assert.equal(answerOf(compared).ok, true)

    const moved = await openInProcess(world, { env: { GMAIL_WAY: 'import', ...gmailEnv(world.gmail) } })
    await world.source.deliver(messageOf(messages))
    const after = countOf(await moved.pull())
    await moved.close()
    console.log(
      `moved to import: ${after.imported} imported, ${world.gmail.accepted.length} reached Gmail's API`,
    )
    assert.deepEqual([after.imported, world.gmail.accepted.length], [1, 1])
    assert.equal(world.imap.mail.messages.length, messages)
  } finally {
    await world.stop()
  }
})
