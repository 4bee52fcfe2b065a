/** What each client of the bench is given, and what it gives back. */
import type { Config } from '../../src/config/config.ts'

export interface ClientResult {
  /** SHA-256 of each message that was handed on whole. */
  readonly digests: readonly string[]
  /** Of the work itself, without start and login. */
  readonly ms: number
  /** Retrievals that never ended. */
  readonly hung: number
}

export interface ClientWork {
  readonly config: Config
  /** How many messages of how many octets; for uploads, and for the ceiling. */
  readonly messages: number
  readonly octets: number
}
