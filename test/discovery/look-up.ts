/** What discovery makes of a domain's records, asked of a real DNS server. */
import { promises as dns } from 'node:dns'
import { type Discovery, discover, type SeenCertificate } from '../../src/discovery/discover.ts'
import { startDnsServer } from '../authentication/dns-server.ts'
import type { Zone } from '../authentication/world.ts'

export interface Told {
  readonly mx?: readonly string[]
  readonly txt?: readonly string[]
  readonly srv?: readonly [name: string, host: string, port: number]
  readonly certificate?: SeenCertificate
  readonly address?: string
}

export const domain = 'shop.example'

export async function lookUp({
  mx,
  txt,
  srv,
  certificate,
  address = `info@${domain}`,
}: Told): Promise<Discovery> {
  const zone: Zone = {
    [address.slice(address.lastIndexOf('@') + 1)]: {
      ...(mx && { MX: mx.map((exchange, index) => ({ exchange, priority: index * 10 })) }),
      ...(txt && { TXT: txt }),
    },
    ...(srv && { [`${srv[0]}.${domain}`]: { SRV: [{ name: srv[1], port: srv[2] }] } }),
  }
  const server = await startDnsServer(zone)
  const resolver = new dns.Resolver()
  resolver.setServers([server.server])
  try {
    return await discover(address, {
      resolver,
      fetcher: async () => undefined,
      ...(certificate && { readCertificate: async () => certificate }),
    })
  } finally {
    await server.close()
  }
}
