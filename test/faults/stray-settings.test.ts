/**
 * Settings that the owner did not write, and secrets that the owner keeps: a child process between the owner's
 * servers and a listener of somebody else's, whose own ledger must stay empty.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmod, chown, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, describe, it, type TestContext } from 'node:test'
import { vaultNames } from '../../src/config/load.ts'
import { type OpenedVault, openVault } from '../../src/vault/open-vault.ts'
import { type GmailServer, startGmailServer } from '../servers/gmail/gmail-server.ts'
import { type Ended, gmailEnv, hikyaku } from '../servers/hikyaku.ts'
import { type Pop3Server, startPop3Server } from '../servers/pop3-server.ts'
import { mail } from './harness.ts'

const user = 'shop@example.test'
const password = 'correct horse battery'
const isRoot = process.geteuid?.() === 0
const nobody = 65_534

/** Somebody else's server: says yes to everything, so that whoever is fooled goes on talking. */
interface Trap {
  readonly port: number
  readonly url: string
  /** Everything that arrived; a connection alone counts, too. */
  readonly got: string[]
  close(): void
}

async function startTrap(): Promise<Trap> {
  const got: string[] = []
  const server = createServer(socket => {
    got.push('connection')
    socket.on('error', () => {})
    socket.on('data', octets => {
      got.push(octets.toString('latin1'))
      socket.write(/^(GET|POST) /.test(octets.toString('latin1')) ? 'HTTP/1.1 200 OK\r\n\r\n' : '+OK\r\n')
    })
    socket.write('+OK ready\r\n')
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { port, url: `http://127.0.0.1:${port}`, got, close: () => server.close() }
}

let home: string
let source: Pop3Server
let gmail: GmailServer
let trap: Trap
let vault: OpenedVault
let google: Record<string, string>
/** The folder of a download or of somebody's repository. */
let elsewhere: string

const endpoints = ['GMAIL_API_ROOT', 'GOOGLE_AUTH_URL', 'GOOGLE_TOKEN_URL', 'GOOGLE_REVOKE_URL'] as const
const ownServer = () => ({ kind: 'mailbox', host: '127.0.0.1', port: source.port, security: 'none' }) as const
const ownGoogle = () =>
  ({ kind: 'google', tokenUrl: gmail.tokenUrl, apiRoot: gmail.url, revokeUrl: gmail.revokeUrl }) as const

/** The environment of the owner's shell: nothing of a mailbox. */
const shell = (without: readonly string[] = []): Record<string, string> => ({
  HOME: home,
  ...Object.fromEntries(
    endpoints.filter(name => !without.includes(name)).map(name => [name, google[name] ?? '']),
  ),
})
const run = (args: readonly string[], env = shell(), cwd = elsewhere): Promise<Ended> =>
  hikyaku(args, { env, cwd, timeoutMs: 30_000 })

/** The same mailbox by name, on the trap's port. */
const atTrap = (): string =>
  `MAIL_PROTOCOL=pop3\nMAIL_HOST=127.0.0.1\nMAIL_PORT=${trap.port}\nMAIL_SECURITY=none\nMAIL_USER=${user}\nGOOGLE_CLIENT_ID=${gmail.client.id}\nGMAIL_ACCOUNT=owner@example.test\nVERIFY=no\n`

const yaml = (port: number, top = ''): string =>
  `${top}accounts:
  - { address: owner@example.test, clientId: ${gmail.client.id}, unitsPerMinute: 1200000 }
mailboxes:
  - { protocol: pop3, host: 127.0.0.1, port: ${port}, security: none, user: ${user}, verify: no }
`

async function writeConfig(text = yaml(source.port)): Promise<void> {
  await mkdir(join(home, '.config/hikyaku'), { recursive: true })
  await writeFile(join(home, '.config/hikyaku/config.yaml'), text)
}
const dotEnv = (text: string): Promise<void> => writeFile(join(elsewhere, '.env'), text)
const stateDir = (): string => join(home, '.local/state/hikyaku')

/** Kept as a set-up of today keeps them. */
async function keepSecrets(): Promise<void> {
  await vault.setFor(vaultNames.password(user), password, ownServer())
  await vault.setFor(
    vaultNames.clientSecret('owner@example.test'),
    google.GOOGLE_CLIENT_SECRET ?? '',
    ownGoogle(),
  )
  await vault.setFor(
    vaultNames.refreshToken('owner@example.test'),
    google.GOOGLE_REFRESH_TOKEN ?? '',
    ownGoogle(),
  )
}

/** One line for people, which names the file; no packet. */
function refusedInOneLine({ code, stdout, stderr }: Ended, file = '.env'): void {
  assert.equal(code, 78, stdout + stderr)
  const lines = stderr.split('\n').filter(line => line.startsWith('- '))
  assert.equal(lines.length, 1, stderr)
  assert.ok(lines[0]?.includes(join(elsewhere, file)), stderr)
  assert.deepEqual(trap.got, [])
}

before(async () => {
  gmail = await startGmailServer()
  google = gmailEnv(gmail)
})
after(() => gmail.close())
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'hikyaku-owner-'))
  elsewhere = await mkdtemp(join(tmpdir(), 'hikyaku-download-'))
  source = await startPop3Server({ users: { [user]: password } })
  trap = await startTrap()
  vault = await openVault({ stateDir: stateDir(), env: {}, choice: 'sealed-file' })
})
afterEach(async () => {
  trap.close()
  await source.close()
  await rm(home, { recursive: true, force: true })
  await rm(elsewhere, { recursive: true, force: true })
})

