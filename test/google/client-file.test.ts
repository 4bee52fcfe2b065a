import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { Fault } from '../../src/base/fault.ts'
import { parseClientJson, readClientFile } from '../../src/google/client-file.ts'

const id = '1234-abc.apps.googleusercontent.com'
const file = (kind: string, more: object = {}): string =>
  JSON.stringify({ [kind]: { client_id: id, client_secret: 'GOCSPX-x', ...more } })

describe('the downloaded client file', () => {
  it('gives id and secret of a desktop client, also behind a byte order mark', () => {
    assert.deepEqual(parseClientJson(file('installed')), { id, secret: 'GOCSPX-x' })
    assert.deepEqual(parseClientJson(`\uFEFF${file('installed')}`), { id, secret: 'GOCSPX-x' })
  })

  it('tells the wrong kinds apart', () => {
    const cases: readonly (readonly [string, string])[] = [
      [file('web'), 'web-client'],
      ['{"type":"service_account","private_key":"k","client_email":"e"}', 'service-account'],
      ['{"type":"authorized_user","refresh_token":"r"}', 'authorized-user'],
      [file('installed', { client_id: 'me@gmail.com' }), 'not-a-client'],
      [file('installed', { client_secret: undefined }), 'no-secret'],
      ['<html>sign in</html>', 'not-json'],
      ['[]', 'not-a-client'],
      ['null', 'not-a-client'],
      ['{}', 'not-a-client'],
    ]
    for (const [text, reason] of cases) assert.equal(parseClientJson(text), reason)
  })

  it('never puts what it read into the fault', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hikyaku-client-'))
    try {
      const path = join(folder, 'client.json')
      await writeFile(path, '{"installed": {"client_secret": "GOCSPX-secret", ')
      const thrown = await readClientFile(path).catch((error: unknown) => error)
      assert.ok(thrown instanceof Fault && thrown.code === 'gmail.client-invalid')
      assert.deepEqual(thrown.facts, { file: path, reason: 'not-json' })
      assert.equal(thrown.cause, undefined)
      const reasonOf = (error: unknown): unknown => error instanceof Fault && error.facts.reason
      assert.equal(
        reasonOf(await readClientFile(join(folder, 'no')).catch((error: unknown) => error)),
        'not-found',
      )
      assert.equal(reasonOf(await readClientFile(folder).catch((error: unknown) => error)), 'folder')
      const tooLong = join(folder, 'n'.repeat(300))
      assert.equal(reasonOf(await readClientFile(tooLong).catch((error: unknown) => error)), 'unreadable')
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})
