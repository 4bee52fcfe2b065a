/** What V8 makes of its flags, asked of V8 itself. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const engine = fileURLToPath(new URL('../../src/base/engine.ts', import.meta.url))

/** Runs a script with the engine's functions in scope and returns what it gives back. */
function answerOf(script: string): unknown {
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [
      '--allow-natives-syntax',
      '--input-type=module',
      '-e',
      `
      const { keepSmall, withHaste, makeTidying } = await import(${JSON.stringify(engine)})
      // V8's own word: bits 5 and 6 are its optimising compilers (Maglev and TurboFan).
      const isOptimised = work => (%GetOptimizationStatus(work) & 96) !== 0
      // Each time another text, or V8 knows it again.
      let serial = 1
      const makeWork = () => new Function('count', 'let sum = 0; for (let i = 0; i < count; i += ' + serial++ + ') sum += i % 7; return sum')
      const endMs = performance.now() + 20_000
      const pause = ms => new Promise(resolve => setTimeout(resolve, ms))
      const heat = async (work, rounds, given = 1000) => {
        for (let round = 0; round < rounds && !isOptimised(work) && performance.now() < endMs; round += 1) {
          for (let call = 0; call < 100; call += 1) work(given)
          await pause(1)
        }
        return isOptimised(work)
      }
      console.log(JSON.stringify(await (async () => { ${script} })()))`,
    ],
    { encoding: 'utf8', timeout: 60_000 },
  )
  assert.notEqual(stdout, '', stderr)
  return JSON.parse(stdout)
}

describe('the engine', () => {
  test('optimises nothing in a process that is kept small, but while there is haste', () => {
    assert.deepEqual(
      answerOf(`
        const usual = await heat(makeWork(), 5000)
        keepSmall()
        const small = await heat(makeWork(), 300)
        const hasty = await withHaste(() => heat(makeWork(), 5000))
        const smallAgain = await heat(makeWork(), 300)
        return { usual, small, hasty, smallAgain }`),
      { usual: true, small: false, hasty: true, smallAgain: false },
    )
  })

  test('optimises nothing of Node in it either, whose functions know no limit', () => {
    assert.deepEqual(
      answerOf(`
        const { resolve, dirname } = await import('node:path')
        const usual = await heat(dirname, 5000, '/a/b')
        keepSmall()
        return { usual, small: await heat(resolve, 300, '/a/b') }`),
      { usual: true, small: false },
    )
  })

  test('gives back what a start has left behind once nothing has happened for a while, and once only', () => {
    assert.deepEqual(
      answerOf(`
        const leave = () => new WeakRef({ rest: new Array(1000).fill(0) })
        const tidying = makeTidying(50)
        const first = leave()
        tidying.happened()
        const keptAWhile = first.deref() !== undefined
        while (first.deref() !== undefined && performance.now() < endMs) await pause(20)
        const second = leave()
        tidying.happened()
        await pause(200)
        const isLeft = second.deref() !== undefined
        await withHaste(async () => {})
        tidying.happened()
        await pause(200)
        return { keptAWhile, isGone: first.deref() === undefined, isLeft, noHaste: second.deref() !== undefined }`),
      { keptAWhile: true, isGone: true, isLeft: true, noHaste: true },
    )
  })

  test('gives it back also where something happens all the time, as with many mailboxes', () => {
    assert.deepEqual(
      answerOf(`
        const left = new WeakRef({ rest: new Array(1000).fill(0) })
        const tidying = makeTidying(60_000, 100)
        while (left.deref() !== undefined && performance.now() < endMs) {
          tidying.happened()
          await pause(20)
        }
        tidying.stop()
        return { isGone: left.deref() === undefined }`),
      { isGone: true },
    )
  })
})
