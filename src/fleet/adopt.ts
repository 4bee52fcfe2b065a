/**
 * One machine into the fleet: its journal, and where its configuration can be read its mailboxes and accounts with their
 * secrets. In steps, each of which is found done when it is taken again, so that whatever ends it, the same command goes on:
 *
 *   instance lock -> the data folder says that it was adopted -> rows, in one transaction -> accounts -> mailboxes, each offered
 *
 * Invariant: no two pull the same mail. From before the first row is in the fleet the machine's own daemon is refused, and no
 * worker is offered a mailbox before all rows are there.
 */
import { randomUUID } from 'node:crypto'
import { asFault, Fault } from '../base/fault.ts'
import type { Secret } from '../base/secret.ts'
import { type AdoptedMark, readAdopted, removeAdopted, writeAdopted } from '../journal/adopted.ts'
import { lockInstance } from '../journal/lock.ts'
import { isNotedPaused, listPaused, notePaused } from '../journal/moving/list-paused.ts'
import { type JournalFile, openJournalFile } from '../journal/moving/open-file.ts'
import { type AdoptedRows, adoptJournal } from '../journal/postgres/adoption.ts'
import type { Database } from '../journal/sql.ts'
import type { Directory, MemberSettings } from './directory.ts'
import { checkName, makeKey } from './names.ts'

/** An account or a mailbox of the machine's configuration. */
export interface MachineMember {
  readonly name: string
  /** As in YAML, with the names of the machine. */
  readonly settings: MemberSettings
  readonly secrets: readonly { readonly key: string; readonly secret: Pick<Secret, 'reveal'> }[]
}

export interface Machine {
  readonly stateDir: string
  readonly accounts: readonly MachineMember[]
  readonly mailboxes: readonly MachineMember[]
}

export interface AdoptOptions {
  readonly fleet: Database
  /** The fleet as it is told, without secrets. */
  readonly place: string
  readonly directory: Directory
  readonly tenant: string
  /** What is called otherwise in the fleet, mailboxes and accounts alike, by the names of the machine. */
  readonly names: ReadonlyMap<string, string>
  /** An account that the tenant has by that name is the same one: what it is set to stays. */
  readonly keepAccounts: boolean
  readonly nowMs: number
}

/**
 * - offered: workers may take it
 * - paused: it was paused on the machine, and stays so
 * - unknown: nothing says what it is set to; it is offered once it is added by that name
 * - failed: what it is set to could not be taken over; the same command tries it again
 */
export interface AdoptedMailbox {
  readonly name: string
  readonly key: string
  readonly state: 'offered' | 'paused' | 'unknown' | 'failed'
  readonly fault?: Fault
}

export interface Adopted extends Pick<AdoptedRows, 'messages' | 'unknown'> {
  readonly mailboxes: readonly AdoptedMailbox[]
}

/**
 * Throws Fault state.second-instance where the daemon runs, journal.adopted where another fleet or tenant has it,
 * journal.taken, fleet.name, fleet.in-use (an account), and what journal and directory throw.
 */
export async function adoptMachine(machine: Machine, options: AdoptOptions): Promise<Adopted> {
  const { stateDir } = machine
  const lock = lockInstance(stateDir, true)
  try {
    const known = readAdopted(stateDir)
    const { place, tenant } = options
    if (known !== undefined && (known.place !== place || known.tenant !== tenant))
      throw new Fault('journal.adopted', {
        facts: { file: stateDir, place: known.place, tenant: known.tenant },
      })
    const file = await openJournalFile(stateDir)
    try {
      return await adoptAll(machine, options, file, known)
    } finally {
      await file.close()
    }
  } finally {
    lock.release()
  }
}

async function adoptAll(
  machine: Machine,
  options: AdoptOptions,
  file: JournalFile,
  known: AdoptedMark | undefined,
): Promise<Adopted> {
  const { fleet, directory, tenant, place, nowMs } = options
  const { stateDir } = machine
  const nameOf = (name: string): string => options.names.get(name) ?? name.toLowerCase()
  const keyOf = (what: 'mailbox' | 'account') => (name: string) =>
    makeKey(tenant, checkName(what, nameOf(name)))
  for (const { name } of machine.mailboxes) keyOf('mailbox')(name)
  await directory.addTenant(tenant)
  if (known === undefined) await refuseOtherAccounts(machine, options, nameOf)
  const mark = known ?? { id: randomUUID(), place, tenant, atMs: nowMs }
  if (known === undefined) writeAdopted(stateDir, mark)
  const renaming = { mailbox: keyOf('mailbox'), account: keyOf('account') }
  const adoption = { id: mark.id, tenant, origin: stateDir, renaming, atMs: nowMs }
  let rows: AdoptedRows
  try {
    rows = await adoptJournal(file.database, fleet, adoption)
  } catch (thrown) {
    // Nothing is in the fleet: the machine may go on. Of anything else nobody knows.
    if (known === undefined && ['journal.taken', 'fleet.name'].includes(asFault(thrown).code))
      removeAdopted(stateDir)
    throw thrown
  }
  const settings = renameSettings(nameOf)
  await putAccounts(machine, options, nameOf)
  const there = await listMembers(directory, tenant)
  const paused = new Set(await listPaused(file.database))
  const mailboxes: AdoptedMailbox[] = []
  // Those that were configured and never pulled are in no row.
  const names = new Set([
    ...rows.mailboxes.map(([here]) => here),
    ...machine.mailboxes.map(({ name }) => name),
  ])
  for (const name of names) {
    const key = keyOf('mailbox')(name)
    const member = machine.mailboxes.find(mailbox => mailbox.name === name)
    const before = there.get(key)
    if (before !== undefined)
      mailboxes.push({ name, key, state: (await goOnPausing(options, key)) ? 'paused' : before })
    else if (member === undefined) mailboxes.push({ name, key, state: 'unknown' })
    else
      mailboxes.push({ name, key, ...(await putMailbox(options, key, settings(member), paused.has(name))) })
  }
  return { messages: rows.messages, unknown: rows.unknown, mailboxes }
}

