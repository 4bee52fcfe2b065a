/** The page beyond this computer: by a certificate of its own, and behind a real nginx; otherwise not at all. */
import assert from 'node:assert/strict'
import { chmod, copyFile, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { connect, type TLSSocket } from 'node:tls'
import { describeProblem } from '../../src/locale/problems.ts'
import { least, problemsOf } from '../config/load-helpers.ts'
import { mail } from '../faults/harness.ts'
import { type Certificates, makeCertificates, needsOpenssl } from '../servers/certificates.ts'
import { hasChromium, openChromium } from '../servers/chromium.ts'
import { freePorts, loopback } from '../servers/local.ts'
import { nginxMissing, startNginx } from '../servers/nginx.ts'
import { requireServer } from '../servers/required.ts'
import { until } from '../servers/until.ts'
import { answerOf } from '../servers/world.ts'
import { type Answer, ask, formToken, homeIn, type PageWorld, postOf, startPageWorld } from './page.ts'

const skip = needsOpenssl()
const noNginx = requireServer('nginx', nginxMissing())
const noChromium = requireServer('chromium', hasChromium())

let folder: string
let certificates: Certificates
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hikyaku-reach-'))
  certificates = await makeCertificates(folder)
})
after(() => rm(folder, { recursive: true, force: true }))

describe('an address that other computers reach', { skip }, () => {
  const sayProblems = async (
    env: Readonly<Record<string, string>>,
    language: 'en' | 'ja' = 'en',
  ): Promise<string> =>
    (await problemsOf({ ...least, ...env })).map(problem => describeProblem(problem, language)).join('\n')

  for (const DASHBOARD of ['0.0.0.0:8737', '192.0.2.1:8737', '[::]:8737', '[2001:db8::1]:8737'])
    it(`${DASHBOARD} is refused at loading, unless there is a certificate or a proxy`, async () => {
      assert.match(await sayProblems({ DASHBOARD }), /^DASHBOARD can be reached by other computers/)
      assert.match(await sayProblems({ DASHBOARD }, 'ja'), /^DASHBOARD はほかのコンピューターから接続できる/)
      assert.equal(await sayProblems({ DASHBOARD, DASHBOARD_ORIGIN: 'https://hikyaku.example.jp' }), '')
      const { certFile, keyFile } = certificates.good
      const pair = { DASHBOARD_CERTIFICATE_FILE: certFile, DASHBOARD_KEY_FILE: keyFile }
      assert.equal(await sayProblems({ DASHBOARD, ...pair }), '')
    })

  for (const DASHBOARD of [':8737', '8737', 'localhost:8737', '127.0.0.1:0', '127.0.0.256:1'])
    it(`${DASHBOARD} is no address`, async () => {
      assert.match(await sayProblems({ DASHBOARD }), /^DASHBOARD must be an IP address of this computer/)
      assert.match(await sayProblems({ DASHBOARD }, 'ja'), /^DASHBOARD は 127/)
    })

  for (const DASHBOARD_ORIGIN of [
    'http://hikyaku.example.jp',
    'hikyaku.example.jp',
    'https://hikyaku.example.jp/page',
    'https://hikyaku.example.jp/?',
    'https://hikyaku.example.jp/#a',
    'https://me:secret@hikyaku.example.jp',
    'https://',
  ])
    it(`${DASHBOARD_ORIGIN} is no origin`, async () => {
      const env = { DASHBOARD: '0.0.0.0:8737', DASHBOARD_ORIGIN }
      assert.match(await sayProblems(env), /^DASHBOARD_ORIGIN must be https:\/\/ and a name/)
      assert.match(await sayProblems(env, 'ja'), /^DASHBOARD_ORIGIN は https/)
    })

  it('needs certificate and key, both sound, of one another, and the key for nobody else', async () => {
    const { good, selfSigned } = certificates
    const DASHBOARD = '0.0.0.0:8737'
    const saysOf = (certFile: string, keyFile: string, language?: 'ja'): Promise<string> =>
      sayProblems(
        {
          DASHBOARD,
          ...(certFile === '' ? {} : { DASHBOARD_CERTIFICATE_FILE: certFile }),
          ...(keyFile === '' ? {} : { DASHBOARD_KEY_FILE: keyFile }),
        },
        language,
      )
    assert.match(await saysOf(good.certFile, ''), /^DASHBOARD_CERTIFICATE_FILE needs DASHBOARD_KEY_FILE/)
    assert.match(await saysOf('', good.keyFile), /^DASHBOARD_KEY_FILE needs DASHBOARD_CERTIFICATE_FILE/)
    assert.match(await saysOf(join(folder, 'none'), good.keyFile), /cannot be read: .*none/)
    assert.match(await saysOf(good.keyFile, good.keyFile), /without a readable certificate/)
    assert.match(await saysOf(good.certFile, join(folder, 'none')), /DASHBOARD_KEY_FILE .* cannot be read/)
    assert.match(await saysOf(good.certFile, good.certFile), /without a private key|chmod 600/)
    assert.match(await saysOf(good.certFile, selfSigned.keyFile), /key of another certificate/)
    const open = join(folder, 'open.key')
    await copyFile(good.keyFile, open)
    await chmod(open, 0o640)
    assert.match(await saysOf(good.certFile, open), /^DASHBOARD_KEY_FILE .*Run: chmod 600/)
    assert.match(await saysOf(good.certFile, open, 'ja'), /^DASHBOARD_KEY_FILE .*chmod 600/)
  })
})

