/** `hikyaku fleet list`: the mailboxes of a fleet, page by page; with keys, what of their mail is set aside or waits. */
import { exitCodes } from '../../base/fault.ts'
import { printable } from '../../base/untrusted.ts'
import type { MailboxEntry } from '../../fleet/directory.ts'
import type { MemberTrouble } from '../../fleet/fleet-look.ts'
import { describeFault } from '../../locale/locale.ts'
import {
  faultJson,
  type Invocation,
  writeJson,
  writeLine,
  writeParagraph,
  writeTable,
} from '../invocation.ts'
import { answerLists, listMailbox } from '../list.ts'
import { chooseKeys } from './choose-keys.ts'
import { readMost } from './read-most.ts'
import { type Fleet, withFleet } from './with-fleet.ts'
import { fleetWords } from './words.ts'

export interface ListFlags {
  readonly tenant?: string
  readonly trouble?: boolean
  readonly most?: string
  readonly after?: string
}

export async function fleetListCommand(
  invocation: Invocation,
  keys: readonly string[],
  flags: ListFlags,
): Promise<number> {
  return withFleet(invocation, 'list', async fleet => {
    if (keys.length > 0) return listMessages(invocation, fleet, keys, flags.tenant)
    const most = readMost(invocation, flags.most, 'fleet list')
    const { mailboxes, next } = await readPage(fleet, flags, most)
    const troubles = await fleet.look.troublesOf(mailboxes)
    if (invocation.json)
      writeJson(invocation, {
        ok: true,
        exitCode: exitCodes.ok,
        next: next ?? null,
        mailboxes: mailboxes.map(entry => entryJson(invocation, entry, troubles.get(entry.key) ?? [])),
      })
    else sayPage(invocation, mailboxes, troubles, next)
    return exitCodes.ok
  })
}

async function readPage(
  { directory, look, find }: Fleet,
  { tenant, trouble = false, after }: ListFlags,
  most: number,
): Promise<{ readonly mailboxes: readonly MailboxEntry[]; readonly next: string | undefined }> {
  if (!trouble) return directory.list({ tenant }, { after, most })
  const { keys, next } = await look.troubledKeys(tenant, { after, most })
  return { mailboxes: await find(keys), next }
}

function sayPage(
  invocation: Invocation,
  mailboxes: readonly MailboxEntry[],
  troubles: ReadonlyMap<string, readonly MemberTrouble[]>,
  next: string | undefined,
): void {
  const { language } = invocation
  const own = fleetWords[language].list
  if (mailboxes.length === 0) {
    writeLine(invocation, own.none)
    return
  }
  const rows = mailboxes.map(({ key, name, account, settings, isPaused, worker }) => {
    const [first] = troubles.get(key) ?? []
    const state = isPaused ? own.paused : (worker ?? own.waiting)
    return [
      printable(key, 200),
      printable(account, 128),
      printable(`${settings.user === name ? '' : `${settings.user}, `}${settings.host}`, 200),
      first === undefined ? printable(state, 128) : `${own.trouble} ${describeFault(first, language).what}`,
    ]
  })
  writeTable(invocation, [own.headings, ...rows])
  if (next !== undefined) writeParagraph(invocation, own.more(mailboxes.length, printable(next, 200)))
}

function entryJson(
  { language }: Invocation,
  { key, tenant, account, settings, isPaused, worker }: MailboxEntry,
  troubles: readonly MemberTrouble[],
): object {
  return {
    mailbox: key,
    tenant,
    account,
    protocol: settings.protocol ?? null,
    host: settings.host ?? null,
    user: settings.user ?? null,
    paused: isPaused,
    worker: worker ?? null,
    troubles: troubles.map(trouble => ({ scope: trouble.scope, ...faultJson(trouble, language) })),
  }
}

/** As `hikyaku list` of one computer. */
async function listMessages(
  invocation: Invocation,
  { directory, journal }: Fleet,
  named: readonly string[],
  tenant: string | undefined,
): Promise<number> {
  const keys = await chooseKeys(invocation, directory, { keys: named, tenant }, 'fleet list')
  const which = { refused: false, waiting: false, byRule: false, recent: undefined }
  const lists = []
  for (const key of keys) lists.push(await listMailbox(journal, (await directory.open(key)).mailbox, which))
  return answerLists(invocation, lists)
}
