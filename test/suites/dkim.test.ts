/** Signed messages through our own verification, each held against what the RFCs ask of a verifier. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { examine, received } from '../authentication/world.ts'
import { makeDkimCases } from './dkim-cases.ts'
import { figures } from './figures.ts'

const cases = makeDkimCases()
/** A message's signatures are judged as of its arrival: now, as the other verifiers have it. */
const arrival = {
  helo: 'out.a.example',
  address: '203.0.113.5',
  sender: 'x@a.example',
  at: new Date().toUTCString(),
}

describe('DKIM, clause by clause', () => {
  test(`there are ${figures.dkim} messages, and no two of them have one name`, () => {
    assert.equal(cases.length, figures.dkim)
    assert.equal(new Set(cases.map(dkimCase => dkimCase.name)).size, cases.length)
  })

  test(`${figures.dkim} of them are right, and each is told as one signature`, async () => {
    const wrong: string[] = []
    for (const { name, clause, verdict, message, zone } of cases) {
      const { verified } = await examine(received(message, arrival), zone)
      const found =
        verified.state === 'done' ? verified.dkim.map(signature => signature.verdict) : [verified.state]
      if (found.join() !== verdict) wrong.push(`${clause}: ${name}: ${found}, not ${verdict}`)
    }
    assert.deepEqual(wrong, [])
  })
})
