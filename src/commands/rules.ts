/** `hikyaku rules test FILE|-`: which rules of a mailbox take a message, and what follows. Reads its header, changes nothing. */
import { createReadStream } from 'node:fs'
import { exitCodes } from '../base/fault.ts'
import type { RuleWish } from '../base/rule-wish.ts'
import { printable } from '../base/untrusted.ts'
import type { Config, MailboxConfig } from '../config/config.ts'
import { folderName } from '../config/mail-readers.ts'
import { octetLimit } from '../message/message.ts'
import { findOutcome } from '../rules/outcome.ts'
import type { ListedFacts } from '../rules/rule.ts'
import { type Explanation, RuleBook } from '../rules/rule-book.ts'
import { chooseMailboxes, withConfig } from './configuration.ts'
import { type Invocation, writeJson, writeParagraph } from './invocation.ts'
import { describeFollows, type Follows, rulesWordsFor } from './rules-words.ts'
import { refuseFile } from './usage.ts'

export interface RulesOptions {
  /** Only this one; all that have rules where none is given. */
  readonly mailbox: string | undefined
  readonly folder: string | undefined
  readonly flags: readonly string[]
}

/** So much of a file is kept; the rest is counted. */
const keptOctets = 512 * 1024
const mostOctets = octetLimit(200 * 1024 * 1024)

interface Tested {
  readonly mailbox: MailboxConfig
  readonly folder: string
  readonly explained: Explanation
  /** Undefined: it stays at the source. */
  readonly follows: Follows | undefined
}

export async function rulesTestCommand(
  invocation: Invocation,
  file: string,
  options: RulesOptions,
): Promise<number> {
  return withConfig(
    invocation,
    async config => {
      const { head, octets } = await readHead(invocation, file)
      const tested = findMailboxes(config, options).map(mailbox => testOne(mailbox, head, octets, options))
      if (invocation.json) answerJson(invocation, file, tested)
      else for (const test of tested) answerPeople(invocation, file, test)
      return exitCodes.ok
    },
    false,
    false,
  )
}

function findMailboxes(config: Config, { mailbox }: RulesOptions): readonly MailboxConfig[] {
  if (mailbox !== undefined) return chooseMailboxes(config, [mailbox])
  const ruled = config.mailboxes.filter(({ rules }) => rules.length > 0)
  return ruled.length > 0 ? ruled : config.mailboxes.slice(0, 1)
}

/** The begin of a message, with its header section, and its size. */
async function readHead(
  invocation: Invocation,
  file: string,
): Promise<{ readonly head: Buffer; readonly octets: number }> {
  const chunks: Buffer[] = []
  let octets = 0
  try {
    for await (const chunk of file === '-' ? invocation.stdin : createReadStream(file)) {
      const piece = Buffer.from(chunk)
      if (octets < keptOctets) chunks.push(piece)
      octets += piece.length
      if (octets > mostOctets) break
    }
  } catch (error) {
    throw refuseFile(file, 'rules', error)
  }
  return { head: headerOf(Buffer.concat(chunks)), octets }
}

/** Up to and including the empty line that ends it (RFC 5322 section 2.1). */
function headerOf(octets: Buffer): Buffer {
  if (octets[0] === 0x0a || octets.subarray(0, 2).equals(Buffer.from('\r\n'))) return Buffer.alloc(0)
  const ends = [octets.indexOf('\n\n'), octets.indexOf('\n\r\n')]
  const [end] = ends.filter(at => at >= 0).sort((a, b) => a - b)
  if (end === undefined) return octets
  return octets.subarray(0, end + (end === ends[1] ? 3 : 2))
}

/** Flags as a mail program calls them, and as IMAP does. */
const flagNames: Readonly<Record<string, string>> = {
  flagged: '\\Flagged',
  answered: '\\Answered',
  junk: '$Junk',
}

/** POP3 has none; INBOX and what a folder is for are one name however they are written. */
function chooseFolder({ protocol, folders }: MailboxConfig, named: string | undefined): string {
  if (protocol === 'pop3') return ''
  if (named === undefined) return folders[0]?.name ?? 'INBOX'
  return folderName(named)
}

function testOne(
  mailbox: MailboxConfig,
  head: Buffer,
  octets: number,
  { folder: named, flags }: RulesOptions,
): Tested {
  const isPop3 = mailbox.protocol === 'pop3'
  const folder = chooseFolder(mailbox, named)
  const isSeen = (flag: string): boolean => flag.toLowerCase() === 'seen'
  const facts: ListedFacts = {
    folder,
    octets,
    seen: isPop3 ? undefined : flags.some(isSeen),
    flags: isPop3
      ? undefined
      : flags.filter(flag => !isSeen(flag)).map(flag => flagNames[flag.toLowerCase()] ?? flag),
  }
  const explained = new RuleBook(mailbox.rules, mailbox.user).explain(facts, head)
  const follows = explained.isLeft ? undefined : findFollows(mailbox, facts, explained.wish)
  return { mailbox, folder, explained, follows }
}

function findFollows(mailbox: MailboxConfig, facts: ListedFacts, wish: RuleWish | undefined): Follows {
  const { account, labels, ownLabels, neverMarkSpam } = findOutcome(mailbox, facts, wish)
  return {
    account,
    labels,
    place: ownLabels.includes('SPAM') ? 'spam' : ownLabels.includes('INBOX') ? 'inbox' : 'archive',
    isRead: !ownLabels.includes('UNREAD'),
    isStarred: ownLabels.includes('STARRED'),
    neverMarkSpam,
  }
}

const written = ({ local, domain }: { readonly local: string; readonly domain: string }): string =>
  `${local}@${domain}`
/** A line holds no more; the rest is in the file. */
const mostNamed = 20

function answerJson(invocation: Invocation, file: string, tested: readonly Tested[]): void {
  writeJson(invocation, {
    ok: true,
    exitCode: exitCodes.ok,
    file,
    mailboxes: tested.map(({ mailbox, folder, explained, follows }) => ({
      mailbox: mailbox.name,
      folder,
      recipients: explained.recipients.addresses.slice(0, mostNamed).map(written),
      recipientsFrom: explained.recipients.from,
      sender: explained.sender.slice(0, mostNamed).map(written),
      list: explained.list ?? null,
      rules: explained.wish?.rules ?? [],
      undecided: explained.undecided ?? null,
      import: !explained.isLeft,
      follows: follows ?? null,
    })),
  })
}

function answerPeople(invocation: Invocation, file: string, { mailbox, explained, follows }: Tested): void {
  const own = rulesWordsFor(invocation.language)
  const say = (text: string, lead = ''): void => writeParagraph(invocation, text, lead)
  const name = printable(mailbox.name, 60)
  say(own.heading(name, printable(file === '-' ? 'stdin' : file, 200)))
  if (mailbox.rules.length === 0) say(own.noRules(name), '  ')
  const { recipients, sender, list, wish, undecided } = explained
  say(own.recipients(recipients.addresses.slice(0, mostNamed).map(written), recipients.from), '  ')
  say(own.sender(sender.slice(0, mostNamed).map(written)), '  ')
  if (list !== undefined) say(own.list(list), '  ')
  const rules = wish?.rules ?? []
  if (rules.length > 0) say(own.taken(rules.map(own.rule)), '  ')
  if (undecided !== undefined) say(own.undecided(own.rule(undecided)), '  ')
  else if (rules.length === 0 && mailbox.rules.length > 0) say(own.takenByNone, '  ')
  say(follows === undefined ? own.left : describeFollows(follows, own), '  → ')
}
