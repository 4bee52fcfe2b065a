/** Step 3: which folders, from when on, what happens after the import, and how it looks in Gmail. */

import { learnHost } from '../authentication/learn.ts'
import { Fault } from '../base/fault.ts'
import type { FolderConfig, StartFrom } from '../config/config.ts'
import { readAfterImport, readFolders, readLabels, readStartFrom } from '../config/mail-readers.ts'
import { Complaint } from '../config/readers.ts'
import { confirm } from './asker.ts'
import type { SetupContext } from './context.ts'
import { countWaiting, type FolderSeen, type Waiting } from './folders.ts'
import { trialMailbox, type Wishes } from './mailbox.ts'
import type { Proved } from './prove.ts'

/** Imports a minute of one account: 6,000 quota units at 25 each (Gmail API, usage limits). */
const importsPerMinute = 240

export async function askWishes(context: SetupContext, { mailbox, looked }: Proved): Promise<Wishes> {
  const { asker, words, general } = context
  const { protocol } = mailbox.server
  const folders = protocol === 'imap' ? await askFolders(context, looked.folders) : []
  const waiting = looked.waiting ?? (await countWaiting(trialMailbox(mailbox, folders), context))
  const { number, size } = general.format
  asker.tell('info', words.start.waiting(number(waiting.messages), size(waiting.octets)))
  const startFrom = await askStart(context, waiting)
  const afterImport = await askAfterImport(context, folders)
  const labels = await asker.text({
    id: 'labels',
    message: words.label.question,
    optional: true,
    check: answer => (readLabels(answer) instanceof Complaint ? words.label.wrong : undefined),
  })
  const archive = await confirm(asker, {
    id: 'archive',
    message: words.label.archive,
    initial: false,
    yes: words.label.archiveYes,
    no: words.label.archiveNo,
  })
  const read = labels === '' ? [] : readLabels(labels)
  const learned = learnHost(waiting.headers, mailbox.server.host)
  const names = [...learned.receivingServers, ...learned.authservIds]
  if (names.length > 0) asker.tell('info', words.learned(names.join(', ')))
  return { folders, startFrom, afterImport, labels: read instanceof Complaint ? [] : read, archive, learned }
}

const inbox: FolderConfig = { name: 'INBOX', to: 'inbox', labels: [] }

async function askFolders(
  { asker, words, options }: SetupContext,
  seen: readonly FolderSeen[],
): Promise<readonly FolderConfig[]> {
  if (options.folders !== undefined) {
    const read = readFolders(options.folders)
    const missing =
      read instanceof Complaint ? [] : read.filter(({ name }) => !seen.some(folder => folder.name === name))
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
  const folders = [inbox]
  const spam = seen.find(({ use }) => use === 'spam')
  if (spam === undefined) asker.tell('note', words.folders.noSpam)
  else {
    const to = await asker.choose({
      id: 'spam',
      message: words.folders.spam(spam.name),
      choices: [
        { value: 'spam', label: words.folders.toSpam },
        { value: 'label', label: words.folders.toLabel(words.folders.spamLabel) },
        { value: 'leave', label: words.folders.leave },
      ],
      initial: 'spam',
    })
    if (to === 'spam') folders.push({ name: spam.name, to: 'spam', labels: [] })
    if (to === 'label') folders.push({ name: spam.name, to: 'label', labels: [words.folders.spamLabel] })
  }
  for (const { name } of seen.filter(({ use }) => use === 'wanted')) {
    const { wanted, toInbox, leave } = words.folders
    const question = { message: wanted(name), initial: true, yes: toInbox, no: leave }
    if (await confirm(asker, { id: 'wanted-folder', ...question }))
      folders.push({ name, to: 'inbox', labels: [] })
  }
  const others = seen.filter(({ use }) => use === 'other')
  if (others.length > 0) {
    const more = await asker.several({
      id: 'more-folders',
      message: words.folders.more,
      choices: others.map(({ name }) => ({ value: name, label: name })),
    })
    for (const name of more) {
      const labels = readLabels([name])
      folders.push({ name, to: 'inbox', labels: labels instanceof Complaint ? [] : labels })
    }
  }
  return folders
}

async function askStart(
  { asker, words, general }: SetupContext,
  { messages, arrivedAtMs }: Waiting,
): Promise<StartFrom> {
  const span = (count: number): string => general.format.span((count / importsPerMinute) * 60_000)
  if (messages === 0) return { from: 'all' }
  const from = await asker.choose({
    id: 'start-from',
    message: words.start.question,
    choices: [
      { value: 'all', label: words.start.all, hint: words.start.takes(span(messages)) },
      { value: 'date', label: words.start.date },
      { value: 'new', label: words.start.new },
    ],
    initial: 'all',
  })
  if (from !== 'date') return { from }
  const answer = await asker.text({
    id: 'start-date',
    message: words.start.whichDate,
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
): Promise<Wishes['afterImport']> {
  const imap = folders.length > 0
  const chosen = await asker.choose({
    id: 'after-import',
    message: words.after.question,
    choices: [
      { value: 'keep', label: words.after.keep },
      { value: 'delete-after', label: words.after.deleteAfter },
      { value: 'delete', label: words.after.delete },
      ...(imap ? [{ value: 'move', label: words.after.move }] : []),
    ],
    initial: 'keep',
  })
  if (chosen === 'delete-after') {
    const days = await asker.text({
      id: 'after-days',
      message: words.after.days,
      initial: '14',
      check: answer => (/^[1-9]\d{0,3}$/.test(answer) ? undefined : words.after.daysWrong),
    })
    return { do: 'delete', afterMs: Number(days) * 86_400_000 }
  }
  if (chosen === 'move') {
    const folder = await asker.text({
      id: 'move-folder',
      message: words.after.folder,
      initial: 'Gmail',
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
