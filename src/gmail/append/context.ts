/** What one account by IMAP works with. */
import type { Clock } from '../../base/clock.ts'
import type { Folders } from './folders.ts'
import type { Sessions } from './sessions.ts'

export interface AppendContext {
  readonly sessions: Sessions
  readonly folders: Folders
  readonly clock: Clock
}
