/** What a worker says of itself, and what any worker knows of the whole fleet: sums of the database, no message is scanned. */
import { readVersion } from '../base/version.ts'
import type { Family, Histogram, Labels, Sample } from './exposition.ts'
import type { Happenings } from './happenings.ts'

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
  /** @param sinceMs from when on imports are counted */
  sums(
    tenant: undefined,
    sinceMs: number,
  ): Promise<{
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

const family =
  (type: Family['type']) =>
  (name: string, help: string, samples: readonly Sample[]): Family => ({ name, type, help, samples })
const gauge = family('gauge')
const counter = family('counter')
const single = (value: number): readonly Sample[] => [{ value }]

/** Of this process alone: it is answered where the database is away, too. */
export function listWorkerFamilies(worker: WorkerNumbers): readonly Family[] {
  const { capacity, inHand, takings, happenings, latencies } = worker
  return [
    gauge('hikyaku_build_info', 'The version that runs.', [{ labels: { version: readVersion() }, value: 1 }]),
    gauge('hikyaku_worker_capacity', 'Mailboxes that this worker takes at most.', single(capacity)),
    gauge('hikyaku_worker_mailboxes', 'Mailboxes that this worker has in hand.', single(inHand)),
    counter(
      'hikyaku_worker_takings',
      'Mailboxes that this worker took since its start, from whom it may be.',
      single(takings),
    ),
    family('histogram')(
      'hikyaku_delivery_seconds',
      'From the arrival at the source to the answer of Gmail, since the start of the process.',
      latencies.samples({}),
    ),
    counter(
      'hikyaku_faults',
      'Faults by their code, each time that one was met, since the start of the process.',
      [...happenings.faults].map(([code, value]) => ({ labels: { code }, value })),
    ),
    gauge(
      'process_resident_memory_bytes',
      'Resident memory size in bytes.',
      single(process.memoryUsage.rss()),
    ),
    gauge(
      'process_start_time_seconds',
      'Start time of the process since unix epoch in seconds.',
      single(Math.round(performance.timeOrigin) / 1000),
    ),
  ]
}

/** Of the whole fleet: every worker answers the same. */
export async function readFleetFamilies(fleet: FleetNumbers): Promise<readonly Family[]> {
  const [workers, sums, troubles, limits] = await Promise.all([
    fleet.workers(),
    fleet.sums(undefined, Date.now()),
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
    gauge('hikyaku_fleet_troubles', 'What is not well now, by scope and code.', countTroubles(troubles)),
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

function countTroubles(
  troubles: readonly { readonly scope: string; readonly code: string; readonly count: number }[],
): Sample[] {
  const sums = new Map<string, { labels: Labels; value: number }>()
  for (const { scope, code, count } of troubles) {
    const key = `${scope} ${code}`
    sums.set(key, { labels: { scope, code }, value: (sums.get(key)?.value ?? 0) + count })
  }
  return [...sums.values()].slice(0, mostSamples)
}