describe('G8: a stray .env in the current folder', () => {
  const strays: Readonly<Record<string, () => { text: string; without?: readonly string[] }>> = {
    'names a token endpoint': () => ({
      text: `GOOGLE_TOKEN_URL=${trap.url}/token\n`,
      without: ['GOOGLE_TOKEN_URL'],
    }),
    'names the root of an API': () => ({
      text: `GMAIL_API_ROOT=${trap.url}\n`,
      without: ['GMAIL_API_ROOT'],
    }),
    'names another server for the same user': () => ({ text: atTrap() }),
    'names another configuration': () => ({ text: `HIKYAKU_CONFIG=${join(elsewhere, 'evil.yaml')}\n` }),
    'names where the owner is told': () => ({
      text: `ALERT_PING=${trap.url}/ping\nALERT_WEBHOOK=${trap.url}/hook\nDNS_SERVERS=127.0.0.1:${trap.port}\n`,
    }),
    'moves the state and the vault': () => ({
      text: `STATE_DIR=${elsewhere}\nHIKYAKU_VAULT=environment\nMAILBOX_SHOP_EXAMPLE_TEST_PASSWORD=x\n`,
    }),
    'is no .env of ours at all': () => ({ text: 'DB_HOST=127.0.0.1\nMAIL_MAILER=smtp\nMAIL_COLOUR=x\n' }),
  }
  for (const [what, stray] of Object.entries(strays)) {
    it(`G8: is not read beside the owner’s config.yaml, and that is said in a line, where it ${what}`, async () => {
      const { text, without = [] } = stray()
      await writeConfig()
      await keepSecrets()
      await source.deliver(mail(`stray-${Object.keys(strays).indexOf(what)}`))
      await writeFile(join(elsewhere, 'evil.yaml'), yaml(trap.port))
      await dotEnv(text)
      const before = gmail.accepted.length
      const ended = await run(['pull'], shell(without))
      assert.deepEqual(trap.got, [], ended.stderr)
      const told = ended.stderr.split('\n').filter(line => line.includes('is not read'))
      assert.equal(told.length, 1, ended.stderr)
      assert.ok(told[0]?.includes(join(elsewhere, '.env')) && told[0].includes('config.yaml'), told[0])
      // Without the endpoint of the stand-in the permission is for nobody; else the mail comes as ever.
      assert.equal(ended.code, without.length > 0 ? 77 : 0, ended.stderr)
      assert.equal(gmail.accepted.length - before, without.length > 0 ? 0 : 1)
    })
  }

  it('G8: is refused in one line where it belongs to another user, with no packet to its servers', {
    skip: isRoot ? false : 'only root can give a file away',
  }, async () => {
    await keepSecrets()
    await dotEnv(
      `${atTrap()}MAIL_PASSWORD=x\nGOOGLE_CLIENT_SECRET=x\nGOOGLE_REFRESH_TOKEN=x\nALERT_PING=${trap.url}\n`,
    )
    await chown(join(elsewhere, '.env'), nobody, nobody)
    for (const args of [
      ['pull'],
      ['doctor'],
      ['compare'],
      ['status'],
      ['setup', '--yes'],
      ['revoke', '--yes'],
    ])
      if (args[0] === 'doctor') {
        const { code, stdout, stderr } = await run(args)
        assert.equal(code, 78, stdout + stderr)
        assert.match(stdout + stderr, /belongs to another user/)
        assert.deepEqual(trap.got, [])
      } else refusedInOneLine(await run(args))
    const japanese = await run(['pull', '--lang', 'ja'])
    assert.match(japanese.stderr, /別のユーザーのもの/)
    // A link of theirs to a file of the owner's: they would choose which.
    await rm(join(elsewhere, '.env'))
    await writeFile(join(home, 'mine'), atTrap())
    await symlink(join(home, 'mine'), join(elsewhere, '.env'))
    execFileSync('chown', ['-h', String(nobody), join(elsewhere, '.env')])
    refusedInOneLine(await run(['pull']))
  })

  it('G8: is refused where others can write it, and the line says what mends it', async () => {
    await keepSecrets()
    await dotEnv(atTrap())
    for (const mode of [0o666, 0o664, 0o602]) {
      await chmod(join(elsewhere, '.env'), mode)
      const ended = await run(['pull'])
      refusedInOneLine(ended)
      assert.match(ended.stderr, /chmod go-w /)
    }
  })

  const odd: Readonly<Record<string, (path: string) => unknown>> = {
    'a FIFO that nobody writes': path => execFileSync('mkfifo', [path]),
    'a link to /dev/zero': path => symlink('/dev/zero', path),
    'a link to itself': path => symlink(path, path),
    'a folder': path => mkdir(path),
    'a file of 64 KiB and one octet': path => writeFile(path, '#'.repeat(65_537)),
    'a file of a gigabyte with nothing in it': path => execFileSync('truncate', ['-s', '1G', path]),
    'not text': path => writeFile(path, Buffer.from([0x4d, 0x3d, 0xff, 0xfe])),
  }
  for (const [what, make] of Object.entries(odd)) {
    it(`G8: never hangs a command and is refused in one line where it is ${what}`, async () => {
      await make(join(elsewhere, '.env'))
      refusedInOneLine(await run(['pull']))
    })
    it(`G8: stops nothing beside a config.yaml where it is ${what}`, async () => {
      await make(join(elsewhere, '.env'))
      await writeConfig()
      await keepSecrets()
      assert.equal((await run(['pull'])).code, 0)
    })
  }
})

