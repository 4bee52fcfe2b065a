/** What reaches the page over raw sockets: requests that no browser sends, and those of another user of this computer. */
import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { mail } from '../faults/harness.ts'
import { needsRoot, readableByNobody, runAsNobody } from '../files/neighbour.ts'
import { until } from '../servers/until.ts'
import { formToken, homeIn, type PageWorld, postOf, type SignedIn, startPageWorld } from './page.ts'

const subject = 'what-nobody-else-may-know'

let world: PageWorld
let owner: SignedIn
before(async () => {
  world = await startPageWorld({ env: { SCHEDULE: '0 0 1 1 *' } })
  await world.source.deliver(mail('one', 900, `Subject: ${subject}\r\n`))
  owner = await world.signIn()
  await owner.post('check-now')
  await until(() => world.gmail.accepted.length === 1, 'the message is in Gmail')
  // An IDLE that was never seen to tell of mail is begun anew every few seconds: this one tells.
  await world.source.deliver(mail('two', 900))
  await until(() => world.gmail.accepted.length === 2, 'IDLE tells of mail')
  // The pull is over, and what its uploads asked for, too: nothing is said for a while.
  let said = 0
  let sinceMs = performance.now()
  await until(() => {
    if (looks() !== said) sinceMs = performance.now()
    said = looks()
    return /\bIDLE$/i.test(lastCommand()) && performance.now() - sinceMs > 2000
  }, 'it only listens')
})
after(() => world.stop())

/** What stands on no page for strangers. */
const tells = (text: string): boolean =>
  new RegExp(`owner@|127\\.0\\.0\\.1</|${subject}|class="block"|name="form"`).test(text)
const lastCommand = (): string => world.source.imap?.ledger.commands.at(-1)?.text.trim() ?? ''
const looks = (): number => world.source.imap?.ledger.commands.length ?? 0

interface Exchange {
  /** All that was answered until the connection ended, or nothing more came for a while. */
  readonly text: string
  readonly statuses: readonly number[]
}

