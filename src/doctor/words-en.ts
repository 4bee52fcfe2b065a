/** The words of `doctor` in English. */

import { printable } from '../base/untrusted.ts'
import { makeFormat } from '../locale/format.ts'
import { pauseWords } from '../locale/pause-words.ts'
import { describeFolder, describeReason } from '../locale/reasons.ts'

const { number, size, span, relative, instant } = makeFormat('en')
const count = (many: number, one: string, more = `${one}s`): string =>
  `${number(many)} ${many === 1 ? one : more}`
/** Round trips are short: `12 ms`. */
const took = (ms: number): string => (ms < 950 ? `${Math.ceil(ms)} ms` : span(ms))
const inBrackets = (words: readonly (string | undefined)[]): string => {
  const known = words.filter(word => word !== undefined)
  return known.length === 0 ? '' : ` (${list(known)})`
}
const list = (items: readonly string[]): string => items.join(', ')
const folderName = (folder: string): string => (folder === '' ? 'the mailbox' : `the folder ${folder}`)
const family = (one: 4 | 6): string => `IPv${one}`

export const en = {
  /** `endsAtMs`: of the sign-in, where the provider says it. */
  tokenGiven: (scopes: readonly string[], endsAtMs: number | undefined) =>
    `the sign-in gives access${inBrackets([list(scopes.map(scope => printable(scope))) || undefined])}${endsAtMs === undefined ? '' : `; it ends at ${instant(endsAtMs)}`}`,
  tokenNotKept: (what: string) => ({
    what: `The sign-in was renewed, and the new one could not be kept: ${what}`,
    next: 'Where the provider takes the old one no more, the sign-in is lost at the next start. See docs/secrets.md.',
  }),
  node: (version: string) => `version ${version}`,
  oldNode: (version: string, least: string) => ({
    what: `Node.js ${version} is too old: hikyaku needs ${least} or newer.`,
    next: 'Install the current long-term version from https://nodejs.org/ and start hikyaku with it.',
  }),
  /** Each names the variables as they are set, `NAME=value`. */
  unverifiedTls: (setting: string) => ({
    what: `${setting} tells Node.js to believe any certificate. hikyaku does not obey it and goes on checking.`,
    next: 'Remove this variable: other programs obey it. For a server with a certificate of its own use MAIL_CA_FILE or pin the certificate.',
  }),
  moreAuthorities: (settings: readonly string[]) => ({
    what: `Authorities beside the usual ones are trusted, by ${list(settings)}: who holds their keys can read mail and tokens on the way.`,
    next: 'Right where your own network looks into TLS and you want it so; otherwise remove it here and from the service.',
  }),
  keyLog: (settings: readonly string[]) => ({
    what: `${list(settings)} asks for the keys of all encrypted connections to be written to a file: who reads it reads mail, password and tokens.`,
    next: 'Remove this variable here and from the service, and delete the file.',
  }),
  foreignOptions: (settings: readonly string[]) => ({
    what: `Options from the environment change how Node.js runs hikyaku: ${list(settings)}. Such options can load other code or log keys.`,
    next: 'Remove them here and from the service, unless you set them yourself and still need them.',
  }),
  settings: (mailboxes: number, accounts: number) =>
    `${count(mailboxes, 'mailbox', 'mailboxes')} into ${count(accounts, 'Gmail account')}`,
  /** Below a line of configuration trouble. */
  mendSettings: 'Mend this setting; nothing is pulled before that. `hikyaku setup` can do it with you.',
  secretsWell: (kinds: readonly string[]) =>
    `all there and readable (${list(kinds.map(kind => describeReason(kind, 'en')))})`,
  openFile: (file: string, command: string) => ({
    what: `Other users of this computer can read ${file}, which holds a secret.`,
    next: `Run: ${command}`,
  }),
  /** @param names of mailboxes that log in to the same one */
  sharedMailbox: (names: readonly string[], login: string) => ({
    what: `These mailboxes are one at the source (${login}): ${list(names)}. Each retrieves its mail, and they share the logins that the host allows, with POP3 only one at a time.`,
    next: 'Right where its mail shall go into several Gmail accounts, with AFTER_IMPORT=keep in each. Otherwise leave only one of them in the configuration.',
  }),
  /** @param takers those that delete or move what another one brings into another account */
  takenMailbox: (names: readonly string[], login: string, takers: readonly string[]) => ({
    what: `These mailboxes are one at the source (${login}) and take each other’s mail: ${list(names)}. AFTER_IMPORT of ${list(takers)} takes mail away there once it is imported, and what another one has not imported by then never comes into that one’s Gmail account. None is lost: it is in the account of the mailbox that took it.`,
    next: 'Leave only one of them in the configuration. Or, where its mail shall go into several Gmail accounts, set AFTER_IMPORT=keep in each.',
  }),
  metricsOpen: (address: string) => ({
    what: `METRICS=${address} can be reached by other computers: whoever does reads the names of your mailboxes and accounts, without a password.`,
    next: 'Right in a container whose port is not published. Otherwise set METRICS=127.0.0.1:9464, and put a reverse proxy with a password in front.',
  }),
  pageCertificate: (file: string, daysLeft: number) => ({
    what:
      daysLeft < 0
        ? `The certificate of the page in ${file} has ended: browsers refuse it.`
        : `The certificate of the page in ${file} ends in ${count(daysLeft, 'day')}.`,
    next: 'Renew it; the running hikyaku takes up the new file by itself.',
  }),
  state: (folder: string, freeOctets: number) => `${folder}, ${size(freeOctets)} free`,
  stateToCome: (folder: string) => `${folder} will be made at the first pull`,
  stateOpen: (folder: string, command: string) => ({
    what: `Other users of this computer can look into ${folder}: it tells who wrote to you when.`,
    next: `Run: ${command}`,
  }),
  stateForeign: (folder: string, uid: number) => ({
    what: `${folder} belongs to another user (number ${uid}).`,
    next: 'That is right where the service runs as that user; otherwise run hikyaku as that user, or set STATE_DIR to a folder of your own.',
  }),
  littleRoom: (folder: string, freeOctets: number) => ({
    what: `Only ${size(freeOctets)} are free where ${folder} is. A large message may not fit.`,
    next: 'Make room on that disk soon, or set STATE_DIR to another one (and move the folder there).',
  }),
  journal: (messages: number, octets: number) => `sound; ${count(messages, 'message')}, ${size(octets)}`,
  noJournal: 'none yet: nothing has been pulled',
  running: 'hikyaku is running',
  notRunning: {
    what: 'hikyaku is not running: no mail is pulled by itself.',
    next: 'Start it with `hikyaku run`, or for good with `hikyaku service install`.',
  },
  twoInstances: (service: string) => ({
    what: `The service ${service} cannot start, because another hikyaku uses the same data folder.`,
    next: 'Stop the other one (a `hikyaku run` in a terminal, a container, a second service), or give it a STATE_DIR of its own.',
  }),
  service: (name: string) => `${name} is on`,
  serviceStopped: (name: string, detail: string, command: string) => ({
    what: `${name} is installed but not running${detail === '' ? '' : ` (${detail})`}.`,
    next: `Mend what is bad above, then run \`hikyaku service install\` again. Its log: ${command}`,
  }),
  noService: {
    what: 'hikyaku is not installed as a service here, so it does not start with this computer.',
    next: 'Run `hikyaku service install`. A container or a task scheduler that starts it is as good.',
  },
  noServiceManager: 'this system has no service manager that hikyaku knows',
  alerts: (ways: readonly ('mail' | 'webhook' | 'ping')[], minutes: number) =>
    `after ${count(minutes, 'minute')} of trouble, by ${list(ways.map(way => ({ mail: 'a mail in Gmail', webhook: 'web hook', ping: 'ping' })[way]))}`,
  noAlerts: {
    what: 'Nobody is told when mail stops coming.',
    next: 'Set ALERT_MAIL=yes, or ALERT_WEBHOOK or ALERT_PING.',
  },
  clock: (offMs: number) => `right (${span(Math.abs(offMs))} away from Google’s)`,
  clockOff: (offMs: number) => ({
    what: `The clock of this computer is ${span(Math.abs(offMs))} ${offMs > 0 ? 'slow' : 'fast'}: certificates and sign-ins are judged by it, and waits come out wrong.`,
    next: 'Set the clock and let it be kept right (on Linux: timedatectl set-ntp true).',
  }),
  /** Google's certificate is out of date by it. */
  clockUnlikely: (nowMs: number) => ({
    what: `By the clock of this computer (${instant(nowMs)}) even Google’s certificate is out of date: the clock is most likely wrong.`,
    next: 'Set the clock and let it be kept right (on Linux: timedatectl set-ntp true). If it is right, something on the way stands in for Google.',
  }),
  addresses: (host: string, four: readonly string[], six: readonly string[]) =>
    `${host}: IPv4 ${four.length > 0 ? list(four) : 'none'}; IPv6 ${six.length > 0 ? list(six) : 'none'}`,
  reached: (server: string, families: readonly (readonly [family: 4 | 6, ms: number])[]) =>
    `${server} answers (${list(families.map(([one, ms]) => `${family(one)} in ${took(ms)}`))})`,
  /** One family does not answer, the other does. `none` where this machine has no route of that family at all. */
  deadFamily: (server: string, dead: 4 | 6) => ({
    what: `${server} has an ${family(dead)} address, but nothing answers there; over ${family(dead === 6 ? 4 : 6)} it answers.`,
    next: `hikyaku goes the other way by itself, a moment later each time. Mend ${family(dead)} on this network, or switch it off.`,
  }),
  noFamilyHere: (server: string, one: 4 | 6) =>
    `${server} answers; this computer has no ${family(one)}, which does no harm`,
  certificate: (names: readonly string[], issuer: string, daysLeft: number) =>
    `made out to ${list(names)}; by ${issuer}; ${count(daysLeft, 'day')} left`,
  certificatePinned: (daysLeft: number) => `the pinned one; ${count(daysLeft, 'day')} left`,
  certificateEnding: (names: readonly string[], daysLeft: number) => ({
    what: `The certificate for ${list(names)} ends in ${count(daysLeft, 'day')}.`,
    next: 'Hosting companies renew it by themselves, often at the last moment. If it is your own server, renew it now.',
  }),
  /** Below a certificate that is refused: what it says, and its digest for a pin. */
  certificateSeen: (names: readonly string[], from: number, to: number, sha256: string) =>
    `The certificate names ${names.length > 0 ? list(names) : 'no server'} and is valid from ${instant(from)} to ${instant(to)}. To pin it: MAIL_CERT_SHA256=${sha256}`,
  clearText: 'no encryption; that is allowed only because the server is this computer itself',
  /** @param mechanism of a login by token; undefined: by password */
  loggedIn: (user: string, tls: string | undefined, mechanism: string | undefined) =>
    `logged in as ${user}${inBrackets([tls, mechanism])}`,
  /** The running hikyaku has the mailbox open, or logged in a moment ago. */
  loginByDaemon: (what: string) => ({
    what: `${what} The hikyaku that is running uses this mailbox itself, so doctor could not look into it.`,
    next: 'Most likely nothing: “Last pull” below tells whether mail comes. To be sure, run `hikyaku doctor` again in a minute.',
  }),
  loginCapped: (refused: number) => ({
    what: `The login was refused ${count(refused, 'time')} within the last hour, so doctor did not try again: hosts lock an address after too many.`,
    next: 'Correct the password, wait an hour, and run `hikyaku doctor` again.',
  }),
  folder: (folder: string, messages: number) => `${folderName(folder)}: ${count(messages, 'message')}`,
  namelessMessages: (folder: string, nameless: number, all: number) => ({
    what: `In ${folderName(folder)} the server gives ${number(nameless)} of ${count(all, 'message')} no lasting name, so hikyaku recognises them by their content.`,
    next: 'It works, but each look costs more. Prefer MAIL_PROTOCOL=imap where the host has it.',
  }),
  noUidl: {
    what: 'This POP3 server has no UIDL: hikyaku must look into each message to know which ones are new.',
    next: 'It works, but slowly with many messages. Prefer MAIL_PROTOCOL=imap where the host has it, or let imported mail be deleted (AFTER_IMPORT=delete-after:14d).',
  },
  abilities: (protocol: 'imap' | 'pop3', names: readonly string[]) =>
    `${protocol.toUpperCase()}${names.length > 0 ? ` with ${list(names)}` : ', nothing beyond the basics'}`,
  noIdle: {
    what: 'The server does not tell of new mail by itself (no IDLE).',
    next: 'Nothing: hikyaku asks every 30 seconds instead.',
  },
  listens: (port: number) =>
    `New mail is heard of over IMAP on port ${port} and brought over POP3; \`hikyaku status\` says whether it is.`,
  /** @param folders whose new mail IDLE did not tell of */
  silentIdle: (folders: string) => ({
    what: `The server announces IDLE and does not tell of new mail by it (${folders}).`,
    next: 'Nothing: hikyaku asks every few seconds instead, over the same connection, until IDLE tells again.',
  }),
  cannotDelete: {
    what: 'AFTER_IMPORT asks to delete imported mail, but this server cannot delete single messages safely (no UIDPLUS).',
    next: 'Mail is imported and stays at the source. Set AFTER_IMPORT=keep, or use MAIL_PROTOCOL=pop3.',
  },
  cannotMove: {
    what: 'AFTER_IMPORT asks to move imported mail, but this server cannot do that safely (no MOVE and no UIDPLUS).',
    next: 'Mail is imported and stays where it is. Set AFTER_IMPORT=keep.',
  },
  expires: (days: number) => ({
    what:
      days === 0
        ? 'This host deletes messages as soon as they were retrieved (EXPIRE 0): it keeps no copy.'
        : `This host deletes messages ${count(days, 'day')} after they arrived (EXPIRE).`,
    next: 'Nothing is lost: what was imported is in Gmail. Only do not count on the copy at the host.',
  }),
  /** Phases of a session, as people call them, and how long each is given, ms. */
  longerWaits: (phases: readonly (readonly [phase: string, ms: number])[]) =>
    `this server took longer than usual; it is given more time for ${list(phases.map(([phase, ms]) => `${phase} (${span(ms)})`))}`,
  pollWell: (everyMs: number | undefined) =>
    everyMs === undefined ? 'no limit is known' : `every ${span(everyMs)}; no limit forbids it`,
  pollTooOften: (everyMs: number, leastMs: number, host: string) => ({
    what: `SCHEDULE looks every ${span(everyMs)}, but ${host} allows a login only every ${span(leastMs)}.`,
    next: `Set SCHEDULE so that at least ${span(leastMs)} lie between two looks, or use MAIL_PROTOCOL=imap.`,
  }),
  signedIn: (ms: number | undefined) =>
    `Google takes the permission${ms === undefined ? '' : ` (${took(ms)})`}`,
  consentLasts: 'Google names no end',
  consentTesting: (leftMs: number) => ({
    what: `The permission ends ${relative(leftMs)}: the Google project is in “Testing”, where it lasts seven days only.`,
    next: 'Open https://console.cloud.google.com/auth/audience, press “Publish app”, then run `hikyaku setup google` once more.',
  }),
  scopes: (canRead: boolean): string =>
    canRead
      ? 'may put mail in, make labels, and read (gmail.readonly)'
      : 'may put mail in and make labels; may not read',
  scopesUnknown: 'Google did not say which ones were given',
  api: (ms: number, imports: number) =>
    `answers in ${took(ms)}; at most ${count(imports, 'import')} a minute`,
  account: (address: string) => `signed in as ${address}`,
  /** Google does not say whose the permission is, and the paths name the address. */
  accountNamed: (address: string) =>
    `Google does not say whose permission this is, so its owner could not be proved; every request names ${address}, and Gmail refuses another account’s. \`hikyaku setup google\` has it proved`,
  /** Neither is known. */
  accountUnproved: {
    what: 'Google does not say whose permission this is, and no address is set: its owner could not be proved, and mail goes to whoever gave it.',
    next: 'Run `hikyaku setup google` and sign in once more, or set GMAIL_ACCOUNT to your address.',
  },
  appPassword: (address: string, tls: string | undefined, ms: number, limit: number | undefined) =>
    `${address} is let in${tls === undefined ? '' : ` (${tls})`}, in ${took(ms)}; mail goes in by IMAP, without spam scan and categories${limit === undefined ? '' : `; up to ${size(limit)} a message`}, and by Gmail’s rules about 500 MB a day`,
  notGmailImap: {
    what: 'This server does not know Gmail’s extensions (X-GM-EXT-1): there are no labels, and messages are named by their place.',
    next: 'Nothing where it is a test server. Gmail’s own server always has them.',
  },
  imapFolders: (names: readonly string[]) => `all mail, spam and bin are there: ${list(names)}`,
  imapFoldersHidden: (uses: readonly string[]) => ({
    what: `Gmail does not show IMAP programs: ${list(uses.map(use => describeFolder(use, 'en')))}. What belongs there waits, and is not found when hikyaku looks for a copy.`,
    next: 'In Gmail, open Settings, Labels, and tick “Show in IMAP” beside it.',
  }),
  storage: (used: number, limit: number) => `${size(used)} of ${size(limit)} used`,
  storageLow: (left: number, limit: number) => ({
    what: `Only ${size(left)} of ${size(limit)} are left at Google. Mail waits at the source once it is full.`,
    next: 'Free space at https://one.google.com/storage or buy more.',
  }),
  noApiAccount: 'not looked at: no account goes by Google’s API',
  labels: (there: readonly string[], toCome: readonly string[]) =>
    [
      there.length > 0 ? `there: ${list(there)}` : '',
      toCome.length > 0 ? `made when first needed: ${list(toCome)}` : '',
    ]
      .filter(part => part !== '')
      .join('; ') || 'none asked for',
  lastPull: (agoMs: number) => `went well ${relative(-agoMs)}`,
  noPull: { what: 'There has been no pull yet.', next: 'Run `hikyaku pull`, or start the service.' },
  paused: (mailbox: string, sinceMs: number, nowMs: number) => ({
    what: pauseWords.en.since(instant(sinceMs), Math.max(0, nowMs - sinceMs)),
    next: pauseWords.en.goOn(printable(mailbox, 60)),
  }),
  /** The last pull failed, and all that doctor tried works now. */
  wellAgain: (sinceMs: number, what: string) => ({
    what: `The last pull failed (for ${span(sinceMs)}): ${what}`,
    next: 'What doctor tried just now works, so this mends itself at the next pull. At once: `hikyaku check-now`, or `hikyaku pull`.',
  }),
  failing: (sinceMs: number, what: string, next: string) => ({ what: `For ${span(sinceMs)}: ${what}`, next }),
  noneAside: 'none',
  aside: (many: number, reason: string) => ({
    what: `${count(many, 'message')} could not be imported and ${many === 1 ? 'stays' : 'stay'} at the source. ${reason}`,
    next: '`hikyaku status` lists them; `hikyaku retry all` tries them again.',
  }),
  because: (check: string) => `not looked at, because of: ${check}`,
  outOfTime: 'not looked at: the time for all checks was over',
  /** Neither side can be reached. */
  noNetwork:
    'Neither the mail server nor Google can be reached: it is most likely the internet connection of this computer.',
  looking: 'looking …',
}

export type DoctorWords = typeof en
