import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startGmailImap } from '../servers/gmail-imap/gmail-imap-server.ts'
import { leastScope, sendJson } from './scripted.ts'

const mebi = 1 << 20

/** What the child says: whether all octets left, and by how much its memory rose. */
async function runChild(origin: string, octets: number): Promise<{ right: boolean; roseBy: number }> {
  const child = fileURLToPath(new URL('./memory-child.ts', import.meta.url))
  const out = await new Promise<string>((resolve, reject) =>
    execFile(process.execPath, [child, origin, String(octets)], (error, stdout) =>
      error === null ? resolve(stdout) : reject(error),
    ),
  )
  return JSON.parse(out)
}

test('two messages of 34 MiB at once by APPEND raise the memory by less than 48 MiB', async t => {
  const server = await startGmailImap()
  t.after(() => server.stop())
  const { right, roseBy } = await runChild(server.url, 34 * mebi - 100)
  t.diagnostic(`memory rose by ${(roseBy / mebi).toFixed(1)} MiB`)
  assert.ok(right)
  assert.equal(server.mail.messages.filter(({ octets }) => octets.length > 33 * mebi).length, 2)
  assert.ok(roseBy < 48 * mebi, `${roseBy} octets`)
})

test('two uploads of 100 MiB at once raise the memory by less than 64 MiB', async t => {
  const got: number[] = []
  const server = http.createServer((request, response) => {
    let octets = 0
    request.on('data', part => {
      octets += part.length
    })
    request.on('end', () => {
      got.push(octets)
      sendJson(response, 200, { access_token: 'ya29.1', expires_in: 3599, scope: leastScope, id: '18c' })
    })
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  t.after(() => {
    server.closeAllConnections()
    return new Promise(done => server.close(done))
  })
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const { right, roseBy } = await runChild(origin, 100 * mebi)
  t.diagnostic(`memory rose by ${(roseBy / mebi).toFixed(1)} MiB`)
  assert.ok(right)
  assert.equal(got.filter(octets => octets > 100 * mebi).length, 2)
  assert.ok(roseBy < 64 * mebi, `${roseBy} octets`)
})
