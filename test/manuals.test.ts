/** The manuals tell the truth about what can be checked: verbs, exit codes, dependencies, links, quoted output. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { manuals as settingsManuals } from '../scripts/settings.ts'
import { tableLookup } from '../src/authentication/dns.ts'
import { exitCodes } from '../src/base/fault.ts'
import { measureWidth } from '../src/base/text-width.ts'
import { inspectCommand } from '../src/commands/inspect.ts'
import { presets } from '../src/discovery/presets.ts'
import { legalMoves } from '../src/journal/journal.ts'
import { chooseWords } from '../src/locale/locale.ts'
import {
  articleZone,
  forwardingAddress,
  googleKey,
  googleReport,
  unsignedInvoice,
} from './authentication/article.ts'
import { hikyaku } from './servers/hikyaku.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const readmes = ['README.md', 'README.ja.md']
const inBoth = (page: string): string[] => [`docs/${page}.md`, `docs/${page}.ja.md`]
const manuals = [
  'CONTRIBUTING.md',
  ...readmes,
  ...readdirSync(join(root, 'docs'))
    .filter(name => name.endsWith('.md'))
    .map(name => `docs/${name}`),
]
/** For those who change the code: CONTRIBUTING leads there. */
const fieldReports = 'docs/field-reports.md'
const read = (name: string): string => readFileSync(join(root, name), 'utf8')

/** As GitHub names the place of a heading. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-')

test('what the manuals say of settings and hosts is what the tables say; `npm run manuals` writes it', () => {
  assert.deepEqual(Object.keys(settingsManuals), [
    '.env.example',
    'docs/env.example.ja',
    'docs/configuration.md',
    'docs/configuration.ja.md',
    'docs/providers.md',
    'docs/providers.ja.md',
  ])
  for (const [name, write] of Object.entries(settingsManuals)) {
    assert.ok(write(read(name)) === read(name), `${name} is out of date: run npm run manuals`)
    assert.match(write(read(name)), name.includes('providers') ? /--provider xserver/ : /WHEN_REFUSED/)
  }
})

test('both languages say the same of the hosts: every one, the same servers, nothing that a page would swallow', () => {
  const [english, japanese] = ['docs/providers.md', 'docs/providers.ja.md'].map(read)
  for (const page of [english, japanese]) {
    const named = [...(page ?? '').matchAll(/`--provider ([a-z0-9-]+)` \| \|/g)].map(([, id]) => id)
    assert.deepEqual(
      named,
      presets.map(({ id }) => id),
    )
    // A tag-like word outside of code is not shown.
    assert.doesNotMatch((page ?? '').replace(/`[^`]*`|<!--[^>]*-->/g, ''), /<[a-z]/)
  }
  const serversOf = (page = ''): string[] =>
    [...page.matchAll(/`((?:[a-z0-9-]+\.)+[a-z]{2,})`/g)].map(([, name = '']) => name)
  const headings = (page = ''): string[] =>
    page
      .split('\n')
      .filter(line => /^#+ /.test(line))
      .map(line => line.split(' ')[0] ?? '')
  assert.deepEqual(headings(english), headings(japanese))
  assert.deepEqual(new Set(serversOf(english)), new Set(serversOf(japanese)))
})

describe('the manuals', () => {
  test('every link to a file or a heading leads somewhere', () => {
    const broken = manuals.flatMap(name =>
      [...read(name).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = '']) => {
        if (/^[a-z]+:/.test(target)) return []
        const [path = '', anchor] = target.split('#')
        const file = path === '' ? name : join(dirname(name), path)
        if (!existsSync(join(root, file))) return [`${name}: ${target}`]
        if (anchor === undefined) return []
        const headings = [...read(file).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading))
        return headings.includes(decodeURIComponent(anchor)) ? [] : [`${name}: ${target}`]
      }),
    )
    assert.deepEqual(broken, [])
  })

  test('both pages on the commands list every one, and no manual names one that does not exist', async () => {
    const { stdout } = await hikyaku(['--help'], { env: {}, cwd: tmpdir() })
    const verbs = [...stdout.matchAll(/^ {2}([a-z][a-z-]*)(?:\|([a-z-]+))? \[options\]/gm)].flatMap(
      ([, verb = '', alias]) => (alias === undefined ? [verb] : [verb, alias]),
    )
    assert.ok(verbs.includes('pull') && verbs.includes('sync'))
    verbs.push('help')
    for (const name of inBoth('commands'))
      for (const verb of verbs) {
        const listed = verb === 'sync' ? '`sync`' : `\`hikyaku ${verb}`
        assert.ok(read(name).includes(listed), `${name} does not list ${verb}`)
      }
    const unknown = manuals.flatMap(name =>
      [...read(name).matchAll(/(?:^ {4}|`|\$ )(?:sudo )?hikyaku ([a-z][a-z-]+)/gm)]
        .filter(([, verb = '']) => !verbs.includes(verb))
        .map(([text]) => `${name}: ${text.trim()}`),
    )
    assert.deepEqual(unknown, [])
  })

  test('both pages on the commands list exactly the exit codes that there are', () => {
    const codes = Object.values(exitCodes).sort((a, b) => a - b)
    for (const name of inBoth('commands')) {
      const rows = [...read(name).matchAll(/^\| (\d+) \|/gm)].map(([, code]) => Number(code))
      assert.deepEqual(rows, codes, name)
    }
  })

  test('both pages on the dependencies name every one', () => {
    const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<
      'dependencies' | 'devDependencies',
      Record<string, string>
    >
    for (const name of inBoth('dependencies')) {
      const text = read(name)
      for (const one of Object.keys(dependencies))
        assert.match(text, new RegExp(`^\\| \`${one}\` \\|`, 'm'), `${name}: ${one}`)
      for (const one of Object.keys(devDependencies))
        assert.ok(text.includes(`\`${one}\``), `${name}: ${one}`)
    }
  })

  test('both READMEs are short, stand alone, and lead to every page', () => {
    for (const name of readmes) {
      const text = read(name)
      assert.ok(text.split('\n').length < 200, name)
      for (const line of ['npm ci && npm run sandbox', 'npm ci && npm test'])
        assert.match(text, new RegExp(`^ {4}${line}$`, 'm'), `${name}: ${line}`)
      const own = (page: string): boolean => page.endsWith('.ja.md') === name.endsWith('.ja.md')
      const reached = new Set([...text.matchAll(/\]\(([^)\s#]+)/g)].map(([, target]) => target))
      const pages = manuals.filter(page => own(page) && page.startsWith('docs/') && page !== fieldReports)
      assert.deepEqual(
        pages.filter(page => !reached.has(page)),
        [],
        name,
      )
    }
  })

  test('drawings of boxes are as wide in each line, as a terminal counts', () => {
    let drawn = 0
    for (const name of manuals)
      for (const [, block = ''] of read(name).matchAll(/^```text\n([\s\S]*?)^```$/gm)) {
        const lines = block.split('\n').filter(line => /^\s*[+|┌│└].*[+|┐│┘]$/u.test(line))
        if (!/^\s*[+┌]/u.test(lines[0] ?? '')) continue
        drawn += 1
        const widths = new Set(lines.map(line => measureWidth(line)))
        assert.equal(widths.size, 1, `${name}: ${[...widths].join(', ')}\n${lines.join('\n')}`)
      }
    assert.ok(drawn >= 2, `${drawn} drawings`)
  })

  test('every npm script that a manual tells to run exists', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    for (const name of manuals)
      for (const [text, script = ''] of read(name).matchAll(/npm run ([a-z][a-z:-]*)/g))
        assert.ok(script in scripts, `${name}: ${text}`)
  })

  test('the map names every stage, and only files that exist', () => {
    for (const map of ['docs/architecture.md', 'docs/architecture.ja.md'].map(read)) {
      for (const stage of Object.keys(legalMoves)) assert.ok(map.includes(stage), stage)
      for (const [, path = ''] of map.matchAll(/`((?:src|test)\/[\w./-]+)`/g))
        assert.ok(existsSync(join(root, path)), path)
    }
  })
})

/** Fenced blocks of a page that show `hikyaku inspect` at work: the command line, then lines of its answer. */
function quotedInspections(text: string): { command: string; lines: string[] }[] {
  return [...text.matchAll(/^```text\n\$ (hikyaku inspect .*)\n([\s\S]*?)^```$/gm)].map(
    ([, command = '', body = '']) => ({ command, lines: body.split('\n').filter(line => line !== '') }),
  )
}

