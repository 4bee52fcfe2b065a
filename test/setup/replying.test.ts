/** The set-up's last words: how to answer from the address, with the host's sending server where it is known. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type Discovery, type Found, namesOf } from '../../src/discovery/discover.ts'
import { type Preset, presetById, presets } from '../../src/discovery/presets.ts'
import type { FoundServer } from '../../src/setup/mailbox.ts'
import { findSendingServer } from '../../src/setup/replying.ts'
import { type DovecotServer, dovecotMissing } from '../servers/dovecot.ts'
import { requireServer } from '../servers/required.ts'
import { person, setUpWith } from './person.ts'
import { address, owner, password, startMailServer, startSetupWorld } from './world.ts'

const skip = requireServer('dovecot', dovecotMissing())

describe('the sending server that the set-up names', () => {
  const at = (preset: Preset | undefined, host: string) => {
    const server: FoundServer = {
      ...{ protocol: 'imap', host, port: 993, security: 'tls', preset },
      ...{ userForm: undefined, caFile: undefined, pinned: undefined },
    }
    return findSendingServer({ address: 'shop@example.jp', server, user: 'shop', password })
  }

  it('is the host’s own, wherever the login worked at a server of that host', () => {
    const withSmtp = presets.filter(({ smtp, password: kind }) => smtp && kind !== 'oauth-only')
    const fixed = withSmtp.filter(({ imap, pop3 }) => (imap ?? pop3)?.host.includes('<') === false)
    assert.ok(fixed.length > 30)
    for (const preset of fixed) {
      const { host = '' } = preset.imap ?? preset.pop3 ?? {}
      const sending = at(preset, host)
      assert.equal(sending?.host, preset.smtp?.host, preset.id)
      assert.equal(sending?.port, preset.smtp?.port, preset.id)
    }
    assert.deepEqual(at(presetById('xserver'), 'sv1234.xserver.jp'), {
      ...{ host: 'sv1234.xserver.jp', port: 465, security: 'tls' },
    })
    assert.equal(at(presetById('onamae'), 'pop.example.jp')?.host, 'smtp.example.jp')
    assert.equal(at(presetById('kagoya'), 'mas12.kagoya.net')?.host, 'smtp.kagoya.net')
  })

  it('is not named where the mailbox is elsewhere, where it is not known, and where no password is taken', () => {
    for (const preset of presets) assert.equal(at(preset, 'mail.example.jp'), undefined, preset.id)
    for (const preset of presets.filter(({ password: kind }) => kind === 'oauth-only'))
      assert.equal(at(preset, preset.imap?.host ?? ''), undefined, preset.id)
    assert.equal(at(presetById('gmo-sd'), 'pop12.gmoserver.jp'), undefined)
    assert.equal(at(undefined, 'mail.example.jp'), undefined)
  })
})

describe('the end of hikyaku setup', { skip }, () => {
  let dovecot: DovecotServer
  before(async () => {
    dovecot = await startMailServer()
  })
  after(() => dovecot.stop())

  const lastWords = async (preset: Preset | undefined, language: 'en' | 'ja'): Promise<string> => {
    // A mailbox that is set up already would be asked about otherwise.
    const world = await startSetupWorld('good', dovecot)
    world.gmail.oauth.rules.testing = false
    await writeFile(join(world.home, 'token'), world.gmail.grant(owner), { mode: 0o600 })
    const asker = person([
      ['server', ''],
      ['password-file', password],
    ])
    const server: Found = {
      ...{ protocol: 'imap', host: '127.0.0.1', port: world.dovecot.ports.imaps, security: 'tls' },
      ...{ userForm: 'address', origin: 'preset', preset },
      ...{ unusable: undefined, evidence: undefined, confirm: undefined },
    }
    const discovery: Discovery = {
      ...{ candidates: [server], preset, evidence: undefined, unanswered: [] },
      names: namesOf('example.test'),
    }
    const answers = {
      ...{ address, 'ca-file': world.dovecot.caFile, 'start-from': 'new', 'after-import': 'keep' },
      ...{ labels: '', archive: 'no', 'gmail-account': owner, 'client-file': 'client.json' },
      ...{ 'refresh-token-file': 'token', pull: 'no', service: 'later', what: 'mailbox' },
    }
    const where = { env: world.env, cwd: world.home }
    const ports = { discover: async () => discovery }
    const done = await setUpWith(asker, where, { answers, part: 'mailbox' }, ports, language).finally(() =>
      world.stop(),
    )
    assert.equal(done.exitCode, 0, done.stderr)
    return asker.told.at(-2)?.text ?? ''
  }

  it('says in both languages how to answer from the address, and where more of the host stands', async () => {
    const xserver = presetById('xserver')
    assert.ok(xserver)
    const here: Preset = { ...xserver, ownServer: /^127\.0\.0\.1$/ }
    assert.equal(
      await lastWords(here, 'en'),
      `To answer from ${address}, use the host’s web mail or a mail program with the sending server (SMTP) 127.0.0.1, port 465, TLS. More: \`hikyaku provider xserver\` and docs/replying.md.`,
    )
    const japanese = await lastWords(here, 'ja')
    assert.match(japanese, new RegExp(`^${address} から返信するには`))
    assert.match(
      japanese,
      /「127\.0\.0\.1、465 番、SSL\/TLS」です.*`hikyaku provider xserver`.*replying\.ja\.md/,
    )
  })

  it('names no sending server where none is known, but where to look it up', async () => {
    const english = await lastWords(undefined, 'en')
    assert.match(english, /that the host’s panel shows\. More: docs\/replying\.md\.$/)
    assert.match(
      await lastWords(undefined, 'ja'),
      /管理画面でご確認ください。詳しくは docs\/replying\.ja\.md/,
    )
  })
})
