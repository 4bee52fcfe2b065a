/**
 * What a worker of a fleet answers to monitoring programs on `METRICS`: /healthz, /readyz, /livez, /metrics. The database is
 * asked at most once a second, and less often where that takes long; where it does not answer, the worker still says what it
 * knows of itself.
 */
import { asFault } from '../base/fault.ts'
import type { ListenAddress } from '../config/config.ts'
import type { Log } from '../log/log.ts'
import { makeCached } from './cached.ts'
import { type FleetNumbers, listWorkerFamilies, readFleetFamilies } from './fleet-metrics.ts'
import { countHappenings, makeLatencies } from './happenings.ts'
import { keepOpen, type Told } from './keep-open.ts'
import { type Answer, answerJson, answerMetrics, type Listening, listen } from './listen.ts'

export interface WorkerMachines {
  /** Takes the log's place, so that what happens is counted. */
  readonly log: Log
  opened(mailbox: string): void
  closed(mailbox: string): void
  stopping(): void
  /** Now or as soon as it can be; throws nothing. */
  open(address: ListenAddress, fleet: FleetNumbers, told: Told): Promise<void>
  close(): Promise<void>
}

interface Reason {
  readonly code: string
}

/** @param isAlive false where a loop is stuck */
export function makeWorkerMachines(
  { capacity }: { readonly capacity: number },
  log: Log,
  isAlive: () => boolean,
): WorkerMachines {
  const latencies = makeLatencies()
  const happenings = countHappenings(log, () => latencies)
  const inHand = new Set<string>()
  let takings = 0
  let isStopping = false
  let listening: Pick<Listening, 'close'> | undefined

  /** What speaks against it: not the mail servers' words, and not those of Gmail. */
  const ownReasons = (): Reason[] => [
    ...(isStopping ? [{ code: 'stopping' }] : []),
    ...(isAlive() ? [] : [{ code: 'stuck' }]),
  ]
  return {
    log: happenings.log,
    opened(mailbox) {
      inHand.add(mailbox)
      takings += 1
    },
    closed: mailbox => void inHand.delete(mailbox),
    stopping() {
      isStopping = true
    },
    async open(address, fleet, told) {
      const ofFleet = makeCached(() => readFleetFamilies(fleet))
      const reasonsNow = async (): Promise<Reason[]> => [
        ...ownReasons(),
        ...(await ofFleet().then(
          () => [],
          thrown => [{ code: asFault(thrown).code }],
        )),
      ]
      const judge = async (): Promise<Answer> => {
        const reasons = await reasonsNow()
        return answerJson({ ok: reasons.length === 0, ...{ reasons } })
      }
      const answer = async (path: string, accept: string): Promise<Answer | undefined> => {
        switch (path) {
          case '/healthz':
          case '/readyz':
            return judge()
          case '/livez':
            return answerJson({ ok: isAlive() })
          case '/metrics': {
            const own = listWorkerFamilies({
              ...{ capacity, inHand: inHand.size, takings, happenings, latencies },
            })
            return answerMetrics([...own, ...(await ofFleet().catch(() => []))], accept)
          }
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