describe('quoted output of hikyaku inspect', () => {
  for (const [name, language] of [
    ['docs/authentication.md', 'en'],
    ['docs/authentication.ja.md', 'ja'],
  ] as const) {
    test(`stands in ${name} line by line as it is printed`, async t => {
      const folder = await mkdtemp(join(tmpdir(), 'hikyaku-test-'))
      t.after(() => rm(folder, { recursive: true, force: true }))
      await writeFile(join(folder, 'report.eml'), googleReport(googleKey))
      await writeFile(join(folder, 'invoice.eml'), unsignedInvoice())
      const quoted = quotedInspections(read(name))
      assert.equal(quoted.length, 3)
      for (const [place, { command, lines }] of quoted.entries()) {
        const [, , file = ''] = command.split(' ')
        const strict = lines.some(line => line.includes('p=reject'))
        const stdout = new PassThrough()
        const invocation = {
          env: {},
          cwd: folder,
          stdout,
          stderr: new PassThrough(),
          stdin: Readable.from([]),
          language,
          words: chooseWords(language),
          json: false,
        }
        const lookup = tableLookup(articleZone(strict ? 'reject' : 'quarantine'))
        await inspectCommand(invocation, join(folder, file), { lookup, forwardingAddress })
        stdout.end()
        // The key of the report is made anew each time, and with it the digest.
        const plain = (text: string): string =>
          text.replace(/\b[0-9a-f]{64}\b/, 'DIGEST').replaceAll(join(folder, '/'), '')
        const printed = plain((await stdout.toArray()).join('')).split('\n')
        let from = 0
        for (const line of lines.map(plain)) {
          const at = printed.indexOf(line, from)
          assert.ok(at >= 0, `${command} does not print (there): ${line}`)
          from = at + 1
        }
        if (place < 2)
          assert.deepEqual(
            lines.map(plain),
            printed.filter(line => line !== ''),
          )
      }
    })
  }
})

test('the pages on authentication have the same headings and tables in both languages, the two cases on top', () => {
  const [english, japanese] = ['docs/authentication.md', 'docs/authentication.ja.md'].map(read)
  const shape = (text = ''): string[] =>
    text.split('\n').flatMap(line => /^#{1,4}(?= )|^\|(?=---)/.exec(line)?.[0] ?? [])
  assert.deepEqual(shape(japanese), shape(english))
  for (const page of [english, japanese])
    assert.ok((page ?? '').indexOf('$ hikyaku inspect report.eml') < (page ?? '').indexOf('\n## '))
})
