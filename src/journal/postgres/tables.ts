/** The journal's tables: which version they have, and how they are made and brought up to date, by one program at a time. */
import { Fault } from '../../base/fault.ts'
import type { Statements } from '../sql.ts'
import type { PostgresPlace } from './place.ts'
import { makePostgresDatabase, type PostgresDatabase } from './postgres-database.ts'
import { postgresMigrations } from './postgres-schema.ts'
import { renewRights } from './roles.ts'

/** Held while the tables are made or changed (postgresql.org/docs/15/explicit-locking.html#ADVISORY-LOCKS). */
const migrationLock = 7_418_203

/** On a connection of its own, whose statements may take as long as they need. */
export async function patiently<T>(
  settings: PostgresPlace,
  work: (database: PostgresDatabase) => Promise<T>,
): Promise<T> {
  const database = makePostgresDatabase(settings, { isPatient: true })
  try {
    return await work(database)
  } finally {
    await database.close()
  }
}

/** Throws Fault journal.missing, journal.newer. */
async function readVersion(sql: Pick<Statements, 'get'>, place: string): Promise<number> {
  const made = await sql.get("SELECT to_regclass('hikyaku_version')::text AS name")
  if (made?.name === null) throw new Fault('journal.missing', { facts: { file: place } })
  const found = Number((await sql.get('SELECT version FROM hikyaku_version'))?.version)
  const known = postgresMigrations.length
  if (found > known) throw new Fault('journal.newer', { facts: { file: place, found, known } })
  return found
}

/** Throws Fault journal.missing, journal.newer. */
export async function isUpToDate(sql: Pick<Statements, 'get'>, place: string): Promise<boolean> {
  return (await readVersion(sql, place)) === postgresMigrations.length
}

/**
 * Throws Fault journal.missing, journal.newer; journal.older where this login may not change the tables.
 * @param mayMake where there are none they are made, unless others are there: Fault journal.other-tables
 * @returns whether there was something to be done
 */
export async function bringUpToDate(settings: PostgresPlace, mayMake: boolean): Promise<boolean> {
  return patiently(settings, async database => {
    // Whoever comes meanwhile waits, and finds all of it or nothing. The lock ends with the connection.
    await database.get('SELECT pg_advisory_lock(?)', migrationLock)
    let found = 0
    const known = postgresMigrations.length
    const change = database.transaction(async sql => {
      const made = await sql.get("SELECT to_regclass('hikyaku_version')::text AS name")
      if (made?.name === null && mayMake) {
        await refuseOtherTables(sql, database.place)
        await sql.run('CREATE TABLE hikyaku_version (version bigint NOT NULL)')
        await sql.run('INSERT INTO hikyaku_version VALUES (0)')
      }
      found = await readVersion(sql, database.place)
      if (found === known) return
      for (const step of postgresMigrations.slice(found)) await sql.run(step)
      await sql.run('UPDATE hikyaku_version SET version = ?', known)
      await renewRights(sql)
    })
    await change.catch(thrown => {
      const isOlder =
        0 < found && found < known && thrown instanceof Fault && thrown.code === 'journal.closed'
      if (!isOlder) throw thrown
      throw new Fault('journal.older', { facts: { file: database.place, found, known }, cause: thrown })
    })
    return found < known
  })
}

/** Ours would stand among somebody else's, whose names they may have; an extension's views are nobody's. */
async function refuseOtherTables(sql: Statements, place: string): Promise<void> {
  const others = await sql.all(
    `SELECT relname AS name FROM pg_class WHERE relnamespace = to_regnamespace(quote_ident(current_schema()))
       AND relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT EXISTS (SELECT FROM pg_depend AS part
         WHERE part.classid = 'pg_class'::regclass AND part.objid = pg_class.oid AND part.deptype = 'e')
     ORDER BY relname LIMIT 4`,
  )
  if (others.length === 0) return
  const what = others.map(({ name }) => String(name)).join(', ')
  throw new Fault('journal.other-tables', { facts: { file: place, what } })
}
