/** The alert rules of the manual (docs/monitoring/alerts.yaml); that Prometheus takes them, machines.test.ts shows. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { exitCodes, faultKinds } from '../../src/base/fault.ts'

test('the rule on a sign-in knows every fault that only a new sign-in mends, and no other', () => {
  const rules = readFileSync(new URL('../../docs/monitoring/alerts.yaml', import.meta.url), 'utf8')
  const codes = new RegExp(`^(?:${/code=~"([^"]+)"/.exec(rules)?.[1]})$`)
  const kinds = Object.entries(faultKinds)
  const signIns = kinds.filter(([, { exit }]) => exit === exitCodes.signIn).map(([code]) => code)
  assert.ok(signIns.length > 10)
  assert.deepEqual(
    signIns.filter(code => !codes.test(code)),
    [],
  )
  const others = kinds.filter(([code, { exit }]) => exit !== exitCodes.signIn && !code.startsWith('secret.'))
  assert.deepEqual(
    others.map(([code]) => code).filter(code => codes.test(code)),
    [],
  )
})
