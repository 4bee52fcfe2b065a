/** Step 3: which folders, from when on, what happens after the import, and how it looks in Gmail. */

import { type LearnedHost, learnHost } from '../authentication/learn.ts'
import { Fault } from '../base/fault.ts'
import type { AfterImport, FolderConfig, MailboxConfig, StartFrom } from '../config/config.ts'
import { readAfterImport, readFolders, readLabels, readStartFrom } from '../config/mail-readers.ts'
import { Complaint } from '../config/readers.ts'
import { writeAfterImport, writeFolders, writeStartFrom, writeValue } from '../config/writers.ts'
import { confirm } from './asker.ts'
import type { SetupContext } from './context.ts'
import { countWaiting, type FolderSeen, isMeant, type Waiting } from './folders.ts'
import { type FoundServer, trialMailbox, type Wishes } from './mailbox.ts'
import { isPresentHost } from './present.ts'
import type { Proved } from './prove.ts'
import { askRules } from './rules-questions.ts'
import { chooseSentFolder, listMoreFolders } from './sent-folder.ts'

/** Imports a minute of one account: 6,000 quota units at 25 each (Gmail API, usage limits). */
const importsPerMinute = 240
const dayMs = 86_400_000

/** @param present the mailbox as it is configured, where it is changed: its wishes are the usual answers */
export async function askWishes(
  context: SetupContext,
  { mailbox, looked }: Proved,
  present: MailboxConfig | undefined,
): Promise<Wishes> {
  const { asker, words, general } = context
  const { protocol } = mailbox.server
  const before = present?.protocol === 'imap' ? present.folders : undefined
  const folders = protocol === 'imap' ? await askFolders(context, looked.folders, before) : []
  // One that is gone is told by each pull.
  const there = folders.filter(({ name }) => looked.folders.some(folder => isMeant(folder, name)))
  const counted = trialMailbox(mailbox, there.length > 0 ? there : undefined)
  const waiting = looked.waiting ?? (await context.once(() => countWaiting(counted, context)))
  const { number, size } = general.format
  asker.tell('info', words.start.waiting(number(waiting.messages), size(waiting.octets)))
  const startFrom = await askStart(context, waiting, present?.startFrom)
  const afterImport = await askAfterImport(context, folders, present?.afterImport)
  const labels = await askLabels(context, present?.labels ?? [])
  const archive = await confirm(asker, {
    id: 'archive',
    message: words.label.archive,
    initial: present?.archive ?? false,
    yes: words.label.archiveYes,
    no: words.label.archiveNo,
  })
  const newRules = await askRules(context, waiting.headers, mailbox.address, present)
  const learned = keepLearned(learnHost(waiting.headers, mailbox.server.host), mailbox.server, present)
  const names = [...learned.receivingServers, ...learned.authservIds]
  if (names.length > 0) asker.tell('info', words.learned(names.join(', ')))
  return { folders, startFrom, afterImport, labels, archive, newRules, learned }
}

/** What the owner wrote of this host stays; of another one, where the mail teaches nothing. */
function keepLearned(
  learned: LearnedHost,
  server: FoundServer,
  present: MailboxConfig | undefined,
): LearnedHost {
  const keep = (key: keyof LearnedHost): readonly string[] => {
    const [first = [], second = []] = isPresentHost(present, server)
      ? [present?.[key], learned[key]]
      : [learned[key], present?.[key]]
    return first.length > 0 ? first : second
  }
  return { receivingServers: keep('receivingServers'), authservIds: keep('authservIds') }
}

async function askLabels(
  { asker, words, options }: SetupContext,
  before: readonly string[],
): Promise<readonly string[]> {
  const isNone = (answer: string): boolean => answer === '' || answer === '-'
  if (options.labels === '') return []
  const answer = await asker.text({
    id: 'labels',
    message: before.length === 0 ? words.label.question : words.change.label(before.join(', ')),
    initial: before.length === 0 ? undefined : writeValue(before),
    optional: true,
    keeping: words.change.label,
    check: text => (!isNone(text) && readLabels(text) instanceof Complaint ? words.label.wrong : undefined),
  })
  const read = isNone(answer) ? [] : readLabels(answer)
  return read instanceof Complaint ? [] : read
}

