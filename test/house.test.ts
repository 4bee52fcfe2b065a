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
  textOf,
} from './imports.ts'

interface Room {
  readonly floor: number
  /** The rooms whose doors it uses; each stands on a floor below. */
  readonly uses: string
  /** Files that every room above may import which uses this one. */
  readonly doors: string
  /** What the fuse box alone puts into place: the adapters behind a port, and what pulls remember. */
  readonly wired?: string
}

/** Who may import whom: a room the rooms that it uses, and of these the doors only. No room is exempt. */
const house: Readonly<Record<string, Room>> = {
  base: { floor: 1, uses: '', doors: '*' },
  message: {
    floor: 2,
    uses: 'base',
    doors: 'message spool header about evidence read-back copy-record',
  },
  locale: {
    floor: 2,
    uses: 'base',
    doors: 'locale format reasons problems trouble-words pause-words worker-words fleet-notice-words',
  },
  log: { floor: 3, uses: 'base locale', doors: 'log' },
  config: {
    floor: 3,
    uses: 'base',
    doors:
      'config mail-credential load load-oauth load-paths language destinations settings in-force place readers mail-readers writers edit-yaml ' +
      'usual-mailbox setting-places in-force-words load-member load-program shared-sources',
  },
  vault: { floor: 3, uses: 'base', doors: 'open-vault login-key aes-gcm sealed-key destination' },
  source: {
    floor: 3,
    uses: 'base message',
    doors: 'source inspect imap-store open-sockets',
    wired: 'imap pop3 imap-listening ahead-room',
  },
  journal: {
    floor: 3,
    uses: 'base message',
    doors:
      'journal sql lock check salvage replace adopted file moving/open-file moving/list-paused postgres/holds postgres/adoption postgres/departure postgres/budget postgres/place postgres/postgres postgres/rename-mailbox postgres/roles postgres/operators postgres/hand-back columns',
    wired: 'sqlite look early-logins',
  },
  rules: { floor: 3, uses: 'base message', doors: 'rule rule-book outcome correspondents' },
  google: {
    floor: 3,
    uses: 'base',
    doors:
      'settings identity scopes token framed client-file consent consent-exchange open-browser error-model ' +
      'unanswered scrub token-request loopback-redirect',
  },
  discovery: { floor: 3, uses: 'base', doors: 'discover presets' },
  authentication: {
    floor: 3,
    uses: 'base message',
    doors: 'authentication describe learn summary describe-summary words',
    wired: 'look dns',
  },
  service: { floor: 3, uses: 'base', doors: 'service machine manage installed notify words' },
  oauth: { floor: 4, uses: 'base google', doors: 'tokens device redirect token-answer' },
  fleet: {
    floor: 4,
    uses: 'base config vault journal',
    doors:
      'adopt directory keep-holds fleet-key fleet-look leave limits login-key names notice-books open-fleet settings shared-clock',
  },
  gmail: {
    floor: 4,
    uses: 'base message google source',
    doors: 'gmail inspect append/inspect',
    wired: 'google append/append',
  },
  pull: {
    floor: 5,
    uses: 'base message log config source journal gmail discovery rules',
    doors:
      'context count attempt destination paused logins host-logins login-memory patience idle-memory watch-memory owner-acted read-facts rule-wishes wish',
    wired: 'steady-clock under-way trials upload-queue host-turns',
  },
  bridge: {
    floor: 6,
    uses: 'base message log config vault source journal gmail oauth authentication fleet pull',
    doors: '*',
  },
  alerts: {
    floor: 6,
    uses: 'base message locale log config journal gmail pull',
    doors: 'alerts attendance rules trouble-list liveness fleet-alerts',
  },
  proof: {
    floor: 6,
    uses: 'base message config source journal gmail pull',
    doors: 'compare rebuild dry-run read-faces',
  },
  status: {
    floor: 7,
    uses: 'base locale config journal authentication pull alerts',
    doors: 'mailbox-status standing say-verdict watch-view forwarding',
  },
  web: {
    floor: 8,
    uses: 'base message locale log config journal authentication pull alerts status setup',
    doors:
      'dashboard link ask-proof words machines worker-machines set-up-listener setup/set-ups setup/words',
  },
  daemon: { floor: 7, uses: 'base pull bridge', doors: '*' },
  worker: { floor: 8, uses: 'base journal fleet bridge daemon', doors: 'worker' },
  setup: {
    floor: 7,
    uses: 'base locale config vault source journal google oauth discovery authentication rules gmail pull bridge',
    doors: 'asker conversation member options settle-choice this-computer words',
  },
  doctor: {
    floor: 8,
    uses: 'base locale config vault source journal service gmail pull bridge alerts',
    doors: 'doctor context finding',
  },
  commands: {
    floor: 9,
    uses:
      'base message locale log config vault journal google discovery authentication rules service fleet pull bridge alerts ' +
      'proof status web daemon worker setup doctor',
    doors: 'program',
  },
  cli: { floor: 10, uses: 'base commands', doors: '' },
}
const mostRooms = 29
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
    'src/web/',
  ],
  'node:tls': ['src/base/tls.ts'],
  'node:https': ['src/base/tls.ts'],
  imapflow: ['src/source/'],
  'google-auth-library': ['src/google/'],
  '@googleapis/gmail': ['src/gmail/'],
  '@napi-rs/keyring': ['src/vault/'],
  mailauth: ['src/authentication/'],
  pg: ['src/journal/postgres/'],
  yaml: ['src/config/'],
  hono: ['src/web/'],
  oauth4webapi: ['src/oauth/'],
  '@hono/node-server': ['src/web/'],
}

