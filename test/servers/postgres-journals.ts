/**
 * HIKYAKU_JOURNAL=postgres: what the tests open in their own process has its journal on a real PostgreSQL, a database for each
 * state directory. Children that they start, and tests of the file itself, go on with the file.
 */
import { after } from 'node:test'
import type { Journal } from '../../src/journal/journal.ts'
import { makePostgresJournal } from '../../src/journal/postgres/postgres.ts'
import { type PostgresServer, startPostgres } from './postgres.ts'

let server: Promise<PostgresServer> | undefined
const urls = new Map<string, string>()
after(async () => (await server)?.stop())

export const isOnPostgres = process.env.HIKYAKU_JOURNAL === 'postgres'

export async function openPostgresJournalOf(stateDir: string): Promise<Journal> {
  server ??= startPostgres({ fsync: 'off' })
  const url = urls.get(stateDir) ?? (await (await server).newDatabase())
  urls.set(stateDir, url)
  return (await makePostgresJournal({ url, name: 'matrix' })).journal
}
