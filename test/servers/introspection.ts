/** Says of access tokens whether they are good (RFC 7662), to a Dovecot that asks for each login. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { loopback } from './local.ts'

export interface Introspection {
  readonly url: string
  /** Every token that was asked for. */
  readonly asked: readonly string[]
  /** Answers 503 from now on, or no longer. */
  isDown: boolean
  stop(): Promise<void>
}

/** @param ownerOf the user name that a token lets in; undefined: it is not, or no longer, good */
export async function startIntrospection(
  ownerOf: (token: string) => string | undefined,
): Promise<Introspection> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const token = new URLSearchParams(Buffer.concat(chunks).toString('utf8')).get('token') ?? ''
      asked.push(token)
      const username = ownerOf(token)
      const body = username === undefined ? { active: false } : { active: true, username, scope: 'mail' }
      response.writeHead(introspection.isDown ? 503 : 200, { 'content-type': 'application/json' })
      response.end(JSON.stringify(body))
    })
  })
  server.listen(0, loopback)
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const introspection: Introspection = {
    url: `http://${loopback}:${port}/introspect`,
    asked,
    isDown: false,
    stop: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  return introspection
}
