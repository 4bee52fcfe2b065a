/** Preloaded into a child: every resolver that it makes asks the test's own DNS server and nobody else. */
import promises from 'node:dns/promises'
import { syncBuiltinESMExports } from 'node:module'

const server = process.env.HIKYAKU_TEST_DNS
if (server === undefined) throw new Error('HIKYAKU_TEST_DNS names the DNS server')

const { Resolver } = promises
class LoopbackResolver extends Resolver {
  constructor(...options: ConstructorParameters<typeof Resolver>) {
    super(...options)
    this.setServers([server ?? ''])
  }
}
Object.assign(promises, { Resolver: LoopbackResolver })
syncBuiltinESMExports()
