/** Who gets in and who does not: the attacks of a stranger's page, of another user of this computer, and of odd requests. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { createServer as createHttpServer } from 'node:http'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { answerHeaders } from '../../src/web/guard.ts'
import { mail } from '../faults/harness.ts'
import { freePorts } from '../servers/local.ts'
import { until } from '../servers/until.ts'
import { answerOf, startWorld } from '../servers/world.ts'
import { ask, formToken, type PageWorld, postOf, type SignedIn, startPageWorld } from './page.ts'

let world: PageWorld
let owner: SignedIn
before(async () => {
  world = await startPageWorld({ env: { SCHEDULE: '0 0 1 1 *' } })
  owner = await world.signIn()
})
after(() => world.stop())

/** Nothing that only the owner may see. */
const isClosed = (text: string): boolean => !/owner@example\.test|class="block"|name="form"/.test(text)

describe('the page of the daemon', () => {
  it('shows the first line of `status`, and each mailbox', async () => {
    await world.source.deliver(mail('one'))
    await owner.post('check-now')
    await until(() => world.gmail.accepted.length === 1, 'the message is in Gmail')
    await until(
      async () => (await owner.ask(owner.home)).text.includes('✔ Mail comes. The last one'),
      'the verdict',
    )
    const { text, headers } = await owner.ask(owner.home)
    assert.match(text, /owner@example\.test/)
    assert.match(text, /<html lang="en">/)
    for (const [name, value] of Object.entries(answerHeaders))
      assert.equal(String(headers[name.toLowerCase()]), value)
    assert.match(String(headers['content-security-policy']), /frame-ancestors 'none'/)
    assert.doesNotMatch(String(headers['content-security-policy']), /unsafe/)
  })

  it('speaks the language of the browser', async () => {
    const inJapanese = { headers: { 'accept-language': 'ja,en-US;q=0.7' } }
    assert.match((await owner.ask(owner.home, inJapanese)).text, /<html lang="ja">[\s\S]*メールボックス/)
    assert.match((await world.ask('/', inJapanese)).text, /hikyaku dashboard/)
  })

  it('lists what reached Gmail, with a link to it there', async () => {
    const { text } = await owner.ask(`${owner.home}messages`)
    const [entry] = world.gmail.accepted
    assert.ok(entry)
    assert.match(text, /https:\/\/mail\.google\.com\/mail\/u\/owner%40example\.test\/#all\/[0-9a-f]+/)
    assert.equal(text.match(/<tr role="row" id=/g)?.length, 1)
  })

  it('holds no secret', async () => {
    const pages = [await owner.ask(owner.home), await owner.ask(`${owner.home}messages`)]
    const secrets = ['MAIL_PASSWORD', 'GOOGLE_CLIENT_SECRET', 'GOOGLE_REFRESH_TOKEN'].map(
      name => world.env[name],
    )
    for (const secret of secrets) {
      assert.ok(secret !== undefined && secret.length > 3)
      for (const { text } of pages) assert.ok(!text.includes(secret))
    }
  })
})

describe('a stranger', () => {
  it('gets nothing under a name that his DNS points here', async () => {
    for (const host of [
      'evil.example',
      'evil.example:80',
      `127.0.0.1.evil.example:1`,
      'localhost.evil.example',
      'a.localhost',
    ]) {
      for (const path of [owner.home, '/style.css', '/proof', new URL(await world.newLink()).pathname]) {
        const { status, text } = await owner.ask(path, { headers: { host } })
        assert.equal(status, 403, `${host} ${path}`)
        assert.ok(isClosed(text))
      }
    }
    assert.equal(
      (await owner.ask(owner.home, { headers: { host: 'localhost:9999' } })).status,
      200,
      'a tunnel',
    )
  })

  it('gets nothing without a session, or with the cookie at another path', async () => {
    const other = await world.signIn()
    assert.notEqual(other.home, owner.home)
    for (const path of [
      '/',
      owner.home,
      `${owner.home}messages`,
      `${owner.home}events`,
      '/x/',
      '/x/messages',
    ]) {
      const { status, text } = await world.ask(path)
      assert.ok(status === 403 || status === 404, `${path} ${status}`)
      assert.ok(isClosed(text))
    }
    assert.equal((await owner.ask(other.home)).status, 403)
    assert.equal(
      (await world.ask(owner.home, { headers: { cookie: `hikyaku-dashboard=${'A'.repeat(43)}` } })).status,
      403,
    )
  })

  it('has nothing done by a form of his own', async () => {
    const form = formToken((await owner.ask(owner.home)).text)
    const logins = (): number => world.source.imap?.ledger.logins.length ?? 0
    const before = logins()
    const ours = `http://${world.address}`
    const post = (asked: Readonly<Record<string, string>>, fields = { form }): Promise<number> => {
      const { headers = {}, ...rest } = postOf(ours, fields)
      return owner
        .ask(`${owner.home}check-now`, { ...rest, headers: { ...headers, ...asked } })
        .then(({ status }) => status)
    }
    assert.equal(await post({ origin: 'https://evil.example' }), 403)
    assert.equal(await post({ origin: 'http://127.0.0.1:1' }), 403, 'another port of this computer')
    assert.equal(await post({ origin: 'null' }), 403)
    assert.equal(await post({ origin: 'null', 'sec-fetch-site': 'same-site' }), 403)
    assert.equal(await post({ origin: ours, 'sec-fetch-site': 'cross-site' }), 403)
    assert.equal(await post({}, { form: '' }), 403, 'no token')
    assert.equal(await post({}, { form: `${form.slice(0, -1)}_` }), 403, 'another token')
    const other = formToken((await (await world.signIn()).ask((await world.signIn()).home)).text)
    assert.equal(await post({}, { form: other }), 403, 'a token of another session')
    assert.equal(await post({ 'content-type': 'text/plain' }), 403)
    const bare = await owner.ask(`${owner.home}check-now`, { method: 'POST', body: `form=${form}` })
    assert.equal(bare.status, 403, 'no origin')
    assert.equal((await owner.ask(`${owner.home}check-now`)).status, 404, 'by GET')
    assert.equal(logins(), before)
    assert.equal(
      await post({ origin: 'null', 'sec-fetch-site': 'same-origin' }),
      303,
      'as browsers send it without a referrer',
    )
  })

  it('loads nothing of ours into a page of his', async () => {
    const asked = (headers: Record<string, string>): Promise<number> =>
      owner.ask(owner.home, { headers }).then(({ status }) => status)
    assert.equal(
      await asked({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' }),
      403,
    )
    assert.equal(
      await asked({
        'sec-fetch-site': 'cross-site',
        'sec-fetch-mode': 'navigate',
        'sec-fetch-dest': 'iframe',
      }),
      403,
    )
    assert.equal(await asked({ origin: 'https://evil.example' }), 403)
    assert.equal(
      await asked({ 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }),
      200,
    )
  })
})

describe('the link', () => {
  it('lets in once, whoever looks ahead', async () => {
    const { pathname } = new URL(await world.newLink())
    assert.equal((await world.ask(pathname, { method: 'HEAD' })).status, 404)
    assert.equal((await world.ask(pathname, { headers: { 'sec-purpose': 'prefetch' } })).status, 404)
    const answers = await Promise.all([world.ask(pathname), world.ask(pathname)])
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 403])
    const [entered] = answers.filter(({ status }) => status === 200)
    assert.match(String(entered?.headers['set-cookie']), /; Path=\/[\w-]{22}; .*HttpOnly; SameSite=Strict/)
    assert.equal((await world.ask(pathname)).status, 403)
  })

  it('is worth nothing once it is old, or once there is a newer one', async () => {
    const first = new URL(await world.newLink()).pathname
    const second = new URL(await world.newLink()).pathname
    assert.equal((await world.ask(first)).status, 403)
    const file = join(world.stateDir, 'dashboard-link.json')
    const link = JSON.parse(await readFile(file, 'utf8'))
    const endsAtMs = Date.now() - 1
    await writeFile(file, JSON.stringify({ ...link, endsAtMs }))
    assert.equal((await world.ask(second)).status, 403)
  })

  it('stands nowhere but in the answer: digests lie in the data folder, and nobody else can read them', async () => {
    const url = await world.newLink()
    const token = url.split('/').at(-1) ?? ''
    assert.equal(token.length, 43)
    const names = (await readdir(world.stateDir)).filter(name => name.startsWith('dashboard-'))
    assert.ok(names.includes('dashboard-sessions.json') && names.includes('dashboard-link.json'))
    for (const name of names) {
      const file = join(world.stateDir, name)
      assert.equal((await stat(file)).mode & 0o777, 0o600, name)
      const text = await readFile(file, 'utf8')
      assert.ok(!text.includes(token) && !text.includes(owner.cookie.split('=')[1] ?? '-'), name)
    }
    assert.ok(!world.log().includes(token))
  })

  it('is not looked at after five wrong ones', async () => {
    await world.restart()
    const statuses: number[] = []
    for (let i = 0; i < 7; i++) statuses.push((await world.ask(`/enter/${String(i).repeat(43)}`)).status)
    assert.deepEqual(statuses, [403, 403, 403, 403, 403, 429, 429])
    assert.equal((await world.ask(new URL(await world.newLink()).pathname)).status, 429)
    assert.equal((await owner.ask(owner.home)).status, 200, 'whoever is in stays in, also over a restart')
  })
})

describe('odd requests', () => {
  it('that are too large, too slow or too many are ended, and the page goes on', async () => {
    const large = postOf(`http://${world.address}`, { form: 'x'.repeat(20_000) })
    assert.equal((await owner.ask(`${owner.home}check-now`, large)).status, 413)
    assert.equal((await world.ask('/', { headers: { 'x-long': 'x'.repeat(20_000) } })).status, 431)
    const streams = await Promise.all(
      Array.from({ length: 17 }, async () => {
        const socket = connect(Number(world.address.split(':')[1]), '127.0.0.1')
        socket.write(
          `GET ${owner.home}events HTTP/1.1\r\nHost: ${world.address}\r\nCookie: ${owner.cookie}\r\n\r\n`,
        )
        const [head] = await once(socket, 'data')
        return { socket, head: String(head) }
      }),
    )
    assert.equal(streams.filter(({ head }) => head.startsWith('HTTP/1.1 200')).length, 16)
    assert.equal(streams.filter(({ head }) => head.startsWith('HTTP/1.1 503')).length, 1)
    for (const { socket } of streams) socket.destroy()
    await until(async () => {
      const socket = connect(Number(world.address.split(':')[1]), '127.0.0.1')
      socket.write(
        `GET ${owner.home}events HTTP/1.1\r\nHost: ${world.address}\r\nCookie: ${owner.cookie}\r\n\r\n`,
      )
      const [head] = await once(socket, 'data')
      socket.destroy()
      return String(head).startsWith('HTTP/1.1 200')
    }, 'streams that were left are counted no more')
    for (const path of [
      '//',
      '/%00',
      '/%ff/',
      '/../',
      `/${'x'.repeat(8000)}`,
      '/enter/',
      '/enter/%2e%2e',
      `${owner.home}messages?before=1e9-x`,
    ]) {
      const { status } = await owner.ask(path)
      assert.ok([200, 400, 403, 404].includes(status), `${path}: ${status}`)
    }
    assert.equal((await owner.ask(owner.home)).status, 200)
  })
})

describe('leaving', () => {
  it('ends the session of this browser alone', async () => {
    await world.restart()
    const other = await world.signIn()
    assert.equal((await other.post('leave')).status, 200)
    assert.equal((await other.ask(other.home)).status, 403)
    assert.equal((await owner.ask(owner.home)).status, 200)
  })
})

describe('hikyaku dashboard', () => {
  it('says what to do where the setting is missing, nothing runs, or somebody else listens', async () => {
    const other = await startWorld({ protocol: 'pop3' })
    const liar = createHttpServer((_, answer) => answer.end('0'.repeat(64)))
    try {
      const said = async (env: Record<string, string>) => {
        const { code, stdout } = await other.run(['dashboard', '--json'], { env })
        return [code, answerOf({ code, stdout, stderr: '', signal: null }).reason]
      }
      assert.deepEqual(await said({}), [78, 'not-set'])
      const [port] = await freePorts(1)
      const DASHBOARD = `127.0.0.1:${port}`
      assert.deepEqual(await said({ DASHBOARD }), [69, 'not-running'])
      const daemon = other.start(['run'])
      await until(() => /is running/.test(daemon.stderr()), 'it runs')
      assert.deepEqual(await said({ DASHBOARD }), [69, 'not-open'])
      liar.listen(port, '127.0.0.1')
      await once(liar, 'listening')
      assert.deepEqual(await said({ DASHBOARD }), [69, 'not-open'])
      assert.ok(!(await readdir(other.stateDir)).includes('dashboard-link.json'))
      const { stdout } = await other.run(['dashboard'], { env: { DASHBOARD, HIKYAKU_LANG: 'ja' } })
      assert.match(stdout, /再起動/)
    } finally {
      liar.close()
      await other.stop()
    }
  })

  it('shows the link to people, and does without a browser', async () => {
    await world.restart()
    const { code, stdout } = await world.run(['dashboard'])
    assert.equal(code, 0)
    assert.match(stdout, new RegExp(`http://${world.address}/enter/[\\w-]{43}`))
  })
})

describe('where the address is taken', () => {
  it('mail comes all the same, the log says so, and it is open once the address is free', async () => {
    const squatter = createServer().listen(0, '127.0.0.1')
    await once(squatter, 'listening')
    const at = squatter.address()
    const DASHBOARD = `127.0.0.1:${typeof at === 'object' ? at?.port : 0}`
    const other = await startWorld({ protocol: 'pop3', env: { DASHBOARD } })
    try {
      await other.source.deliver(mail('one'))
      const daemon = other.start(['run'])
      await until(() => other.gmail.accepted.length === 1, 'mail comes')
      assert.match(daemon.stderr(), /cannot be opened at .*another program uses it/)
      squatter.close()
      await until(() => daemon.stderr().includes(`The page is open at http://${DASHBOARD}`), 'it is open')
    } finally {
      squatter.close()
      await other.stop()
    }
  })

  it('other computers are let in by neither: refused at loading, in both languages', async () => {
    for (const [HIKYAKU_LANG, sentence] of [
      ['en', /DASHBOARD can be reached by other computers, which needs encryption/],
      ['ja', /DASHBOARD はほかのコンピューターから接続できる/],
    ] as const) {
      const DASHBOARD = '0.0.0.0:8737'
      const { code, stderr } = await world.run(['status'], { env: { DASHBOARD, HIKYAKU_LANG } })
      assert.equal(code, 78)
      assert.match(stderr, sentence)
    }
  })

  it('nobody outside this computer is answered', async () => {
    await assert.rejects(ask(`127.0.0.2:${world.address.split(':')[1]}`, '/'))
  })
})
