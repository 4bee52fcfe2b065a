/** The page of a real `hikyaku run`, asked over real sockets. */
import assert from 'node:assert/strict'
import { type ClientRequest, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http'
import { request as requestTls } from 'node:https'
import { writeLink } from '../../src/web/link.ts'
import { freePorts, loopback } from '../servers/local.ts'
import { until } from '../servers/until.ts'
import { startWorld, type World, type WorldOptions } from '../servers/world.ts'

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

export interface Asked {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

export interface PageWorld extends World {
  /** `127.0.0.1:PORT`. */
  readonly address: string
  /** Where the log says that the page is. */
  readonly origin: string
  ask(path: string, asked?: Asked): Promise<Answer>
  /** A one-time link, made as `hikyaku dashboard` makes it, without a process of its own. */
  newLink(): Promise<string>
  signIn(): Promise<SignedIn>
  log(): string
  /** Of the daemon that runs now. */
  pid(): number
  /** Ends the daemon by the signal, and starts it anew. */
  restart(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>
}

export interface SignedIn {
  /** `/RANDOM/`. */
  readonly home: string
  readonly cookie: string
  ask(path: string, asked?: Asked): Promise<Answer>
  /** Posts a form of the page, as a browser would, with its token. */
  post(action: string, fields?: Readonly<Record<string, string>>): Promise<Answer>
}

export interface PageWorldOptions extends Partial<WorldOptions> {
  /** Who vouches for the page's own certificate, PEM; it speaks TLS then. */
  readonly authority?: string
  /** Before the daemon starts. */
  readonly prepare?: (world: World) => unknown
}

export async function startPageWorld(options: PageWorldOptions = {}): Promise<PageWorld> {
  const [port] = await freePorts(1)
  const usual = `${loopback}:${port}`
  // Of all addresses, too, it is this one that is asked.
  const address = options.env?.DASHBOARD?.replace('0.0.0.0', loopback) ?? usual
  const world = await startWorld({
    protocol: 'imap',
    ...options,
    env: { DASHBOARD: usual, ALERT_MAIL: 'no', ...options.env },
  })
  try {
    await options.prepare?.(world)
  } catch (error) {
    await world.stop()
    throw error
  }
  let daemon = world.start(['run'])
  let origin = ''
  const isOpen = (): Promise<void> =>
    until(() => {
      origin = /The page is open at (\S+);/.exec(daemon.stderr())?.[1] ?? ''
      return origin !== ''
    }, 'the page is open')
  await isOpen()
  const { host } = new URL(origin)
  const askHere = (path: string, { headers, ...asked }: Asked = {}): Promise<Answer> =>
    ask(address, path, { ...asked, headers: { host, ...headers } }, options.authority)
  const newLink = async (): Promise<string> =>
    `${origin}/enter/${await writeLink(world.stateDir, Date.now())}`
  return {
    ...world,
    address,
    origin,
    ask: askHere,
    newLink,
    log: () => daemon.stderr(),
    pid: () => daemon.pid,
    async signIn() {
      const { pathname } = new URL(await newLink())
      const entered = await askHere(pathname)
      assert.equal(entered.status, 200, entered.text)
      const cookie = String(entered.headers['set-cookie']).split(';')[0] ?? ''
      const home = homeIn(entered.text)
      const asOwner = (path: string, asked: Asked = {}): Promise<Answer> =>
        askHere(path, { ...asked, headers: { cookie, ...asked.headers } })
      return {
        home,
        cookie,
        ask: asOwner,
        async post(action, fields = {}) {
          const form = formToken((await asOwner(home)).text)
          return asOwner(`${home}${action}`, postOf(origin, { ...fields, form }))
        },
      }
    },
    async restart(signal = 'SIGTERM') {
      daemon.kill(signal)
      await daemon.ended
      daemon = world.start(['run'])
      await isOpen()
    },
  }
}

/** `/RANDOM/`, from the answer to a link. */
export const homeIn = (entered: string): string => /url=(\/[\w-]+\/)/.exec(entered)?.[1] ?? ''

export const formToken = (page: string): string => /name="form" value="([\w-]+)"/.exec(page)?.[1] ?? ''

/** A form as a browser posts it from this origin. */
export const postOf = (origin: string, fields: Readonly<Record<string, string>>): Asked => ({
  method: 'POST',
  headers: { origin, 'content-type': 'application/x-www-form-urlencoded' },
  body: new URLSearchParams(fields).toString(),
})

/**
 * One request over a connection of its own.
 * @param authority PEM: by TLS
 */
export function ask(
  address: string,
  path: string,
  { method = 'GET', headers = {}, body }: Asked = {},
  authority?: string,
): Promise<Answer> {
  const [host, port] = address.split(':')
  const options = { host, port, path, method, headers, agent: false }
  const send = (take: (answer: IncomingMessage) => void): ClientRequest =>
    authority === undefined
      ? request(options, take)
      : requestTls({ ...options, ca: authority, servername: '' }, take)
  return new Promise((resolve, reject) => {
    const asked = send(answer => {
      const chunks: Buffer[] = []
      answer.on('data', (chunk: Buffer) => chunks.push(chunk))
      answer.on('end', () =>
        resolve({
          status: answer.statusCode ?? 0,
          headers: answer.headers,
          text: Buffer.concat(chunks).toString('utf8'),
        }),
      )
      answer.on('error', reject)
    })
    asked.on('error', reject)
    asked.end(body)
  })
}