describe('G9: a secret asked for another destination', () => {
  it('G9: goes nowhere with the owner’s own .env of a clone that names another server', async () => {
    await keepSecrets()
    await dotEnv(atTrap())
    const ended = await run(['pull'])
    assert.equal(ended.code, 77, ended.stderr)
    assert.ok(ended.stderr.includes(`127.0.0.1:${source.port}`), ended.stderr)
    assert.ok(ended.stderr.includes(`127.0.0.1:${trap.port}`), ended.stderr)
    assert.match(ended.stderr, /hikyaku setup/)
    assert.doesNotMatch(ended.stderr + ended.stdout, /correct horse|1\/\//)
    assert.deepEqual(trap.got, [])
    // Nor with a configuration that such a file names.
    await writeFile(join(elsewhere, 'evil.yaml'), yaml(trap.port))
    await dotEnv('HIKYAKU_CONFIG=evil.yaml\n')
    assert.equal((await run(['pull'])).code, 77)
    assert.deepEqual(trap.got, [])
  })

  it('G9: goes nowhere with variables of another program in the process itself', async () => {
    await writeConfig()
    await keepSecrets()
    const other = Object.fromEntries(
      atTrap()
        .trim()
        .split('\n')
        .map(line => line.split('=') as [string, string]),
    )
    assert.equal((await run(['pull'], { ...shell(), ...other })).code, 77)
    const { MAIL_PORT: _, ...own } = other
    await dotEnv(`MAIL_PORT=${trap.port}\n`)
    assert.equal((await run(['pull'], { ...shell(), ...own })).code, 77, 'the port alone')
    assert.deepEqual(trap.got, [])
  })

  it('G9: is bound to the server of the owner’s configuration file where it is older than destinations', async () => {
    // As an earlier version kept them.
    await vault.set(vaultNames.password(user), password)
    await vault.set(vaultNames.clientSecret('owner@example.test'), google.GOOGLE_CLIENT_SECRET ?? '')
    await vault.set(vaultNames.refreshToken('owner@example.test'), google.GOOGLE_REFRESH_TOKEN ?? '')
    await dotEnv(atTrap())
    const first = await run(['pull'])
    assert.equal(first.code, 77, first.stderr)
    assert.match(first.stderr, /earlier version/)
    await writeFile(join(elsewhere, 'evil.yaml'), yaml(trap.port))
    await dotEnv('HIKYAKU_CONFIG=evil.yaml\n')
    assert.equal((await run(['pull'])).code, 77)
    assert.deepEqual(trap.got, [])
    assert.equal(await vault.get(vaultNames.password(user)), password)
    await assert.rejects(vault.getFor(vaultNames.password(user), ownServer(), 'refuse'), {
      code: 'secret.without-destination',
    })
    // The first use is the owner's file.
    await writeConfig()
    await source.deliver(mail('bound'))
    const bound = await run(['pull'])
    assert.equal(bound.code, 0, bound.stderr)
    assert.equal(await vault.getFor(vaultNames.password(user), ownServer(), 'refuse'), password)
    await writeConfig(yaml(trap.port))
    assert.equal((await run(['pull'])).code, 77)
    assert.deepEqual(trap.got, [])
  })

  it('G9: lets no file name an endpoint of Google, and no variable one beyond this computer', async () => {
    await keepSecrets()
    await writeConfig(yaml(source.port, `googleTokenUrl: ${trap.url}/token\ngmailApiRoot: ${trap.url}\n`))
    const inYaml = await run(['pull'], shell(['GOOGLE_TOKEN_URL', 'GMAIL_API_ROOT']))
    assert.equal(inYaml.code, 78)
    assert.match(inYaml.stderr, /googleTokenUrl/)
    await rm(join(home, '.config'), { recursive: true })
    await dotEnv(`${atTrap()}GOOGLE_TOKEN_URL=${trap.url}/token\n`)
    const inDotEnv = await run(['pull'], shell(['GOOGLE_TOKEN_URL']))
    assert.equal(inDotEnv.code, 78)
    assert.match(inDotEnv.stderr, /GOOGLE_TOKEN_URL .*environment of the process/)
    await rm(join(elsewhere, '.env'))
    await writeConfig()
    for (const url of [
      'https://oauth2.example.net/token',
      'https://127.0.0.1.example.net',
      'http://a.localhost:1',
    ]) {
      const elsewhereUrl = await run(['pull'], { ...shell(), GOOGLE_TOKEN_URL: url })
      assert.equal(elsewhereUrl.code, 78, url)
      assert.match(elsewhereUrl.stderr, /GOOGLE_TOKEN_URL/)
    }
    assert.deepEqual(trap.got, [])
  })

  it('G9: is not written with a configuration that others can write, or that is no file', {
    skip: process.platform === 'win32' ? 'no modes' : false,
  }, async () => {
    await keepSecrets()
    const file = join(elsewhere, 'c.yaml')
    const env = { ...shell(), HIKYAKU_CONFIG: 'c.yaml' }
    await writeFile(file, yaml(trap.port))
    await chmod(file, 0o666)
    refusedInOneLine(await run(['pull'], env), 'c.yaml')
    if (isRoot) {
      await chmod(file, 0o644)
      await chown(file, nobody, nobody)
      refusedInOneLine(await run(['pull'], env), 'c.yaml')
    }
    await rm(file)
    execFileSync('mkfifo', [file])
    assert.equal((await run(['pull'], env)).code, 78)
    await rm(file)
    await symlink('/dev/zero', file)
    assert.equal((await run(['pull'], env)).code, 78)
    const own = {
      ...shell(),
      MAIL_PROTOCOL: 'pop3',
      MAIL_HOST: '127.0.0.1',
      MAIL_USER: user,
      MAIL_SECURITY: 'none',
    }
    const asked = { ...own, GOOGLE_CLIENT_ID: 'x', MAIL_PORT: String(trap.port) }
    await rm(file)
    execFileSync('mkfifo', [file])
    for (const name of ['MAIL_CA_FILE', 'MAIL_PASSWORD_FILE', 'GOOGLE_REFRESH_TOKEN_FILE', 'ALERT_PING_FILE'])
      for (const path of [file, '/dev/zero', '/dev/tty'])
        assert.equal((await run(['pull'], { ...asked, [name]: path })).code, 78, `${name} ${path}`)
    assert.deepEqual(trap.got, [])
  })
})

describe('G21: a file of the owner’s that a .env names as a password', () => {
  /** Takes a password in any of the ways in which one could be sent. */
  async function startTaker(t: TestContext): Promise<{ port: number; got: string[] }> {
    const got: string[] = []
    const server = createServer(socket => {
      socket.on('error', () => {})
      socket.on('data', octets => {
        const text = octets.toString('latin1')
        got.push(text, Buffer.from(text, 'base64').toString('latin1'))
        socket.write(/^CAPA/.test(text) ? '+OK\r\nUSER\r\nSASL PLAIN LOGIN\r\n.\r\n' : '+OK\r\n')
      })
      socket.write('+OK ready\r\n')
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    t.after(() => server.close())
    return { port: (server.address() as AddressInfo).port, got }
  }

  const files: Readonly<Record<string, string>> = {
    'a private key': '-----BEGIN OPENSSH PRIVATE KEY-----\nSTOLEN\n-----END OPENSSH PRIVATE KEY-----\n',
    'settings of another program': 'machine example.test\nlogin me\npassword STOLEN\n',
    'an environment': 'AWS_SECRET=STOLEN\0HOME=/root\0',
    'a long text': `STOLEN${'x'.repeat(20_000)}\n`,
  }
  for (const [what, text] of Object.entries(files)) {
    it(`G21: is not sent to the server of that .env where it is ${what}`, async t => {
      const taker = await startTaker(t)
      const file = join(home, 'private')
      await writeFile(file, text, { mode: 0o600 })
      await dotEnv(
        `${atTrap().replace(`MAIL_PORT=${trap.port}`, `MAIL_PORT=${taker.port}`)}MAIL_PASSWORD_FILE=${file}\nGOOGLE_CLIENT_SECRET=x\nGOOGLE_REFRESH_TOKEN=x\n`,
      )
      for (const args of [['doctor'], ['pull']]) {
        const { code, stdout, stderr } = await run(args)
        assert.ok(!taker.got.join('').includes('STOLEN'), JSON.stringify(taker.got))
        assert.ok(!(stdout + stderr).includes('STOLEN'), stderr)
        assert.notEqual(code, 0)
        // `doctor` breaks its lines by the width of the screen.
        assert.match((stdout + stderr).replace(/\s+/g, ' '), /more than the one line of a secret/)
      }
    })
  }
})
