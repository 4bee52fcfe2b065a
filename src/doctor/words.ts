/** What `doctor` says beside the faults' own texts, in both languages. Server words arrive printable. */
import type { Language } from '../base/language.ts'
import { en } from './words-en.ts'
import { ja } from './words-ja.ts'

/** What it means, and what to do; `next` may be ''. */
export interface DoctorText {
  readonly what: string
  readonly next: string
}

export interface DoctorWords {
  readonly node: (version: string) => string
  readonly oldNode: (version: string, least: string) => DoctorText
  /** Each names the variables as they are set, `NAME=value`. */
  readonly unverifiedTls: (setting: string) => DoctorText
  readonly moreAuthorities: (settings: readonly string[]) => DoctorText
  readonly keyLog: (settings: readonly string[]) => DoctorText
  readonly foreignOptions: (settings: readonly string[]) => DoctorText
  readonly settings: (mailboxes: number, accounts: number) => string
  /** Below a line of configuration trouble. */
  readonly mendSettings: string
  readonly secretsWell: (kinds: readonly string[]) => string
  readonly openFile: (file: string, command: string) => DoctorText
  readonly state: (folder: string, freeOctets: number) => string
  readonly stateToCome: (folder: string) => string
  readonly stateOpen: (folder: string, command: string) => DoctorText
  readonly stateForeign: (folder: string, uid: number) => DoctorText
  readonly littleRoom: (folder: string, freeOctets: number) => DoctorText
  readonly journal: (messages: number, octets: number) => string
  readonly noJournal: string
  readonly running: string
  readonly notRunning: DoctorText
  readonly twoInstances: (service: string) => DoctorText
  readonly service: (name: string) => string
  readonly serviceStopped: (name: string, detail: string, command: string) => DoctorText
  readonly noService: DoctorText
  readonly noServiceManager: string
  readonly alerts: (ways: readonly ('mail' | 'webhook' | 'ping')[], minutes: number) => string
  readonly noAlerts: DoctorText
  readonly clock: (offMs: number) => string
  readonly clockOff: (offMs: number) => DoctorText
  /** Google's certificate is out of date by it. */
  readonly clockUnlikely: (nowMs: number) => DoctorText
  readonly addresses: (host: string, ipv4: readonly string[], ipv6: readonly string[]) => string
  readonly reached: (server: string, families: readonly (readonly [family: 4 | 6, ms: number])[]) => string
  /** One family does not answer, the other does. `none` where this machine has no route of that family at all. */
  readonly deadFamily: (server: string, dead: 4 | 6) => DoctorText
  readonly noFamilyHere: (server: string, family: 4 | 6) => string
  readonly certificate: (names: readonly string[], issuer: string, daysLeft: number) => string
  readonly certificatePinned: (daysLeft: number) => string
  readonly certificateEnding: (names: readonly string[], daysLeft: number) => DoctorText
  /** Below a certificate that is refused: what it says, and its digest for a pin. */
  readonly certificateSeen: (names: readonly string[], from: number, to: number, sha256: string) => string
  readonly clearText: string
  readonly loggedIn: (user: string, tls: string | undefined) => string
  /** The running hikyaku has the mailbox open, or logged in a moment ago. */
  readonly loginByDaemon: (what: string) => DoctorText
  readonly loginCapped: (refused: number) => DoctorText
  readonly folder: (folder: string, messages: number) => string
  readonly namelessMessages: (folder: string, nameless: number, all: number) => DoctorText
  readonly noUidl: DoctorText
  readonly abilities: (protocol: 'imap' | 'pop3', names: readonly string[]) => string
  readonly noIdle: DoctorText
  /** @param folders whose new mail IDLE did not tell of */
  readonly silentIdle: (folders: string) => DoctorText
  readonly cannotDelete: DoctorText
  readonly cannotMove: DoctorText
  readonly expires: (days: number) => DoctorText
  /** Phases of a session, as people call them, and how long each is given, ms. */
  readonly longerWaits: (phases: readonly (readonly [phase: string, ms: number])[]) => string
  readonly pollWell: (everyMs: number | undefined) => string
  readonly pollTooOften: (everyMs: number, leastMs: number, host: string) => DoctorText
  readonly signedIn: (ms: number | undefined) => string
  readonly consentLasts: string
  readonly consentTesting: (leftMs: number) => DoctorText
  readonly scopes: (canRead: boolean) => string
  readonly scopesUnknown: string
  readonly api: (ms: number, importsAMinute: number) => string
  readonly account: (address: string) => string
  /** Google does not say whose the permission is, and the paths name the address. */
  readonly accountNamed: (address: string) => string
  /** Neither is known. */
  readonly accountUnproved: DoctorText
  readonly labels: (there: readonly string[], toCome: readonly string[]) => string
  readonly lastPull: (agoMs: number) => string
  readonly noPull: DoctorText
  /** The last pull failed, and all that doctor tried works now. */
  readonly wellAgain: (sinceMs: number, what: string) => DoctorText
  readonly failing: (sinceMs: number, what: string, next: string) => DoctorText
  readonly noneAside: string
  readonly aside: (count: number, reason: string) => DoctorText
  readonly because: (check: string) => string
  readonly outOfTime: string
  /** Neither side can be reached. */
  readonly noNetwork: string
  readonly looking: string
}

export const doctorWords: Readonly<Record<Language, DoctorWords>> = { en, ja }