const inbox: FolderConfig = { name: 'INBOX', to: 'inbox', labels: [] }

async function askFolders(
  { asker, words, options }: SetupContext,
  seen: readonly FolderSeen[],
  before: readonly FolderConfig[] | undefined,
): Promise<readonly FolderConfig[]> {
  if (options.folders !== undefined) {
    const read = readFolders(options.folders)
    const missing =
      read instanceof Complaint ? [] : read.filter(({ name }) => !seen.some(folder => isMeant(folder, name)))
    const why =
      read instanceof Complaint
        ? words.folders.wrong
        : missing.length > 0
          ? words.folders.missing(
              missing.map(({ name }) => name).join(', '),
              seen.map(({ name }) => name).join(', '),
            )
          : undefined
    if (why === undefined && !(read instanceof Complaint)) return read
    if (!asker.interactive)
      throw new Fault('usage.invalid', { facts: { what: `--folders ${options.folders}: ${why}` } })
    asker.tell('warn', `--folders ${options.folders}: ${why}`)
  }
  if (before !== undefined && options.spam === undefined) {
    const { folders: message, foldersAsNow: yes, foldersAnew: no } = words.change
    const question = { message: message(writeFolders(before)), initial: true, yes, no }
    if (await confirm(asker, { id: 'folders-as-now', ...question })) return before
  }
  const folderBefore = (name: string): FolderConfig | undefined => {
    const asSeen = seen.find(folder => folder.name === name)
    return before?.find(folder => folder.name === name || asSeen?.byUse === folder.name)
  }
  const folders = [folderBefore('INBOX') ?? inbox]
  const spam = seen.find(({ use }) => use === 'spam')
  if (spam === undefined) asker.tell('note', words.folders.noSpam)
  else {
    const same = folderBefore(spam.name)
    const to = await asker.choose({
      id: 'spam',
      message: words.folders.spam(spam.name),
      choices: [
        { value: 'spam', label: words.folders.toSpam },
        { value: 'label', label: words.folders.toLabel(words.folders.spamLabel) },
        { value: 'leave', label: words.folders.leave },
      ],
      initial: before === undefined ? 'spam' : placeOf(same),
    })
    if (same !== undefined && to === placeOf(same)) folders.push(same)
    else if (to === 'spam') folders.push({ name: spam.name, to: 'spam', labels: [] })
    else if (to === 'label') folders.push({ name: spam.name, to: 'label', labels: [words.folders.spamLabel] })
  }
  for (const { name } of seen.filter(({ use }) => use === 'wanted')) {
    const { wanted, toInbox, leave } = words.folders
    const initial = before === undefined || folderBefore(name) !== undefined
    const question = { message: wanted(name), initial, yes: toInbox, no: leave }
    if (await confirm(asker, { id: 'wanted-folder', ...question }))
      folders.push(folderBefore(name) ?? { name, to: 'inbox', labels: [] })
  }
  const others = listMoreFolders(seen, words)
  if (others.length > 0) {
    const more = await asker.several({
      id: 'more-folders',
      message: words.folders.more,
      choices: others,
      initial: others.map(({ value }) => value).filter(name => folderBefore(name) !== undefined),
    })
    for (const name of more) {
      const labels = readLabels([name])
      const anew: FolderConfig = { name, to: 'inbox', labels: labels instanceof Complaint ? [] : labels }
      folders.push(folderBefore(name) ?? chooseSentFolder(seen, name, words) ?? anew)
    }
  }
  return folders
}

/** The choice that a folder stands for; into the inbox the host's spam goes by the configuration only. */
const placeOf = (folder: FolderConfig | undefined): 'spam' | 'label' | 'leave' =>
  folder === undefined ? 'leave' : folder.to === 'spam' ? 'spam' : 'label'

