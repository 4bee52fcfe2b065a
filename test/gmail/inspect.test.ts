import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import { inspectAccount } from '../../src/gmail/inspect.ts'
import {
  accountFor,
  endpointsFor,
  faultOf,
  leastScope,
  never,
  readScope,
  sendJson,
  serve,
  serveTokens,
} from './scripted.ts'

describe('an inspected account', () => {
  const inspect = async (t: TestContext, scope: string) => {
    const server = await serve(t, (seen, response) => {
      if (seen.path.endsWith('/profile')) return sendJson(response, 200, { emailAddress: 'a@example.com' })
      sendJson(response, 200, {
        labels: [
          { id: 'INBOX', name: 'INBOX', type: 'system' },
          { id: 'Label_1', name: 'work', type: 'user' },
        ],
      })
    })
    const endpoints = endpointsFor(server.origin, (await serveTokens(t, scope)).origin)
    return { server, options: { account: accountFor(), endpoints, clock: systemClock } }
  }

  test('tells its scopes and labels, and its address only where it may read', async t => {
    for (const [scope, address] of [
      [leastScope, undefined],
      [readScope, 'a@example.com'],
    ] as const) {
      const { server, options } = await inspect(t, scope)
      const inspected = await inspectAccount(options, never)
      assert.deepEqual(inspected.scopes, scope.split(' '))
      assert.deepEqual(
        [inspected.canInsert, inspected.canLabel, inspected.canRead],
        [true, true, address !== undefined],
      )
      assert.equal(inspected.address, address)
      assert.deepEqual(inspected.labels, ['work'])
      assert.ok(server.seen.every(({ method }) => method === 'GET'))
    }
  })

  test('that cannot be reached is a fault', async t => {
    const { options } = await inspect(t, leastScope)
    const endpoints = endpointsFor('http://127.0.0.1:1', options.endpoints.tokenUrl.replace('/token', ''))
    assert.equal((await faultOf(inspectAccount({ ...options, endpoints }, never))).code, 'gmail.unreachable')
  })
})
