/** hikyaku on real servers that keep mail in mailbox files. */
import { describeServer, password } from './describe-server.ts'
import { mboxServerMissing, protocolsOf, startMboxServer } from './mbox-servers.ts'

for (const name of ['popa3d', 'solid-pop3d'] as const) {
  describeServer({
    name,
    missing: mboxServerMissing(name),
    protocols: protocolsOf(name),
    start: users => startMboxServer(name, users, password),
    refuses: {},
  })
}
