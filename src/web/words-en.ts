/** The words of the page in English, which own the type. What `status` says in words, too, stands in src/locale. */
import { makeFormat } from '../locale/format.ts'

const { number, span } = makeFormat('en')

export const en = {
  overview: 'Overview',
  messages: 'Messages',
  skip: 'Skip to the content',
  pages: 'Pages',
  checkNow: 'Check now',
  leave: 'Sign this browser out',
  left: 'This browser is signed out.',
  mailboxes: 'Mailboxes',
  /** What a mailbox's rows are. */
  watching: 'New mail',
  onSchedule: 'Looked for on schedule.',
  watched: 'The server is listened to.',
  notWatched: 'The server is not listened to at the moment; mail is looked for on schedule.',
  lastMail: 'Last mail',
  noMail: 'None yet',
  lastLook: 'Last look',
  notLooked: 'Not yet',
  nextLook: 'Next look',
  /** Before the time of the next look on schedule. */
  whenTold: 'When the server tells of mail, otherwise ',
  never: 'When you ask for it',
  whenResumed: 'When you resume it',
  pause: 'Pause this mailbox',
  resume: 'Resume this mailbox',
  speed: 'On the way',
  speedOf: (medianMs: number, p95Ms: number) => `${span(medianMs)} as a rule, ${span(p95Ms)} at most`,
  /** What the small line shows, for those who do not see it. */
  sparkline: (mails: string, least: string, most: string, newest: string) =>
    `The last ${mails} mails took from ${least} to ${most}, the newest ${newest}`,
  inGmail: 'In Gmail',
  waiting: 'Waiting',
  setAside: 'Set aside',
  tryAgain: (count: number) =>
    count === 1 ? 'Try the message again' : `Try the ${number(count)} messages again`,
  latest: 'Messages that reached Gmail, newest first',
  time: 'Time',
  mailbox: 'Mailbox',
  folder: 'Folder',
  size: 'Size',
  latency: 'Took',
  gmail: 'Gmail',
  open: 'Open',
  message: (id: number) => `message ${id} in Gmail`,
  noMessages: 'No message has reached Gmail yet.',
  older: 'Older messages',
  newest: 'Newest messages',
  /** Why something is not shown or not done: a heading, and what to do. */
  refusals: {
    closed: [
      'This page is closed',
      'Run `hikyaku dashboard` on the computer where hikyaku runs, and open the link that it shows.',
    ],
    usedLink: [
      'This link does not open the page',
      'It was used already, or is older than five minutes. Run `hikyaku dashboard` again for a new one.',
    ],
    tooMany: [
      'Too many links that were not right',
      'Wait a minute, then run `hikyaku dashboard` again for a new link.',
    ],
    foreign: [
      'This was not asked for by this page',
      'Nothing was done. Open the page by the address that `hikyaku dashboard` shows.',
    ],
    oldForm: [
      'Nothing was done',
      'The form was of another sign-in. Go back, reload the page, and try again.',
    ],
    absent: ['There is nothing here', 'Run `hikyaku dashboard` for the address of the page.'],
    tooLarge: ['Nothing was done', 'What was sent is larger than anything that this page asks for.'],
    busy: ['Too many pages are open', 'Close some of them, and reload this one.'],
  } as const satisfies Readonly<Record<string, readonly [string, string]>>,
  entering: 'The page opens',
  enter: 'Open it',
  /** What the command says. */
  command: {
    link: (url: string) => `The page opens once by this link, within five minutes:\n\n  ${url}\n`,
    opened: 'It was handed to your browser.',
    notSet: (example: string) =>
      `The page is not switched on. Set ${example}, start hikyaku anew, and run this command again.`,
    notRunning:
      'The service is not running, so nobody shows the page. Start it (`hikyaku service install` or `hikyaku run`), and run this command again.',
    notOpen: (address: string) =>
      `The running service does not show the page at ${address}. Start it anew, since it may have been started before the setting was made; its log says where the address is taken by another program.`,
  },
  /** What the log says. */
  log: {
    open: (origin: string) => `The page is open at ${origin}; \`hikyaku dashboard\` shows the way in`,
    renewed: 'The page shows its renewed certificate',
    notRenewed: (reason: string) =>
      `The certificate of the page was changed and cannot be used (${reason}); the one before it stays in use`,
    notOpen: (address: string, reason: string) =>
      `The page cannot be opened at ${address} (${reason}); tried again every minute. Mail is carried all the same`,
    failed: (reason: string) => `The page could not show something (${reason})`,
  },
}

type Widened<T> = T extends string
  ? string
  : T extends readonly [string, string]
    ? readonly [string, string]
    : T extends (...all: infer A) => string
      ? (...all: A) => string
      : { readonly [K in keyof T]: Widened<T[K]> }

export type WebWords = Widened<typeof en>
export type Refusal = keyof WebWords['refusals']
