/** What the notices of a fleet are made from, and which worker's turn it is to tell: in the database, for all workers. */
import type { TroubleEntry } from '../base/trouble.ts'
import type { FleetJournal } from '../journal/postgres/postgres.ts'

/** The note `teller` (journal/notes.ts). Wall clock of the database, ms. */
interface Turn {
  readonly by: string
  readonly untilMs: number
}

const note = 'teller'
const day = 86_400_000

function readTurn(text: string | undefined): Turn {
  try {
    const { by = '', untilMs = 0 } = JSON.parse(text ?? '{}') as Partial<Turn>
    return { by: String(by), untilMs: Number(untilMs) }
  } catch {
    return { by: '', untilMs: 0 }
  }
}

/** What nobody can read was not told. */
function readTold(text: string | undefined): object {
  try {
    const value: unknown = JSON.parse(text ?? '{}')
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}

/** @param instance of this process: no other one takes its turn for its own */
export function makeNoticeBooks(
  { database, journal, nowMs }: Pick<FleetJournal, 'database' | 'journal' | 'nowMs'>,
  instance: string,
) {
  const { troubles } = journal
  /** Of those that are to be told: of mailboxes and accounts in the fleet, and not of what rests. */
  const chooseOwn = async (
    entries: readonly TroubleEntry[],
  ): Promise<{
    has(entry: TroubleEntry): boolean
    isResting(entry: TroubleEntry): boolean
  }> => {
    const names = [...new Set(entries.map(({ name }) => name))]
    const rows = await database.all(
      `SELECT key, paused FROM member WHERE key IN (${database.words.textsIn('?1')})
       UNION ALL SELECT tenant || '/' || name, false FROM fleet_account
         WHERE tenant || '/' || name IN (${database.words.textsIn('?1')})`,
      JSON.stringify(names),
    )
    const isPaused = new Map<string, boolean>()
    for (const { key, paused } of rows)
      isPaused.set(String(key), paused === true || isPaused.get(String(key)) === true)
    const isResting = ({ scope, name, subject }: TroubleEntry): boolean =>
      isPaused.get(name) === true && (scope === 'folder' || (scope === 'mailbox' && subject !== 'books'))
    const has = (entry: TroubleEntry): boolean =>
      entry.scope === 'machine' || (isPaused.has(entry.name) && !isResting(entry))
    return { has, isResting }
  }
  return {
    nowMs,
    /** As long as it says so, no other worker tells. A turn that lies too far ahead was written by another clock. */
    async takeTurn(forMs: number): Promise<boolean> {
      const now = await nowMs()
      return journal.changeNote(note, text => {
        const { by, untilMs } = readTurn(text)
        const isTaken = by !== instance && untilMs > now && untilMs <= now + 2 * forMs
        if (isTaken) return [undefined, false]
        return [JSON.stringify({ by: instance, untilMs: Math.round(now + forMs) } satisfies Turn), true]
      })
    },
    leaveTurn: (): Promise<void> =>
      journal.changeNote(note, text => [readTurn(text).by === instance ? '{}' : undefined, undefined]),
    async read(putOffBeforeMs: number) {
      const [untold, uncleared] = await Promise.all([troubles.untold(putOffBeforeMs), troubles.uncleared()])
      const reminders = await database.get(
        `SELECT 1 FROM trouble WHERE closed_at_ms IS NULL AND notice_at_ms < ?1 AND scope IN ('mailbox', 'account') LIMIT 1`,
        Math.round(putOffBeforeMs - 6 * day),
      )
      if (untold.length + uncleared.length === 0 && reminders === undefined) return undefined
      const open = await troubles.list()
      const own = await chooseOwn([...untold, ...uncleared, ...open])
      const isOwn = (entry: TroubleEntry): boolean => own.has(entry)
      const gone = uncleared.filter(entry => !isOwn(entry) && !own.isResting(entry)).flatMap(({ ids }) => ids)
      const last = await lastNotices(putOffBeforeMs)
      return {
        gone,
        open: open.filter(isOwn),
        untold: untold.filter(isOwn),
        uncleared: uncleared.filter(isOwn),
        lastNoticeMs: (entry: TroubleEntry) => last.get(thingOf(entry)),
      }
    },
    async consents(endBeforeMs: number) {
      const rows = await database.all(
        `SELECT account.name FROM account JOIN fleet_account ON account.name = tenant || '/' || fleet_account.name
         WHERE consent_ends_at_ms <= ? ORDER BY account.name`,
        Math.round(endBeforeMs),
      )
      return Promise.all(
        rows.map(async ({ name }) => ({
          account: await journal.accountState(String(name)),
          told: readTold(await journal.note(`told/account/${name}`)),
        })),
      )
    },
    noteConsent: (account: string, told: object): Promise<void> =>
      journal.setNote(`told/account/${account}`, JSON.stringify(told)),
    noticed: (ids: readonly number[], atMs: number): Promise<void> => troubles.noticed(ids, atMs),
    cleared: (ids: readonly number[], atMs: number): Promise<void> => troubles.cleared(ids, atMs),
  }

  /** As `TroubleBook.lastNoticeMs` says of each, as far as it is of today. */
  async function lastNotices(sinceMs: number): Promise<ReadonlyMap<string, number>> {
    const rows = await database.all(
      `SELECT scope, name, CASE scope WHEN 'message' THEN notice_code ELSE subject END AS what, max(last_notice_ms) AS ms
       FROM trouble WHERE last_notice_ms >= ? GROUP BY 1, 2, 3`,
      Math.round(sinceMs),
    )
    return new Map(
      rows.map(({ scope, name, what, ms }) => [JSON.stringify([scope, name, what]), Number(ms)] as const),
    )
  }
}

const thingOf = ({ scope, name, subject, code }: TroubleEntry): string =>
  JSON.stringify([scope, name, scope === 'message' ? code : subject])
