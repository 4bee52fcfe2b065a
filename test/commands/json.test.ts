/** docs/json.md is what the commands print: each field that appears is there, and each field that is there appears. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { mail } from '../faults/harness.ts'
import { mailWith, startRuledWorld } from '../rules/ruled-world.ts'
import { presets } from '../servers/gmail/gmail-server.ts'
import { type Ended, until } from '../servers/hikyaku.ts'
import { freePorts } from '../servers/local.ts'
import { startWorld, type World } from '../servers/world.ts'

const read = (name: string): string =>
  readFileSync(fileURLToPath(new URL(`../../docs/${name}`, import.meta.url)), 'utf8')

interface Page {
  /** Of each command, by its heading. */
  readonly fields: ReadonlyMap<string, ReadonlySet<string>>
  /** What another page describes, whatever is below it. */
  readonly elsewhere: ReadonlyMap<string, ReadonlySet<string>>
}

/** Objects that several commands print: a row that links to one of them has its fields. */
const shared = ['fault', 'books', 'compared']

function readPage(text: string): Page {
  const sections = text.split(/^## /m).slice(1)
  const rows = new Map(
    sections.map(section => {
      const name = /^`([^`]+)`/.exec(section)?.[1] ?? ''
      return [
        name,
        [...section.matchAll(/^\| `([^`]+)` \| (.*) \|$/gm)].map(([, field = '', about = '']) => ({
          field,
          about,
        })),
      ]
    }),
  )
  const fields = new Map<string, Set<string>>()
  const elsewhere = new Map<string, Set<string>>()
  for (const [name, own] of rows) {
    if (shared.includes(name)) continue
    const [all, other] = [new Set<string>(), new Set<string>()]
    for (const { field, about } of own) {
      const link = /\]\(#(\w+)\)/.exec(about)?.[1] ?? ''
      if (/\]\((authentication|providers)(\.ja)?\.md/.test(about)) other.add(field)
      else if (shared.includes(link) && !/^as |同じ$/.test(about))
        for (const { field: below } of rows.get(link) ?? []) all.add(`${field}.${below}`)
      else all.add(field)
    }
    fields.set(name, all)
    elsewhere.set(name, other)
  }
  return { fields, elsewhere }
}

/** Every path to a value that is no object, and to what is null or empty. */
function pathsOf(value: unknown, path = ''): { readonly path: string; readonly isEmpty: boolean }[] {
  if (Array.isArray(value)) {
    const items = value.flatMap(item => pathsOf(item, `${path}[]`))
    return items.length > 0 ? items : [{ path: `${path}[]`, isEmpty: true }]
  }
  if (typeof value === 'object' && value !== null) {
    const items = Object.entries(value).flatMap(([key, below]) =>
      pathsOf(below, path === '' ? key : `${path}.${key}`),
    )
    return items.length > 0 ? items : [{ path, isEmpty: true }]
  }
  return [{ path, isEmpty: value === null }]
}

/** What no run below brings about. */
const unseen: Readonly<Record<string, readonly string[]>> = {
  status: ['mailboxes[].loginLimit', 'troubles[].said'],
  service: ['files', 'name', 'message', 'turnedOff', 'services', 'removed', 'folder'],
  'config show': ['parts[].settings[].origin'],
  'journal check': ['problems[].'],
  'journal rebuild': [],
  compare: ['mailboxes[].removedMessages', 'mailboxes[].differingMessages'],
  report: ['repeated[]'],
  setup: [
    'config',
    'stateDir',
    'vault',
    'account',
    'consentEndsAt',
    'running',
    'mailbox',
    'pull',
    'service',
    'left',
  ],
}

