/**
 * The house of docs/architecture.md, read from the import lines of src/, types included. Who may import whom is the
 * one table below; what stands there is printed by the first test.
 */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { partOf, slowTests } from '../scripts/test-parts.ts'
import {
  circlesIn,
  files,
  type Import,
  imports,
  importsOf,
  linesOf,
  reachable,
  roomOf,
  root,
} from './imports.ts'

interface Room {
  readonly floor: number
  /** The rooms whose doors it may use; each stands on a floor below. */
  readonly uses: readonly string[]
  /** Files that every room above may import which uses this one. Left out: all of them. */
  readonly doors?: readonly string[]
  /** What makes the adapters, for the fuse box alone. */
  readonly adapters?: readonly string[]
}

const ground = ['base']
const shared = ['base', 'message']
const mailPath = ['base', 'message', 'locale', 'log', 'config', 'source', 'journal', 'gmail']

/** Who may import whom: a room the rooms that it uses, and of these the doors only. No room is exempt. */
const house: Readonly<Record<string, Room>> = {
  base: { floor: 1, uses: [] },
  message: { floor: 2, uses: ground },
  locale: { floor: 2, uses: ground },
  log: { floor: 3, uses: ['base', 'locale'], doors: ['log.ts'] },
  config: { floor: 3, uses: ground },
  vault: { floor: 3, uses: ground, doors: ['vault.ts', 'open-vault.ts', 'login-key.ts', 'environment.ts'] },
  source: { floor: 3, uses: shared, doors: ['source.ts', 'inspect.ts'], adapters: ['imap.ts', 'pop3.ts'] },
  journal: {
    floor: 3,
    uses: shared,
    doors: ['journal.ts', 'check.ts', 'replace.ts', 'salvage.ts', 'lock.ts'],
    adapters: ['sqlite.ts', 'look.ts'],
  },
  google: { floor: 3, uses: ground },
  discovery: { floor: 3, uses: ground, doors: ['discover.ts', 'presets.ts'] },
  authentication: {
    floor: 3,
    uses: shared,
    doors: ['authentication.ts', 'describe.ts', 'describe-summary.ts', 'summary.ts', 'words.ts'],
    adapters: ['look.ts', 'dns.ts'],
  },
  service: {
    floor: 3,
    uses: ground,
    doors: ['service.ts', 'manage.ts', 'machine.ts', 'notify.ts', 'words.ts'],
  },
  gmail: {
    floor: 4,
    uses: [...shared, 'google'],
    doors: ['gmail.ts', 'inspect.ts'],
    adapters: ['google.ts'],
  },
  pull: { floor: 5, uses: [...mailPath, 'discovery'] },
  bridge: {
    floor: 6,
    uses: [...mailPath, 'google', 'vault', 'discovery', 'authentication', 'service', 'pull'],
  },
  alerts: {
    floor: 6,
    uses: [...mailPath, 'pull'],
    doors: ['alerts.ts', 'liveness.ts', 'rules.ts', 'trouble-list.ts'],
  },
  proof: { floor: 6, uses: [...mailPath, 'pull'] },
  daemon: { floor: 7, uses: [...mailPath, 'pull', 'bridge', 'alerts'] },
  setup: { floor: 8, uses: [...mailPath, 'google', 'vault', 'discovery', 'service', 'pull', 'bridge'] },
  doctor: {
    floor: 8,
    uses: [...mailPath, 'google', 'vault', 'discovery', 'service', 'pull', 'bridge', 'alerts'],
  },
  commands: {
    floor: 9,
    uses: [
      ...mailPath,
      ...['google', 'vault', 'discovery', 'authentication', 'service', 'pull'],
      ...['bridge', 'alerts', 'proof', 'daemon', 'setup', 'doctor'],
    ],
    doors: ['program.ts'],
  },
  cli: { floor: 10, uses: ['base', 'commands'] },
}
const mostRooms = 24
const mostFloors = 10
const mostLines = 350

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
  '@googleapis/gmail': ['src/gmail/'],
  '@napi-rs/keyring': ['src/vault/'],
  mailauth: ['src/authentication/'],
  pino: ['src/log/log.ts'],
  yaml: ['src/config/'],
}

