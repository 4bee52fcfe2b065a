/** docs/json.md is what the commands print: each field that appears is there, and each field that is there appears. */
import { truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { mail } from '../faults/harness.ts'
import { mailWith, startRuledWorld } from '../rules/ruled-world.ts'
import { presets } from '../servers/gmail/gmail-server.ts'
import { freePorts } from '../servers/local.ts'
import { until } from '../servers/until.ts'
import { startWorld, type World } from '../servers/world.ts'
import { witnessJson } from './json-page.ts'

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
  const witness = witnessJson()
  const say = async (world: World, name: string, args: readonly string[], env = {}): Promise<void> =>
    witness.note(name, await world.run([...args, '--json'], { env }))
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
  witness.compare(name => !name.startsWith('fleet '), unseen)
})
