import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { chooseBoundary, frameMultipart } from '../../src/gmail/multipart.ts'
import type { RawMessage } from '../../src/message/message.ts'
import { faultOf, messageOf } from './scripted.ts'

const octetsOf = async (chunks: AsyncIterable<Uint8Array>): Promise<Buffer> => {
  const all: Uint8Array[] = []
  for await (const chunk of chunks) all.push(chunk)
  return Buffer.concat(all)
}

describe('the boundary', () => {
  test('that stands in the message, also across two chunks or many, keeps the request from becoming complete', async () => {
    const boundary = `hikyaku-${'a'.repeat(32)}`
    for (const step of [1, 7, 39, 40, 41, 1000]) {
      for (let before = 0; before < 45; before += 1) {
        const raw = messageOf(Buffer.from(`${'x'.repeat(before)}${boundary}\r\n`), step)
        const framed = frameMultipart(raw, {}, boundary)
        let sent = ''
        const fault = await faultOf(
          (async () => {
            for await (const chunk of framed.chunks()) sent += Buffer.from(chunk).toString('latin1')
          })(),
        )
        const place = `chunks of ${step}, ${before} octets before it`
        assert.deepEqual([fault.code, fault.scope], ['state.io', 'message'], place)
        assert.equal(framed.sentSha256(), undefined)
        assert.doesNotMatch(sent, /--\r\n$/, place)
      }
    }
  })

  test('has 128 random bits and is never the same twice', () => {
    const [first, second] = [chooseBoundary(), chooseBoundary()]
    assert.match(first, /^hikyaku-[0-9a-f]{32}$/)
    assert.notEqual(first, second)
  })
})

describe('the framed message', () => {
  test('has exactly the announced length and the exact octets, for any octets in any chunks', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 300 }),
        fc.integer({ min: 1, max: 50 }),
        fc.array(fc.string(), { maxLength: 3 }),
        async (octets, step, labelIds) => {
          const raw = messageOf(octets, step)
          const boundary = chooseBoundary()
          const framed = frameMultipart(raw, { labelIds }, boundary)
          const body = await octetsOf(framed.chunks())
          assert.equal(body.length, framed.octets)
          assert.equal(framed.sentSha256(), raw.sha256)
          const start = body.indexOf('\r\n\r\n', body.indexOf('message/rfc822')) + 4
          assert.deepEqual(
            body.subarray(start, body.length - `\r\n--${boundary}--\r\n`.length),
            Buffer.from(octets),
          )
        },
      ),
      { numRuns: Number(process.env.HIKYAKU_FUZZ_RUNS ?? 300) },
    )
  })

  test('never ends where the octets are not the retrieved ones', async () => {
    const good = messageOf(Buffer.from('Subject: x\r\n\r\nbody\r\n'))
    const other = messageOf(Buffer.from('Subject: x\r\n\r\nb0dy\r\n'))
    const short = messageOf(Buffer.from('Subject: x\r\n\r\nbo'))
    const long = messageOf(Buffer.from('Subject: x\r\n\r\nbody\r\n\r\nand more'))
    for (const wrong of [other, short, long]) {
      const mixed: RawMessage = { ...good, chunks: () => wrong.chunks() }
      const framed = frameMultipart(mixed, {}, 'B')
      let sent = ''
      const fault = await faultOf(
        (async () => {
          for await (const chunk of framed.chunks()) sent += Buffer.from(chunk).toString('latin1')
        })(),
      )
      assert.equal(fault.code, 'state.io')
      assert.equal(fault.scope, 'message')
      assert.doesNotMatch(sent, /--B--/)
      assert.equal(framed.sentSha256(), undefined)
    }
  })
})
