/** A DNS server on loopback that answers from a table over UDP (RFC 1035 section 4): for tests and the sandbox. */
import { createSocket } from 'node:dgram'
import type { Zone } from './world.ts'

const types: Readonly<Record<number, string>> = {
  1: 'A',
  5: 'CNAME',
  15: 'MX',
  16: 'TXT',
  28: 'AAAA',
  33: 'SRV',
}

export interface DnsServer {
  /** `address:port`, as node's Resolver.setServers takes it. */
  readonly server: string
  /** Questions so far, `TXT name`. */
  readonly asked: readonly string[]
  close(): Promise<void>
}

export async function startDnsServer(zone: Zone): Promise<DnsServer> {
  const socket = createSocket('udp4')
  const asked: string[] = []
  socket.on('message', (query, peer) => {
    const question = readQuestion(query)
    const type = types[question.type] ?? ''
    asked.push(`${type} ${question.name}`)
    const records = zone[question.name.toLowerCase()]
    const rows = (records?.[type] ?? []).map(row => rdata(type, row))
    const head = Buffer.alloc(12)
    query.copy(head, 0, 0, 2)
    // Response, recursion desired and available; NXDOMAIN where the name is not in the table.
    head.writeUInt16BE(0x8180 | (records === undefined ? 3 : 0), 2)
    head.writeUInt16BE(1, 4)
    head.writeUInt16BE(rows.length, 6)
    const answers = rows.map(data => {
      const fixed = Buffer.alloc(12)
      fixed.writeUInt16BE(0xc00c, 0)
      fixed.writeUInt16BE(question.type, 2)
      fixed.writeUInt16BE(1, 4)
      fixed.writeUInt32BE(300, 6)
      fixed.writeUInt16BE(data.length, 10)
      return Buffer.concat([fixed, data])
    })
    socket.send(Buffer.concat([head, query.subarray(12, question.end), ...answers]), peer.port, peer.address)
  })
  await new Promise<void>(resolve => socket.bind(0, '127.0.0.1', resolve))
  return {
    server: `127.0.0.1:${socket.address().port}`,
    asked,
    close: () => new Promise(resolve => socket.close(() => resolve())),
  }
}

function readQuestion(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = []
  let at = 12
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  return { name: labels.join('.'), type: query.readUInt16BE(at + 1), end: at + 5 }
}

function rdata(type: string, row: unknown): Buffer {
  if (type === 'TXT') {
    const text = Buffer.from(Array.isArray(row) ? row.join('') : String(row))
    const parts: Buffer[] = []
    for (let at = 0; at < text.length; at += 255) {
      const part = text.subarray(at, at + 255)
      parts.push(Buffer.from([part.length]), part)
    }
    return Buffer.concat(parts)
  }
  if (type === 'A') return Buffer.from(String(row).split('.').map(Number))
  if (type === 'MX') {
    const { exchange, priority } = row as { exchange: string; priority: number }
    return Buffer.concat([Buffer.from([priority >> 8, priority & 255]), nameOctets(exchange)])
  }
  if (type === 'SRV') {
    const {
      name,
      port,
      priority = 0,
      weight = 0,
    } = row as Record<'port' | 'priority' | 'weight', number> & {
      name: string
    }
    const numbers = [priority, weight, port].flatMap(number => [number >> 8, number & 255])
    return Buffer.concat([Buffer.from(numbers), nameOctets(name)])
  }
  if (type === 'CNAME') return nameOctets(String(row))
  throw new Error(`no rdata for ${type}`)
}

function nameOctets(name: string): Buffer {
  const labels = name
    .split('.')
    .map(label => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]))
  return Buffer.concat([...labels, Buffer.from([0])])
}
