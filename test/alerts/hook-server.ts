/** A web hook's other side on loopback: notes each call, answers as told. */
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface HookCall {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

export interface HookServer {
  readonly url: string
  readonly calls: HookCall[]
  /** The status, or nothing at all; may be changed at any time. */
  answer: { status: number; location?: string } | 'silence'
  stop(): Promise<void>
}

export async function startHookServer(): Promise<HookServer> {
  const calls: HookCall[] = []
  const server = createServer(async (request, response) => {
    let text = ''
    request.setEncoding('utf8')
    for await (const part of request) text += part
    const { method = '', url: path = '', headers } = request
    calls.push({ method, path, headers, text })
    if (self.answer === 'silence') return
    const { status, location } = self.answer
    response.writeHead(status, location === undefined ? {} : { location }).end('thank you')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const self: HookServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    answer: { status: 200 },
    async stop() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
  return self
}
