/**
 * Joins the files of the built program that short commands and a daemon load anyway into a few, since Node takes 0.3 ms
 * for each file that it looks up, reads and links, and `hikyaku status` asked for 210 of ours. What does not stand behind
 * `beginnings` stays a file of its own, loaded when it is asked for.
 *
 * It is no bundler: it knows what the compiler writes (an import a line, all of them first; `export` before a declaration)
 * and throws at anything else. Each file becomes a function of its own that gives its exports, called in the order in which
 * they need each other. No circle of files (test/house.test.ts), and nothing is exported that is set anew: so names are
 * bound once.
 */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

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

interface Import {
  /** Below dist/; or a name of a library or of Node. */
  readonly from: string
  readonly isOurs: boolean
  /** What is imported, `*` for all of it, and the name that it has here. */
  readonly names: readonly Pair[]
}

interface File {
  readonly path: string
  readonly imports: readonly Import[]
  /** What is exported, and the name that it has here. */
  readonly exports: readonly Pair[]
  /** Without imports and exports. */
  readonly body: string
}

type Pair = readonly [name: string, here: string]
type PartOf = ReadonlyMap<string, string>

/** @param folder what the compiler wrote; changed in place @returns how many files of JavaScript it holds then */
export async function joinFiles(folder: string, begins: Beginnings = beginnings): Promise<number> {
  const files = new Map<string, File>()
  for (const path of (await readdir(folder, { recursive: true })).sort())
    if (path.endsWith('.js')) files.set(path, readCompiled(path, await readFile(join(folder, path), 'utf8')))
  const parts = divide(files, begins)
  const partOf: PartOf = new Map([...parts].flatMap(([part, inIt]) => inIt.map(({ path }) => [path, part])))
  const texts = new Map<string, string>()
  for (const [part, inIt] of parts) texts.set(part, writePart(part, inIt, partOf))
  for (const file of files.values())
    if (partOf.has(file.path)) await rm(join(folder, file.path))
    else texts.set(file.path, writeAlone(file, partOf))
  for (const [path, text] of texts) await writeFile(join(folder, path), text)
  return texts.size
}

const importLine = /^import (?:(\w+)|\* as (\w+)|\{ ([\w, ]*?),? \}) from '([^']+)';$/
const givenOnLine = /^export \{ ([\w, ]*?),? \} from '(\.[^']+)';$/
const listLine = /^export \{ ?([\w, ]*?),? ?\};$/
const declarationLine = /^export (?=(?:const|class|(?:async )?function\*?) (?:(\w+)|\{ ([\w:, ]+) \}))/

/** @param list as `name, name as other, name: other` */
const readPairs = (list: string): readonly Pair[] =>
  list
    .split(/, */)
    .filter(name => name !== '')
    .map(name => {
      const [given = '', other = given] = name.split(/ as |: /)
      return [given, other]
    })

