/** Row G16 of the fault matrix: other people of this machine while the owner signs in. */
import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { vaultNames } from '../../src/config/load.ts'
import { openBrowser } from '../../src/google/open-browser.ts'
import { SetupLeft } from '../../src/setup/asker.ts'
import { setupWords } from '../../src/setup/words.ts'
import { openVault } from '../../src/vault/open-vault.ts'
import { type GmailServer, startGmailServer } from '../servers/gmail/gmail-server.ts'
import { subjectOf } from '../servers/gmail/id-token.ts'
import { until } from '../servers/until.ts'
import { type Done, leave, type Person, person, type Script, setUpWith } from '../setup/person.ts'

const owner = 'owner@example.test'
const stranger = 'stranger@example.test'

interface SignIn {
  readonly gmail: GmailServer
  readonly home: string
  readonly env: Readonly<Record<string, string>>
  run(asker: Person, browser: (url: string) => Promise<boolean>): Promise<Done>
  /** What the vault holds of the permission. */
  kept(): Promise<{ token: string | undefined; identity: string | undefined }>
}

/** `hikyaku setup google` of a mailbox that variables describe. */
async function signIn(account: string, story: (self: SignIn) => Promise<void>): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), 'hikyaku-account-'))
  const gmail = await startGmailServer({ accounts: [owner, stranger] })
  const env = {
    HOME: home,
    STATE_DIR: join(home, 'state'),
    HIKYAKU_VAULT: 'sealed-file',
    MAIL_PROTOCOL: 'imap',
    MAIL_HOST: '127.0.0.1',
    MAIL_USER: 'shop@example.test',
    MAIL_PASSWORD: 'none is needed',
    GMAIL_ACCOUNT: account,
    GOOGLE_CLIENT_ID: gmail.client.id,
    GOOGLE_CLIENT_SECRET: gmail.client.secret,
    GMAIL_API_ROOT: gmail.url,
    GOOGLE_AUTH_URL: gmail.authUrl,
    GOOGLE_TOKEN_URL: gmail.tokenUrl,
    GOOGLE_REVOKE_URL: gmail.revokeUrl,
  }
  try {
    await mkdir(env.STATE_DIR, { mode: 0o700 })
    await story({
      gmail,
      home,
      env,
      run: (asker, browser) =>
        setUpWith(asker, { env, cwd: home }, { part: 'google' }, { openBrowser: browser }),
      kept: async () => {
        const vault = await openVault({ stateDir: env.STATE_DIR, env })
        const name = account || 'me'
        return {
          token: await vault.get(vaultNames.refreshToken(name)),
          identity: await vault.get(vaultNames.identity(name)),
        }
      },
    })
    assert.deepEqual(gmail.bugs, [])
  } finally {
    await gmail.close()
    await rm(home, { recursive: true, force: true })
  }
}

/** Where the one-time address leads, or undefined where it leads nowhere any more. */
const visit = async (url: string): Promise<string | undefined> =>
  (await fetch(url, { redirect: 'manual' })).headers.get('location') ?? undefined

/** Allows everything on Google's page. @returns where Google sends the browser */
async function allow(gmail: GmailServer, link: string, account: string): Promise<string> {
  const { searchParams } = new URL(link)
  const form = new URLSearchParams(searchParams)
  form.set('account', account)
  form.set('decision', 'allow')
  for (const scope of (searchParams.get('scope') ?? '').split(' ')) form.append('granted', scope)
  const answer = await fetch(gmail.authUrl, { method: 'POST', body: form, redirect: 'manual' })
  return answer.headers.get('location') ?? ''
}

const identityOf = (account: string): string => JSON.stringify({ sub: subjectOf(account), email: account })

test('G16: the browser’s arguments hold nothing that a neighbour could answer with', async () => {
  await signIn(owner, async ({ gmail, home, env, run, kept }) => {
    const seen = join(home, 'arguments')
    const fake = join(home, 'xdg-open')
    await writeFile(
      fake,
      `#!/bin/sh\ntr '\\0' '\\n' < /proc/$$/cmdline > '${seen}.part' && mv '${seen}.part' '${seen}'\n`,
    )
    await chmod(fake, 0o755)
    let link = ''
    const browser = async (url: string): Promise<boolean> => {
      const started = await openBrowser(
        url,
        { ...env, PATH: `${home}:/usr/bin:/bin`, DISPLAY: ':9' },
        'linux',
      )
      await until(
        () =>
          readFile(seen).then(
            () => true,
            () => false,
          ),
        'the browser',
      )
      link = (await visit(url)) ?? ''
      void allow(gmail, link, owner).then(back => fetch(back))
      return started
    }
    const done = await run(person([]), browser)
    assert.equal(done.exitCode, 0, done.stderr)
    const shown = await readFile(seen, 'utf8')
    assert.match(shown, /http:\/\/127\.0\.0\.1:\d+\/[\w-]{43}\n/)
    for (const name of ['state', 'code_challenge', 'client_id', 'login_hint'])
      assert.ok(!shown.includes(new URL(link).searchParams.get(name) ?? '?'), name)
    assert.doesNotMatch(shown, /state|challenge|oauth/)
    assert.ok(done.stderr.includes(link), 'the whole link is on the terminal')
    assert.equal((await kept()).identity, identityOf(owner))
  })
})

