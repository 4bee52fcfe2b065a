/** Runs google-client.py: what Google's own Python client makes of the stand-in for Gmail. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { discovery } from './gmail/discovery.ts'
import type { GmailServer } from './gmail/gmail-server.ts'
import { keepOutput } from './local.ts'

export interface Call {
  readonly resource: 'users' | 'messages' | 'labels'
  readonly method: string
  readonly arguments?: Readonly<Record<string, unknown>>
  /** An upload of these octets, multipart where there is a body, else media; `resumable` in chunks of 256 KiB. */
  readonly message?: Buffer
  readonly resumable?: boolean
}

/** What the client made of a call: its value, or an HttpError taken apart. */
export interface Result {
  readonly value?: Readonly<Record<string, unknown>> | ''
  readonly chunks?: number
  readonly error?: {
    readonly status: number
    /** What the client shows to people. */
    readonly reason: string
    readonly code: number
    readonly name: string
    readonly errors: readonly Readonly<Record<string, unknown>>[]
    readonly details: readonly Readonly<Record<string, unknown>>[] | null
  }
}

/** Debian's: its packages are for this interpreter, whatever stands first in PATH. */
const python = '/usr/bin/python3'

/** Why the client cannot be had here, or undefined. */
export function googleClientMissing(): string | undefined {
  const wanted = 'import googleapiclient.discovery, google_auth_httplib2, google.oauth2.credentials'
  const { status } = spawnSync(python, ['-c', wanted], { stdio: 'ignore' })
  return status === 0 ? undefined : "Google's Python client (python3-googleapi) is not installed"
}

/** Makes the calls one after the other; rejects with the client's own words where it ends before the last. */
export async function callByPython(
  server: GmailServer,
  scopes: readonly string[],
  calls: readonly Call[],
): Promise<Result[]> {
  const script = fileURLToPath(new URL('google-client.py', import.meta.url))
  const { http_proxy: _, https_proxy: __, HTTP_PROXY: ___, HTTPS_PROXY: ____, ...env } = process.env
  const child = spawn(python, [script], { stdio: ['pipe', 'pipe', 'pipe'], env })
  child.stdin.end(
    JSON.stringify({
      document: { ...discovery, rootUrl: server.url, baseUrl: server.url, auth: { oauth2: { scopes: {} } } },
      refreshToken: server.grant(undefined, scopes),
      tokenUrl: server.tokenUrl,
      clientId: server.client.id,
      clientSecret: server.client.secret,
      calls: calls.map(call => ({ ...call, message: call.message?.toString('base64') })),
    }),
  )
  const { stdout, stderr } = keepOutput(child)
  await once(child, 'close')
  const lines = stdout()
    .split('\n')
    .filter(line => line !== '')
  if (child.exitCode !== 0 || lines.length !== calls.length)
    throw new Error(`Google's Python client ended after ${lines.length} calls: ${stderr().trim()}`)
  return lines.map(line => JSON.parse(line) as Result)
}
