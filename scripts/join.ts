/**
 * Joins the files of the built program that short commands and a daemon load anyway into a few, by Rollup, since Node takes
 * 0.3 ms for each file that it looks up, reads and links, and `hikyaku status` asked for 210 of ours. What does not stand
 * behind `beginnings` stays a file of its own, loaded when it is asked for.
 */
import { readdir, rm } from 'node:fs/promises'
import { join, posix, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type ModuleJSON, type Plugin, type RollupCache, rollup } from 'rollup'

/** Where loading begins, by a name: files below dist/, without `.js`. */
export type Beginnings = Readonly<Record<string, readonly string[]>>

/** What every pull and a daemon of one mailbox load as they begin, behind an import() (src/bridge.ts, src/bridge/). */
const mailbox = [
  ...['bridge/held-mailbox', 'journal/early-logins', 'journal/lock', 'message/spool', 'source/ahead-room'],
  ...['pull/host-logins', 'pull/idle-memory', 'pull/logins', 'pull/patience', 'pull/steady-clock'],
  ...['pull/trials', 'pull/under-way', 'pull/upload-queue', 'vault/login-key'],
]

/**
 * Files behind the same of these come into one part. What src/cli.ts asks for before all else stays small; what stands
 * behind `start` is loaded by every command.
 */
const beginnings: Beginnings = {
  version: ['base/version'],
  engine: ['base/engine'],
  start: ['commands/program'],
  status: ['commands/status'],
  pull: ['commands/pull', ...mailbox],
  run: ['commands/run', ...mailbox],
  sqlite: ['journal/sqlite'],
  imap: ['source/imap'],
  pop3: ['source/pop3'],
  google: ['gmail/google'],
  verdicts: ['authentication/look', 'authentication/dns'],
}

/** What stands behind one of these, the first of them, comes into its part whatever else it stands behind. */
const foremost = ['version', 'engine', 'start']

/**
 * @param folder what the compiler wrote; changed in place
 * @returns how many files of JavaScript it holds then
 * @throws where Rollup has a doubt: a circle of files, one that is not there, a name that nobody exports
 */
export async function joinFiles(folder: string, begins: Beginnings = beginnings): Promise<number> {
  const paths = await readdir(folder, { recursive: true })
  const files = paths.filter(path => path.endsWith('.js')).map(path => join(folder, path))
  const fileOf = (name: string): string => join(folder, `${name}.js`)
  const nameOf = (file: string): string => relative(folder, file).split(sep).join('/').replace(/\.js$/, '')
  for (const name of Object.values(begins).flat())
    if (!files.includes(fileOf(name))) throw new Error(`there is no ${name} to be joined`)
  let parts: ReadonlyMap<string, string> = new Map()
  const read = (cache?: RollupCache) =>
    rollup({
      // What is an entry keeps a file of its own, with all that it exports.
      input: Object.fromEntries(files.filter(file => !parts.has(file)).map(file => [nameOf(file), file])),
      external: from => !/^[./]/.test(from),
      // Each file stays whole, as it was tested.
      treeshake: false,
      plugins: [makeReaddressing(nameOf)],
      onLog: (_level, log) => {
        throw new Error(log.message)
      },
      ...(cache && { cache }),
    })
  const whole = await read()
  parts = divide(whole.cache?.modules ?? [], begins, fileOf)
  await whole.close()
  const joined = await read(whole.cache)
  for (const file of files) await rm(file)
  const { output } = await joined.write({
    dir: folder,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: '[name].js',
    minifyInternalExports: false,
    hoistTransitiveImports: false,
    manualChunks: file => parts.get(file) ?? nameOf(file),
  })
  await joined.close()
  return output.length
}

/** @returns by file the part that it comes into; files that stand behind no beginning are not there */
function divide(
  modules: readonly ModuleJSON[],
  begins: Beginnings,
  fileOf: (name: string) => string,
): ReadonlyMap<string, string> {
  const needs = new Map(modules.map(({ id, dependencies }) => [id, dependencies]))
  const behind = new Map<string, Set<string>>()
  const walk = (file: string, beginning: string): void => {
    const names = behind.get(file) ?? new Set()
    if (names.has(beginning)) return
    behind.set(file, names.add(beginning))
    for (const needed of needs.get(file) ?? []) if (needs.has(needed)) walk(needed, beginning)
  }
  for (const [beginning, names] of Object.entries(begins))
    for (const name of names) walk(fileOf(name), beginning)
  const partOf = (names: ReadonlySet<string>): string =>
    `joined-${foremost.find(name => names.has(name)) ?? [...names].join('-')}`
  return new Map([...behind].map(([file, names]) => [file, partOf(names)]))
}

/** Some files find what stands beside them by their own address, which stays what it was. */
const makeReaddressing = (nameOf: (file: string) => string): Plugin => ({
  name: 'readdressing',
  resolveImportMeta(property, { chunkId, moduleId }) {
    const path = `${nameOf(moduleId)}.js`
    if (property !== 'url' || path === chunkId) return null
    const way = posix.relative(posix.dirname(chunkId), path)
    return `new URL('${way.startsWith('.') ? way : `./${way}`}', import.meta.url).href`
  },
  renderChunk: (code, { fileName }) =>
    fileName.startsWith('joined-') ? { code: inAscii(code), map: null } : null,
})

/** V8 keeps a text with one character beyond Latin-1 in two octets for each: a part with Japanese would be twice as large. */
function inAscii(code: string): string {
  if (/\\[^\0-\x7f]/.test(code)) throw new Error('a backslash before what is to be escaped cannot be joined')
  return code.replaceAll(/[^\0-\x7f]/g, unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  await joinFiles(fileURLToPath(new URL('../dist', import.meta.url)))