/** Sends octets as they are. */
function send(...pieces: readonly string[]): Promise<Exchange> {
  return new Promise(resolve => {
    const socket = connect(Number(world.address.split(':')[1]), '127.0.0.1')
    let text = ''
    let timer: NodeJS.Timeout | undefined
    const end = (): void => {
      clearTimeout(timer)
      socket.destroy()
      const statuses = [...text.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map(([, status]) => Number(status))
      resolve({ text, statuses })
    }
    socket.on('data', chunk => {
      text += chunk.toString('latin1')
      clearTimeout(timer)
      timer = setTimeout(end, 150)
    })
    socket.on('error', end).on('close', end)
    for (const piece of pieces) socket.write(piece, 'latin1')
  })
}

const head = (line: string, ...more: readonly string[]): string =>
  [line, `Host: ${world.address}`, 'Connection: close', ...more, '', ''].join('\r\n')

describe('a request that no browser sends', () => {
  it('smuggles nothing: one request is one answer, or the connection ends', async () => {
    const inner = head(`GET ${owner.home} HTTP/1.1`, `Cookie: ${owner.cookie}`)
    const post = `POST ${owner.home}check-now HTTP/1.1`
    const both = [`Content-Length: ${inner.length}`, 'Transfer-Encoding: chunked']
    const cases: Readonly<Record<string, string>> = {
      'both lengths': `${head(post, ...both)}0\r\n\r\n${inner}`,
      'two lengths': `${head(post, 'Content-Length: 0', `Content-Length: ${inner.length}`)}${inner}`,
      'a list of lengths': `${head(post, 'Content-Length: 0, 5')}${inner}`,
      'a signed length': `${head(post, 'Content-Length: +5')}${inner}`,
      'a length with a space before the colon': `${head(post, `Content-Length : ${inner.length}`)}${inner}`,
      'an unknown coding': `${head(post, 'Transfer-Encoding: xchunked')}${inner}`,
      'a coding behind chunked': `${head(post, 'Transfer-Encoding: chunked, identity')}0\r\n\r\n${inner}`,
      'a folded field': `${head(post, 'Transfer-Encoding:\r\n chunked')}0\r\n\r\n`,
      'a bare CR': `GET / HTTP/1.1\rHost: ${world.address}\r\rX: y\r\n\r\n`,
      'a bare LF in a field': head('GET / HTTP/1.1', 'X: a\nCookie: b\n\nGET / HTTP/1.1'),
      'a chunk of an absurd size': `${head(post, 'Transfer-Encoding: chunked')}fffffffffffffffff\r\n`,
      'a field name with a NUL': head('GET / HTTP/1.1', 'X\0: y'),
      'no version': `GET /\r\n\r\n`,
      'another protocol': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    }
    const before = looks()
    const whole = await send(inner)
    assert.ok(whole.statuses.join() === '200' && tells(whole.text), 'what is looked for is there to be found')
    for (const [name, octets] of Object.entries(cases)) {
      const { text, statuses } = await send(octets)
      assert.ok(!tells(text), `${name}: ${text}`)
      assert.ok(
        statuses.every(status => status >= 400 && status < 500),
        `${name}: ${statuses}`,
      )
    }
    assert.equal(looks(), before)
  })

  it('is refused where it names two hosts, none, or one that is no host', async () => {
    const line = `GET ${owner.home} HTTP/1.1\r\nCookie: ${owner.cookie}\r\n`
    for (const hosts of [
      ['Host: evil.example', `Host: ${world.address}`],
      [`Host: ${world.address}`, 'Host: evil.example'],
      [],
      ['Host:'],
      [`Host: ${world.address}, evil.example`],
      [`Host: evil.example@${world.address}`],
      [`Host: ${world.address}/`],
      [`Host: ${world.address}#.evil.example`],
      ['Host: [::1].evil.example'],
      ['Host: 127.0.0.1.'],
      ['Host: 0x7f000001'],
      ['Host: 2130706433'],
      ['Host: localhost\u00a0'],
    ]) {
      const { text, statuses } = await send(`${line}${hosts.map(host => `${host}\r\n`).join('')}\r\n`)
      assert.ok(!tells(text), hosts.join())
      assert.ok(
        statuses.length === 1 && [400, 403].includes(statuses[0] ?? 0),
        `${hosts.join()}: ${statuses}`,
      )
    }
  })

  it('does nothing by a method that is not the form’s', async () => {
    const form = formToken((await owner.ask(owner.home)).text)
    const before = looks()
    const cookie = `Cookie: ${owner.cookie}`
    const body = `form=${form}`
    const fields = [
      cookie,
      `Origin: http://${world.address}`,
      'Content-Type: application/x-www-form-urlencoded',
    ]
    for (const method of [
      'GET',
      'HEAD',
      'PUT',
      'DELETE',
      'PATCH',
      'TRACE',
      'OPTIONS',
      'PROPFIND',
      'QUERY',
      'post',
    ]) {
      const octets = head(
        `${method} ${owner.home}check-now HTTP/1.1`,
        ...fields,
        `Content-Length: ${body.length}`,
      )
      const { text, statuses } = await send(octets, body)
      assert.ok(
        statuses.every(status => [400, 403, 404, 405, 501].includes(status)),
        `${method}: ${statuses}`,
      )
      assert.ok(!text.includes(owner.cookie), `${method} gives the request back`)
    }
    for (const octets of [
      head(`CONNECT ${world.address} HTTP/1.1`, cookie),
      head('OPTIONS * HTTP/1.1', cookie),
      head(`GET ${owner.home}check-now?form=${form} HTTP/1.1`, cookie, 'X-HTTP-Method-Override: POST'),
      head(`GET ${owner.home}check-now?_method=POST&form=${form} HTTP/1.1`, cookie),
      head(`GET ${owner.home} HTTP/1.1`, cookie, 'Upgrade: websocket', 'Connection: Upgrade').replace(
        owner.home,
        '/',
      ),
    ]) {
      const { statuses } = await send(octets)
      assert.ok(
        statuses.every(status => status >= 400 && status < 500),
        `${octets.split('\r\n')[0]}: ${statuses}`,
      )
    }
    assert.equal(looks(), before)
  })

  it('finds no other way to a path', async () => {
    const name = owner.home.slice(1, -1)
    for (const path of [
      `/${name.toLowerCase()}x/`,
      `/%2e/${name}/`,
      `/x/../${name}/`,
      `/${name}%2Fmessages`,
      `/${name}\\messages`,
      `/${name};/messages`,
      `/${name}/messages/..%2f`,
      `//${name}/`,
      `http://evil.example/${name}/`,
      `/${name}/%00`,
      `/${name}/events/`,
      `/.git/config`,
      `/enter/${'%41'.repeat(43)}`,
      `/enter/..%2f${name}`,
      '*',
    ]) {
      // Without the cookie: nothing. With it: an answer of ours, and no mishap.
      const closed = await send(head(`GET ${path} HTTP/1.1`))
      assert.ok(!tells(closed.text), path)
      assert.ok(
        closed.statuses.every(status => [400, 403, 404].includes(status)),
        `${path}: ${closed.statuses}`,
      )
      const { statuses } = await send(head(`GET ${path} HTTP/1.1`, `Cookie: ${owner.cookie}`))
      assert.ok(
        statuses.every(status => [200, 301, 400, 403, 404].includes(status)),
        `${path}: ${statuses}`,
      )
    }
    const [known, unknown] = [await world.ask(owner.home), await world.ask('/no-such-home-22-letters/')]
    assert.deepEqual(
      [known.status, known.text],
      [unknown.status, unknown.text],
      'which session there is, nobody learns',
    )
  })

  it('that is giant is ended soon, and the page goes on', async () => {
    const many = (count: number, text: (at: number) => string): string =>
      Array.from({ length: count }, (_, at) => text(at)).join('')
    const fields = ['Content-Type: application/x-www-form-urlencoded', `Origin: http://${world.address}`]
    const post = `POST ${owner.home}check-now HTTP/1.1`
    const cookie = `Cookie: ${owner.cookie}`
    const chunk = `1000\r\n${'x'.repeat(4096)}\r\n`
    const cases: Readonly<Record<string, readonly string[]>> = {
      'a head of a megabyte': [`GET / HTTP/1.1\r\nHost: ${world.address}\r\n`, 'x'.repeat(1 << 20)],
      'a thousand fields': [head('GET / HTTP/1.1', many(1000, at => `X${at}: y\r\n`).trimEnd())],
      'a cookie of 15 KB': [head(`GET ${owner.home} HTTP/1.1`, `Cookie: a=${'x'.repeat(15_000)}`)],
      'a thousand cookies of our name': [
        head(
          `GET ${owner.home} HTTP/1.1`,
          `Cookie: ${many(180, () => `hikyaku-dashboard=${'A'.repeat(43)}; `)}`,
        ),
      ],
      'a body without an end': [
        head(post, cookie, ...fields, 'Transfer-Encoding: chunked'),
        many(20, () => chunk),
      ],
      'a body that says it is giant': [head(post, cookie, ...fields, 'Content-Length: 999999999999')],
      'a path of 15 KB': [head(`GET /${'x'.repeat(15_000)} HTTP/1.1`)],
      'a question of 15 KB': [head(`GET ${owner.home}messages?before=${'1'.repeat(15_000)} HTTP/1.1`)],
    }
    const before = looks()
    for (const [name, pieces] of Object.entries(cases)) {
      const beganMs = performance.now()
      const { text, statuses } = await send(...pieces)
      assert.ok(!tells(text), name)
      assert.ok(
        statuses.every(status => status >= 400 && status < 500),
        `${name}: ${statuses}`,
      )
      assert.ok(performance.now() - beganMs < 5000, `${name} takes its time`)
    }
    assert.equal((await owner.ask(owner.home)).status, 200)
    assert.equal(looks(), before)
  })

  it('fixes no session: what a browser had before it came in is worth nothing behind it', async () => {
    const chosen = `hikyaku-dashboard=${'B'.repeat(43)}`
    const { pathname } = new URL(await world.newLink())
    const entered = await world.ask(pathname, { headers: { cookie: chosen } })
    const set = String(entered.headers['set-cookie'])
    assert.ok(!set.includes('B'.repeat(43)))
    const home = homeIn(entered.text)
    const cookie = set.split(';')[0] ?? ''
    const statusWith = async (text: string): Promise<number> =>
      (await world.ask(home, { headers: { cookie: text } })).status
    assert.equal(await statusWith(chosen), 403)
    assert.equal(await statusWith(cookie), 200)
    assert.equal(await statusWith(`${chosen}; ${cookie}`), 200, 'a foreign one beside it keeps nobody out')
    // What was signed out stays so, whoever kept the cookie.
    const form = formToken((await world.ask(home, { headers: { cookie } })).text)
    const { headers = {}, ...rest } = postOf(world.origin, { form })
    const left = await world.ask(`${home}leave`, { ...rest, headers: { ...headers, cookie } })
    assert.equal(left.status, 200)
    assert.match(String(left.headers['set-cookie']), /=; .*Max-Age=0/)
    assert.equal(await statusWith(cookie), 403)
  })
})

describe('another user of this computer', needsRoot, () => {
  it('reads no file of it, and hears nothing of the mail', async () => {
    await world.newLink()
    const names = (await readdir(world.stateDir)).map(name => join(world.stateDir, name))
    assert.ok(names.some(name => name.endsWith('dashboard-sessions.json')))
    assert.deepEqual(readableByNobody(world.stateDir, ...names), [])
    const paths = ['/', '/proof', '/style.css', '/script.js', owner.home, `${owner.home}messages`]
    const more = [`${owner.home}events`, `${owner.home}setup/everything`, `/enter/${'A'.repeat(43)}`]
    const code = `
      const [origin, ...paths] = process.argv.slice(1)
      const answers = paths.map(path => fetch(origin + path).then(async answer => [path, answer.status, await answer.text()]))
      Promise.all(answers).then(all => console.log(JSON.stringify(all)))`
    const answers: readonly (readonly [string, number, string])[] = JSON.parse(
      runAsNobody(code, world.origin, ...paths, ...more),
    )
    assert.equal(answers.length, 9)
    for (const [path, status, text] of answers) {
      assert.ok(
        /^\/(style\.css|script\.js|proof)$/.test(path) ? status === 200 : status >= 400,
        `${path}: ${status}`,
      )
      assert.ok(!tells(text), path)
    }
    const [, , proof] = answers[1] ?? []
    assert.match(proof ?? '', /^[0-9a-f]{64}$/, 'what is said of a waiting link opens nothing')
    const guessed = await world.ask(`/enter/${proof?.slice(0, 43)}`)
    assert.ok([403, 429].includes(guessed.status))
  })
})