/** What reaches outside the process. */
const outside =
  /^node:(fs|fs\/promises|net|tls|http|https|http2|dns|dns\/promises|dgram|child_process|sqlite|worker_threads|cluster)$/

const breaches = (rule: (file: string, line: Import) => boolean): string[] =>
  files.flatMap(file =>
    (imports.get(file) ?? []).filter(line => rule(file, line)).map(line => `${file} imports ${line.of}`),
  )

/** Why a line breaks the table; undefined where it does not. */
function breachOf(file: string, of: string): string | undefined {
  const [here = '', there] = [roomOf(file), roomOf(of)]
  if (there === undefined || here === there) return undefined
  if (!house[here]?.uses.includes(there)) return 'uses no such room'
  const { doors, adapters = [] } = house[there] ?? {}
  const name = of.slice('src/'.length + there.length + 1)
  if (doors === undefined ? !adapters.includes(name) : doors.includes(name)) return undefined
  return here === 'bridge' && adapters.includes(name) ? undefined : 'not by a door'
}

const arrowsBetweenFiles = new Map(
  files.map(file => [file, (imports.get(file) ?? []).map(({ of }) => of).filter(of => imports.has(of))]),
)
const roomNames = [...new Set(files.map(file => roomOf(file) ?? ''))]
const filesOf = (room: string): string[] => files.filter(file => roomOf(file) === room)
const arrowsBetweenRooms = new Map(
  roomNames.map(room => [
    room,
    [
      ...new Set(
        filesOf(room)
          .flatMap(file => arrowsBetweenFiles.get(file) ?? [])
          .map(of => roomOf(of) ?? '')
          .filter(other => other !== room),
      ),
    ],
  ]),
)

/** The house as it stands, a line for each room. */
function describeHouse(): string[] {
  const rows = Object.entries(house).map(([room, { floor }]) => {
    const inside = filesOf(room)
    const sizes = inside.map(file => [linesOf(file), file] as const).sort(([a], [b]) => b - a)
    const [longest, name = ''] = sizes[0] ?? [0, '']
    const all = sizes.reduce((sum, [lines]) => sum + lines, 0)
    const numbers = [floor, inside.length, all, longest].map(number => String(number).padStart(6)).join('')
    return `${room.padEnd(14)}${numbers}  ${name.replace(/.*\//, '').padEnd(22)} ${(arrowsBetweenRooms.get(room) ?? []).sort().join(' ')}`
  })
  const arrows = [...arrowsBetweenRooms.values()].reduce((sum, to) => sum + to.length, 0)
  const lines = files.reduce((sum, file) => sum + linesOf(file), 0)
  return [
    'room           floor files lines  most  longest file           uses',
    ...rows,
    `${roomNames.length} rooms, ${new Set(Object.values(house).map(({ floor }) => floor)).size} floors, ${arrows} arrows, ` +
      `${circlesIn(arrowsBetweenRooms).length} circles of rooms, ${circlesIn(arrowsBetweenFiles).length} of files; ` +
      `${files.length} files, ${lines} lines, ${files.filter(file => linesOf(file) > mostLines).length} over ${mostLines}`,
  ]
}

/** Being mended: how many lines break the table, room by room. No figure here may grow, and the list goes. */
const knownBreaches: Readonly<Record<string, number>> = {
  'gmail -> config': 1,
  'google -> config': 2,
}
const knownCircles = 1
const knownLong = 4