test('each field that a command prints is documented, and each that is documented is printed', async () => {
  const page = readPage(read('json.md'))
  assert.deepEqual(
    [...readPage(read('json.ja.md')).fields].map(([name, fields]) => [name, [...fields]]),
    [...page.fields].map(([name, fields]) => [name, [...fields]]),
    'both languages have the same fields',
  )
  const seen = new Map<string, Set<string>>()
  const undocumented = new Set<string>()
  const note = (name: string, { stdout, stderr, code }: Ended): void => {
    assert.notEqual(stdout, '', `${name}: ${stderr}`)
    const answer = JSON.parse(stdout) as Record<string, unknown>
    assert.deepEqual([answer.ok, answer.exitCode], [code === 0, code], name)
    const [fields, other] = [page.fields.get(name), page.elsewhere.get(name)]
    assert.ok(fields !== undefined && other !== undefined, `${name} is not in docs/json.md`)
    const all = seen.get(name) ?? new Set()
    seen.set(name, all)
    for (const { path, isEmpty } of pathsOf(answer)) {
      all.add(path)
      if (/^fault(\.|$)/.test(path) || fields.has(path)) continue
      if (
        [...other].some(
          prefix => path === prefix || path.startsWith(`${prefix}.`) || path.startsWith(`${prefix}[`),
        )
      )
        continue
      const below = path.replace(/\[\]$/, '')
      if (
        isEmpty &&
        [...fields].some(field => field.startsWith(`${below}.`) || field.startsWith(`${below}[`))
      )
        continue
      if (name === 'service' && /^files|^services/.test(path)) continue
      if (name === 'journal rebuild' && path.startsWith('readBack.')) continue
      undocumented.add(`${name}: ${path}`)
    }
  }
  const say = async (world: World, name: string, args: readonly string[], env = {}): Promise<void> =>
    note(name, await world.run([...args, '--json'], { env }))
  const sayOfOne = async (world: World): Promise<void> => {
    for (const name of ['report', 'doctor', 'config show', 'check-now', 'journal check', 'list', 'provider'])
      await say(world, name, name.split(' '))
    await world.source.deliver(mail('c'))
    await say(world, 'compare', ['compare'])
    await say(world, 'retry', ['retry', '1', '2', '99'])
    await say(world, 'inspect', ['inspect', '2'])
    await say(world, 'provider', ['provider', 'xserver'])
    await say(world, 'completion', ['completion', 'bash'])
    await say(world, 'service', ['service', 'install', '--print'])
    await say(world, 'service', ['service', 'status'])
    await say(world, 'setup', ['setup'], { HOME: world.folder })
  }
  const sayOfTrouble = async (world: World, env: Readonly<Record<string, string>>): Promise<void> => {
    for (const name of ['pull', 'pull --dry-run', 'doctor']) await say(world, name, name.split(' '), env)
    await truncate(join(world.stateDir, 'journal.sqlite'), 5000)
    await say(world, 'journal check', ['journal', 'check'])
    await say(world, 'journal rebuild', ['journal', 'rebuild', '--yes'])
    await say(world, 'revoke', ['revoke', '--yes'])
  }
  const ruled = await startRuledWorld({ protocol: 'imap' })
  try {
    const rules = [
      { name: 'News', sender: '@news.example', import: 'no' },
      { name: 'Taro', recipient: 'taro@example.jp', account: 'taro', labels: 'Rental' },
    ]
    await ruled.configure({ box: { rules } })
    await ruled.world.source.deliver(mailWith('news', ['From: a@news.example']))
    await ruled.world.source.deliver(mailWith('taro', ['To: taro@example.jp']))
    const file = join(ruled.world.folder, 'mail.eml')
    const huge = `X-Padding: ${'x'.repeat(300_000)}`
    for (const lines of [['To: taro@example.jp', 'List-Id: <a.example>'], [huge]]) {
      await writeFile(file, mailWith('tested', lines))
      await say(ruled.world, 'rules test', ['rules', 'test', file], ruled.env)
    }
    for (const name of ['pull --dry-run', 'pull', 'status'])
      await say(ruled.world, name, name.split(' '), ruled.env)
    await say(ruled.world, 'list', ['list', '--by-rule'], ruled.env)
  } finally {
    await ruled.stop()
  }
  for (const protocol of ['pop3', 'imap'] as const) {
    const world = await startWorld({ protocol })
    try {
      await world.source.deliver(
        mail('a', 200, 'Message-ID: <a@example.net>\r\nDate: Thu, 26 Nov 2026 09:00:00 +0900\r\n'),
      )
      // Either may be the one that Gmail refuses.
      await world.source.deliver(
        mail('b', 200, 'Message-ID: <b@example.net>\r\nDate: Thu, 26 Nov 2026 09:01:00 +0900\r\n'),
      )
      if (protocol === 'pop3') {
        await say(world, 'status', ['status', '--quick'])
        await say(world, 'pull --dry-run', ['pull', '--dry-run'])
      }
      world.gmail.faults.next('import', presets.messageTooLarge())
      await say(world, 'pull', ['pull'])
      await say(world, 'status', ['status'])
      await say(world, 'list', ['list', '--recent', '5'])
      if (protocol === 'pop3') await sayOfOne(world)
      await say(world, 'pause', ['pause'])
      await say(world, 'pull', ['pull'])
      await say(world, 'pull --dry-run', ['pull', '--dry-run'])
      await say(world, 'resume', ['resume'])
      await say(world, 'dashboard', ['dashboard'])
      const [port] = await freePorts(1)
      const DASHBOARD = `127.0.0.1:${port}`
      const daemon = world.start(['run'], { env: { DASHBOARD } })
      await until(() => /is running/.test(daemon.stderr()), 'the daemon')
      await say(world, 'dashboard', ['dashboard'], { DASHBOARD })
      await say(world, 'check-now', ['check-now'])
      await say(world, 'status', ['status'])
      daemon.kill('SIGTERM')
      await daemon.ended
      const env = { MAIL_PASSWORD: 'wrong' }
      await say(world, 'pull', ['pull'], env)
      await say(world, 'status', ['status'])
      if (protocol === 'pop3') await sayOfTrouble(world, env)
    } finally {
      await world.stop()
    }
  }
  assert.deepEqual([...undocumented], [], 'printed, and not in docs/json.md')
  // A part that was null this time has the fields that the compiler gives it: those of its kind are seen elsewhere.
  const isSeen = (name: string, field: string): boolean => {
    const all = seen.get(name) ?? new Set()
    const above = field.replace(/\.[^.]+$/, '')
    return (
      all.has(field) ||
      (!above.endsWith('[]') && above !== field && all.has(above)) ||
      [...all].some(path => path.startsWith(`${field}.`))
    )
  }
  const missing = [...page.fields].flatMap(([name, fields]) =>
    [...fields]
      .filter(field => !/^fault\./.test(field) && !isSeen(name, field))
      .filter(field => !(unseen[name] ?? []).some(prefix => field.startsWith(prefix)))
      .map(field => `${name}: ${field}`),
  )
  assert.deepEqual(missing, [], 'in docs/json.md, and never printed')
})
