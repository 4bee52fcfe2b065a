/** Everything that the set-up says, in both languages; the compiler keeps the two complete. */

import type { FaultCode } from '../base/fault.ts'
import type { Language } from '../base/language.ts'
import type { Found, Origin } from '../discovery/discover.ts'
import type { FoundServer, LoginHint } from './mailbox.ts'
import { en } from './words-en.ts'
import { ja } from './words-ja.ts'

export interface CertificateShown {
  readonly host: string
  /** What is wrong: made out to another name, out of date, or vouched for by nobody known. */
  readonly why: 'name' | 'time' | 'trust'
  readonly names: readonly string[]
  readonly issuer: string
  readonly until: string
  /** SHA-256 with colons. */
  readonly digest: string
}

interface YesNo {
  readonly question: string
  readonly yes: string
  readonly no: string
}

export interface SetupWords {
  readonly title: string
  readonly leaving: string
  readonly empty: string
  /** For scripts: what is missing. */
  readonly needsOption: string
  readonly left: string
  readonly leftUnchanged: string
  readonly resume: YesNo
  /** Told where variables or a .env file describe the mailbox. */
  readonly byEnvironment: string
  readonly nothingMissing: string
  readonly what: {
    readonly question: string
    readonly mailbox: string
    readonly google: string
    readonly nothing: string
  }
  readonly address: { readonly question: string; readonly wrong: string }
  readonly server: {
    readonly looking: (domain: string) => string
    readonly nothingFound: string
    readonly unanswered: string
    readonly provider: string
    readonly otherProvider: string
    readonly known: (name: string) => string
    readonly noTls: (host: string, port: number) => string
    readonly found: (found: Found) => string
    readonly origins: Readonly<Record<Origin, string>>
    readonly which: string
    readonly byHand: string
    readonly protocol: string
    readonly imap: string
    readonly pop3: string
    readonly host: string
    readonly hostWrong: string
    readonly security: string
    readonly tls: string
    readonly starttls: string
    readonly none: string
    readonly port: string
    readonly portWrong: string
    readonly digestWrong: string
  }
  readonly login: {
    readonly user: string
    readonly accountName: string
    readonly password: (user: string) => string
    readonly trying: (host: string, port: number) => string
    readonly worked: (protocol: 'imap' | 'pop3', idle: boolean) => string
    readonly hint: (hint: LoginHint, server: FoundServer) => string
    readonly caution: string
    readonly whatToCorrect: string
    readonly correct: Readonly<Record<'password' | 'user' | 'server' | 'again', string>>
  }
  readonly certificate: {
    readonly shown: (seen: CertificateShown) => string
    readonly question: string
    readonly useName: (name: string) => string
    readonly otherServer: string
    readonly pin: string
  }
  readonly folders: {
    readonly wrong: string
    readonly missing: (names: string, there: string) => string
    readonly noSpam: string
    readonly spam: (name: string) => string
    readonly spamLabel: string
    readonly toSpam: string
    readonly toLabel: (label: string) => string
    readonly leave: string
    readonly more: string
  }
  readonly start: {
    readonly waiting: (messages: string, size: string) => string
    readonly question: string
    readonly all: string
    readonly takes: (span: string) => string
    readonly date: string
    readonly new: string
    readonly whichDate: string
    readonly dateWrong: string
    readonly since: (messages: string, span: string) => string
  }
  readonly after: {
    readonly question: string
    readonly keep: string
    readonly deleteAfter: string
    readonly delete: string
    readonly move: string
    readonly days: string
    readonly daysWrong: string
    readonly folder: string
    readonly folderWrong: string
    readonly folderPulled: string
  }
  readonly label: {
    readonly question: string
    readonly wrong: string
    readonly archive: string
    readonly archiveYes: string
    readonly archiveNo: string
  }
  readonly google: {
    readonly account: string
    readonly accountWrong: string
    readonly accountSame: string
    readonly which: string
    readonly already: (address: string) => string
    /** Lines: the Cloud Console, click by click. */
    readonly steps: (address: string) => readonly string[]
    readonly clientFile: string
    readonly clientFileWrong: (file: string, hint: string) => string
    /** By ClientFileReason. */
    readonly clientFileHints: Readonly<Record<string, string>>
    readonly serviceAccount: (address: string) => YesNo
    /** Lines: what Google's pages will show. `read`: permission to read mail is asked for, too. */
    readonly consent: (read: boolean) => readonly string[]
    readonly opened: string
    readonly notOpened: (port: number) => string
    readonly paste: string
    readonly checking: string
    readonly works: (address: string) => string
    /** In place of a fault's own advice, which speaks of settings rather than of what is on the screen. */
    readonly hints: Readonly<Partial<Record<FaultCode, (address: string) => string>>>
    readonly whatNow: string
    readonly again: string
    readonly otherClient: string
    /** Google names the account otherwise than the owner did. */
    readonly useAccount: (address: string) => string
    /** No address was set; Google names this one. */
    readonly isYours: (address: string) => YesNo
    /** No address was set, and Google names none. */
    readonly unproved: string
    /** The one-time address was used by somebody else, or twice. */
    readonly taken: (opensAgain: boolean) => string
    readonly trap: (span: string, instant: string) => string
    readonly trapQuestion: string
    readonly trapAgain: string
    readonly trapAccept: string
    readonly goesOn: string
    readonly takesUpLater: string
    readonly variableWins: string
  }
  /** `file` undefined: only secrets were stored. */
  readonly saved: (file: string | undefined, vault: string, because: string) => string
  /** Why the vault is where it is: OpenedVault.because. */
  readonly because: Readonly<Record<string, string>>
  readonly pull: YesNo & { readonly running: string }
  readonly service: {
    readonly question: string
    readonly install: string
    readonly here: string
    readonly later: string
    readonly hereNow: string
    readonly notInstalled: string
  }
  /** `setup password`. */
  readonly password: {
    readonly which: string
    readonly noMailbox: string
    readonly unknown: (given: string, known: string) => string
    readonly unchanged: string
    readonly saved: (mailbox: string, vault: string) => string
    readonly goesOn: string
    readonly takesUpLater: string
  }
  readonly done: string
  readonly revoke: {
    readonly question: (address: string) => string
    readonly nothing: (address: string) => string
    readonly revoked: (address: string) => string
    readonly alreadyEnded: (address: string) => string
    readonly serviceAccount: (address: string) => string
    readonly inVariable: string
    readonly unknown: (given: string, known: string) => string
    readonly needsYes: string
  }
}

export const setupWords: Readonly<Record<Language, SetupWords>> = { en, ja }
