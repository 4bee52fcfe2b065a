/** What the owner is told over hours of pulls. */
import { Writable } from 'node:stream'
import { makeAlerts } from '../../src/alerts/alerts.ts'
import { loadConfig } from '../../src/config/load.ts'
import { makeLog } from '../../src/log/log.ts'
import { startHookServer } from '../alerts/hook-server.ts'
import { hour, type Play, portsOf } from './harness.ts'

export interface Told {
  /** Titles of all notices so far, by mail and web hook, in order. */
  titles(): readonly string[]
  texts(): readonly string[]
  /** One pull an hour for so many hours, each followed by what there is to tell. */
  hours(count: number): Promise<void>
}

/** A mailbox whose notices all go to a web hook, where their order shows. */
export async function told(
  self: Play,
  env: Readonly<Record<string, string>>,
  story: (told: Told) => Promise<void>,
): Promise<void> {
  const hook = await startHookServer()
  const config = await loadConfig({
    env: { ...self.world.env, ...env, ALERT_WEBHOOK: `${hook.url}/topic`, ALERT_MAIL: 'no' },
    cwd: self.world.folder,
  })
  const log = makeLog({ format: 'json', stream: new Writable({ write: (_c, _e, done) => done() }) })
  const alerts = makeAlerts({ config, clock: self.clock, log, mail: false })
  const title = (text: string): string =>
    text.replace(/=\?UTF-8\?B\?([^?]*)\?= ?/g, (_, word: string) => Buffer.from(word, 'base64').toString())
  try {
    await story({
      titles: () => hook.calls.map(({ headers }) => title(String(headers.title))),
      texts: () => hook.calls.map(({ text }) => text),
      async hours(count) {
        for (let n = 0; n < count; n++) {
          self.clock.pass(hour)
          const made = await self.app.pull({ gate: true })
          alerts.afterAttempt(portsOf(self.app), made)
          await alerts.idle()
        }
      },
    })
  } finally {
    await alerts.close(1000)
    await hook.stop()
  }
}
