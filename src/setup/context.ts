/** What every step of the set-up works with. */
import type { Clock } from '../base/clock.ts'
import type { Env } from '../base/home.ts'
import type { Language } from '../base/language.ts'
import type { Place } from '../config/place.ts'
import type { Discovery } from '../discovery/discover.ts'
import type { Words } from '../locale/locale.ts'
import type { OpenedVault } from '../vault/open-vault.ts'
import type { Answers, Asker } from './asker.ts'
import type { History } from './history.ts'
import type { GateOf } from './login-gate.ts'
import type { SetupWords } from './words.ts'

export interface SetupContext {
  readonly asker: Asker
  readonly language: Language
  readonly words: SetupWords
  /** Numbers, sizes and the like. */
  readonly general: Words
  /** As given on the command line. */
  readonly options: Answers
  readonly place: Place
  readonly vault: OpenedVault
  readonly env: Env
  readonly cwd: string
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Something that takes effect outside is done once, however often the owner goes back (history.ts). */
  readonly once: History['once']
  /** The login has worked with what was typed for it. */
  readonly onLoginProved: () => Promise<void>
  /** The address was a slip: what was answered for it holds no longer. */
  readonly onOtherAddress: () => Promise<void>
  /** What each login at a mail server passes through. */
  readonly gateOf: GateOf
  readonly discover: (address: string) => Promise<Discovery>
  /** @param url the one-time address: it stands in a program's arguments */
  readonly openBrowser: (url: string) => Promise<boolean>
  /** A pull of this mailbox to its end, told to the owner; the object that `hikyaku pull --json` prints. */
  readonly pullMailbox: (mailbox: string) => Promise<object>
  /** Installs the service and says so; the exit code of `hikyaku service install`. */
  readonly installService: () => Promise<number>
  /** A line as it is, without decoration: a link that is to be copied. */
  readonly plain: (line: string) => void
}
