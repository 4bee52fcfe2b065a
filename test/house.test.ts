/**
 * The house rules of docs/architecture.md, read from the import lines of src/: rooms know nothing of each other,
 * the corridor does no I/O, and only the fuse box names concrete adapters.
 */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { partOf, slowTests } from '../scripts/test-parts.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

interface Import {
  /** Path from the repository's root for our own files, else the package or node module. */
  readonly of: string
  /** `import type`: gone when the program runs. */
  readonly typeOnly: boolean
}

/** Each room with its port, the one file of it that others may know. */
const rooms: Readonly<Record<string, string>> = {
  source: 'src/source/source.ts',
  journal: 'src/journal/journal.ts',
  gmail: 'src/gmail/gmail.ts',
  vault: 'src/vault/vault.ts',
  authentication: 'src/authentication/authentication.ts',
  service: 'src/service/service.ts',
}

/** Outside things, and the only places that may know them. */
const homes: Readonly<Record<string, readonly string[]>> = {
  'node:sqlite': ['src/journal/', 'src/base/sqlite-file.ts'],
  'node:net': [
    'src/base/',
    'src/config/',
    'src/service/',
    'src/source/',
    'src/gmail/',
    'src/google/',
    'src/authentication/',
    'src/discovery/',
  ],
  'node:tls': ['src/base/tls.ts'],
  'node:https': ['src/base/tls.ts'],
  imapflow: ['src/source/'],
  'google-auth-library': ['src/google/'],
  '@napi-rs/keyring': ['src/vault/'],
  mailauth: ['src/authentication/'],
  pino: ['src/log/log.ts'],
  zod: ['src/config/'],
  yaml: ['src/config/'],
}

/** What reaches outside the process. */
const outside =
  /^node:(fs|fs\/promises|net|tls|http|https|http2|dns|dns\/promises|dgram|child_process|sqlite|worker_threads|cluster)$/

const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter(name => name.endsWith('.ts'))
  .map(name => join('src', name))
  .sort()
const imports = new Map(files.map(file => [file, importsOf(file, readFileSync(join(root, file), 'utf8'))]))

function importsOf(file: string, text: string): Import[] {
  const code = text.replace(/^\s*(\/\*[\s\S]*?\*\/|\/\/.*)$/gm, '')
  const fixed = [
    ...code.matchAll(/^\s*(?:import|export)\s+(type\s+)?(?:[\w$*{}\s,]+?\s+from\s+)?'([^']+)'/gm),
  ].map(([, type, of = '']) => ({ of: resolved(file, of), typeOnly: type !== undefined }))
  const late = [...code.matchAll(/\bimport\(\s*'([^']+)'\s*\)(?!\.\w)/g)].map(([, of = '']) => ({
    of: resolved(file, of),
    typeOnly: false,
  }))
  return [...fixed, ...late]
}

function resolved(file: string, of: string): string {
  return of.startsWith('.') ? normalize(join(dirname(file), of)) : of
}

const roomOf = (path: string): string | undefined => {
  const [, folder = ''] = path.split('/')
  return path.split('/').length > 2 && folder in rooms ? folder : undefined
}

/** Every file that runs when `entry` is imported, by static and late imports. */
function reachable(entry: string): string[] {
  const seen = new Set<string>()
  const walk = (file: string): void => {
    if (seen.has(file)) return
    seen.add(file)
    for (const { of, typeOnly } of imports.get(file) ?? []) if (!typeOnly && imports.has(of)) walk(of)
  }
  walk(entry)
  return [...seen].sort()
}

const breaches = (rule: (file: string, one: Import) => boolean): string[] =>
  files.flatMap(file =>
    (imports.get(file) ?? []).filter(one => rule(file, one)).map(one => `${file} imports ${one.of}`),
  )

