import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { SettingInForce, SettingsInForce } from '../../src/config/in-force.ts'
import { type LoadOptions, readConfig } from '../../src/config/load.ts'
import { variables } from '../../src/config/settings.ts'
import { folder, least } from './load-helpers.ts'

async function inForce(env: NodeJS.ProcessEnv, options: Partial<LoadOptions>): Promise<SettingsInForce> {
  const cwd = options.cwd ?? (await folder())
  return (await readConfig({ platform: 'linux', home: '/home/owner', ...options, env, cwd })).inForce
}

function settingOf(all: SettingsInForce, key: string, name?: string): SettingInForce {
  const settings = all.parts.filter(part => name === undefined || part.name === name)
  const setting = settings.flatMap(part => part.settings).find(known => known.key === key)
  assert.ok(setting, key)
  return setting
}

test('each setting in force says where it comes from: the process, a line of .env, or nowhere', async () => {
  const { MAIL_PASSWORD: _, ...others } = least
  const lines = Object.entries({ ...others, MAIL_PORT: '1', AFTER_IMPORT: 'delete-after:14d' })
  const cwd = await folder(
    ['# mine', '', ...lines.map(([name, value]) => `${name}=${value}`), 'export MAIL_PORT=2993', ''].join(
      '\n',
    ),
  )
  const all = await inForce(
    { MAIL_PASSWORD: 'open-sesame', LOG_LEVEL: 'debug', MAIL_HOST: 'other.example.jp' },
    { cwd },
  )
  const file = join(cwd, '.env')
  assert.equal(all.file, undefined)
  assert.deepEqual(
    all.parts.map(({ part, name }) => [part, name]),
    [
      ['start', undefined],
      ['top', undefined],
      ['account', 'me'],
      ['mailbox', 'shop@example.jp'],
    ],
  )
  const told = Object.fromEntries(
    ['protocol', 'host', 'port', 'security', 'afterImport', 'logLevel', 'alertMail', 'stateDir'].map(key => {
      const { value, origin } = settingOf(all, key)
      return [key, [value, origin]]
    }),
  )
  assert.deepEqual(told, {
    protocol: ['imap', { from: '.env', variable: 'MAIL_PROTOCOL', file, line: 3 }],
    host: ['other.example.jp', { from: 'process', variable: 'MAIL_HOST' }],
    port: ['2993', { from: '.env', variable: 'MAIL_PORT', file, line: 11 }],
    security: ['tls', { from: 'default' }],
    afterImport: ['delete-after:2w', { from: '.env', variable: 'AFTER_IMPORT', file, line: 10 }],
    logLevel: ['debug', { from: 'process', variable: 'LOG_LEVEL' }],
    alertMail: ['yes', { from: 'default' }],
    stateDir: ['/home/owner/.local/state/hikyaku', { from: 'default' }],
  })
  assert.deepEqual(settingOf(all, 'password').origin, { from: 'process', variable: 'MAIL_PASSWORD' })
  assert.equal(settingOf(all, 'clientSecret').origin.from, '.env')
  assert.equal(settingOf(all, 'alertPing').origin.from, 'default')
  assert.doesNotMatch(JSON.stringify(all), /sesame/)
  const shown = all.parts.flatMap(({ settings }) => settings.flatMap(({ setting }) => setting.variable ?? []))
  assert.deepEqual([...shown].sort(), variables.map(({ name }) => name).sort())
})

test('with a YAML file each setting says its key and line, also through <<, and a variable that wins says so', async () => {
  const cwd = await folder()
  const file = join(cwd, 'c.yaml')
  await writeFile(
    file,
    [
      'logLevel: warn',
      'stateDir: state',
      'accounts: [{ address: me@gmail.com, clientId: abc }]',
      'mailboxes:',
      '  - &shop',
      '    protocol: imap',
      '    host: mail.example.jp',
      '    user: shop@example.jp',
      '    folders: [INBOX, { name: "a:b", to: spam }]',
      '  - <<: *shop',
      '    user: info@example.jp',
      '    passwordFile: info.txt',
    ].join('\n'),
  )
  const all = await inForce({ LOG_LEVEL: 'debug' }, { cwd, file })
  assert.equal(all.file, file)
  const originOf = (key: string, name?: string) => settingOf(all, key, name).origin
  assert.deepEqual(originOf('logLevel'), { from: 'process', variable: 'LOG_LEVEL' })
  assert.equal(settingOf(all, 'stateDir').value, join(cwd, 'state'))
  assert.deepEqual(originOf('stateDir'), { from: 'yaml', key: 'stateDir', file, line: 2 })
  assert.deepEqual(originOf('clientId'), { from: 'yaml', key: 'accounts[0].clientId', file, line: 3 })
  assert.deepEqual(originOf('refreshToken'), { from: 'vault', name: 'google/me@gmail.com/refresh-token' })
  const second = 'info@example.jp'
  assert.deepEqual(originOf('host', second), { from: 'yaml', key: 'mailboxes[1].host', file, line: 7 })
  assert.deepEqual(originOf('user', second), { from: 'yaml', key: 'mailboxes[1].user', file, line: 11 })
  assert.deepEqual(originOf('password', second), {
    from: 'yaml',
    key: 'mailboxes[1].passwordFile',
    file,
    line: 12,
  })
  assert.equal(settingOf(all, 'folders', second).value, 'INBOX,"a:b":spam')
  assert.deepEqual(originOf('password', 'shop@example.jp'), {
    from: 'vault',
    name: 'mailbox/shop@example.jp/password',
  })
})

test('what is shown of a setting can be written back, and means the same', async () => {
  const wild = {
    ...least,
    MAIL_FOLDERS: 'INBOX,Junk:spam,Orders:label=Orders,"Work: 2026":inbox:label="a, b",\'say "x"\':label',
    GMAIL_LABELS: '"a, b",c',
    AFTER_IMPORT: 'move:Done',
    START_FROM: '2026-04-01',
    AUTHSERV_IDS: 'mx.example.jp,mx2.example.jp',
    DNS_SERVERS: '192.0.2.53:5353,[2001:db8::53]:53',
    MAIL_SECURITY: 'STARTTLS',
    VERIFY: 'off',
  }
  const read = async (env: NodeJS.ProcessEnv) =>
    readConfig({ env, cwd: await folder(), home: '/home/owner', platform: 'linux' })
  const { config, inForce: all } = await read(wild)
  const rewritten: Record<string, string> = {}
  for (const { settings } of all.parts)
    for (const {
      setting: { variable },
      value,
    } of settings)
      if (variable !== undefined && value !== undefined && value !== '') rewritten[variable] = value
  const again = await read({ ...least, ...rewritten })
  assert.deepEqual(JSON.parse(JSON.stringify(again.config)), JSON.parse(JSON.stringify(config)))
})
