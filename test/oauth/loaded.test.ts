/** What a daemon keeps in memory for a mailbox with access tokens: neither the library nor Node's fetch. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { keepOutput } from '../servers/local.ts'
import { settingsAt, startIdentity, user } from './tokens-for.ts'

const src = (file: string): string => new URL(`../../src/${file}`, import.meta.url).href

test('a token is asked for and renewed without the library and without fetch', async t => {
  const identity = await startIdentity(t)
  const settings = settingsAt(identity)
  const script = `
    const { systemClock } = await import('${src('base/clock.ts')}')
    const { makeOAuthTokens } = await import('${src('oauth/tokens.ts')}')
    let kept = ${JSON.stringify(identity.grantTo(user))}
    const refreshToken = { secret: { reveal: async () => kept }, replace: async value => { kept = value } }
    const settings = { ...${JSON.stringify(settings)}, grant: { kind: 'user', refreshToken } }
    const tokens = makeOAuthTokens({ settings, clock: systemClock })
    const signal = new AbortController().signal
    const first = await tokens.get(signal)
    const second = await tokens.get(signal, first)
    console.log(JSON.stringify({ differ: first !== second, loaded: process.moduleLoadList }))
    tokens.close()`
  const child = spawn(process.execPath, ['--no-warnings', '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
  })
  const output = keepOutput(child)
  await once(child, 'close')
  assert.notEqual(output.stdout(), '', output.stderr())
  const { differ, loaded } = JSON.parse(output.stdout()) as { differ: boolean; loaded: readonly string[] }
  assert.equal(differ, true)
  assert.ok(loaded.some(name => name.endsWith(' _http_client')))
  assert.deepEqual(
    loaded.filter(name => name.includes('undici')),
    [],
  )
})