/** An account of the same name may be another person's: no secret of theirs is to be replaced. */
async function refuseOtherAccounts(
  { accounts }: Machine,
  { directory, tenant, keepAccounts }: AdoptOptions,
  nameOf: (name: string) => string,
): Promise<void> {
  const there = new Set((await directory.accounts(tenant)).map(({ name }) => name))
  const other = accounts.find(({ name }) => there.has(checkName('account', nameOf(name))))
  if (other !== undefined && !keepAccounts)
    throw new Fault('fleet.in-use', { facts: { what: 'account', name: makeKey(tenant, nameOf(other.name)) } })
}

/** Those that are there stay as they are: as the tenant has them, or as this adoption put them. */
async function putAccounts(
  { accounts }: Machine,
  { directory, tenant }: AdoptOptions,
  nameOf: (name: string) => string,
): Promise<void> {
  const there = new Set((await directory.accounts(tenant)).map(({ name }) => name))
  for (const { name, settings, secrets } of accounts) {
    const { name: _, ...rest } = settings
    if (!there.has(nameOf(name)))
      await directory.putAccount(tenant, nameOf(name), rest, await revealAll(secrets))
  }
}

async function revealAll(secrets: MachineMember['secrets']): Promise<Record<string, string>> {
  const revealed: Record<string, string> = {}
  for (const { key, secret } of secrets) revealed[key] = await secret.reveal()
  return revealed
}

/** What a mailbox is set to names accounts, itself and in its rules. */
const renameSettings =
  (nameOf: (name: string) => string) =>
  ({ settings, ...member }: MachineMember): MachineMember => {
    const { name: _, account, rules, ...rest } = settings
    const renameRule = (rule: unknown): unknown => {
      if (typeof rule !== 'object' || rule === null || !('account' in rule)) return rule
      return { ...rule, ...(typeof rule.account === 'string' && { account: nameOf(rule.account.trim()) }) }
    }
    return {
      ...member,
      settings: {
        ...rest,
        ...(typeof account === 'string' && { account: nameOf(account.trim()) }),
        ...(rules !== undefined && { rules: Array.isArray(rules) ? rules.map(renameRule) : rules }),
      },
    }
  }

/** @returns every mailbox of the tenant, and whether workers may take it */
async function listMembers(
  directory: Directory,
  tenant: string,
): Promise<ReadonlyMap<string, 'offered' | 'paused'>> {
  const found = new Map<string, 'offered' | 'paused'>()
  for (let after: string | undefined; ; ) {
    const page = await directory.list({ tenant }, { after, most: 1000 })
    for (const { key, isPaused } of page.mailboxes) found.set(key, isPaused ? 'paused' : 'offered')
    after = page.next
    if (after === undefined) return found
  }
}

/** One that cannot be had stops no other. */
async function putMailbox(
  { fleet, directory, tenant, nowMs }: AdoptOptions,
  key: string,
  { settings, secrets }: MachineMember,
  isPaused: boolean,
): Promise<Pick<AdoptedMailbox, 'state' | 'fault'>> {
  try {
    const revealed = await revealAll(secrets)
    // Between being offered and being paused no worker logs in.
    if (isPaused) await notePaused(fleet, key, nowMs)
    await directory.putMailbox(tenant, key.slice(tenant.length + 1), settings, revealed)
    if (isPaused) await goOnPausing({ fleet, directory }, key)
    return { state: isPaused ? 'paused' : 'offered' }
  } catch (thrown) {
    const fault = asFault(thrown)
    if (/^(journal|state)\.|^bug$/.test(fault.code)) throw thrown
    return { state: 'failed', fault }
  }
}

/** @returns whether it was about to be paused */
async function goOnPausing(
  { fleet, directory }: Pick<AdoptOptions, 'fleet' | 'directory'>,
  key: string,
): Promise<boolean> {
  if (!(await isNotedPaused(fleet, key))) return false
  await directory.pause([key])
  await notePaused(fleet, key, undefined)
  return true
}
