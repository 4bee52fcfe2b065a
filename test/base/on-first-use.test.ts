/** What a library loads at its start and hardly ever uses. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { withoutYet } from '../../src/base/on-first-use.ts'

interface Library {
  readonly greet: () => string
  readonly make: () => object
  readonly call: () => number
}

/** The code that TypeScript makes of `import x from`. */
const importDefault = 'mod => mod && mod.__esModule ? mod : { default: mod }'

test('a library waits on disk until it is used, and is then what it is', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'hikyaku-first-use-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const write = (name: string, text: string): Promise<void> => writeFile(join(folder, `${name}.cjs`), text)
  await write('words', "exports.hello = 'hello'")
  await write('shape', 'module.exports = class Shape { constructor(sides) { this.sides = sides } }')
  await write('sum', 'module.exports = (a, b) => a + b')
  await write(
    'library',
    `const load = ${importDefault}
    const words = require('./words.cjs'), shape = load(require('./shape.cjs')), sum = load(require('./sum.cjs'))
    module.exports = { greet: () => words.hello, make: () => new shape.default(3), call: () => sum.default(1, 2) }`,
  )
  const from = join(folder, 'library.cjs')
  const require = createRequire(from)
  const loaded = (): readonly string[] =>
    Object.keys(require.cache)
      .filter(path => path.startsWith(folder))
      .map(path => path.slice(folder.length + 1))

  const names = ['./words.cjs', './shape.cjs', './sum.cjs']
  const library = withoutYet(from, names, () => require('./library.cjs') as Library)
  assert.deepEqual(loaded(), ['library.cjs'])

  assert.equal(library.greet(), 'hello')
  assert.deepEqual(loaded(), ['library.cjs', 'words.cjs'])
  assert.equal(library.make().constructor, require('./shape.cjs'))
  assert.equal(library.call(), 3)
  // Whoever else asks for it has the library itself.
  assert.equal(require('./words.cjs').hello, 'hello')
})

test('one that is loaded already is not held back, and nothing is where the start fails', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'hikyaku-first-use-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  await writeFile(join(folder, 'words.cjs'), "exports.hello = 'hello'")
  const from = join(folder, 'library.cjs')
  const require = createRequire(from)
  assert.throws(
    () =>
      withoutYet(from, ['./words.cjs'], () => {
        throw new Error('no library')
      }),
    /no library/,
  )
  const words = require('./words.cjs')
  assert.deepEqual({ ...words }, { hello: 'hello' })
  assert.equal(
    withoutYet(from, ['./words.cjs'], () => require('./words.cjs')),
    words,
  )
})