/** What reaches outside the process. */
const outside =
  /^node:(fs|fs\/promises|net|tls|http|https|http2|dns|dns\/promises|dgram|child_process|sqlite|worker_threads|cluster)$/

const breaches = (rule: (file: string, line: Import) => boolean): string[] =>
  files.flatMap(file =>
    (imports.get(file) ?? []).filter(line => rule(file, line)).map(line => `${file} imports ${line.of}`),
  )

const namesIn = (text = ''): readonly string[] => text.split(' ').filter(name => name !== '')

/** Why a line breaks the table; undefined where it does not. */
function breachOf(file: string, of: string): string | undefined {
  const [here = '', there] = [roomOf(file), roomOf(of)]
  if (there === undefined || here === there) return undefined
  const { doors = '', wired = '' } = house[there] ?? {}
  if (!namesIn(house[here]?.uses).includes(there)) return 'uses no such room'
  const name = of.slice('src/'.length + there.length + 1).replace(/\.ts$/, '')
  if (doors === '*' || namesIn(doors).includes(name)) return undefined
  return here === 'bridge' && namesIn(wired).includes(name) ? undefined : 'not by a door'
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

/** The files of a room that others import. */
const filesEntered = (room: string): string[] =>
  files.flatMap(file =>
    roomOf(file) === room ? [] : (arrowsBetweenFiles.get(file) ?? []).filter(of => roomOf(of) === room),
  )

/** The house as it stands, a line for each room. */
function describeHouse(): string[] {
  const rows = Object.entries(house).map(([room, { floor }]) => {
    const inside = filesOf(room)
    const sizes = inside.map(file => [linesOf(file), file] as const).sort(([a], [b]) => b - a)
    const [longest, name = ''] = sizes[0] ?? [0, '']
    const all = sizes.reduce((sum, [lines]) => sum + lines, 0)
    const doors = new Set(filesEntered(room)).size
    const numbers = [floor, inside.length, doors, all, longest]
      .map(number => String(number).padStart(6))
      .join('')
    return `${room.padEnd(14)}${numbers}  ${name.replace(/.*\//, '').padEnd(22)} ${(arrowsBetweenRooms.get(room) ?? []).sort().join(' ')}`
  })
  const arrows = [...arrowsBetweenRooms.values()].reduce((sum, to) => sum + to.length, 0)
  const lines = files.reduce((sum, file) => sum + linesOf(file), 0)
  return [
    'room           floor files doors lines  most  longest file           uses',
    ...rows,
    `${roomNames.length} rooms, ${new Set(Object.values(house).map(({ floor }) => floor)).size} floors, ${arrows} arrows, ` +
      `${circlesIn(arrowsBetweenRooms).length} circles of rooms, ${circlesIn(arrowsBetweenFiles).length} of files; ` +
      `${files.length} files, ${lines} lines, ${files.filter(file => linesOf(file) > mostLines).length} over ${mostLines}`,
  ]
}

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
    for (const [room, { floor, uses, doors, wired }] of Object.entries(house)) {
      assert.ok(floor >= 1 && floor <= mostFloors)
      const used = arrowsBetweenRooms.get(room) ?? []
      for (const other of namesIn(uses)) {
        assert.ok((house[other]?.floor ?? floor) < floor, `${room} stands no higher than ${other}`)
        assert.ok(used.includes(other), `${room} may use ${other} and does not`)
      }
      const entered = filesEntered(room)
      for (const door of [...namesIn(doors), ...namesIn(wired)].filter(name => name !== '*'))
        assert.ok(entered.includes(`src/${room}/${door}.ts`), `nobody enters ${room} by ${door}`)
    }
  })

  test('the reader of import lines sees what bridge/ wires together, and tells types from code', () => {
    const seen = imports.get('src/bridge/adapters.ts') ?? []
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

  test('each room imports what the table lets it use, and by its doors only', () => {
    assert.deepEqual(
      files.flatMap(file =>
        (imports.get(file) ?? []).flatMap(({ of }) => {
          const why = breachOf(file, of)
          return why === undefined ? [] : [`${file} imports ${of}: ${why}`]
        }),
      ),
      [],
    )
  })

  test('nothing goes round in a circle, neither rooms nor files', () => {
    assert.deepEqual(circlesIn(arrowsBetweenRooms), [])
    assert.deepEqual(circlesIn(arrowsBetweenFiles), [])
  })

  test(`no file of src/ is longer than ${mostLines} lines`, () => {
    assert.deepEqual(
      files.filter(file => linesOf(file) > mostLines),
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
            (outside.test(of) ||
              !/^(node:|src\/)/.test(of) ||
              (breachOf(file, of) ?? '') === 'not by a door'),
        ),
        [],
      )
    })
  }

  test('the map names the rooms on their floors, files that are there, and few to open for each question', () => {
    const map = textOf('docs/architecture.md')
    const floorsOf = (page: string) =>
      [...page.matchAll(/^ ?(\d+) {2}(.+)$/gm)].map(([, floor, line = '']) => {
        const places = line.replace(/ {3,}.*/, '').split(/ +/)
        return [Number(floor), places.map(place => place.replace(/\/$|\.ts$/, '')).sort()]
      })
    const standing = Map.groupBy(Object.keys(house), room => house[room]?.floor ?? 0)
    const floors = [...standing].sort(([a], [b]) => b - a).map(([floor, names]) => [floor, names.sort()])
    for (const page of [map, textOf('docs/architecture.ja.md')]) assert.deepEqual(floorsOf(page), floors)
    const all = ['src', 'test', 'scripts'].flatMap(top =>
      readdirSync(join(root, top), { recursive: true, encoding: 'utf8' }).map(name => `/${top}/${name}`),
    )
    for (const page of ['docs/architecture.md', 'docs/architecture.ja.md', 'CONTRIBUTING.md'])
      for (const [, name = ''] of textOf(page).matchAll(/`([\w./-]+\.ts|(?:src|test)\/[\w./-]+)`/g))
        assert.ok(
          all.some(path => path.endsWith(`/${name.replace(/\/$/, '')}`)),
          `${page} names ${name}`,
        )
    const questions = [...map.matchAll(/^\| ([^|]+\?) \| (.+) \|$/gm)]
    assert.equal(questions.length, 5)
    for (const [, question = '', answer = ''] of questions)
      assert.ok(answer.split(/; (?=`)/).length <= (question.includes('password') ? 3 : 2), question)
  })

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
    // Imported it would be in memory a second time, as its other build.
    assert.deepEqual(
      breaches(
        (file, { of, typeOnly }) =>
          file !== 'src/source/imapflow.ts' && !typeOnly && /^imapflow(\/|$)/.test(of),
      ),
      [],
    )
  })

  test('TLS is spoken in one place only, where verification and version are settled', () => {
    // In words that stand for a way round src/base/tls.ts, in whatever room, the commands included.
    const roundabout =
      /\bfetch\(|\bhttps\.(request|get|Agent|createServer)\b|\btls\.(connect|TLSSocket|createSecureContext|createServer)\b|rejectUnauthorized|checkServerIdentity|[sS]ecureContext|env\.NODE_TLS_REJECT_UNAUTHORIZED *=[^=]/
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
      [
        'src/source/certificate.ts',
        'src/source/other-service.ts',
        'src/source/secure.ts',
        'src/web/ask-proof.ts',
      ],
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
