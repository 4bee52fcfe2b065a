/**
 * One mailbox out of the fleet, into a journal of one machine; adopt.ts backwards. In steps, each of which is found done when
 * it is taken again:
 *
 *   no worker may hold it any more -> its rows in a new journal, beside the place -> the journal in its place -> forgotten
 *
 * Invariant: no two pull the same mail. The journal comes to its place when no worker can write to the mailbox any more, and
 * the fleet does not offer it again until it is adopted.
 */
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { asFault, Fault } from '../base/fault.ts'
import { journalFile } from '../journal/file.ts'
import { lockInstance } from '../journal/lock.ts'
import { openJournalFile } from '../journal/moving/open-file.ts'
import {
  beginDeparture,
  type Departure,
  departureOf,
  endDeparture,
  fillDeparted,
  findDeparture,
} from '../journal/postgres/departure.ts'
import { waitForHandBack } from '../journal/postgres/hand-back.ts'
import { removeWorkDir, replaceJournal, sweepWorkDirs, workDirOf } from '../journal/replace.ts'
import type { Database } from '../journal/sql.ts'
import type { Directory } from './directory.ts'
import { splitKey } from './names.ts'

export interface LeaveOptions {
  readonly fleet: Database
  readonly directory: Directory
  /** TENANT/NAME; on the machine it is called NAME, and so are the accounts. */
  readonly key: string
  /** Of the machine: without a journal, or with the one that this very command was about to put there. */
  readonly stateDir: string
  readonly nowMs: number
}

export interface Left {
  /** What the mailbox is to be called in the machine's configuration. */
  readonly name: string
  readonly messages: number
}

/**
 * Throws Fault state.second-instance, journal.adopted, fleet.in-use (a journal is there), journal.departed where it has left
 * already or is about to leave for another place, fleet.name, fleet.unknown, and what journal and directory throw.
 */
export async function leaveFleet(options: LeaveOptions): Promise<Left> {
  const { stateDir } = options
  const { tenant, name } = splitKey(options.key)
  const lock = lockInstance(stateDir)
  try {
    const { departure, isBegun } = await takeUpDeparture(options)
    const isThere = existsSync(join(stateDir, journalFile))
    if (isThere && (await departureAt(stateDir)) !== departure.id)
      throw new Fault('fleet.in-use', { facts: { what: 'journal', name: stateDir } })
    await forgetMember(options, 'pause', isBegun)
    await waitForHandBack(options.fleet, [departure.mailbox])
    await beginDeparture(options.fleet, departure)
    if (!isThere) await placeJournal(options, departure, tenant)
    await endDeparture(options.fleet, departure)
    await forgetMember(options, 'remove', isBegun)
    return { name, messages: await countMessages(stateDir, name) }
  } finally {
    lock.release()
  }
}

/** The one that was begun, or a new one. */
async function takeUpDeparture({
  fleet,
  key,
  stateDir,
  nowMs,
}: LeaveOptions): Promise<{ readonly departure: Departure; readonly isBegun: boolean }> {
  const place = `${hostname()}:${stateDir}`
  const begun = await findDeparture(fleet, key)
  if (begun !== undefined && begun.place !== place)
    throw new Fault('journal.departed', { facts: { name: key, place: begun.place } })
  const departure = { id: begun?.id ?? randomUUID(), mailbox: key, place, atMs: nowMs }
  return { departure, isBegun: begun !== undefined }
}

/** Under which departure the journal came there; undefined: under none. */
async function departureAt(stateDir: string): Promise<string | undefined> {
  const file = await openJournalFile(stateDir)
  try {
    return await departureOf(file.database)
  } finally {
    await file.close()
  }
}

/** What an earlier try has done already is done. */
async function forgetMember(
  { directory, key }: LeaveOptions,
  act: 'pause' | 'remove',
  isBegun: boolean,
): Promise<void> {
  try {
    await directory[act]([key])
  } catch (thrown) {
    if (!isBegun || asFault(thrown).code !== 'fleet.unknown') throw thrown
  }
}

async function placeJournal(
  { fleet, stateDir, nowMs }: LeaveOptions,
  departure: Departure,
  tenant: string,
): Promise<void> {
  const stamp = new Date(nowMs).toISOString().replace(/[:.]/g, '-')
  const workDir = workDirOf(stateDir, stamp)
  sweepWorkDirs(stateDir, workDir)
  try {
    const bare = (name: string): string =>
      name.startsWith(`${tenant}/`) ? name.slice(tenant.length + 1) : name
    const file = await openJournalFile(workDir)
    try {
      await fillDeparted(fleet, file.database, departure, { mailbox: bare, account: bare })
    } finally {
      await file.close()
    }
    replaceJournal(stateDir, workDir, stamp)
  } finally {
    removeWorkDir(stateDir, workDir)
  }
}

async function countMessages(stateDir: string, name: string): Promise<number> {
  const file = await openJournalFile(stateDir)
  try {
    const row = await file.database.get('SELECT count(*) AS n FROM message WHERE mailbox = ?', name)
    return Number(row?.n)
  } finally {
    await file.close()
  }
}
