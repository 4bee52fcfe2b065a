/** What a row of the table of broken set-ups is made of. */
import type { Certificates } from '../servers/certificates.ts'
import type { World, WorldOptions } from '../servers/world.ts'
import type { Given } from './harness.ts'

/** What a row changes of a world in which all is well. */
export interface Setup {
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly given?: Given
  /** Undone in reverse order. */
  readonly undo?: readonly (() => Promise<unknown>)[]
}

export interface Row {
  readonly title: string
  /** The line that has to name it. */
  readonly check: string
  readonly code: string
  /** A warning: mail comes through all the same. */
  readonly warning?: true
  readonly exitCode: number
  readonly world?: Partial<WorldOptions>
  /** Needs ::1 on this machine. */
  readonly ipv6?: true
  readonly breaks: (world: World, certificates: Certificates) => Promise<Setup> | Setup
  /** Words that the line must hold. */
  readonly says?: RegExp
}

/** For rows whose server is named `localhost`, whatever this machine makes of that name. */
export const onlyIpv4: Given = { lookup: async () => [{ address: '127.0.0.1', family: 4 }] }
