/** The set-up without a person: every answer by option, one JSON object, nothing written half. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { namesOf } from '../../src/discovery/discover.ts'
import { type DovecotServer, dovecotMissing } from '../servers/dovecot.ts'
import { hikyaku, type Running, startHikyaku } from '../servers/hikyaku.ts'
import { requireServer } from '../servers/required.ts'
import { until } from '../servers/until.ts'
import { answerOf } from '../servers/world.ts'
import { person, setUpWith } from './person.ts'
import { address, owner, password, type SetupWorld, startMailServer, startSetupWorld } from './world.ts'

const skip = requireServer('dovecot', dovecotMissing())

let dovecot: DovecotServer
let world: SetupWorld
let running: Running | undefined
before(async () => {
  if (skip === false) dovecot = await startMailServer()
})
after(() => dovecot?.stop())
beforeEach(async () => {
  world = await startSetupWorld('good', dovecot)
  world.gmail.oauth.rules.testing = false
  await writeFile(join(world.home, 'token'), world.gmail.grant(owner), { mode: 0o600 })
})
afterEach(async () => {
  running?.kill('SIGKILL')
  await running?.ended
  running = undefined
  assert.deepEqual(world.gmail.bugs, [])
  await world.stop()
})

const run = (args: readonly string[], env: Record<string, string> = {}) =>
  hikyaku(args, { env: { ...world.env, ...env }, cwd: world.home })

const mailboxArgs = (): string[] => [
  ...['--address', address, '--host', '127.0.0.1', '--port', String(world.dovecot.ports.imaps)],
  ...['--user', address, '--password-file', 'password', '--gmail-account', owner],
]
const googleArgs = ['--client-file', 'client.json', '--refresh-token-file', 'token']
const setup = (...more: string[]) =>
  run(['setup', '--yes', '--json', ...mailboxArgs(), ...googleArgs, ...more])

/** The owner on Google's page, without a browser: allows everything, and is sent back to hikyaku. */
async function allow(link: string, account = owner): Promise<void> {
  const { searchParams } = new URL(link)
  const form = new URLSearchParams(searchParams)
  form.set('account', account)
  form.set('decision', 'allow')
  for (const scope of (searchParams.get('scope') ?? '').split(' ')) form.append('granted', scope)
  const answer = await fetch(world.gmail.authUrl, { method: 'POST', body: form, redirect: 'manual' })
  const back = await fetch(answer.headers.get('location') ?? '')
  assert.equal(back.status, 200)
  assert.match(await back.text(), /Google has answered/)
}

const linkIn = (text: string): string | undefined => /http:\/\/127\.0\.0\.1:\d+\/o\/oauth2\S+/.exec(text)?.[0]

