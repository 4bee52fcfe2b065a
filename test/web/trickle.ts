/** What a slow link makes of a page: it comes piece by piece, and the browser draws each as it comes. */
import { createServer, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { loopback } from '../servers/local.ts'

/** More than two frames of a screen of 60 a second. */
const pauseMs = 40
/** A page of more elements comes in larger pieces. */
const mostPieces = 30

export interface Trickle {
  /** `127.0.0.1:PORT`. */
  readonly address: string
  /** How many pieces the pages came in. */
  readonly pieces: number
  stop(): Promise<void>
}

/** @param address where the pages are, `HOST:PORT` */
export async function startTrickle(address: string): Promise<Trickle> {
  let pieces = 0
  const sendPieces = async (out: ServerResponse, page: string): Promise<void> => {
    for (const piece of cut(page)) {
      if (out.destroyed) return
      pieces += 1
      out.write(piece)
      await sleep(pauseMs)
    }
    out.end()
  }
  const server = createServer((asked, out) => {
    const headers = { ...asked.headers, host: address, 'accept-encoding': 'identity' }
    const inner = request(
      `http://${address}${asked.url}`,
      { method: asked.method, headers, agent: false },
      answer => {
        const { 'content-length': _, ...sent } = answer.headers
        out.writeHead(answer.statusCode ?? 502, sent)
        if (!/^text\/html/.test(answer.headers['content-type'] ?? '')) return void answer.pipe(out)
        const parts: Buffer[] = []
        answer
          .on('data', part => parts.push(part))
          .on('end', () => void sendPieces(out, Buffer.concat(parts).toString()))
      },
    )
    inner.on('error', () => out.destroy())
    out.on('close', () => inner.destroy())
    asked.pipe(inner)
  })
  await new Promise<void>(resolve => server.listen(0, loopback, resolve))
  return {
    address: `${loopback}:${(server.address() as AddressInfo).port}`,
    get pieces() {
      return pieces
    },
    stop: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** Behind end tags: each piece brings elements that are whole, which is when a browser lays them out. */
function cut(page: string): string[] {
  const elements = page.split(/(?<=<\/\w+>|<(?:input|br|hr)\b[^>]*>)/)
  const each = Math.ceil(elements.length / mostPieces)
  return Array.from({ length: Math.ceil(elements.length / each) }, (_, at) =>
    elements.slice(at * each, (at + 1) * each).join(''),
  )
}
