/** hikyaku on real servers that keep mail in mailbox files. */
import { describeServer, password } from './describe-server.ts'
import { mboxServerMissing, startMboxServer } from './mbox-servers.ts'

for (const name of ['popa3d', 'solid-pop3d', 'GNU mailutils'] as const) {
  describeServer({
    name,
    missing: mboxServerMissing(name),
    protocols: ['pop3'],
    start: users => startMboxServer(name, users, password),
    refuses: {},
    marksMail: name === 'GNU mailutils',
  })
}
