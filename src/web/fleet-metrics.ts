/** What a worker says of itself, and what any worker knows of the whole fleet: sums of the database, no message is scanned. */
import { addUp, counter, type Family, gauge, type Histogram, type Sample, single } from './exposition.ts'
import type { Happenings } from './happenings.ts'
import { buildFamily, deliveryFamily, faultsFamily, processFamilies } from './process-metrics.ts'

/** More kinds of trouble, workers or limits than this are not shown. */
const mostSamples = 200

/** How it stands with the fleet; FleetLook of fleet/ and Budget of journal/ fit. */
export interface FleetNumbers {
  workers(): Promise<
    readonly {
      readonly name: string
      readonly capacity: number
      readonly held: number
      readonly isThere: boolean
    }[]
  >
  sums(tenant: undefined): Promise<{
    readonly tenants: number
    readonly mailboxes: number
    readonly paused: number
    readonly free: number
    readonly failing: number
    readonly waiting: number
  }>
  troubles(
    tenant: undefined,
  ): Promise<readonly { readonly scope: string; readonly code: string; readonly count: number }[]>
  limits(): Promise<
    readonly {
      readonly key: string
      readonly most: number
      readonly units: number
      readonly dayTaken: number
    }[]
  >
}

export interface WorkerNumbers {
  readonly capacity: number
  readonly inHand: number
  readonly takings: number
  readonly happenings: Happenings
  readonly latencies: Histogram
}

/** Of this process alone: it is answered where the database is away, too. */
export function listWorkerFamilies(worker: WorkerNumbers): readonly Family[] {
  const { capacity, inHand, takings, happenings, latencies } = worker
  return [
    buildFamily(),
    gauge('hikyaku_worker_capacity', 'Mailboxes that this worker takes at most.', single(capacity)),
    gauge('hikyaku_worker_mailboxes', 'Mailboxes that this worker has in hand.', single(inHand)),
    counter(
      'hikyaku_worker_takings',
      'Mailboxes that this worker took since its start, from whom it may be.',
      single(takings),
    ),
    deliveryFamily(latencies.samples({})),
    faultsFamily(happenings),
    ...processFamilies(),
  ]
}

/** Of the whole fleet: every worker answers the same. */
export async function readFleetFamilies(fleet: FleetNumbers): Promise<readonly Family[]> {
  const [workers, sums, troubles, limits] = await Promise.all([
    fleet.workers(),
    fleet.sums(undefined),
    fleet.troubles(undefined),
    fleet.limits(),
  ])
  const there = workers.filter(({ isThere }) => isThere)
  const ofLimits = (value: (limit: (typeof limits)[number]) => number): Sample[] =>
    limits.slice(0, mostSamples).map(limit => ({ labels: { limit: limit.key }, value: value(limit) }))
  return [
    gauge('hikyaku_fleet_workers', 'Workers that are there.', single(there.length)),
    gauge(
      'hikyaku_fleet_capacity',
      'Mailboxes that the workers that are there take at most.',
      single(there.reduce((sum, { capacity }) => sum + capacity, 0)),
    ),
    gauge(
      'hikyaku_fleet_held',
      'Mailboxes that each worker holds.',
      there.slice(0, mostSamples).map(({ name, held }) => ({ labels: { worker: name }, value: held })),
    ),
    gauge('hikyaku_fleet_tenants', 'Tenants of the fleet.', single(sums.tenants)),
    gauge('hikyaku_fleet_mailboxes', 'Mailboxes of the fleet, paused ones as well.', single(sums.mailboxes)),
    gauge('hikyaku_fleet_paused', 'Mailboxes that are paused.', single(sums.paused)),
    gauge(
      'hikyaku_fleet_free',
      'Mailboxes that nobody pulls: not paused, and held by no worker that is there.',
      single(sums.free),
    ),
    gauge(
      'hikyaku_fleet_failing',
      'Mailboxes whose mail does not come, by their own trouble or that of their account.',
      single(sums.failing),
    ),
    gauge(
      'hikyaku_fleet_messages_waiting',
      'Messages at the sources that are still to be imported.',
      single(sums.waiting),
    ),
    gauge(
      'hikyaku_fleet_troubles',
      'What is not well now, by scope and code.',
      addUp(
        troubles.map(({ scope, code, count }) => ({ labels: { scope, code }, value: count })),
        mostSamples,
      ),
    ),
    gauge(
      'hikyaku_fleet_limit_units',
      'What all workers use, or may use without asking, of a limit that they share.',
      ofLimits(({ units }) => units),
    ),
    gauge(
      'hikyaku_fleet_limit_most_units',
      'That limit.',
      ofLimits(({ most }) => most),
    ),
    gauge(
      'hikyaku_fleet_day_units',
      'What all workers have used of a limit since midnight in California, where days are counted.',
      ofLimits(({ dayTaken }) => dayTaken),
    ),
  ]
}