describe('the house', () => {
  test('the reader of import lines sees what bridge.ts wires together, and tells types from code', () => {
    const seen = imports.get('src/bridge.ts') ?? []
    assert.ok(seen.some(one => one.of === 'src/source/pop3.ts' && !one.typeOnly))
    assert.ok(seen.some(one => one.of === rooms.gmail && one.typeOnly))
    assert.deepEqual(importsOf('src/a/b.ts', "const x = await import('../c.ts')\nimport './d.ts'\n"), [
      { of: 'src/a/d.ts', typeOnly: false },
      { of: 'src/c.ts', typeOnly: false },
    ])
    for (const file of files)
      for (const { of } of imports.get(file) ?? [])
        assert.ok(!of.startsWith('src/') || existsSync(join(root, of)), `${file} imports ${of}, no such file`)
  })

  test('a room imports no other room, but for the vault’s port, which gives every room its secrets', () => {
    assert.deepEqual(
      breaches((file, { of }) => {
        const [here, there] = [roomOf(file), roomOf(of)]
        return here !== undefined && there !== undefined && here !== there && of !== rooms.vault
      }),
      [],
    )
  })

  test('a room imports neither the corridor nor the commands nor the fuse box', () => {
    const corridor = files.filter(file => file.startsWith('src/pull/'))
    assert.ok(corridor.includes('src/pull/pull.ts'))
    assert.deepEqual(
      breaches(
        (file, { of }) =>
          roomOf(file) !== undefined &&
          (corridor.includes(of) || of.startsWith('src/commands/') || of === 'src/bridge.ts'),
      ),
      [],
    )
  })

  for (const entry of ['src/pull/pull.ts', 'src/pull/attempt.ts', 'src/proof/dry-run.ts']) {
    test(`${entry} and all that it runs does no I/O of its own and knows rooms by their ports only`, () => {
      const all = reachable(entry)
      assert.ok(imports.has(entry))
      assert.deepEqual(
        breaches(
          (file, { of, typeOnly }) =>
            all.includes(file) &&
            !typeOnly &&
            (outside.test(of) || !/^(node:|src\/)/.test(of) || isInnerFile(of)),
        ),
        [],
      )
    })
  }

  test('only bridge.ts, the commands and set-up name concrete adapters', () => {
    assert.deepEqual(
      breaches(
        (file, { of }) =>
          isInnerFile(of) &&
          roomOf(file) !== roomOf(of) &&
          file !== 'src/bridge.ts' &&
          !/^src\/(commands|setup|doctor)\//.test(file) &&
          // Configuration reads secrets' files by the vault's rules.
          !(file.startsWith('src/config/') && of === 'src/base/private-file.ts'),
      ),
      [],
    )
  })

  test('each outside thing is known in one place', () => {
    assert.deepEqual(
      breaches((file, { of, typeOnly }) => {
        if (typeOnly && /^node:(tls|https)$/.test(of)) return false
        const places = Object.entries(homes).find(([name]) => of === name || of.startsWith(`${name}/`))?.[1]
        if (places === undefined || /^src\/(commands|setup|doctor)\//.test(file)) return false
        return !places.some(place => file.startsWith(place))
      }),
      [],
    )
  })

  test('TLS is spoken in one place only, where verification and version are settled', () => {
    // In words that stand for a way round src/base/tls.ts, in whatever room, the commands included.
    const roundabout =
      /\bfetch\(|\bhttps\.(request|get|Agent)\b|\btls\.(connect|TLSSocket|createSecureContext)\b|rejectUnauthorized|checkServerIdentity|secureContext|env\.NODE_TLS_REJECT_UNAUTHORIZED *=[^=]/
    const others = files.filter(file => file !== 'src/base/tls.ts')
    assert.match(readFileSync(join(root, 'src/base/tls.ts'), 'utf8'), roundabout)
    assert.deepEqual(
      others.filter(file => roundabout.test(readFileSync(join(root, file), 'utf8'))),
      [],
    )
    assert.deepEqual(
      breaches(
        (file, { of, typeOnly }) =>
          file !== 'src/base/tls.ts' && !typeOnly && /^(node:)?(tls|https|http2)$|^undici$/.test(of),
      ),
      [],
    )
    // Who may look at a certificate that nobody vouches for.
    assert.deepEqual(
      others.filter(file => /\bconnectUnverified\b/.test(readFileSync(join(root, file), 'utf8'))),
      ['src/doctor/certificate.ts', 'src/source/other-service.ts', 'src/source/secure.ts'],
    )
  })

  test('what src/ imports from npm stands in the dependencies, and nothing else does', () => {
    const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>
    }
    const used = new Set<string>()
    for (const all of imports.values())
      for (const { of } of all)
        if (!/^(node:|src\/|package\.json)/.test(of)) used.add(/^(@[^/]+\/)?[^/]+/.exec(of)?.[0] ?? of)
    const { '@clack/prompts': _prompts, ...others } = dependencies
    assert.deepEqual(
      [...used].filter(name => dependencies[name] === undefined),
      [],
    )
    assert.deepEqual(
      Object.keys(others).filter(name => !used.has(name)),
      [],
    )
  })

  test('whoever makes certificates says that openssl is needed', () => {
    const files = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
    const careless = files.filter(name => {
      const text = name.endsWith('.test.ts') ? readFileSync(join(root, 'test', name), 'utf8') : ''
      return text.includes('makeCertificates(') && !text.includes('needsOpenssl()')
    })
    assert.deepEqual(careless, [])
  })

  test('each entry of the slow part of the tests names a test file or a folder of some', () => {
    const files = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
      .filter(name => name.endsWith('.test.ts'))
      .map(name => `test/${name}`)
    const idle = slowTests.filter(
      entry => !files.some(file => (entry.endsWith('/') ? file.startsWith(entry) : file === entry)),
    )
    assert.deepEqual(idle, [])
    for (const part of ['quick', 'slow'])
      assert.ok(
        files.some(file => partOf(file) === part),
        `no test is ${part}`,
      )
  })
})

/** A file of a room that is not its port. */
function isInnerFile(path: string): boolean {
  const room = roomOf(path)
  return room !== undefined && path !== rooms[room]
}
