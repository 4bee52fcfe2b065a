import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { leastScope, sendJson } from './scripted.ts'

test('two uploads of 100 MiB at once raise the memory by less than 64 MiB', async t => {
  const mebi = 1 << 20
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
  const child = fileURLToPath(new URL('./memory-child.ts', import.meta.url))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const out = await new Promise<string>((resolve, reject) =>
    execFile(process.execPath, [child, origin, String(100 * mebi)], (error, stdout) =>
      error === null ? resolve(stdout) : reject(error),
    ),
  )
  const { right, roseBy } = JSON.parse(out) as { right: boolean; roseBy: number }
  t.diagnostic(`memory rose by ${(roseBy / mebi).toFixed(1)} MiB`)
  assert.ok(right)
  assert.equal(got.filter(octets => octets > 100 * mebi).length, 2)
  assert.ok(roseBy < 64 * mebi, `${roseBy} octets`)
})
