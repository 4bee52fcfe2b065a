import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { afterEach, describe, it } from 'node:test'
import { type GmailServer, presets, startGmailServer } from './gmail-server.ts'

const sha256 = (octets: Uint8Array): string => createHash('sha256').update(octets).digest('hex')
const nasty = (id: string): Buffer =>
  Buffer.from(`From: a@b.test\r\nMessage-ID: <${id}>\r\n\r\n\xe9\0\r\r\n.\r\n`, 'latin1')

const open: GmailServer[] = []

describe('the Gmail stand-in', () => {
  afterEach(async () => {
    for (const server of open.splice(0)) {
      await server.close()
      assert.deepEqual(server.bugs, [])
    }
  })

  it('takes a resumable upload in chunks and says how far it has come', async () => {
    const server = await startGmailServer({ violations: 'expected' })
    open.push(server)
    const token = server.accessToken()
    const message = Buffer.concat([nasty('resumable@example.test'), randomBytes(600_000)])
    const started = await fetch(
      `${server.url}upload/gmail/v1/users/me/messages/import?uploadType=resumable`,
      {
        method: 'POST',
        headers: {
          authorization: `Bearer ${token}`,
          'content-type': 'application/json',
          'x-upload-content-type': 'message/rfc822',
          'x-upload-content-length': String(message.length),
        },
        body: '{"labelIds": ["INBOX"]}',
      },
    )
    const session = started.headers.get('location') ?? ''
    const total = message.length
    /** Octets `from` to `to`, the latter excluded. */
    const put = (from: number, to: number): Promise<Response> =>
      fetch(session, {
        method: 'PUT',
        headers: { 'content-range': `bytes ${from}-${to - 1}/${total}` },
        redirect: 'manual',
        body: new Uint8Array(message.subarray(from, to)),
      })
    const ask = (): Promise<Response> =>
      fetch(session, { method: 'PUT', headers: { 'content-range': `bytes */${total}` }, redirect: 'manual' })
    const block = 256 * 1024

    assert.equal((await ask()).headers.get('range'), null)
    assert.match(await (await put(0, 100)).text(), /multiples of 262144/)
    const first = await put(0, block)
    assert.equal(first.status, 308)
    assert.equal(first.headers.get('range'), `bytes=0-${block - 1}`)
    assert.match(await (await put(2 * block, total)).text(), /exceeds already uploaded size of 262144/)

    server.faults.next('upload-session', presets.reset('mid-body', 1000))
    await assert.rejects(put(block, total))
    assert.equal((await ask()).headers.get('range'), `bytes=0-${block - 1}`)
    // From the beginning again: what has arrived is passed over.
    const last = await put(0, total)
    assert.equal(last.status, 200)
    assert.equal(server.messages()[0]?.sha256, sha256(message))
    assert.deepEqual(await last.json(), await (await ask()).json())
    server.resumable.expireAll(410)
    assert.equal((await ask()).status, 410)
  })
})
