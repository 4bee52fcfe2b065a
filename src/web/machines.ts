/**
 * What `run` answers to monitoring programs on `METRICS`: /healthz, /readyz, /livez, /metrics. The journal is read at most
 * once a second, and less often where that takes long, so that no scraper can slow the mail.
 */
import { asFault } from '../base/fault.ts'
import type { TroubleEntry } from '../base/trouble.ts'
import type { ListenAddress } from '../config/config.ts'
import type { Log } from '../log/log.ts'
import { type Pauses, readPauses } from '../pull/paused.ts'
import { listTroubles } from '../status/standing.ts'
import { makeCached } from './cached.ts'
import type { Family } from './exposition.ts'
import { countHappenings, makeLatencies } from './happenings.ts'
import { describeHealth, describeReadiness, type Health, type Life } from './health.ts'
import { keepOpen, type Told } from './keep-open.ts'
import { type Answer, answerJson, answerMetrics, type Listening, listen } from './listen.ts'
import { type MetricSources, readMetrics } from './metrics.ts'

export interface Machines {
  /** Takes the log's place, so that what happens is counted. */
  readonly log: Log
  /** An attempt at a mailbox came to its end. */
  afterAttempt(mailbox: string): void
  stopping(): void
  /** Now or as soon as it can be; throws nothing. */
  open(
    address: ListenAddress,
    sources: Omit<MetricSources, 'config' | 'happenings'>,
    told: Told,
  ): Promise<void>
  close(): Promise<void>
}

/** @param isAlive false where a loop is stuck */
export function makeMachines(config: MetricSources['config'], log: Log, isAlive: () => boolean): Machines {
  const names = config.mailboxes.map(({ name }) => name)
  const latencies = new Map(names.map(name => [name, makeLatencies()]))
  const happenings = { ...countHappenings(log, name => latencies.get(name)), latencies }
  const untried = new Set(names)
  let isStopping = false
  let listening: Pick<Listening, 'close'> | undefined
  const lifeNow = (): Life => ({ untried: [...untried], stopping: isStopping, loopsLive: isAlive() })

  return {
    log: happenings.log,
    afterAttempt: mailbox => void untried.delete(mailbox),
    stopping() {
      isStopping = true
    },
    async open(address, sources, told) {
      const list = makeCached(() => readList(config, sources.journal))
      const families = makeCached(async (): Promise<readonly Family[]> => {
        const { troubles, pauses } = await list()
        const health = describeHealth(troubles, lifeNow(), pauses)
        return readMetrics({ ...sources, config, happenings }, troubles, pauses, health)
      })
      const answer = async (path: string, accept: string): Promise<Answer | undefined> => {
        switch (path) {
          case '/healthz':
            return answerJson(await readHealth(list, lifeNow()))
          case '/readyz':
            return answerJson(describeReadiness(lifeNow()))
          case '/livez':
            // No reason is given: whoever starts it anew needs none, and no journal is read.
            return answerJson({ ok: isAlive() })
          case '/metrics':
            return answerMetrics(await families(), accept)
          default:
            return undefined
        }
      }
      listening = await keepOpen(() => listen(address, answer), told)
    },
    async close() {
      await listening?.close()
    },
  }
}

interface Listed {
  readonly troubles: readonly TroubleEntry[]
  /** Of the mailboxes of the configuration. */
  readonly pauses: Pauses
}

async function readList(config: MetricSources['config'], journal: MetricSources['journal']): Promise<Listed> {
  const pauses = await readPauses(journal)
  return {
    troubles: await listTroubles(config, journal, pauses, true, Date.now(), ms => new Date(ms).toISOString()),
    pauses: new Map([...pauses].filter(([paused]) => config.mailboxes.some(({ name }) => name === paused))),
  }
}

/** A journal that cannot be read is not well. */
async function readHealth(list: () => Promise<Listed>, life: Life): Promise<Health> {
  try {
    const { troubles, pauses } = await list()
    return describeHealth(troubles, life, pauses)
  } catch (error) {
    const { code } = asFault(error)
    return { ok: false, mailComes: false, reasons: [{ code, scope: 'machine' }] }
  }
}
