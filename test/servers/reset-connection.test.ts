/** What the stand-ins do to a connection leaves nothing that a process would wait for when it ends. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'

const module = new URL('reset-connection.ts', import.meta.url).href

for (const [name, before] of [
  ['that is open', ''],
  ['whose end is under way', 'socket.end();'],
] as const)
  test(`a connection ${name} is reset, and its process ends`, () => {
    const program = `
      import { connect, createServer } from 'node:net'
      import { resetConnection } from ${JSON.stringify(module)}
      const server = createServer(socket => {
        ${before}
        resetConnection(socket)
      }).listen(0, '127.0.0.1', () => {
        const client = connect(server.address().port, '127.0.0.1')
        client.on('error', () => {})
        client.on('close', () => { console.log('gone'); process.exit() })
        client.resume()
      })`
    const { stdout, signal } = spawnSync(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', program],
      { encoding: 'utf8', timeout: 20_000, killSignal: 'SIGKILL' },
    )
    assert.deepEqual([stdout, signal], ['gone\n', null])
  })
