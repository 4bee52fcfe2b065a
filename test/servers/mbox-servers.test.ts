/** hikyaku on real servers that keep mail in mailbox files. */
import { describe } from 'node:test'
import { describeServer, password } from './describe-server.ts'
import { mboxServerMissing, startMboxServer } from './mbox-servers.ts'

// Most of their time is waits of the servers' own, hence all three at once.
describe('servers that keep mail in mailbox files', { concurrency: 3 }, () => {
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
})
