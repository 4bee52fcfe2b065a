/** Test files run beside one another: a port that one was given for its server must be nobody else's meanwhile. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { requireServer } from './required.ts'

const local = fileURLToPath(new URL('local.ts', import.meta.url))
const range = '/proc/sys/net/ipv4/ip_local_port_range'
const skip = requireServer('abstract sockets', process.platform === 'linux' || 'they are Linux\u2019s')

test('ports of two processes at once all differ, and the kernel gives none of them to anybody', {
  skip,
}, async () => {
  // Each holds what it got until the other one has its own, too.
  const script = `
    import { freePorts } from ${JSON.stringify(local)}
    console.log(JSON.stringify(await freePorts(400)))
    process.stdin.resume()`
  const started = [1, 2].map(() => {
    const running = promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script])
    const printed = new Promise<number[]>((resolve, reject) => {
      running.child.stdout?.once('data', line => resolve(JSON.parse(String(line))))
      running.catch(reject)
    })
    return { running, printed }
  })
  const [first = [], second = []] = await Promise.all(started.map(({ printed }) => printed))
  for (const { running } of started) running.child.stdin?.end()
  await Promise.all(started.map(({ running }) => running))
  assert.equal(new Set([...first, ...second]).size, 800)
  const lowest = Number.parseInt(readFileSync(range, 'utf8'), 10)
  assert.ok(Math.max(...first, ...second) < lowest)
})