test('G16: a neighbour who is faster at the one-time address is told of, and the sign-in begins anew', async () => {
  await signIn(owner, async ({ gmail, run, kept }) => {
    const stolen: string[] = []
    const asker = person([])
    const browser = async (url: string): Promise<boolean> => {
      const link = await visit(url)
      if (stolen.length === 0) {
        stolen.push(link ?? '')
        const late = await fetch(url, { redirect: 'manual' })
        assert.equal(late.status, 410)
        assert.match(await late.text(), /used already/)
      } else void allow(gmail, link ?? '', owner).then(back => fetch(back))
      return true
    }
    const done = await run(asker, browser)
    assert.equal(done.exitCode, 0, done.stderr)
    assert.ok(asker.told.some(({ text }) => text === setupWords.en.google.taken(true)))
    const [first = '', second = ''] = done.stderr.match(/http:\/\/127\.0\.0\.1:\d+\/o\/oauth2\S+/g) ?? []
    assert.equal(first, stolen[0])
    for (const name of ['state', 'code_challenge'])
      assert.notEqual(new URL(first).searchParams.get(name), new URL(second).searchParams.get(name))
    assert.equal((await kept()).identity, identityOf(owner))
  })
})

test('G16: where the one-time address is taken again and again, the owner opens the link by hand', async () => {
  await signIn(owner, async ({ gmail, run, kept }) => {
    const asker = person([])
    let opened = 0
    const browser = async (url: string): Promise<boolean> => {
      opened += 1
      await visit(url)
      await visit(url)
      return true
    }
    const isTold = (): boolean => asker.told.some(({ text }) => text === setupWords.en.google.taken(false))
    const text: Person['text'] = async question => {
      if (isTold()) throw new SetupLeft('left')
      return asker.text(question)
    }
    const done = await run({ ...asker, text }, browser)
    assert.equal(done.exitCode, 75)
    assert.ok(isTold())
    assert.equal(opened, 3)
    const links = done.stderr.match(/http:\/\/127\.0\.0\.1:\d+\/o\/oauth2\S+/g) ?? []
    assert.equal(new Set(links).size, 4, 'the fourth link is only on the terminal')
    assert.equal((await kept()).token, undefined)
    assert.equal(gmail.accepted.length, 0)
  })
})

test('G16: a neighbour’s own code is caught by the account, whether it is named or not', async () => {
  const cases: readonly (readonly [account: string, script: Script])[] = [
    [owner, [['retry-google', leave]]],
    [
      '',
      [
        ['is-yours', 'no'],
        ['pasted-url', leave],
      ],
    ],
  ]
  for (const [account, script] of cases)
    await signIn(account, async ({ gmail, run, kept }) => {
      const asker = person(script)
      let visits = 0
      const browser = async (url: string): Promise<boolean> => {
        visits += 1
        if (visits > 1) return false
        const back = await allow(gmail, (await visit(url)) ?? '', stranger)
        assert.equal((await fetch(back)).status, 200)
        return true
      }
      const done = await run(asker, browser)
      assert.equal(done.exitCode, 75, done.stderr)
      assert.deepEqual(await kept(), { token: undefined, identity: undefined })
      const said = [...asker.told.map(({ text }) => text), ...asker.asked].join('\n')
      assert.ok(said.includes(stranger), said)
    })
})

test('G16: a code with another state is refused, and the owner’s own is waited for', async () => {
  await signIn('', async ({ gmail, run, kept }) => {
    const asker = person([['is-yours', 'yes']])
    const browser = async (url: string): Promise<boolean> => {
      const link = new URL((await visit(url)) ?? '')
      const forged = new URL(link)
      forged.searchParams.set('state', 'a-guess')
      const refused = await fetch(await allow(gmail, forged.href, stranger))
      assert.equal(refused.status, 400)
      assert.match(await refused.text(), /does not belong/)
      void allow(gmail, link.href, owner).then(back => fetch(back))
      return true
    }
    const done = await run(asker, browser)
    assert.equal(done.exitCode, 0, done.stderr)
    // GMAIL_ACCOUNT is not set: the set-up has learned the address.
    assert.equal((await kept()).identity, identityOf(owner))
    assert.ok(asker.told.some(({ text }) => text === setupWords.en.google.works(owner)))
  })
})
