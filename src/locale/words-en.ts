/**
 * The words in English, which own the type of the catalogue: Japanese is held to it by the compiler. Parameters
 * arrive as plain values; numbers, sizes and times are formatted here. Text from outside (subjects, server words)
 * is made printable by the caller.
 */
import type { Language } from '../base/language.ts'
import type { PullCounts } from '../base/pull-counts.ts'
import { makeFormat } from './format.ts'
import { help } from './help-en.ts'
import { nameSetting } from './setting-place.ts'

/** What a log sentence knows of one message. */
interface LogMessage {
  readonly messageId: number
  readonly account?: string | undefined
  readonly folder?: string | undefined
  readonly octets?: number | undefined
  readonly gmailId?: string | undefined
  readonly ms?: number | undefined
}

/** Messages of a mailbox by what became of them. */
type Books = Readonly<
  Record<'listed' | 'imported' | 'merged' | 'refused' | 'pending' | 'ignored' | 'gone', number>
>

const format = makeFormat('en')
const { number, size, span, relative } = format

const messages = (count: number): string => `${number(count)} ${count === 1 ? 'message' : 'messages'}`
const mail = (e: LogMessage): string => `message ${e.messageId}`
const sized = (e: LogMessage): string => (e.octets === undefined ? '' : ` (${size(e.octets)})`)
const took = (e: LogMessage): string => (e.ms === undefined ? '' : ` in ${span(e.ms)}`)
const into = (e: LogMessage): string => (e.account === undefined ? 'Gmail' : e.account)
const gmailId = (e: LogMessage): string => (e.gmailId === undefined ? '' : `, Gmail id ${e.gmailId}`)
/** `3 imported, 1 refused`: only what is not zero. */
const list = (parts: readonly (readonly [number, string])[]): string =>
  parts
    .filter(([count]) => count > 0)
    .map(([count, word]) => `${number(count)} ${word}`)
    .join(', ')

const pullDone = (e: PullCounts & { readonly ms: number }): string => {
  const parts = list([
    [e.imported, 'imported'],
    [e.merged, 'known already'],
    [e.refused, 'refused'],
    [e.deferred, 'later'],
    [e.gone, 'gone'],
    [e.settled, 'done at the source'],
    [e.pending, 'waiting'],
  ])
  return `${parts === '' ? 'Nothing new' : parts} (${span(e.ms)})`
}

const stages = {
  listed: 'found',
  importing: 'importing',
  imported: 'imported',
  merged: 'known already',
  settled: 'done',
  deferred: 'again later',
  refused: 'refused',
  baseline: 'older',
  ignored: 'ignored',
  gone: 'gone',
}