describe('hikyaku setup in a script', { skip }, () => {
  it('takes every answer by option and answers with one JSON object', async () => {
    await world.deliver('', 'one')
    const ended = await setup(
      ...['--folders', 'INBOX', '--start-from', 'all', '--after-import', 'move:Done', '--labels', 'shop'],
      '--archive',
    )
    assert.equal(ended.code, 0, ended.stderr)
    const answer = answerOf(ended)
    assert.equal(answer.mailbox, address)
    assert.equal(answer.account, owner)
    assert.equal(answer.config, world.configFile)
    assert.equal((answer.pull as { imported: number }).imported, 1)
    assert.equal(answer.service, 'later')
    const yaml = await readFile(world.configFile, 'utf8')
    assert.match(yaml, /^# hikyaku: written by `hikyaku setup`\..*docs\/configuration\.md/)
    assert.match(yaml, /startFrom: all/)
    assert.match(yaml, /afterImport: move:Done/)
    assert.match(yaml, /archive: true/)
    assert.ok(!world.gmail.messages(owner)[0]?.labelIds.includes('INBOX'))
    const status = await run(['status', '--json'])
    assert.equal(status.code, 0, status.stderr)
  })

  for (const protocol of ['imap', 'pop3'] as const) {
    it(`learns over ${protocol} from the mail that is there what the host writes, and keeps it to be seen and changed`, async () => {
      for (let place = 0; place < 10; place += 1) {
        const sender = `sender${place % 5}.example`
        const at = 'Tue, 24 Nov 2026 09:00:00 +0900'
        await world.dovecot.deliver(
          '',
          Buffer.from(
            [
              `Received: from mx1.host.example (unknown [10.0.0.5]) by store.host.example (Postfix) with ESMTP id 1; ${at}`,
              `Received: from out.${sender} (out.${sender} [203.0.113.5]) by mx1.host.example (Postfix) with ESMTPS id 2; ${at}`,
              `Authentication-Results: mx1.host.example; spf=pass smtp.mailfrom=x@${sender}`,
              ...[
                `From: x@${sender}`,
                `To: ${address}`,
                'Subject: x',
                `Message-ID: <learn-${protocol}-${place}@${sender}>`,
              ],
              ...[`Date: ${at}`, '', 'x', ''],
            ].join('\r\n'),
          ),
        )
      }
      const port = String(protocol === 'imap' ? world.dovecot.ports.imaps : world.dovecot.ports.pop3s)
      const ended = await run([
        ...['setup', '--yes', ...mailboxArgs(), ...googleArgs, '--protocol', protocol, '--port', port],
      ])
      assert.equal(ended.code, 0, ended.stderr)
      assert.match(ended.stdout + ended.stderr, /10\.0\.0\.5, mx1\.host\.example, mx1\.host\.example:spf/)
      assert.match((await run(['config', 'show', '--json'])).stdout, /10\.0\.0\.5/)
      const yaml = await readFile(world.configFile, 'utf8')
      assert.match(yaml, /authservIds:\s+- mx1\.host\.example:spf/)
      const shown = JSON.parse((await run(['inspect', '1', '--json'])).stdout)
      assert.deepEqual(
        [shown.authentication.stamped.spf.trust, shown.authentication.verified.spf.clientAddress],
        ['trusted', '203.0.113.5'],
      )
    })
  }

  it("heads the file in the owner's language", async () => {
    const ended = await setup('--lang', 'ja', '--pull', 'no')
    assert.equal(ended.code, 0, ended.stderr)
    assert.match(
      await readFile(world.configFile, 'utf8'),
      /^# hikyaku: `hikyaku setup` が書いた設定です。.*docs\/configuration\.ja\.md/,
    )
  })

  it('names the option for an answer that is missing, and writes nothing', async () => {
    const ended = await run(['setup', '--yes'])
    assert.equal(ended.code, 2)
    assert.match(ended.stderr, /--address/)
    assert.ok(!existsSync(world.configFile))
    const without = await run(['setup', ...mailboxArgs(), ...googleArgs])
    assert.equal(without.code, 2)
    assert.match(without.stderr, /--protocol.*--yes/s)
  })

  it('refuses a bad option in words', async () => {
    const bad = [
      ['--address', 'shop'],
      ['--port', '0'],
      ['--security', 'none-at-all'],
      ['--start-from', '2026-02-31'],
      ['--after-import', 'shred'],
      ['--folders', 'INBOX,Nowhere'],
      ['--labels', 'Sent'],
      ['--gmail-account', address],
      ['--client-file', 'web.json'],
    ]
    await world.deliver('', 'one')
    const all = bad.map(async ([option = '', value = '']) => {
      const ended = await setup(option, value)
      assert.ok(ended.code === 2 || ended.code === 78, `${option} ${value}: ${ended.code} ${ended.stdout}`)
      const { fault } = answerOf(ended) as { fault: { what: string } }
      assert.ok(fault.what.includes(value) || fault.what.includes('Desktop app'), fault.what)
    })
    await Promise.all(all)
    assert.ok(!existsSync(world.configFile))
  })

  it('proves the login before it saves: a wrong password leaves nothing behind', async () => {
    await writeFile(join(world.home, 'password'), 'wrong', { mode: 0o600 })
    const ended = await setup()
    assert.equal(ended.code, 77, ended.stderr)
    assert.equal((answerOf(ended).fault as { code: string }).code, 'source.login-refused')
    assert.ok(!existsSync(world.configFile))
    assert.ok(!existsSync(join(world.stateDir, 'secrets.sealed')))
  })

  it('refuses a password file that others can read, with the command that mends it', async () => {
    await writeFile(join(world.home, 'open'), 'correct horse', { mode: 0o644 })
    const ended = await run(['setup', '--yes', ...mailboxArgs(), ...googleArgs, '--password-file', 'open'])
    assert.equal(ended.code, 78)
    assert.match(ended.stderr, /chmod 600/)
  })

  it('refuses a password that is given by variable and by file: which one is meant, nobody knows', async () => {
    const withoutFile = mailboxArgs().filter(word => !['--password-file', 'password'].includes(word))
    const ended = await run(['setup', '--yes', '--json', ...withoutFile, ...googleArgs], {
      MAIL_PASSWORD: password,
      MAIL_PASSWORD_FILE: join(world.home, 'password'),
    })
    assert.notEqual(ended.code, 0)
    assert.match(
      JSON.stringify(answerOf(ended).fault),
      /secret\.unreadable.*MAIL_PASSWORD, MAIL_PASSWORD_FILE.*both/,
    )
    assert.ok(!existsSync(world.configFile))
  })

  it('leaves the old configuration whole when the new one cannot be written', async () => {
    await mkdir(dirname(dirname(world.configFile)), { recursive: true })
    await writeFile(dirname(world.configFile), 'in the way')
    const ended = await setup()
    assert.notEqual(ended.code, 0)
    assert.match(answerOf(ended).fault === undefined ? '' : JSON.stringify(answerOf(ended)), /config|hikyaku/)
    assert.equal(await readFile(dirname(world.configFile), 'utf8'), 'in the way')
  })

  it('never writes over a configuration that it cannot read', async () => {
    await mkdir(dirname(world.configFile), { recursive: true })
    await writeFile(world.configFile, 'accounts: [')
    const ended = await setup()
    assert.equal(ended.code, 78)
    assert.equal(await readFile(world.configFile, 'utf8'), 'accounts: [')
    assert.deepEqual(await readdir(dirname(world.configFile)), ['config.yaml'])
  })

  it('adds only the missing secrets to a mailbox that variables describe', async () => {
    const env = {
      ...{ MAIL_PROTOCOL: 'imap', MAIL_HOST: '127.0.0.1', MAIL_USER: address, GMAIL_ACCOUNT: owner },
      MAIL_PORT: String(dovecot.ports.imaps),
      GOOGLE_CLIENT_ID: world.gmail.client.id,
    }
    const args = ['setup', '--yes', '--json', ...googleArgs]
    assert.equal((await run(args, env)).code, 2, 'the password is missing')
    await writeFile(join(world.home, 'wrong'), 'wrong', { mode: 0o600 })
    assert.equal((await run([...args, '--password-file', 'wrong'], env)).code, 77)
    const ended = await run([...args, '--password-file', 'password'], env)
    assert.equal(ended.code, 0, ended.stderr)
    assert.ok(!existsSync(world.configFile))
    assert.equal((await run(['pull', '--yes'], env)).code, 0)
    assert.match((await run(args, env)).stderr, /Nothing is missing/)
    // For another server the password is another secret: it is entered again, and then kept for that one.
    const moved = { ...env, MAIL_PORT: String(dovecot.ports.imap), MAIL_SECURITY: 'starttls' }
    const refused = await run(['pull', '--yes'], moved)
    assert.equal(refused.code, 77)
    assert.match(refused.stderr, new RegExp(`127.0.0.1:${dovecot.ports.imaps} .tls.`))
    assert.equal((await run(args, moved)).code, 2, 'the password is missing for that server')
    const again = await run([...args, '--password-file', 'password'], moved)
    assert.equal(again.code, 0, again.stderr)
    assert.equal((await run(['pull', '--yes'], moved)).code, 0)
    assert.equal((await run(['pull', '--yes'], env)).code, 77)
  })

  it('shows the link where there is no browser, waits for the sign-in, and tells of the seven-day trap', async () => {
    world.gmail.oauth.rules.testing = true
    running = startHikyaku(['setup', '--yes', '--json', ...mailboxArgs(), '--client-file', 'client.json'], {
      env: world.env,
      cwd: world.home,
    })
    const { stderr, ended } = running
    await until(() => linkIn(stderr()) !== undefined, 'the link')
    await allow(linkIn(stderr()) ?? '')
    const done = await ended
    assert.equal(done.code, 0, done.stderr)
    const days = (Number(answerOf(done).consentEndsAtMs) - Date.now()) / 86_400_000
    assert.ok(days > 6.9 && days <= 7, String(days))
    assert.match(done.stderr, /auth\/audience/)
  })

  it('refuses the sign-in of another account with the least scopes', async () => {
    await writeFile(join(world.home, 'token'), world.gmail.grant('other@example.test'), { mode: 0o600 })
    const ended = await setup()
    assert.equal((answerOf(ended).fault as { code: string }).code, 'gmail.account-mismatch')
    assert.ok(!existsSync(world.configFile))
  })

  it('adds a mailbox to a file that people have written in, and keeps what they wrote', async () => {
    assert.equal((await setup()).code, 0)
    const before = await readFile(world.configFile, 'utf8')
    await writeFile(world.configFile, before.replace('mailboxes:', '# my own note\nmailboxes:'))
    const pop3 = String(world.dovecot.ports.pop3s)
    const args = [
      'setup',
      'mailbox',
      '--yes',
      '--json',
      ...mailboxArgs(),
      '--protocol',
      'pop3',
      '--port',
      pop3,
    ]
    const ended = await run([...args, '--address', 'info@example.test'])
    assert.equal(ended.code, 0, ended.stderr)
    assert.match(ended.stderr, /no new sign-in is needed/)
    // Another address of the same login is the same mailbox: it keeps its name, and with it its journal.
    const yaml = await readFile(world.configFile, 'utf8')
    assert.match(yaml, /# my own note/)
    assert.match(yaml, /protocol: pop3/)
    assert.doesNotMatch(yaml, /protocol: imap/)
    assert.equal(answerOf(ended).mailbox, address)
  })
})

describe('hikyaku setup mailbox for one that is there', { skip }, () => {
  const written = async (...more: string[]): Promise<string> => {
    assert.equal((await setup(...more)).code, 0)
    const yaml = await readFile(world.configFile, 'utf8')
    const own = yaml
      .replace('mailboxes:', '# my own note\nmailboxes:')
      .replace(/protocol: imap/, 'protocol: imap # the fast one')
      .replace(/ {4}folders:[\s\S]*?(?= {4}afterImport)/, "    folders: 'INBOX,Junk:label=Checked' # mine\n")
      .replace(
        /afterImport: .*\n/,
        [
          'afterImport: delete-after:36h # by law',
          '    schedule: "*/7 * * * *"',
          '    neverMarkSpam: true',
          '    labels: [ shop, "a, b" ]',
          '    authservIds: [ mx.mine.example ]',
          '    archive: true',
          '',
        ].join('\n'),
      )
      .replace(/startFrom: .*/, 'startFrom: new')
    await writeFile(world.configFile, own)
    assert.equal((await run(['config', 'show'])).code, 0)
    return own
  }
  /** The file without the lines that the set-up learned of the host from the mail of other tests, which lies there. */
  const readWritten = async (): Promise<string> =>
    (await readFile(world.configFile, 'utf8')).replace(/ {4}receivingServers:\n( {6}- .*\n)+/, '')
  const change = (...more: string[]) =>
    run(['setup', 'mailbox', '--yes', '--json', '--address', address, ...more])

  it('keeps every word of the file where nothing else is asked for', async () => {
    const own = await written()
    await world.deliver('', 'one')
    const ended = await change('--pull', 'no')
    assert.equal(ended.code, 0, ended.stderr)
    assert.equal(await readWritten(), own)
    const withPassword = await change('--password-file', 'password', '--pull', 'no')
    assert.equal(withPassword.code, 0, withPassword.stderr)
    assert.equal(await readWritten(), own)
  })

  it('changes what an option names, and nothing else', async () => {
    const own = await written()
    const ended = await change('--labels', 'other', '--after-import', 'delete-after:14d', '--pull', 'no')
    assert.equal(ended.code, 0, ended.stderr)
    const changed = own
      .replace('delete-after:36h', 'delete-after:2w')
      .replace('labels: [ shop, "a, b" ]', 'labels:\n      - other')
    assert.equal(await readWritten(), changed)
    assert.equal((await change('--labels', '', '--start-from', '2026-01-02', '--pull', 'no')).code, 0)
    assert.equal(
      await readWritten(),
      changed.replace('    labels:\n      - other\n', '').replace('startFrom: new', 'startFrom: 2026-01-02'),
    )
  })

  it('keeps every word of the file for a person who answers each question with Enter', async () => {
    const own = await written('--ca-file', dovecot.caFile)
    await world.deliver('', 'one')
    const asker = person([
      ['address', address],
      ['server', ''],
      ['user', ''],
      ['keep-password', ''],
      ['folders-as-now', ''],
      ['start-from', ''],
      ['after-import', ''],
      ['after-days', ''],
      ['labels', ''],
      ['archive', ''],
      ['gmail-account', ''],
      ['pull', 'no'],
      ['service', 'later'],
    ])
    const nothing = { candidates: [], preset: undefined, evidence: undefined, unanswered: [] }
    const discover = async () => ({ ...nothing, names: namesOf('example.test') })
    const flags = { part: 'mailbox' } as const
    const done = await setUpWith(asker, { env: world.env, cwd: world.home }, flags, { discover })
    assert.equal(done.exitCode, 0, JSON.stringify(asker.told))
    assert.equal(await readWritten(), own)
  })

  it('goes over to the other protocol with all that still fits it', async () => {
    await written()
    const pop3 = ['--protocol', 'pop3', '--port', String(world.dovecot.ports.pop3s)]
    const ended = await change(...pop3, '--password-file', 'password', '--pull', 'no')
    assert.equal(ended.code, 0, ended.stderr)
    const yaml = await readWritten()
    assert.match(yaml, /protocol: pop3 # the fast one/)
    for (const kept of [
      'delete-after:36h # by law',
      '*/7',
      'neverMarkSpam: true',
      'startFrom: new',
      '# my own note',
    ])
      assert.ok(yaml.includes(kept), kept)
    assert.doesNotMatch(yaml, /folders:/)
  })
})

describe('hikyaku setup google and revoke', { skip }, () => {
  it('lets a running daemon go on after a revoked permission, without a restart', async () => {
    assert.equal((await setup()).code, 0)
    const before = world.gmail.messages(owner).length
    const revoked = await run(['revoke', '--yes', '--json'])
    assert.deepEqual(answerOf(revoked).accounts, [{ account: owner, outcome: 'revoked', inVariable: false }])
    running = startHikyaku(['run'], { env: world.env, cwd: world.home })
    await world.deliver('', 'while signed out')
    const states = async () =>
      answerOf(await run(['status', '--json'])) as { mailboxes: { fault: { code: string } | null }[] }
    await until(async () => (await states()).mailboxes[0]?.fault?.code !== undefined, 'the fault', 30_000)
    assert.equal(world.gmail.messages(owner).length, before)

    await writeFile(join(world.home, 'token'), world.gmail.grant(owner), { mode: 0o600 })
    const again = await run(['setup', 'google', '--yes', '--json', '--refresh-token-file', 'token'])
    assert.equal(again.code, 0, again.stderr)
    assert.equal(answerOf(again).running, true)
    await until(() => world.gmail.messages(owner).length === before + 1, 'the message that waited', 30_000)
    assert.equal(running.child.exitCode, null)
  })

  it('serves a mailbox of variables too, and says when a variable overrules the new permission', async () => {
    const env = {
      ...{ MAIL_PROTOCOL: 'imap', MAIL_HOST: '127.0.0.1', MAIL_USER: address, GMAIL_ACCOUNT: owner },
      ...{ MAIL_PORT: String(dovecot.ports.imaps), MAIL_PASSWORD: password },
      GOOGLE_CLIENT_ID: world.gmail.client.id,
      GOOGLE_CLIENT_SECRET: world.gmail.client.secret ?? '',
    }
    const args = ['setup', 'google', '--yes', '--refresh-token-file', 'token']
    const first = await run(args, env)
    assert.equal(first.code, 0, first.stderr)
    assert.ok(!existsSync(world.configFile))
    assert.equal((await run(['pull', '--yes'], env)).code, 0)
    const overruled = await run(args, { ...env, GOOGLE_REFRESH_TOKEN: 'of-old' })
    assert.match(overruled.stderr, /GOOGLE_REFRESH_TOKEN/)
    assert.doesNotMatch(first.stderr, /GOOGLE_REFRESH_TOKEN/)
  })

  it('deletes here what Google has ended already, and asks before it does anything', async () => {
    assert.equal((await setup()).code, 0)
    const asked = await run(['revoke'])
    assert.equal(asked.code, 2)
    assert.match(asked.stderr, /--yes/)
    assert.equal((await run(['revoke', '--yes'])).code, 0)
    const twice = await run(['revoke', '--yes', '--json'])
    assert.deepEqual(answerOf(twice).accounts, [{ account: owner, outcome: 'nothing', inVariable: false }])
    assert.equal((await run(['revoke', '--yes', 'nobody@example.test'])).code, 2)
  })
})
