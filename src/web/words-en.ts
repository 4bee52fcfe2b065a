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
  aside: 'Set aside',
  settings: 'Settings',
  signIn: 'Sign in again',
  addMailbox: 'Add a mailbox, or change one',
  newPassword: 'Give a new password',
  showAside: 'Show the messages',
  moreTroubles: (count: number) => `${number(count)} more are not shown here; \`hikyaku status\` lists all.`,
  /** `later` of them wait for another try. */
  waitingOf: (count: number, later: number) =>
    `${number(count)}${later === 0 ? '' : later === count ? ', for another try' : ` (${number(later)} of them for another try)`}`,
  asideOf: (refused: number, deferred: number) =>
    [
      ...(refused > 0 || deferred === 0 ? [`${number(refused)} refused`] : []),
      ...(deferred > 0 ? [`${number(deferred)} to be tried again`] : []),
    ].join(', '),
  leftByPace: (ms: number, imports: number, withinMs: number) =>
    `About ${span(ms)} left, at the present pace (${number(imports)} in ${span(withinMs)}).`,
  leftByQuota: (ms: number, perMinute: number) =>
    `${span(ms)} left at best, since Gmail lets ${number(Math.round(perMinute))} units a minute; none has gone in lately to reckon by.`,
  leftUnknown: 'How long is not known: nothing goes in at the moment.',
  permission: 'Permission',
  quota: 'Gmail’s quota',
  quotaOf: (used: number, perMinute: number) =>
    `${number(used)} of ${number(perMinute)} units of this minute used (the whole account)`,
  books: 'Accounted for',
  asideAbout:
    'These messages are not in Gmail. They stay in the source mailbox. Those that are to be tried again are so by themselves.',
  nothingAside: 'No message is set aside.',
  tryAllAgain: 'Try all of this mailbox again',
  tryThis: 'Try this one again',
  tryAt: (when: string) => `Next try ${when}.`,
  stage: 'State',
  arrived: 'Arrived',
  messageOf: (id: number) => `Message ${id}`,
  settingsSecrets:
    'Passwords and permissions are never shown. What came after hikyaku was started holds from its next start on.',
  settingsStart: 'From the environment',
  setting: 'Setting',
  value: 'Value',
  from: 'From',
  isSet: 'Set',
  notSet: 'Not set',
  inVault: 'Kept in the vault, and read when it is used',
  changeSettle: 'Change what is done at the source',
  settle: (mailbox: string) => `What is done at the source: ${mailbox}`,
  settleNow: (value: string) => `Now: \`${value}\``,
  settleNext: 'Go on',
  settleSure: 'Do you want this?',
  settleDo: 'Yes, change it',
  settleBack: 'No, leave it as it is',
  settleSaved: (mailbox: string) =>
    `${mailbox}: written into the settings file. It holds from the next pull on.`,
  settleChange: (before: string, after: string) => `From \`${before}\` to \`${after}\`.`,
  /** What the choice does; `keep` undoes nothing. */
  settleKeep:
    'Nothing more is deleted or moved at the mail server. What was deleted or moved already stays so.',
  settleDelete:
    'Each message is deleted at the mail server as soon as Gmail has it. So are, at the next pull, all those that were imported before and still stand there. Nobody can bring them back at the server: the copy in Gmail is then the only one.',
  settleDeleteAfter: (days: number) =>
    `Each message is deleted at the mail server ${number(days)} ${days === 1 ? 'day' : 'days'} after Gmail has it. So are, at the next pull, those that were imported longer ago and still stand there. Nobody can bring them back at the server: the copy in Gmail is then the only one.`,
  settleMove: (folder: string) =>
    `Each message is moved into the folder “${folder}” at the mail server once Gmail has it, and so are, at the next pull, all those that were imported before and still stand there. Other mail programs find them there.`,
  settleElsewhere: (where: string) =>
    `It cannot be changed here: it is set in another place, which would win (${where}). Change it there, and start hikyaku anew.`,
  settleNoFile:
    'It cannot be changed here, because the settings do not stand in a file that the set-up writes. Set `AFTER_IMPORT` where the others are set (the environment or `.env`), and start hikyaku anew.',
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

/** Words as both languages have them: the kinds of what is said, without what is said. */
export type Widened<T> = T extends string
  ? string
  : T extends readonly [string, string]
    ? readonly [string, string]
    : T extends (...all: infer A) => string
      ? (...all: A) => string
      : { readonly [K in keyof T]: Widened<T[K]> }

export type WebWords = Widened<typeof en>
export type Refusal = keyof WebWords['refusals']
