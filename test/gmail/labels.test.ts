import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { gmailScopes } from '../../src/google/scopes.ts'
import {
  anImport,
  faultOf,
  gmailFor,
  messageOf,
  never,
  type Scripted,
  sendJson,
  serve,
  serveTokens,
} from './scripted.ts'

interface Label {
  readonly id: string
  readonly name: string
  readonly type?: string
}

/** users.labels.list and users.labels.create, over labels that a test may change. */
const serveLabels = (t: TestContext, labels: Label[]): Promise<Scripted> =>
  serve(t, (seen, response) => {
    if (seen.method === 'GET') return sendJson(response, 200, { labels })
    const { name } = JSON.parse(seen.body.toString()) as { name: string }
    if (name.startsWith('^')) return sendJson(response, 400, { error: { message: 'Invalid label name' } })
    if (labels.some(label => label.name.toLowerCase() === name.toLowerCase())) {
      return sendJson(response, 409, { error: { message: 'Label name exists or conflicts', code: 409 } })
    }
    const label = { id: `Label_${labels.length}`, name, type: 'user' }
    labels.push(label)
    sendJson(response, 200, label)
  })

const requests = (server: Scripted): string[] => server.seen.map(({ method, path }) => `${method} ${path}`)

describe('label ids', () => {
  test('of system labels are their names, and nobody is asked', async t => {
    const server = await serveLabels(t, [])
    const gmail = await gmailFor(t, { api: server.origin })
    const ids = await gmail.labelIds(['INBOX', 'unread', 'Spam', 'CATEGORY_UPDATES', 'INBOX'], never)
    assert.deepEqual(ids, ['INBOX', 'UNREAD', 'SPAM', 'CATEGORY_UPDATES'])
    assert.equal(server.seen.length, 0)
  })

  test('of known labels are found without regard to case, and remembered', async t => {
    const server = await serveLabels(t, [
      { id: 'Label_9', name: '仕事/Kunden' },
      { id: 'Label_8', name: '仕事' },
    ])
    const gmail = await gmailFor(t, { api: server.origin })
    assert.deepEqual(await gmail.labelIds(['仕事/KUNDEN'], never), ['Label_9'])
    assert.deepEqual(await gmail.labelIds(['仕事'], never), ['Label_8'])
    assert.deepEqual(requests(server), ['GET /gmail/v1/users/me/labels'])
  })

  test('of missing labels are made, parents first', async t => {
    const labels: Label[] = []
    const server = await serveLabels(t, labels)
    const gmail = await gmailFor(t, { api: server.origin })
    const ids = await gmail.labelIds(['a/b/c', 'a'], never)
    assert.deepEqual(
      labels.map(({ name }) => name),
      ['a', 'a/b', 'a/b/c'],
    )
    assert.deepEqual(ids, ['Label_2', 'Label_0'])
  })

  test('asked for by several at once make one label', async t => {
    const labels: Label[] = []
    const server = await serveLabels(t, labels)
    const gmail = await gmailFor(t, { api: server.origin })
    const all = await Promise.all([1, 2, 3].map(() => gmail.labelIds(['new'], never)))
    assert.deepEqual(all, [['Label_0'], ['Label_0'], ['Label_0']])
    assert.equal(labels.length, 1)
  })

  test('come from the list where somebody else made the label a moment ago', async t => {
    const labels: Label[] = []
    let raced = false
    const server = await serve(t, (seen, response) => {
      if (seen.method === 'GET') return sendJson(response, 200, { labels: raced ? labels : [] })
      raced = true
      labels.push({ id: 'Label_77', name: 'Raced' })
      sendJson(response, 409, { error: { code: 409, message: 'Label name exists or conflicts' } })
    })
    const gmail = await gmailFor(t, { api: server.origin })
    assert.deepEqual(await gmail.labelIds(['raced'], never), ['Label_77'])
  })

  test('are read anew after Gmail did not know one at an import', async t => {
    const labels = [{ id: 'Label_1', name: 'work' }]
    const server = await serve(t, (seen, response) => {
      if (seen.method === 'GET') return sendJson(response, 200, { labels })
      sendJson(response, 400, { error: { code: 400, message: 'Invalid label: Label_1' } })
    })
    const gmail = await gmailFor(t, { api: server.origin })
    const labelIds = await gmail.labelIds(['work'], never)
    labels[0] = { id: 'Label_2', name: 'work' }
    const fault = await faultOf(gmail.import(messageOf(Buffer.from('x')), anImport({ labelIds }), never))
    assert.deepEqual([fault.code, fault.scope, fault.retry], ['gmail.label', 'message', 'now'])
    assert.deepEqual(await gmail.labelIds(['work'], never), ['Label_2'])
  })

  test('of names that Gmail does not take are for the owner of the mailbox to mend', async t => {
    const server = await serveLabels(t, [])
    const gmail = await gmailFor(t, { api: server.origin })
    for (const name of ['^x', 'SENT', 'drafts']) {
      const fault = await faultOf(gmail.labelIds([name], never))
      assert.deepEqual(
        [fault.code, fault.scope, fault.retry, fault.facts.labels],
        ['gmail.label-refused', 'mailbox', 'owner', name],
      )
    }
  })

  test('of a name below another one that cannot be had are had all the same', async t => {
    const labels: Label[] = []
    const server = await serve(t, (seen, response) => {
      if (seen.method === 'GET') return sendJson(response, 200, { labels })
      const { name } = JSON.parse(seen.body.toString()) as { name: string }
      if (name === 'Muted')
        return sendJson(response, 400, { error: { code: 400, message: 'Invalid label name' } })
      sendJson(response, 200, { id: 'Label_5', name })
    })
    const gmail = await gmailFor(t, { api: server.origin })
    assert.deepEqual(await gmail.labelIds(['Muted/x'], never), ['Label_5'])
  })

  // What may be the account's after all is shown to be so by the import that follows (label-wishes.ts).
  for (const [status, reason, message, code] of [
    [400, 'invalidArgument', 'Invalid label name', 'gmail.label-refused'],
    [409, 'aborted', 'Label name exists or conflicts', 'gmail.label-refused'],
    [400, 'invalidArgument', 'Too many labels', 'gmail.label-refused'],
    [403, 'limitExceeded', 'Label limit exceeded', 'gmail.label-refused'],
    [403, 'forbidden', 'Not allowed', 'gmail.label-refused'],
    [404, 'notFound', 'Not Found', 'gmail.label-refused'],
    [400, 'failedPrecondition', 'Mail service not enabled', 'gmail.forbidden'],
    [403, 'accountDisabled', 'Account disabled', 'gmail.forbidden'],
    [403, 'accessNotConfigured', 'Gmail API has not been used', 'gmail.api-disabled'],
    [429, 'rateLimitExceeded', 'Too fast', 'gmail.rate-limited'],
    [403, 'userRateLimitExceeded', 'Too fast', 'gmail.rate-limited'],
    [503, 'backendError', 'Backend Error', 'gmail.server'],
  ] as const) {
    test(`refused with ${status} ${reason} "${message}" are ${code}, with Google's words`, async t => {
      const server = await serve(t, (seen, response) => {
        if (seen.method === 'GET') return sendJson(response, 200, { labels: [] })
        sendJson(response, status, { error: { code: status, message, errors: [{ reason, message }] } })
      })
      const gmail = await gmailFor(t, { api: server.origin })
      const fault = await faultOf(gmail.labelIds(['x'], never))
      assert.equal(fault.code, code)
      assert.equal(fault.facts.words, message)
    })
  }

  test('cannot be asked for without the scope, and a failure spoils no later look-up', async t => {
    const server = await serveLabels(t, [])
    const tokens = await serveTokens(t, gmailScopes.insert)
    const gmail = await gmailFor(t, { api: server.origin, tokens: tokens.origin })
    const { code, facts } = await faultOf(gmail.labelIds(['x'], never))
    assert.deepEqual([code, facts.scope], ['gmail.label-refused', 'gmail.labels'])
    assert.deepEqual(await gmail.labelIds(['INBOX'], never), ['INBOX'])
  })

  test('survive an abort of one who asked', async t => {
    const server = await serveLabels(t, [{ id: 'Label_1', name: 'x' }])
    const gmail = await gmailFor(t, { api: server.origin })
    const aborted = gmail.labelIds(['x'], AbortSignal.abort())
    await assert.rejects(aborted, { name: 'AbortError' })
    assert.deepEqual(await gmail.labelIds(['x'], never), ['Label_1'])
  })
})