describe('the house', () => {
  test('has a floor for each room, and each room uses rooms below it only', t => {
    for (const line of describeHouse()) t.diagnostic(line)
    assert.deepEqual(
      roomNames.filter(room => house[room] === undefined),
      [],
    )
    assert.deepEqual(
      Object.keys(house).filter(room => !roomNames.includes(room)),
      [],
    )
    assert.ok(roomNames.length <= mostRooms)
    for (const [room, { floor, uses, doors = [], adapters = [] }] of Object.entries(house)) {
      assert.ok(floor >= 1 && floor <= mostFloors)
      for (const other of uses) assert.ok((house[other]?.floor ?? floor) < floor, `${room} uses ${other}`)
      for (const door of [...doors, ...adapters])
        assert.ok(imports.has(`src/${room}/${door}`), `${room}/${door}`)
    }
  })

  test('the reader of import lines sees what bridge.ts wires together, and tells types from code', () => {
    const seen = imports.get('src/bridge.ts') ?? []
    assert.ok(seen.some(({ of, typeOnly }) => of === 'src/source/pop3.ts' && !typeOnly))
    assert.ok(seen.some(({ of, typeOnly }) => of === 'src/gmail/gmail.ts' && typeOnly))
    assert.deepEqual(
      importsOf(
        'src/a/b.ts',
        "const x = await import('../c.ts')\nimport './d.ts'\nlet y: import('../e.ts').Y\nexport type { Z } from './f.ts'\n",
      ),
      [
        { of: 'src/a/d.ts', typeOnly: false },
        { of: 'src/a/f.ts', typeOnly: true },
        { of: 'src/c.ts', typeOnly: false },
        { of: 'src/e.ts', typeOnly: true },
      ],
    )
    assert.deepEqual(
      circlesIn(
        new Map([
          ['a', ['b']],
          ['b', ['c', 'd']],
          ['c', ['a']],
          ['d', ['d']],
          ['e', ['a']],
        ]),
      ),
      [['a', 'b', 'c']],
    )
    for (const file of files)
      for (const { of } of imports.get(file) ?? [])
        assert.ok(!of.startsWith('src/') || existsSync(join(root, of)), `${file} imports ${of}, no such file`)
  })

  test('each room imports what the table lets it use, and by its doors only', t => {
    const found = new Map<string, string[]>()
    for (const file of files)
      for (const { of } of imports.get(file) ?? []) {
        const why = breachOf(file, of)
        if (why === undefined) continue
        const rooms = `${roomOf(file)} -> ${roomOf(of)}`
        t.diagnostic(`${file} imports ${of}: ${why}`)
        found.set(rooms, [...(found.get(rooms) ?? []), `${file} imports ${of}: ${why}`])
      }
    assert.deepEqual(
      [...found].filter(([rooms, lines]) => lines.length > (knownBreaches[rooms] ?? 0)),
      [],
    )
  })

  test('nothing goes round in a circle, neither rooms nor files', t => {
    const circles = [...circlesIn(arrowsBetweenRooms), ...circlesIn(arrowsBetweenFiles)]
    for (const circle of circles) t.diagnostic(`circle: ${circle.join(' ')}`)
    assert.ok(circles.length <= knownCircles, JSON.stringify(circles))
  })

  test(`no file of src/ is longer than ${mostLines} lines`, () => {
    const long = files.filter(file => linesOf(file) > mostLines)
    assert.ok(long.length <= knownLong, JSON.stringify(long))
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
            (outside.test(of) ||
              !/^(node:|src\/)/.test(of) ||
              (breachOf(file, of) ?? '') === 'not by a door'),
        ),
        [],
      )
    })
  }

  test('each outside thing is known in one place', () => {
    assert.deepEqual(
      breaches((file, { of, typeOnly }) => {
        if (typeOnly && /^node:(tls|https)$/.test(of)) return false
        const places = Object.entries(homes).find(([name]) => of === name || of.startsWith(`${name}/`))?.[1]
        if (places === undefined) return false
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
      ['src/source/certificate.ts', 'src/source/other-service.ts', 'src/source/secure.ts'],
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
