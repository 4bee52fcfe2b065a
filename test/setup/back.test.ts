/** One step back at every question: what is asked again, what is not done again, and what stays kept. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, beforeEach, describe, it } from 'node:test'
import { type Discovery, namesOf } from '../../src/discovery/discover.ts'
import { setupWords } from '../../src/setup/words.ts'
import { dovecotMissing } from '../servers/dovecot.ts'
import { requireServer } from '../servers/required.ts'
import { until } from '../servers/until.ts'
import { back, leave, type Person, person, type Script, setUpWith } from './person.ts'
import { address, owner, password, type SetupWorld, startSetupWorld } from './world.ts'

const skip = requireServer('dovecot', dovecotMissing())
const nothing: Discovery = {
  ...{ candidates: [], preset: undefined, evidence: undefined, unanswered: [] },
  names: namesOf('example.test'),
}

let world: SetupWorld
let discovered = 0
const discover = async (): Promise<Discovery> => {
  discovered += 1
  return nothing
}
const setupFile = () => join(world.stateDir, 'setup.json')
const readKept = async () => JSON.parse(await readFile(setupFile(), 'utf8'))

async function run(script: Script, language: 'en' | 'ja' = 'en'): Promise<Person> {
  const asker = person(script)
  const flags = { answers: { 'ca-file': world.dovecot.caFile } }
  await setUpWith(asker, { env: world.env, cwd: world.home }, flags, { discover }, language)
  return asker
}

const logins = async (): Promise<number> => (await world.dovecot.log()).split('Login: user=').length - 1

const server = (): Script => [
  ['provider', ''],
  ['protocol', ''],
  ['host', '127.0.0.1'],
  ['security', ''],
  ['port', String(world.dovecot.ports.imaps)],
  ['user', ''],
]

describe('one step back in the set-up', { skip }, () => {
  before(async () => {
    world = await startSetupWorld()
    await world.deliver('', 'one')
    await world.deliver('Orders', 'two')
  })
  after(() => world.stop())
  beforeEach(() => {
    discovered = 0
  })

  it('asks the question before once more, with its answer, and does nothing twice', async () => {
    const atStart = await logins()
    const asker = await run([
      ['address', address],
      ...server(),
      ['password-file', back],
      ['user', back],
      ['port', ''], // as it was
      ['user', back],
      ['port', back],
      ['security', back],
      ['host', back],
      ['protocol', back],
      ['provider', back],
      ['address', ''],
      ...server(),
      ['password-file', password],
      ['more-folders', '["Orders"]'],
      ['came-by', 'forwarding'],
      ['start-from', back],
      ['came-by', back],
      ['more-folders', ''],
      ['came-by', ''],
      ['start-from', 'date'],
      ['start-date', back],
      ['start-from', 'date'],
      ['start-date', '2020-01-01'],
      ['after-import', 'delete-after'],
      ['after-days', '9'],
      ['labels', 'shop'],
      ['archive', back],
      ['labels', ''],
      ['archive', 'yes'],
      ['gmail-account', owner],
      ['google-step-1', ''],
      ['google-step-2', back],
      ['google-step-1', ''],
      ['google-step-2', 'all'],
      ['client-file', back],
      ['google-step-2', 'all'],
      ['client-file', 'client.json'],
      ['google-consent', back],
      ['client-file', leave],
    ])
    assert.equal(discovered, 2, 'once for each answer to the address')
    // One that proves it, and one that counts what waits; the folders were chosen again, so they are counted again.
    // Dovecot's log is written by a process of its own.
    await until(async () => (await logins()) - atStart >= 3, 'the logins in the log')
    assert.equal((await logins()) - atStart, 3)
    assert.ok(asker.asked.includes(`labels: ${setupWords.en.change.label('shop')}`))
    const { answers, offered } = await readKept()
    assert.deepEqual(
      [answers.address, answers.labels, answers['after-days'], answers['more-folders'], answers.archive],
      [address, 'shop', '9', '["Orders"]', 'yes'],
    )
    assert.equal(offered['client-file'], 'client.json')
    assert.ok(!(await readFile(setupFile(), 'utf8')).includes(password))
  })

  it('keeps what was gone back over, as the usual answer of the next time', async () => {
    const asker = await run([
      ['resume', ''],
      ['password-file', password],
      ['client-file', leave],
    ])
    const told = asker.told.map(({ text }) => text).join('\n')
    assert.match(told, /127\.0\.0\.1$/m)
    // Steps that were done are not shown again, and choices are told by their labels.
    assert.doesNotMatch(told, /console\.cloud/)
    assert.ok(told.includes(`${setupWords.en.start.question} ${setupWords.en.start.date}`))
    await run([
      ['resume', ''],
      ['password-file', password],
      ['client-file', back],
      ['google-step-2', back],
      ['google-step-1', back],
      ['gmail-way', back],
      ['gmail-account', back],
      ['archive', leave],
    ])
    const { answers, offered } = await readKept()
    assert.equal(answers.archive, undefined)
    assert.deepEqual([offered.archive, offered['gmail-account']], ['yes', owner])
    await run([
      ['resume', ''],
      ['password-file', password],
      ['archive', ''],
      ['gmail-account', ''],
      ['google-step-1', leave],
    ])
    assert.deepEqual(
      [(await readKept()).answers.archive, (await readKept()).answers['gmail-account']],
      ['yes', owner],
    )
  })

  it('goes back from “begin again” without losing what was kept', async () => {
    const { answers } = await readKept()
    await run([
      ['resume', 'no'],
      ['address', back],
      ['resume', 'yes'],
      ['password-file', leave],
    ])
    assert.deepEqual((await readKept()).answers, answers)
  })

  it('offers nothing of another address, and of a changed server only what still fits', async () => {
    const asker = await run([
      ['resume', 'no'],
      ['address', address],
      ...server(),
      ['password-file', back],
      ['user', back],
      ['port', back],
      ['security', back],
      ['host', back],
      ['protocol', 'pop3'],
      ['host', '127.0.0.1'],
      ['security', ''],
      ['port', ''],
      ['user', back],
      ['port', back],
      ['security', back],
      ['host', back],
      ['protocol', back],
      ['provider', back],
      ['address', 'info@example.test'],
      ['provider', ''],
      ['protocol', leave],
    ])
    assert.equal(asker.complaints.length, 0)
    assert.deepEqual((await readKept()).answers, { address: 'info@example.test', provider: 'other' })
    assert.equal((await readKept()).offered, undefined)
  })

  it('keeps no password wherever it was typed before', async () => {
    const secret = 'pa@ss.word'
    const slipped = await run([
      ['resume', 'no'],
      ['address', secret],
      ['provider', back],
      ['address', address],
      ['provider', ''],
      ['protocol', ''],
      ['host', leave],
    ])
    assert.equal(slipped.complaints.length, 0)
    assert.ok(!(await readFile(setupFile(), 'utf8')).includes(secret))
    await run([
      ['resume', 'no'],
      ['address', secret],
      ['provider', leave],
    ])
    assert.ok(!existsSync(setupFile()) || !(await readFile(setupFile(), 'utf8')).includes(secret))
    // Gone on with, and known as the password afterwards.
    await run([
      ['resume', 'no'],
      ['address', secret],
      ...server(),
      ['password-file', secret],
      ['correct', leave],
    ])
    assert.ok(!(await readFile(setupFile(), 'utf8')).includes(secret))
    await run([
      ['resume', 'no'],
      ['address', address],
      ...server(),
      ['password-file', password],
      ['more-folders', ''],
      ['came-by', ''],
      ['start-from', ''],
      ['after-import', 'move'],
      ['move-folder', password],
      ['labels', password],
      ['archive', ''],
      ['gmail-account', owner],
      ['google-step-1', 'all'],
      ['client-file', 'hunter2'],
      ['client-file', leave],
    ])
    const kept = await readFile(setupFile(), 'utf8')
    for (const word of [password, 'hunter2']) assert.ok(!kept.includes(word), word)
  })
})
