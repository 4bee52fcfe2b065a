/** A worker as its command runs it, with a directory that is a YAML file: read anew at each change of it. */

import { createHash } from 'node:crypto'
import { watchFile } from 'node:fs'
import { systemClock } from '../../src/base/clock.ts'
import { openShared } from '../../src/bridge/shared.ts'
import { loadConfig } from '../../src/config/load.ts'
import { openPostgresJournal } from '../../src/journal/postgres/postgres.ts'
import { makeLog } from '../../src/log/log.ts'
import { loginKeyOf } from '../../src/vault/login-key.ts'
import { runWorker } from '../../src/worker/worker.ts'

const name = process.env.WORKER_NAME ?? ''
const url = process.env.FLEET_DATABASE ?? ''
const load = () => loadConfig({ env: process.env, cwd: process.cwd() })
const config = await load()
const log = makeLog({ level: 'debug', format: 'json' })
const fleet = await openPostgresJournal({ url, name, connections: 2 })
const shared = await openShared(config, {
  ...{ log, clock: systemClock, loginKey: loginKeyOf(config.stateDir, process.env, true) },
  keyOf: async account => createHash('sha256').update(JSON.stringify(account)).digest('hex'),
  earlierImports: async () => [],
})
const stopping = new AbortController()
process.once('SIGTERM', () => stopping.abort())
await runWorker(
  {
    fleet,
    directory: {
      async open(key) {
        const { mailboxes, accounts } = await load()
        const mailbox = mailboxes.find(candidate => candidate.name === key)
        if (mailbox === undefined) throw new Error('no such')
        return { mailbox, accounts }
      },
      watch(onChange) {
        let before = new Map(config.mailboxes.map(mailbox => [mailbox.name, JSON.stringify(mailbox)]))
        watchFile(process.env.HIKYAKU_CONFIG ?? '', { interval: 200 }, async () => {
          const { mailboxes } = await load()
          const now = new Map(mailboxes.map(mailbox => [mailbox.name, JSON.stringify(mailbox)]))
          onChange([...now.keys()].filter(key => now.get(key) !== before.get(key)))
          before = now
        })
        return async () => {}
      },
    },
    shared,
    clock: systemClock,
    name,
    capacity: 1000,
    hooks: { afterAttempt() {}, onOpened() {}, onClosed() {}, onFault: fault => log.fault(fault) },
  },
  stopping.signal,
)
await shared.close()
await fleet.close()
process.exit(0)