function readCompiled(path: string, text: string): File {
  const imports: Import[] = []
  const exports: Pair[] = []
  const body: string[] = []
  const refuse = (line: string): never => {
    throw new Error(`${path} cannot be joined to others: ${line.slice(0, 100)}`)
  }
  const bring = (from: string, names: readonly Pair[]): void => {
    const isOurs = from.startsWith('.')
    imports.push({ from: isOurs ? join(dirname(path), from) : from, isOurs, names })
  }
  for (const line of text.split('\n')) {
    const [isImport, whole, all, some = '', from = ''] = importLine.exec(line) ?? []
    const [isGivenOn, given = '', origin = ''] = givenOnLine.exec(line) ?? []
    const [isList, list = ''] = listLine.exec(line) ?? []
    const [isDeclaration, name, fields = ''] = declarationLine.exec(line) ?? []
    if (isImport !== undefined) {
      if (body.some(before => before !== '')) refuse(line)
      bring(from, whole ? [['default', whole]] : all ? [['*', all]] : readPairs(some))
    } else if (isGivenOn !== undefined) {
      const passed = readPairs(given).map(([its, ours]) => [its, ours, `${nameOf(path)}${its}`] as const)
      bring(
        origin,
        passed.map(([its, , here]) => [its, here]),
      )
      exports.push(...passed.map(([, ours, here]) => [ours, here] as const))
    } else if (isList !== undefined)
      exports.push(...readPairs(list).map(([here, ours]) => [ours, here] as const))
    else if (isDeclaration !== undefined) {
      const names = name === undefined ? readPairs(fields).map(([, here]) => here) : [name]
      exports.push(...names.map(here => [here, here] as const))
      body.push(line.slice('export '.length))
    } else if (/^(import|export)\b(?!\()/.test(line)) refuse(line)
    else body.push(line)
  }
  return { path, imports, exports, body: body.join('\n').trim() }
}

/** What stands behind one of these, the first of them, comes into its part whatever else it stands behind. */
const foremost = ['version', 'engine', 'start']

/** @returns by part its files, each behind all that it needs @throws where there is a circle, or no file to begin at */
function divide(files: ReadonlyMap<string, File>, begins: Beginnings): ReadonlyMap<string, readonly File[]> {
  const behind = new Map<File, string[]>()
  for (const [beginning, paths] of Object.entries(begins)) {
    const ready = new Map<string, boolean>()
    const walk = (path: string): void => {
      const file = files.get(path)
      if (file === undefined) throw new Error(`there is no ${path} to be joined`)
      if (ready.get(path) === false) throw new Error(`${path} needs itself`)
      if (ready.has(path)) return
      ready.set(path, false)
      for (const { from, isOurs } of file.imports) if (isOurs) walk(from)
      ready.set(path, true)
      behind.set(file, [...(behind.get(file) ?? []), beginning])
    }
    for (const path of paths) walk(`${path}.js`)
  }
  const parts = new Map<string, File[]>()
  for (const [file, names] of behind) {
    const part = `joined-${foremost.find(name => names.includes(name)) ?? names.join('-')}.js`
    parts.set(part, [...(parts.get(part) ?? []), file])
  }
  return parts
}

/** What a file exports, by one name in all parts: our files are kebab-case. */
const nameOf = (path: string): string =>
  `${path.replace(/\.js$/, '').replaceAll('-', '_').replaceAll(/\W/g, '$')}$`

function addressOf(path: string, from: string): string {
  const way = relative(dirname(from), path)
  return way.startsWith('.') ? way : `./${way}`
}

const writeImport = ([name, here]: Pair, from: string): string =>
  name === '*' ? `import * as ${here} from '${from}';` : `import { ${name} as ${here} } from '${from}';`

const writeTake = (names: readonly Pair[], file: string): readonly string[] =>
  names.map(([name, here]) => `const ${here} = ${name === '*' ? file : `${file}.${name}`};`)

/** What is imported when it is asked for; and where a file stands, by which some find what stands beside it. */
const readdress = ({ path, body }: File, into: string, partOf: PartOf): string =>
  body
    .replaceAll(/\bimport\('(\.[^']+)'\)/g, (_, from: string) => {
      const file = join(dirname(path), from)
      const part = partOf.get(file)
      return part === undefined
        ? `import('${addressOf(file, into)}')`
        : `import('${addressOf(part, into)}').then(part => part.${nameOf(file)})`
    })
    .replaceAll('import.meta.url', own =>
      into === path ? own : `new URL('${addressOf(path, into)}', import.meta.url).href`,
    )

function writePart(part: string, files: readonly File[], partOf: PartOf): string {
  const imports = new Set<string>()
  const functions = files.flatMap(file => {
    const takes = file.imports.flatMap(({ from, isOurs, names }) => {
      const its = nameOf(from)
      if (!isOurs)
        // By a name that hides nothing of what the other files of this part take from the language.
        return names.map(([name, here]) => {
          const brought = `${its}${name === '*' ? 'all' : name}`
          imports.add(writeImport([name, brought], from))
          return `const ${here} = ${brought};`
        })
      const other = partOf.get(from) ?? part
      if (other !== part) imports.add(writeImport([its, its], addressOf(other, part)))
      return writeTake(names, its)
    })
    const exported = file.exports.map(([name, here]) => `${name}: ${here}`).join(', ')
    return [
      `export const ${nameOf(file.path)} = (() => {`,
      ...takes,
      readdress(file, part, partOf),
      `return { ${exported} };\n})();`,
    ]
  })
  return `${inAscii([...imports, ...functions].join('\n'), part)}\n`
}

/** V8 keeps a text with one character beyond Latin-1 in two octets for each: a part with Japanese would be twice as large. */
function inAscii(text: string, part: string): string {
  if (/\\[^\0-\x7f]/.test(text)) throw new Error(`${part} has a backslash before what is to be escaped`)
  return text.replaceAll(/[^\0-\x7f]/g, unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** A file that is in no part and takes from some. */
function writeAlone(file: File, partOf: PartOf): string {
  const imports = new Set<string>()
  const takes = file.imports.flatMap(({ from, isOurs, names }) => {
    const part = partOf.get(from)
    const address = isOurs ? addressOf(part ?? from, file.path) : from
    if (part === undefined) {
      for (const pair of names) imports.add(writeImport(pair, address))
      return []
    }
    imports.add(writeImport([nameOf(from), nameOf(from)], address))
    return writeTake(names, nameOf(from))
  })
  const exported = file.exports.map(([name, here]) => `${here} as ${name}`).join(', ')
  const body = readdress(file, file.path, partOf)
  return `${[...imports, ...takes, body, `export { ${exported} };`].join('\n')}\n`
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  await joinFiles(fileURLToPath(new URL('../dist', import.meta.url)))
