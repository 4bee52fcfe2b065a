/**
 * Preloaded into hikyaku by tests: names are looked up at the DNS server of the test alone, and those that only
 * the system could resolve do not exist. So nothing leaves this machine.
 */
import dns from 'node:dns'
import { syncBuiltinESMExports } from 'node:module'
import { isIP } from 'node:net'
import { promisify } from 'node:util'

const { TEST_DNS_SERVER: server } = process.env
if (server !== undefined) {
  dns.setServers([server])
  dns.promises.setServers([server])
}

type Callback = (error: Error | null, address?: unknown, family?: number) => void

function lookup(name: string, options: unknown, callback?: Callback): void {
  const answer = (callback ?? options) as Callback
  const all = typeof options === 'object' && options !== null && 'all' in options && options.all === true
  const address = name === 'localhost' ? '127.0.0.1' : name
  const family = isIP(address)
  process.nextTick(() => {
    if (family === 0)
      answer(Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: 'ENOTFOUND', hostname: name }))
    else if (all) answer(null, [{ address, family }])
    else answer(null, address, family)
  })
}

dns.lookup = lookup as typeof dns.lookup
dns.promises.lookup = promisify(lookup) as unknown as typeof dns.promises.lookup
syncBuiltinESMExports()