test('a call is repeated once with a new token after a 401', async t => {
  const server = await serve(t, (seen, response) =>
    seen.headers.authorization === 'Bearer ya29.token-1'
      ? sendJson(response, 401, { error: { code: 401 } })
      : sendJson(response, 200, { labels: [{ id: 'Label_1', name: 'a' }] }),
  )
  const gmail = await gmailFor(t, { api: server.origin })
  assert.deepEqual(await gmail.labelIds(['a'], never), ['Label_1'])
  assert.equal(server.seen.length, 2)
})

test('a label that was made though the answer was lost, on a kept connection, is found and not made twice', async t => {
  const labels = [{ id: 'Label_1', name: 'a' }]
  const server = await serve(t, (seen, response) => {
    if (seen.method === 'GET') return sendJson(response, 200, { labels })
    if (labels.length > 1)
      return sendJson(response, 409, { error: { code: 409, message: 'Label name exists' } })
    labels.push({ id: 'Label_2', name: 'b' })
    response.socket?.destroy()
  })
  const gmail = await gmailFor(t, { api: server.origin })
  assert.deepEqual(await gmail.labelIds(['a', 'b'], never), ['Label_1', 'Label_2'])
  assert.deepEqual(
    server.seen.map(({ method }) => method),
    ['GET', 'POST', 'POST', 'GET'],
  )
})
