import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gmailFor, never, sendJson, serve } from './scripted.ts'

test('a label that two messages ask for at the same time is made once', async t => {
  const made: string[] = []
  const api = await serve(t, ({ method, body }, response) => {
    if (method === 'GET') return sendJson(response, 200, { labels: [] })
    made.push(String((JSON.parse(String(body)) as { name: string }).name))
    return sendJson(response, 200, { id: `L${made.length}`, name: made.at(-1) })
  })
  const gmail = await gmailFor(t, { api: api.origin })
  const ids = await Promise.all([1, 2, 3].map(() => gmail.labelIds(['Shop'], never)))
  assert.deepEqual(ids, [['L1'], ['L1'], ['L1']])
  assert.deepEqual(made, ['Shop'])
})
