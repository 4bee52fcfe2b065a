/**
 * Ends from outside while innocent messages are in hand, as `npm run unclean` plays them at length: nobody is set aside, and no
 * suspect is left. What a message does at which the process dies is played by test/faults/poison.test.ts.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type DrillResult, drillDatabase, drillKills } from '../../scripts/unclean/drills.ts'
import { type Ground, openFleet, openMachine } from '../../scripts/unclean/ground.ts'
import { postgresMissing, startPostgres } from '../servers/postgres.ts'
import { requireServer } from '../servers/required.ts'

const skip = requireServer('postgresql', postgresMissing())
const storm = { blows: 2, messages: 32, seed: 2026, gapMs: [200, 500], answerMs: 50, awayMs: [0] } as const

describe('ends from outside', { concurrency: true }, () => {
  const play = async <G extends Ground>(
    ground: G,
    drill: (ground: G, how: typeof storm) => Promise<DrillResult>,
  ): Promise<DrillResult> => {
    try {
      const result = await drill(ground, storm)
      assert.deepEqual(result.complaints, [], result.lines.join('\n'))
      return result
    } finally {
      await ground.stop()
    }
  }

  it('on one machine, two kills during a burst, set nobody aside', async t => {
    const { lines } = await play(await openMachine(), drillKills)
    for (const line of lines) t.diagnostic(line)
    assert.match(lines[0] ?? '', /2 processes ended/)
  })

  it('of the database of a fleet end no process, and nobody is a suspect for it', { skip }, async t => {
    const postgres = await startPostgres()
    t.after(() => postgres.stop())
    const ground = await openFleet(postgres, { processes: 2, mailboxes: 4 })
    const { lines } = await play(ground, drillDatabase)
    for (const line of lines) t.diagnostic(line)
    assert.match(lines[0] ?? '', /0 processes ended/)
  })
})