export const en = {
  language: 'en' as Language,
  format,
  stages,
  /** Headings of a fault's three parts. */
  fault: {
    what: 'What happened',
    mail: 'Your mail',
    next: 'What to do',
    again: (count: number) => `This is time ${number(count)} in a row.`,
  },
  /** Sentences as one text; empty ones are left out. */
  sentences: (all: readonly string[]) => all.filter(sentence => sentence !== '').join(' '),

  pull: {
    progress: (done: number, total: number) =>
      `${number(done)} of ${messages(total)} (${format.percent(done, total)})`,
    /** The one line that ends a pull. */
    done: (mailbox: string, c: PullCounts, ms: number) => {
      const parts = list([
        [c.imported, 'imported'],
        [c.merged, 'known already'],
        [c.refused, 'refused'],
        [c.deferred, 'to be tried again'],
        [c.gone, 'gone before'],
        [c.settled, 'done at the source'],
        [c.pending, 'still waiting'],
      ])
      return `${mailbox}: ${parts === '' ? 'nothing new' : parts} (${span(ms)})`
    },
    nothingNew: (mailbox: string, ms: number) => `${mailbox}: nothing new (${span(ms)})`,
    /** `--quiet`: so many were refused in this pull. */
    setAside: (mailbox: string, count: number) =>
      `${mailbox}: ${messages(count)} refused and set aside in the source mailbox. \`hikyaku list --refused\` shows which, and why.`,
    quietAlone: '--quiet goes neither with --json nor with --dry-run',
    timeLimit: (text: string) => `--time-limit ${text}: 5s to 24h, such as 50s or 5m`,
    failed: (mailbox: string) => `${mailbox}: this pull did not come to its end`,
    /** A recorded wait was kept, until then (ms since 1970), which is so far away. */
    waits: (mailbox: string, untilMs: number, inMs: number) =>
      `${mailbox}: nothing was tried; the wait for this lasts until ${format.instant(untilMs)} (${format.relative(inMs)}). \`hikyaku pull --now\` tries at once.`,
    /** `--dry-run`: what would have happened. */
    dryRun: (mailbox: string, count: number, octets: number | undefined, mayBeKnown: number) =>
      `${mailbox}: would import ${mayBeKnown > 0 ? 'up to ' : ''}${messages(count)}${octets === undefined ? '' : ` (about ${size(octets)})`}`,
    /** Stand at the source under new names, and may be those that the journal misses there. */
    dryRunKnown: (mayBeKnown: number) =>
      `  up to ${number(mayBeKnown)} of them may be known: a pull looks at each, and what is in Gmail is not imported again`,
    /** What a rule, by its place and name, would do with so many. */
    dryRunRule: (rule: string, count: number, account: string | undefined) =>
      `  ${rule} takes ${messages(count)}${account === undefined ? ': left at the source' : `, into ${account}`}`,
    dryRunNotAsked: (count: number) =>
      `  ${number(count)} of them were not asked for their header, since they are many: which rule takes them is not known`,
    dryRunTakenBack: (takenBack: number) =>
      `  ${number(takenBack)} of them had been left as older; ${nameSetting('START_FROM')} was moved back since`,
    /** Waiting for their time; left by START_FROM; to be deleted or moved at the source. */
    dryRunRest: (waiting: number, left: number, toSettle: number) =>
      `  ${messages(waiting)} wait for another try; ${messages(left)} would be left by ${nameSetting('START_FROM')}; ${messages(toSettle)} would be deleted or moved at the source`,
    dryRunNote: 'This was a rehearsal: nothing was imported, nothing was changed.',
    /** Asked on a terminal before a first import of a large backlog. */
    askBacklog: (count: number) => `${messages(count)} wait in the source mailbox. Import all of them?`,
    backlogDeclined:
      'Nothing was imported. `hikyaku setup` lets you choose from when on mail is imported; with `new` only what arrives from then on.',
  },

  conservation: {
    /** listed = imported + merged + refused + pending + ignored + gone, with the numbers. */
    sentence: (c: Books) =>
      `${number(c.listed)} seen = ${number(c.imported)} imported + ${number(c.merged)} known already + ${number(c.refused)} refused + ${number(c.pending)} waiting + ${number(c.ignored)} left by rule + ${number(c.gone)} gone before`,
    broken: (c: Books, missing: number) =>
      `The books do not balance: of ${messages(c.listed)}, ${number(Math.abs(missing))} ${missing > 0 ? 'cannot be accounted for' : 'are counted twice'}. Please report this as a bug in hikyaku.`,
  },

  status: {
    leftByRule: (count: number) =>
      `${messages(count)} left at the source by your rules: \`hikyaku list --by-rule\`.`,
    /** The first line: does my mail come? `lastAgoMs` undefined: none has come yet. */
    comes: (lastAgoMs: number | undefined) =>
      `✔ Mail comes. ${lastAgoMs === undefined ? 'Nothing has arrived since hikyaku was set up.' : `The last one: ${relative(-lastAgoMs)}.`}`,
    comesBut: (lastAgoMs: number | undefined, things: number) =>
      `! Mail comes${lastAgoMs === undefined ? '' : `, the last one ${relative(-lastAgoMs)}`}, but ${things === 1 ? 'one thing' : `${number(things)} things`} below should be looked at.`,
    comesInPart: (failing: number, all: number) =>
      `✖ ${number(failing)} of ${number(all)} mailboxes ${failing === 1 ? 'brings' : 'bring'} no mail. Why, and what to do:`,
    comesNot: (instant: string, agoMs: number) =>
      `✖ No mail comes since ${instant} (${span(agoMs)}). Why, and what to do:`,
    nobody: (instant: string | undefined) =>
      `✖ hikyaku is not running, so no mail comes${instant === undefined ? '' : ` (last look: ${instant})`}.`,
    service: (name: string, detail: string) =>
      `The service ${name} is stopped${detail === '' ? '' : ` (${detail})`}.`,
    wellOf: 'Well.',
    alone: 'Nobody looks for its mail.',
    /** Mail does not come from this mailbox, and since when. */
    failingSince: (agoMs: number) => `No mail for ${span(agoMs)}.`,
    /** Mail comes, and so much else is not well. */
    troubles: (count: number) => `Mail comes; ${number(count)} ${count === 1 ? 'trouble' : 'troubles'}.`,
    lastLook: (agoMs: number | undefined) =>
      agoMs === undefined ? 'Not looked at yet' : `Last look ${relative(-agoMs)}`,
    lastMail: (agoMs: number) => `last mail ${relative(-agoMs)}`,
    usually: (medianMs: number, p95Ms: number) =>
      `there within ${span(medianMs)} as a rule${p95Ms > 2 * medianMs ? `, ${span(p95Ms)} at most` : ''}`,
    counts: (imported: number, waiting: number, refused: number) =>
      list([
        [imported, 'in Gmail'],
        [waiting, 'waiting'],
        [refused, 'set aside (`hikyaku list --refused`)'],
      ]) || 'Nothing in Gmail yet',
    waitingUntil: (inMs: number) => `Next try ${relative(inMs)}.`,
    /** Behind the account, where its mail goes in by IMAP. */
    byAppPassword: ' (by app password: no spam check)',
    consentEnds: (account: string, inMs: number) =>
      `The permission for ${account} ends ${relative(inMs)}. Run \`hikyaku setup google\`.`,
    mailboxLimit: (host: string, most: number, perMs: number) =>
      `${host} takes ${most === 1 ? 'one login' : `${number(most)} logins`} within ${span(perMs)} for each mailbox, and hikyaku keeps to that.`,
    hostLimit: (host: string, most: number, perMs: number) =>
      `${host} takes ${number(most)} logins within ${span(perMs)} from one address, all mailboxes together, and hikyaku keeps below that.`,
    /** `everyMs` undefined: it stays logged in. */
    hostLogins: (logins: number, perMs: number, everyMs: number | undefined) =>
      `Logins there in the last ${span(perMs)}: ${number(logins)}.${everyMs === undefined ? '' : ` This mailbox is checked every ${span(everyMs)} at most.`}`,
    repeated: (count: number) =>
      `${messages(count)} may stand in Gmail twice, because an answer of Gmail was lost. \`hikyaku report\` lists them.`,
    journalAt: (path: string) => `Journal: ${path}`,
    nothingYet: 'Nothing has been imported yet.',
  },

  list: {
    heading: (mailbox: string, count: number) => `${mailbox}: ${messages(count)}`,
    withoutFaces: (reason: string) =>
      `Without From and Subject, because the mail server could not be asked. ${reason}`,
    again: (inMs: number) => `Next try ${relative(inMs)}.`,
    more: (count: number) => `… and ${messages(count)} more.`,
    recentRange: '--recent takes a whole number from 1 to 1000',
  },

  retry: {
    nothing: 'There is nothing to try again.',
    /** `running`: the daemon was asked to do it now. */
    again: (count: number, running: boolean) =>
      running
        ? `${messages(count)}: the running service was asked to try again now.`
        : `${messages(count)} will be tried again at the next pull.`,
    notFound: (id: string) => `There is no message ${id} in the journal.`,
    notAside: (id: number, stage: keyof typeof stages) => `Message ${id} needs no retry (${stages[stage]}).`,
  },

  doctor: {
    title: 'hikyaku doctor',
    warning: 'note',
    bad: 'bad',
    skipped: 'not checked',
    allWell: 'All is well.',
    summary: (bad: number, warnings: number) =>
      `${bad === 0 ? 'No problem' : bad === 1 ? '1 problem' : `${number(bad)} problems`}${warnings === 0 ? '' : `; ${number(warnings)} ${warnings === 1 ? 'note' : 'notes'}`}.`,
    checks: {
      node: 'Node.js',
      configuration: 'Settings',
      secrets: 'Passwords and permissions',
      state: 'Data folder',
      journal: 'Journal',
      instance: 'Running now',
      service: 'Automatic start',
      alerts: 'Notices to you',
      clock: 'Clock',
      sourceNames: 'Mail server: name',
      sourceReach: 'Mail server: connection',
      sourceTls: 'Mail server: certificate',
      sourceToken: 'Mail server: access token',
      sourceLogin: 'Mail server: login',
      sourceFolders: 'Mail server: folders',
      sourceAbilities: 'Mail server: abilities',
      sourceLimits: 'Mail server: how often',
      googleNames: 'Google: name',
      googleReach: 'Google: connection',
      googleSignIn: 'Google: sign-in',
      consentLife: 'Google: how long the permission lasts',
      gmailScopes: 'Gmail: permissions',
      gmailApi: 'Gmail: API',
      gmailAccount: 'Gmail: account',
      gmailLogin: 'Gmail: login with the app password',
      gmailFolders: 'Gmail: folders over IMAP',
      gmailStorage: 'Gmail: storage',
      gmailLabels: 'Gmail: labels',
      lastPull: 'Last pull',
      messages: 'Messages set aside',
    },
  },

  checkNow: {
    asked: 'The running service was asked to check for mail now.',
    notRunning: 'The service is not running, so nobody could be asked. Run `hikyaku pull` for one check now.',
  },
  /** The lines of `hikyaku --help`. */
  usage: {
    unknownCommand: (word: string, meant: string | undefined) =>
      `there is no command “${word}”${meant === undefined ? '' : ` (did you mean \`hikyaku ${meant}\`?)`}`,
    unknownOption: (word: string, meant: string | undefined) =>
      `there is no option ${word}${meant === undefined ? '' : ` (did you mean ${meant}?)`}`,
    missingArgument: (name: string) => `something is missing: <${name}>`,
    missingValue: (option: string) => `a value is missing behind ${option}`,
    tooMany: 'there is more behind the command than it takes',
    oneOf: (word: string, known: string) => `“${word}” is none of: ${known}`,
    noSuchTarget: (target: string) => `no such file or message: ${target}`,
  },
  help,
  daemon: {
    started: (version: string, mailboxes: number) =>
      `hikyaku ${version} is running for ${number(mailboxes)} ${mailboxes === 1 ? 'mailbox' : 'mailboxes'}`,
    stopping: (signal: string) => `${signal}: finishing what is under way; once more to stop at once`,
    stoppingNow: 'Stopping at once. Nothing is lost: the journal knows what was under way.',
    stopped: 'Stopped.',
    answering: (address: string) => `Answers monitoring programs at http://${address}`,
    answeringAll: (address: string) =>
      `Answers monitoring programs at http://${address}; other computers may read the names of your mailboxes there`,
    notAnswering: (address: string, reason: string) =>
      `METRICS: nothing answers at ${address} (${reason}). It is tried again every minute, and mail is carried all the same.`,
    /** One line for `systemctl status`; `names`: of the mailboxes in trouble. */
    state: (mailboxes: number, troubled: number, names: string) =>
      troubled === 0
        ? `${number(mailboxes)} ${mailboxes === 1 ? 'mailbox' : 'mailboxes'}, all is well`
        : `${number(troubled)} of ${number(mailboxes)} mailboxes in trouble: ${names}`,
  },

  /** Notices by mail and web hook. */
  notice: {
    consentEnding: (account: string, days: number) =>
      `The permission for ${account} ends in ${number(days)} ${days === 1 ? 'day' : 'days'}. Run \`hikyaku setup google\` before that.`,
    consentSubject: (account: string) => `[hikyaku] The permission for ${account} ends soon`,
    /** The log's line about a notice that did not get through; `how` is 'mail', 'webhook' or 'ping'. */
    notSent: (how: string, reason: string) =>
      `A notice to you could not be sent by ${how} (${reason}). Mail is carried all the same.`,
    /** `where`: user and computer, as a terminal shows them. */
    footer: (where: string) =>
      `From hikyaku of ${where}. There \`hikyaku status\` shows the state, \`hikyaku doctor\` looks for the reason.`,
  },

  /** The sentences of the text log; each names its message by the journal's number. */
  log: {
    pullStarted: (e: { readonly reason: string }) => `Looking for new mail (${e.reason})`,
    listed: (e: { readonly folder: string; readonly total: number; readonly fresh: number }) =>
      `${e.folder === '' ? '' : `${e.folder}: `}${messages(e.total)} at the source, ${number(e.fresh)} new`,
    leftByRule: (e: LogMessage) => `${mail(e).replace('m', 'M')} stays at the source, by a rule`,
    rulesChanged: (e: { readonly folder: string; readonly total: number }) =>
      `${e.folder === '' ? '' : `${e.folder}: `}the rules were changed: ${messages(e.total)} that one left at the source will be judged anew`,
    takenBack: (e: { readonly folder: string; readonly total: number }) =>
      `${e.folder === '' ? '' : `${e.folder}: `}${nameSetting('START_FROM')} was moved back: ${messages(e.total)} that had been left at the source will be imported now`,
    retrieved: (e: LogMessage) => `Retrieved ${mail(e)}${sized(e)}${took(e)}`,
    imported: (e: LogMessage) => `Imported ${mail(e)}${sized(e)} into ${into(e)}${took(e)}${gmailId(e)}`,
    merged: (e: LogMessage & { readonly into?: number | string | undefined }) =>
      `${mail(e).replace('m', 'M')} is in ${into(e)} already${e.into === undefined ? '' : ` (as ${e.into})`}; not imported twice`,
    refused: (e: LogMessage) =>
      `${mail(e).replace('m', 'M')}${sized(e)} is set aside; it stays at the source`,
    deferred: (e: LogMessage & { readonly inMs?: number | undefined }) =>
      `${mail(e).replace('m', 'M')}${sized(e)} will be tried again ${e.inMs === undefined ? 'later' : relative(e.inMs)}`,
    settled: (e: LogMessage & { readonly as: string }) => `Done at the source with ${mail(e)}: ${e.as}`,
    gone: (e: LogMessage) =>
      `${mail(e).replace('m', 'M')} vanished from the source before it could be imported`,
    repeated: (e: LogMessage) =>
      `Importing ${mail(e)} again: Gmail’s answer was lost, and it may now be in Gmail twice`,
    pullDone,
    pullEnded: (e: PullCounts & { readonly ms: number }) => `Before the pull was cut short: ${pullDone(e)}`,
    waiting: (e: { readonly ms: number; readonly why: string }) => `Next try ${relative(e.ms)}: ${e.why}`,
    recovered: (e: { readonly mailbox: string; readonly ms: number }) => `works again after ${span(e.ms)}`,
    paused: () => 'Paused by you: no mail is pulled, and nobody logs in, until `hikyaku resume`',
    resumed: () => 'Resumed by you: mail is pulled again',
    scheduleLate: () =>
      'The time for a look has passed, because this machine slept or was too busy: looking now.',
  },
  /** Why lines are missing in the log. */
  logGaps: {
    held: (lines: number, perMinute: number) =>
      `${number(lines)} further lines like this were not written: of one kind there are ${number(perMinute)} a minute for each mailbox. The journal has every message`,
    dropped: (lines: number) => `${number(lines)} log lines were lost because the log could not be written`,
  },
}

export type Words = typeof en
