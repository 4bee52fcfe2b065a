/** How a worker asks for its slices of the limits that the fleet shares (budget-schema.ts): all of them in one statement. */
import type { Statements } from '../sql.ts'

export interface SliceAsk {
  readonly key: string
  /** Of all workers; the least of those that they say holds. */
  readonly most: number
  /** The least that is of any use. */
  readonly step: number
  /** For how long something counts after its end, ms; 0: not at all. */
  readonly lasts: number
  /** May count for this worker from now on. Less than it had: it keeps to that already. */
  readonly want: number
  /** What it cannot do without: the rest is for what may come. */
  readonly need: number
  /** Of what has ended, what will still count after none, one, ... `drainingParts` parts of `lasts`. */
  readonly draining: readonly number[]
  /** What was begun since the last question, for the count of the day. */
  readonly begun: number
  /** Nothing more will be asked for once nothing counts. */
  readonly last: boolean
}

export interface SliceAnswer {
  readonly key: string
  /** Undefined where it was not asked for: only that others wait. */
  readonly granted:
    | {
        readonly units: number
        /** What it could have of the limit, for what the others need of it. */
        readonly fair: number
        /** Of all workers since midnight in California, and how long that day still is, ms. */
        readonly dayTaken: number
        readonly dayLeftMs: number
      }
    | undefined
  /** Others wait: it is to come down to this. */
  readonly giveBack: number | undefined
}

export interface BudgetHolder {
  /** This process, in one stretch in which it was heard of in time. */
  readonly holder: string
  readonly worker: string
  /** Goes up with each question. */
  readonly number: number
  /** Heard of again within this: otherwise it is taken for dead, and never comes back. */
  readonly leaseMs: number
}

export interface Budget {
  /** @returns undefined where the holder was taken for dead: it begins anew under another name, and with nothing */
  ask(holder: BudgetHolder, asks: readonly SliceAsk[]): Promise<readonly SliceAnswer[] | undefined>
  /** It is gone, in order: what it had counts no longer than it must. */
  leave(holder: string): Promise<void>
  /** How it stands with each limit. */
  look(): Promise<readonly LimitView[]>
}

/** A limit, for those who look. */
export interface LimitView {
  readonly key: string
  readonly most: number
  /** What may count at most, of those that are there and of those that were. */
  readonly units: number
  readonly needed: number
  readonly workers: number
  /** Since midnight in California; 0 where nobody counts days. */
  readonly dayTaken: number
}

export { drainingParts } from './budget-schema.ts'

const toNumber = (value: unknown): number => Number(value ?? 0)

/** @param sql outside of transactions: each statement is one, and waits for nobody for longer than that takes */
export function makeBudget(sql: Statements): Budget {
  return {
    async ask({ holder, worker, number, leaseMs }, asks) {
      const rows = await sql.all(
        '/* writes */ SELECT * FROM budget_ask(?, ?, ?, ?, ?::jsonb)',
        ...[holder, worker, number, leaseMs, JSON.stringify(asks)],
      )
      if (rows.some(row => row.of_key === null)) return undefined
      return rows.map(row => ({
        key: String(row.of_key),
        granted:
          row.units === null
            ? undefined
            : {
                units: toNumber(row.units),
                fair: toNumber(row.fair),
                dayTaken: toNumber(row.day_taken),
                dayLeftMs: toNumber(row.day_left_ms),
              },
        giveBack: row.give_back === null ? undefined : toNumber(row.give_back),
      }))
    },
    async leave(holder) {
      await sql.run(
        'UPDATE budget_holder SET there_until = least(there_until, budget_now()) WHERE holder = ?',
        holder,
      )
    },
    async look() {
      const rows = await sql.all(
        `SELECT s.key, min(s.most) AS most, sum(budget_counts(s, h.there_until, budget_now())) AS units,
           sum(s.need) FILTER (WHERE h.there_until > budget_now()) AS needed,
           count(*) FILTER (WHERE h.there_until > budget_now()) AS workers,
           max(CASE WHEN b.day = (budget_now() AT TIME ZONE 'America/Los_Angeles')::date THEN b.taken ELSE 0 END) AS day_taken
         FROM budget_slice s JOIN budget_holder h USING (holder) JOIN budget b USING (key) GROUP BY s.key ORDER BY s.key`,
      )
      return rows.map(row => ({
        key: String(row.key),
        most: toNumber(row.most),
        units: toNumber(row.units),
        needed: toNumber(row.needed),
        workers: toNumber(row.workers),
        dayTaken: toNumber(row.day_taken),
      }))
    },
  }
}
