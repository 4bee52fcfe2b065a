/** How the built program is joined into few files (scripts/join.ts): it does what the files do, and is loaded as few. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Beginnings, joinFiles } from '../scripts/join.ts'
import { startWorld } from './servers/world.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = await mkdtemp(join(tmpdir(), 'hikyaku-test-join-'))
after(() => rm(folder, { recursive: true, force: true }))

/** Files as the compiler writes them, by their paths. */
async function place(files: Readonly<Record<string, string>>): Promise<string> {
  const dist = await mkdtemp(join(folder, 'dist-'))
  await writeFile(join(dist, 'package.json'), '{"type":"module"}')
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(dist, path)), { recursive: true })
    await writeFile(join(dist, path), text)
  }
  return dist
}

const run = (file: string): string =>
  execFileSync(process.execPath, [file], { encoding: 'utf8', timeout: 60_000 })

/** Every form of import and export that the compiler writes of our sources. */
const forms = {
  'cli.js': `const { tell } = await import('./verbs/tell.js');
const { alone } = await import('./alone.js');
console.log(JSON.stringify([...tell(), await alone()]));
`,
  'verbs/tell.js': `import { join as glue } from 'node:path';
import events from 'node:events';
import { once } from 'node:events';
import { one, other as second, Third, } from '../base/values.js';
import * as all from '../base/values.js';
import { given, renamed } from '../base/given-on.js';
import { setTimeout } from 'node:timers/promises';
const name = 'tell';
export function tell() {
    return [name, glue('a', 'b'), events.once === once, one, second(), new Third().name, all.one, given, renamed,
        setTimeout.length, all.own(), all.a, all.b];
}
`,
  'base/values.js': `const name = 'values';
export const one = name;
export async function* unused() { }
export function other() { return 'other'; }
export class Third { name = Third.name; }
export const { a, long: b } = { a: 1, long: 2 };
const hidden = () => setTimeout === globalThis.setTimeout;
export { hidden as own };
`,
  'base/given-on.js': `export { one as given, Third } from './values.js';
export const renamed = ['飛脚', '🏣', /^[あ-ん🏣]$/u.test('🏣'), import.meta.url, typeof Third];
`,
  'alone.js': `import { given as mine } from './base/given-on.js';
import { readFileSync } from 'node:fs';
export const alone = async () => [mine, typeof readFileSync, (await import('./base/values.js')).one, import.meta.url];
export {};
`,
}

const ofForms: Beginnings = { start: ['verbs/tell'], given: ['base/given-on'] }

describe('the files of the program, joined', () => {
  test('give the same as each by itself, in every form of import and export', async () => {
    const dist = await place(forms)
    const before = run(join(dist, 'cli.js'))
    assert.equal(await joinFiles(dist, ofForms), 3)
    const left = (await readdir(dist, { recursive: true })).filter(path => path.endsWith('.js'))
    assert.deepEqual(left.sort(), ['alone.js', 'cli.js', 'joined-start.js'])
    // V8 would keep each character of it in two octets.
    assert.match(await readFile(join(dist, 'joined-start.js'), 'latin1'), /^[\0-\x7f]+$/)
    assert.equal(run(join(dist, 'cli.js')), before)
    assert.match(
      before,
      /^\["tell","a\/b",true,"values","other","Third","values","values",\["飛脚","🏣",true,"file:/,
    )
  })

  test('come into one part where they are needed together, and are loaded where they are needed', async () => {
    const dist = await place({
      'cli.js': `const { left } = await import('./left.js');
if (process.argv.includes('right')) await import('./right.js');
console.log(left, globalThis.loaded);
`,
      'left.js': `import { both } from './both.js';\nexport const left = both;\n`,
      'right.js': `import { both } from './both.js';\nexport const right = both;\nglobalThis.loaded = 'right';\n`,
      'both.js': `export const both = 'both';\n`,
    })
    assert.equal(await joinFiles(dist, { left: ['left'], right: ['right'] }), 4)
    assert.equal(run(join(dist, 'cli.js')), 'both undefined\n')
  })

  for (const [what, files] of Object.entries({
    'a file that is not there': { 'a.js': `import { b } from './b.js';\nb();\n` },
    'a name that nobody exports': { 'a.js': `import { b } from './b.js';\nb();\n`, 'b.js': '' },
    'a circle': {
      'a.js': `import { b } from './b.js';\nexport const a = b;\n`,
      'b.js': `import { a } from './a.js';\nexport const b = () => a;\n`,
    },
    'a backslash before Japanese': { 'cli.js': `import('./a.js');\n`, 'a.js': `export const a = '\\飛';\n` },
    'no file where loading is to begin': { 'b.js': '' },
  }))
    test(`are refused by the build where one has ${what}`, async () => {
      const dist = await place(files)
      await assert.rejects(
        joinFiles(dist, { start: ['a'] }),
        /Could not resolve|is not exported|Circular|backslash|no a to be joined/,
      )
    })
})

/** Says at its end which files of ours were loaded. */
const tellFiles = `data:text/javascript,${encodeURIComponent(
  `import { registerHooks } from 'node:module'
  const files = []
  registerHooks({ load(url, context, next) {
    if (url.includes('/dist/') && !url.includes('/node_modules/')) files.push(url.split('/dist/')[1])
    return next(url, context)
  } })
  process.on('exit', () => process._rawDebug('files ' + files.join(' ')))`,
)}`

describe('the built program', () => {
  /** As `npm run build` makes it. */
  const dist = join(folder, 'program', 'dist')
  before(async () => {
    const tsc = join(root, 'node_modules/.bin/tsc')
    execFileSync(tsc, ['-p', join(root, 'tsconfig.build.json'), '--outDir', dist], { timeout: 120_000 })
    await joinFiles(dist)
    await cp(join(root, 'package.json'), join(folder, 'program', 'package.json'))
    await symlink(join(root, 'node_modules'), join(folder, 'program', 'node_modules'))
  })

  test('has no file that cannot be loaded', async () => {
    const files = (await readdir(dist, { recursive: true })).filter(
      path => path.endsWith('.js') && !/(^cli|-process|-child)\.js$/.test(path),
    )
    const script = `for (const file of ${JSON.stringify(files.map(file => join(dist, file)))})
      await import(file).catch(error => console.log(file, error.message))`
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
      timeout: 120_000,
    })
    assert.equal(stdout + stderr, '')
  })

  test('loads a few files for a short command', async t => {
    const world = await startWorld({ protocol: 'imap', cli: join(dist, 'cli.js') })
    t.after(() => world.stop())
    // They were 361 and 210, and Node takes 0.3 ms for each.
    for (const [command, most] of [
      ['pull', 25],
      ['status', 16],
      ['--version', 2],
    ] as const) {
      const { code, stderr } = await world.start([command], { nodeArgs: ['--import', tellFiles] }).ended
      assert.equal(code, 0, stderr)
      const files = /^files (.+)$/m.exec(stderr)?.[1]?.split(' ') ?? []
      assert.ok(files.length > 0 && files.length <= most, `${command}: ${files.length} files\n${stderr}`)
      // It asks nobody for settings, and answers before Node would have read the rest.
      if (command === '--version') assert.deepEqual(files, ['cli.js', 'joined-version.js'])
    }
  })
})
