/**
 * The mailbox that is changed, as it is configured now. Its values are the usual answers of every question, and what
 * is not asked stays as its owner wrote it.
 */
import { isDeepStrictEqual } from 'node:util'
import type { MailboxConfig } from '../config/config.ts'
import { makeMailboxDestination } from '../config/destinations.ts'
import type { YamlText } from '../config/edit-yaml.ts'
import { vaultNames } from '../config/load.ts'
import { revealPassword } from '../config/mail-credential.ts'
import { domainOf } from '../discovery/discover.ts'
import { presetById, presetForServer, userFormOf } from '../discovery/presets.ts'
import { confirm } from './asker.ts'
import type { SetupContext } from './context.ts'
import { configuredServer, type FoundServer, type ProvedMailbox } from './mailbox.ts'
import { unlessElsewhere } from './unless-elsewhere.ts'

/** @returns the configured mailbox of this address: by its name, which is its address where the set-up made it, or its login */
export function findPresent({ place }: SetupContext, address: string): MailboxConfig | undefined {
  const mailboxes = place.config?.mailboxes ?? []
  const ofLogin = mailboxes.filter(({ user }) => user === address)
  return mailboxes.find(({ name }) => name === address) ?? (ofLogin.length === 1 ? ofLogin[0] : undefined)
}

/** The server as it is configured. */
export function presentServer({ protocol, server, provider }: MailboxConfig, address: string): FoundServer {
  const { host, port, security, caFile, pinnedSha256: pinned } = server
  const preset = presetById(provider ?? '') ?? presetForServer(host)
  const userForm = preset && userFormOf(preset, domainOf(address) ?? '')
  return { protocol, host, port, security, userForm, preset, provider, caFile, pinned }
}

/** Whether a login goes to where it goes now: then what is known of the host still holds. */
export const isPresentHost = (
  present: MailboxConfig | undefined,
  { host }: Pick<FoundServer, 'host'>,
): boolean => present?.server.host === host

/** The password that is kept, where the login stays as it is and the owner wants it to. */
export async function keepPassword(
  { asker, words, vault }: SetupContext,
  present: MailboxConfig | undefined,
  { user, server }: Pick<ProvedMailbox, 'user' | 'server'>,
): Promise<string | undefined> {
  if (present === undefined || present.user !== user) return undefined
  const destination = makeMailboxDestination(configuredServer(server))
  if (!isDeepStrictEqual(destination, makeMailboxDestination(present.server))) return undefined
  const kept =
    (await revealPassword(present.credential)) ??
    (await vault.getFor(vaultNames.password(present.name), destination, 'refuse').catch(unlessElsewhere))
  if (kept === undefined) return undefined
  const { keptPassword: message, keptYes: yes, keptNo: no } = words.change
  return (await confirm(asker, { id: 'keep-password', message, initial: true, yes, no })) ? kept : undefined
}

/** What the set-up writes of a mailbox; undefined: it does not stand in the file. */
export type MailboxEntry = Readonly<Record<string, unknown>>

/**
 * Merges an entry into the one that stands at `mailboxes[at]`: only what has another meaning than before is written,
 * so that comments, order, and everything that was not asked stay.
 * @param before the entry that the set-up would write for the mailbox as it is configured
 * @param after the entry of the answers, with the same keys
 */
export function mergeMailbox(
  text: YamlText,
  at: number,
  present: MailboxConfig,
  before: MailboxEntry,
  after: MailboxEntry,
): void {
  const path = (key: string) => ['mailboxes', at, key]
  const changed = (key: string): boolean => !isDeepStrictEqual(before[key], after[key])
  for (const key of Object.keys(after)) {
    if (!changed(key)) continue
    if (after[key] === undefined) text.remove(path(key))
    else text.set(path(key), after[key])
  }
  // What was left to its default would change with what the default is made of.
  if ((changed('user') || changed('host')) && !text.has(path('name'))) text.set(path('name'), present.name)
  if ((changed('protocol') || changed('security')) && !text.has(path('port')))
    text.set(path('port'), after.port)
}