describe('a page with a certificate of its own', { skip }, () => {
  let world: PageWorld
  let pair: { readonly certFile: string; readonly keyFile: string }
  before(async () => {
    pair = { certFile: join(folder, 'page.pem'), keyFile: join(folder, 'page.key') }
    await copyFile(certificates.good.certFile, pair.certFile)
    await copyFile(certificates.good.keyFile, pair.keyFile)
    const [port] = await freePorts(1)
    world = await startPageWorld({
      authority: `${certificates.ca.cert}${certificates.selfSigned.cert}`,
      env: {
        SCHEDULE: '0 0 1 1 *',
        DASHBOARD: `0.0.0.0:${port}`,
        DASHBOARD_CERTIFICATE_FILE: pair.certFile,
        DASHBOARD_KEY_FILE: pair.keyFile,
      },
    })
  })
  after(() => world.stop())

  /** A handshake. @returns the version and the certificate's fingerprint; undefined where there is none */
  const shake = (options: object = {}): Promise<readonly [string | null, string] | undefined> =>
    new Promise(resolve => {
      const [host = '', port] = world.address.split(':')
      const socket: TLSSocket = connect({ host, port: Number(port), rejectUnauthorized: false, ...options })
      socket.on('secureConnect', () => {
        const { fingerprint256 } = socket.getPeerCertificate()
        resolve([socket.getProtocol(), fingerprint256])
        socket.destroy()
      })
      socket.on('error', () => resolve(undefined))
    })
  const oldTls = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }

  it('is opened by the link that the command shows, at a name of the certificate', async () => {
    const { url } = answerOf(await world.run(['dashboard', '--json']))
    assert.match(String(url), /^https:\/\/localhost:\d+\/enter\/[\w-]{43}$/)
    assert.equal((await world.ask(new URL(String(url)).pathname)).status, 200)
  })

  it('speaks TLS 1.2 and later, and nothing else', async () => {
    assert.equal((await shake())?.[0], 'TLSv1.3')
    assert.equal((await shake({ maxVersion: 'TLSv1.2' }))?.[0], 'TLSv1.2')
    assert.equal(await shake(oldTls), undefined)
    await assert.rejects(ask(world.address, '/'), 'without TLS')
  })

  it('gives a cookie that only this host can set, and that never leaves without TLS', async () => {
    const entered = await world.ask(new URL(await world.newLink()).pathname)
    const set = String(entered.headers['set-cookie'])
    assert.match(
      set,
      /^__Host-hikyaku-dashboard-[0-9a-f]{8}=[\w-]{43}; Path=\/; Secure; Max-Age=2592000; HttpOnly; SameSite=Strict$/,
    )
    const home = homeIn(entered.text)
    const [, name = '', key = ''] = /^([^=]+)=([^;]+)/.exec(set) ?? []
    const statusWith = async (cookie: string): Promise<number> =>
      (await world.ask(home, { headers: { cookie } })).status
    assert.equal(await statusWith(`${name}=${key}`), 200)
    assert.equal(await statusWith(`hikyaku-dashboard=${key}`), 403, 'which other hosts could set')
    const other = await world.signIn()
    assert.equal(await statusWith(other.cookie), 403, 'of another session')
    assert.equal((await other.post('leave')).status, 200)
    assert.equal((await other.ask(other.home)).status, 403)
  })

  it('answers to the names of its certificate alone', async () => {
    const owner = await world.signIn()
    const port = world.address.split(':')[1]
    const asked = async (headers: Readonly<Record<string, string>>): Promise<number> =>
      (await owner.ask(owner.home, { headers })).status
    for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`, 'LOCALHOST'])
      assert.equal(await asked({ host }), 200, host)
    for (const host of ['evil.example', `127.0.0.2:${port}`, 'a.localhost', `localhost.evil.example:${port}`])
      assert.equal(await asked({ host }), 403, host)
    for (const origin of [`http://localhost:${port}`, 'https://evil.example', 'https://localhost:1'])
      assert.equal(await asked({ host: `localhost:${port}`, origin }), 403, origin)
    const form = formToken((await owner.ask(owner.home)).text)
    const post = (origin: string): Promise<Answer> => {
      const { headers, ...rest } = postOf(origin, { form })
      const host = new URL(origin).host
      return owner.ask(`${owner.home}check-now`, { ...rest, headers: { ...headers, host } })
    }
    assert.equal((await post(`https://localhost:${port}`)).status, 303)
    assert.equal((await post(`http://localhost:${port}`)).status, 403)
  })

  it('takes up a renewed certificate, and keeps the one before it while the new one is no good', async () => {
    const owner = await world.signIn()
    const first = (await shake())?.[1]
    const replace = async (from: string, to: string): Promise<void> => {
      await writeFile(`${to}.new`, await readFile(from), { mode: 0o600 })
      await rename(`${to}.new`, to)
    }
    // Half of the way: the key is still the old one.
    await replace(certificates.selfSigned.certFile, pair.certFile)
    await until(async () => {
      assert.equal((await shake())?.[1], first)
      return /certificate of the page was changed and cannot be used \(the key is of another/.test(
        world.log(),
      )
    }, 'it says so')
    await replace(certificates.selfSigned.keyFile, pair.keyFile)
    await until(async () => (await shake())?.[1] !== first, 'the new one')
    await until(() => /shows its renewed certificate/.test(world.log()), 'it says so')
    assert.equal(await shake(oldTls), undefined, 'with the same care')
    assert.equal((await owner.ask(owner.home)).status, 200, 'nobody is sent out')
  })
})

