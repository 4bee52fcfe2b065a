/** An account whose mail goes in by IMAP: login, what the server can do, folders, storage, labels. One login. */
import { asFault } from '../base/fault.ts'
import { printable } from '../base/untrusted.ts'
import type { AppPasswordAccount, Config } from '../config/config.ts'
import { readImapServer } from '../config/destinations.ts'
import { type InspectedImap, inspectAppend } from '../gmail/append/inspect.ts'
import type { DoctorContext } from './context.ts'
import { type Finding, failByFault, noteCheck, passCheck, skipCheck } from './finding.ts'
import { checkLabels } from './labels.ts'
import { canReveal } from './settings.ts'

/** So little left is worth a word. */
const lowShare = 0.05

export async function checkAppPassword(
  account: AppPasswordAccount,
  config: Config,
  context: DoctorContext,
): Promise<readonly Finding[]> {
  const { words, checks, language, clock, signal, deadlines } = context
  const subject = account.name
  const place = { check: 'gmailLogin', subject } as const
  const { credential, ...rest } = account
  if (!(await canReveal(credential.password))) return [skipCheck(place, words.because(checks.secrets))]
  const server = readImapServer(config.endpoints.imapUrl)
  let inspected: InspectedImap
  try {
    const { connectMs: connect, answerMs, loginMs: login } = deadlines
    inspected = await inspectAppend(
      {
        account: { ...rest, password: credential.password },
        server,
        clock,
        deadlines: { connect, tls: answerMs, greeting: answerMs, login },
      },
      signal,
    )
  } catch (thrown) {
    signal.throwIfAborted()
    return [failByFault(place, asFault(thrown), language)]
  }
  const { tls, loginMs, isGmail, appendLimit, places, quota } = inspected
  const folders = { check: 'gmailFolders', subject } as const
  const byUse = { '\\All': places.all, '\\Junk': places.junk, '\\Trash': places.trash }
  const hidden = Object.entries(byUse).flatMap(([use, name]) => (name === undefined ? [use] : []))
  return [
    passCheck(place, words.appPassword(printable(account.address, 80), tls, loginMs, appendLimit)),
    ...(isGmail ? [] : [noteCheck({ check: 'gmailAccount', subject }, 'imap.not-gmail', words.notGmailImap)]),
    hidden.length === 0
      ? passCheck(folders, words.imapFolders(Object.values(byUse).map(name => printable(name ?? '', 60))))
      : noteCheck(folders, 'imap.folder-hidden', words.imapFoldersHidden(hidden)),
    ...(quota === undefined ? [] : [checkQuota(quota, subject, context)]),
    checkLabels(isGmail ? places.labels : undefined, config, subject, context),
  ]
}

function checkQuota(
  { usedOctets, limitOctets }: NonNullable<InspectedImap['quota']>,
  subject: string,
  { words }: DoctorContext,
): Finding {
  const place = { check: 'gmailStorage', subject } as const
  const left = limitOctets - usedOctets
  if (limitOctets <= 0 || left > limitOctets * lowShare)
    return passCheck(place, words.storage(usedOctets, limitOctets))
  return noteCheck(place, 'storage.low', words.storageLow(Math.max(0, left), limitOctets))
}
