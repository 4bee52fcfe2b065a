/**
 * What changes in the directory, told within a second by NOTIFY; and found within half a minute in the audit where nobody
 * heard: a connection that was lost, a server that was started anew.
 */
import type { FleetJournal } from '../journal/postgres/postgres.ts'
import type { Statements } from '../journal/sql.ts'

/** How often the audit is looked at, ms. */
const lookMs = 20_000
/** What is heard together is told together, ms. */
const gatherMs = 50

export function watchDirectory(
  sql: Statements,
  listen: FleetJournal['listen'],
  onChange: (keys: readonly string[]) => void,
  onFault: (fault: unknown) => void = () => {},
): () => Promise<void> {
  const heard = new Set<string>()
  let telling: NodeJS.Timeout | undefined
  let looking: NodeJS.Timeout | undefined
  let isOver = false
  let since: string | undefined
  let told = new Set<string>()

  const tell = (keys: readonly string[]): void => {
    if (isOver) return
    for (const key of keys) heard.add(key)
    if (heard.size === 0) return
    telling ??= setTimeout(() => {
      telling = undefined
      const all = [...heard]
      heard.clear()
      onChange(all)
    }, gatherMs)
  }
  /** Changes of transactions that were not over yet when it last looked; what was told already is left out. */
  const look = async (): Promise<void> => {
    const row = await sql.get('SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS oldest')
    const oldest = String(row?.oldest)
    // Numbers that went back are those of another server: a backup that was put in place.
    const isElsewhere = since !== undefined && BigInt(oldest) < BigInt(since)
    if (since !== undefined && !isElsewhere) {
      const rows = await sql.all(changedSince, since)
      const now = new Set(rows.map(({ id, key }) => `${id} ${key}`))
      tell(rows.filter(({ id, key }) => !told.has(`${id} ${key}`)).map(({ key }) => String(key)))
      told = now
    }
    if (isElsewhere) tell((await sql.all('SELECT key FROM member')).map(({ key }) => String(key)))
    since = oldest
  }
  const lookAgain = (inMs: number): void => {
    clearTimeout(looking)
    if (isOver) return
    looking = setTimeout(() => {
      look()
        .catch(onFault)
        .finally(() => lookAgain(lookMs))
    }, inMs)
  }
  const listening = listen('fleet_changed', {
    // Whoever may connect may tell anything.
    heard: key => tell(isKey(key) ? [key] : []),
    connected: () => lookAgain(0),
    lost: onFault,
  })
  lookAgain(0)
  return async () => {
    isOver = true
    clearTimeout(telling)
    clearTimeout(looking)
    await listening.end()
  }
}

const isKey = (text: string): boolean => /^[a-z0-9._@-]{1,64}\/[a-z0-9._@-]{1,128}$/.test(text)

/** A mailbox by itself, and all that use an account that changed. */
const changedSince = `
SELECT DISTINCT id, key FROM (
  SELECT id, tenant || '/' || name AS key FROM fleet_audit WHERE xid >= ?1::text::xid8 AND kind = 'mailbox'
  UNION ALL SELECT audit.id, member.key FROM fleet_audit AS audit JOIN member USING (tenant)
    WHERE audit.xid >= ?1::text::xid8 AND audit.kind = 'account' AND (member.account = audit.name OR EXISTS (
      SELECT FROM member_account AS further WHERE further.tenant = member.tenant AND further.member = member.name
        AND further.account = audit.name))) AS changed ORDER BY id`