describe('a page behind a reverse proxy', { skip: skip || noNginx || noChromium }, () => {
  it('is what nginx shows by the manual: signed in, live, and to its own name alone', async t => {
    const [port, proxyPort = 0] = await freePorts(2)
    const origin = `https://localhost:${proxyPort}`
    const manual = await readFile(join(import.meta.dirname, '../../docs/dashboard.md'), 'utf8')
    const block = /```nginx\n([\s\S]*?)```/.exec(manual)?.[1] ?? ''
    assert.match(block, /proxy_buffering off/)
    const { certFile, keyFile } = certificates.good
    const server = block
      .replace('listen 443 ssl', `listen ${loopback}:${proxyPort} ssl`)
      .replace(/server_name .*;/, 'server_name localhost;')
      .replace(/ssl_certificate .*;/, `ssl_certificate ${certFile};`)
      .replace(/ssl_certificate_key .*;/, `ssl_certificate_key ${keyFile};`)
      .replace('127.0.0.1:8737', `${loopback}:${port}`)
    const nginx = await startNginx(server, proxyPort)
    t.after(() => nginx.stop())
    const world = await startPageWorld({
      env: { SCHEDULE: '0 0 1 1 *', DASHBOARD: `${loopback}:${port}`, DASHBOARD_ORIGIN: origin },
    })
    t.after(() => world.stop())
    assert.equal(world.origin, origin)
    const browser = await openChromium()
    t.after(() => browser.close())
    const context = await browser.newContext({ ignoreHTTPSErrors: true, locale: 'en' })
    const page = await context.newPage()
    const { url } = answerOf(await world.run(['dashboard', '--json']))
    await page.goto(String(url))
    await page.waitForURL(/\/[\w-]{22}\/$/)
    const [cookie] = await context.cookies()
    assert.match(cookie?.name ?? '', /^__Host-/)
    assert.equal(cookie?.secure, true)
    await page.click('nav >> text=Messages')
    await page.waitForLoadState('load')
    const heard = page.waitForResponse(answer => answer.url().endsWith('/events'))
    await page.reload()
    await heard
    await world.source.deliver(mail('live'))
    await until(() => world.gmail.accepted.length === 1, 'it is in Gmail')
    const beganMs = performance.now()
    await page.locator('tbody tr').first().waitFor()
    const tookMs = performance.now() - beganMs
    t.diagnostic(`through nginx on the page ${Math.round(tookMs)} ms after Gmail had it`)
    assert.ok(tookMs < 5000, 'the look once a minute would have shown it, too')
    await page.goto(`${origin}${new URL(page.url()).pathname.replace('messages', '')}`)
    await page.click('#do-check-now')
    await page.locator('.notice').waitFor()

    const owner = await world.signIn()
    const own = new URL(origin).host
    const asked = async (headers: Readonly<Record<string, string>>): Promise<number> =>
      (await owner.ask(owner.home, { headers })).status
    assert.equal(await asked({}), 200)
    assert.equal(await asked({ 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'http' }), 200)
    for (const host of [world.address, 'localhost', 'evil.example', `localhost:${port}`])
      assert.equal(
        await asked({ host, 'x-forwarded-host': own, forwarded: `host=${own};proto=https` }),
        403,
        host,
      )
    assert.equal(await asked({ origin: `http://${own}` }), 403)
  })
})