/** Who has had the mail forwarded or fetched has it in Gmail. Scripts say it with --start-from. */
async function askWhetherInGmail({ asker, words, options }: SetupContext): Promise<boolean> {
  if (!asker.interactive || options['start-from'] !== undefined) return false
  const way = await asker.choose({
    id: 'came-by',
    message: words.start.cameBy,
    choices: [
      { value: 'nothing', label: words.start.cameByNothing },
      { value: 'forwarding', label: words.start.cameByForwarding },
      { value: 'fetch', label: words.start.cameByFetch },
    ],
    initial: 'nothing',
  })
  if (way === 'nothing') return false
  asker.tell('info', words.start.inGmailAlready)
  return true
}

async function askStart(
  context: SetupContext,
  { messages, arrivedAtMs }: Waiting,
  before: StartFrom | undefined,
): Promise<StartFrom> {
  const { asker, words, general, options } = context
  const span = (count: number): string => general.format.span((count / importsPerMinute) * 60_000)
  if (messages === 0 && options['start-from'] === undefined) return before ?? { from: 'all' }
  const isInGmail = before === undefined && (await askWhetherInGmail(context))
  const from = await asker.choose({
    id: 'start-from',
    message: words.start.question,
    choices: [
      { value: 'all', label: words.start.all, hint: words.start.takes(span(messages)) },
      { value: 'date', label: words.start.date },
      { value: 'new', label: words.start.new },
    ],
    initial: before?.from ?? (isInGmail ? 'new' : 'all'),
  })
  if (from !== 'date') return { from }
  const answer = await asker.text({
    id: 'start-date',
    message: words.start.whichDate,
    initial: before?.from === 'date' ? writeStartFrom(before) : undefined,
    check: text => {
      const read = readStartFrom(text)
      return read instanceof Complaint || read.from !== 'date' || read.atMs > Date.now()
        ? words.start.dateWrong
        : undefined
    },
  })
  const read = readStartFrom(answer)
  if (read instanceof Complaint || read.from !== 'date') return { from: 'all' }
  if (arrivedAtMs !== undefined) {
    const count = arrivedAtMs.filter(atMs => atMs >= read.atMs).length
    asker.tell('info', words.start.since(general.format.number(count), span(count)))
  }
  return read
}

async function askAfterImport(
  { asker, words }: SetupContext,
  folders: readonly FolderConfig[],
  before: AfterImport | undefined,
): Promise<AfterImport> {
  const imap = folders.length > 0
  const deletedAfterMs = before?.do === 'delete' ? before.afterMs : 0
  const action = deletedAfterMs > 0 ? 'delete-after' : before?.do
  const chosen = await asker.choose({
    id: 'after-import',
    message: words.after.question,
    choices: [
      { value: 'keep', label: words.after.keep },
      { value: 'delete-after', label: words.after.deleteAfter },
      { value: 'delete', label: words.after.delete },
      ...(imap ? [{ value: 'move', label: words.after.move }] : []),
    ],
    initial: action === undefined || (action === 'move' && !imap) ? 'keep' : action,
  })
  if (chosen === 'delete-after') {
    // Set by hand to something else than days, it may stay so.
    const spanBefore = deletedAfterMs > 0 ? deletedAfterMs : 14 * dayMs
    const isDays = spanBefore % dayMs === 0
    const asBefore = isDays
      ? String(spanBefore / dayMs)
      : writeAfterImport({ do: 'delete', afterMs: spanBefore }).replace('delete-after:', '')
    const days = await asker.text({
      id: 'after-days',
      message: words.after.days,
      initial: asBefore,
      check: answer =>
        answer === asBefore || /^[1-9]\d{0,3}$/.test(answer) ? undefined : words.after.daysWrong,
    })
    return { do: 'delete', afterMs: days === asBefore ? spanBefore : Number(days) * dayMs }
  }
  if (chosen === 'move') {
    const folder = await asker.text({
      id: 'move-folder',
      message: words.after.folder,
      initial: before?.do === 'move' ? before.folder : 'Gmail',
      check: answer => {
        const read = readAfterImport(`move:${answer}`)
        if (read instanceof Complaint) return words.after.folderWrong
        return folders.some(({ name }) => name.toLowerCase() === answer.toLowerCase())
          ? words.after.folderPulled
          : undefined
      },
    })
    return { do: 'move', folder }
  }
  return chosen === 'delete' ? { do: 'delete', afterMs: 0 } : { do: 'keep' }
}
