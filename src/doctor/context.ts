/** What every check gets. Tests give another machine, clock and name service; the sockets are real in any case. */
import { lookup as systemLookup } from 'node:dns/promises'
import { statfs } from 'node:fs/promises'
import { type Clock, systemClock } from '../base/clock.ts'
import type { Fault } from '../base/fault.ts'
import type { Language } from '../base/language.ts'
import { chooseWords, type Words } from '../locale/locale.ts'
import { type ServiceMachine, thisMachine } from '../service/machine.ts'
import type { Lookup } from '../source/inspect.ts'
import { type DoctorWords, doctorWords } from './words.ts'

/** Room on a file system, octets and file entries that a user without privileges may still take. */
export interface Room {
  readonly freeOctets: number
  /** Undefined where the file system has no fixed number of them. */
  readonly freeFiles: number | undefined
}

/** Longest waits, ms. */
export interface DoctorDeadlines {
  /** One name or one TCP connection. */
  readonly connectMs: number
  /** TLS handshake, greeting. */
  readonly answerMs: number
  /** The login: hosts delay the answer to a wrong one on purpose. */
  readonly loginMs: number
  /** Listing one folder. */
  readonly listMs: number
  /** All checks together. */
  readonly overallMs: number
}

export interface DoctorContext {
  readonly env: NodeJS.ProcessEnv
  readonly cwd: string
  readonly language: Language
  readonly words: DoctorWords
  /** Names of the checks. */
  readonly checks: Words['doctor']['checks']
  readonly clock: Clock
  readonly lookup: Lookup
  readonly room: (folder: string) => Promise<Room>
  readonly nodeVersion: string
  readonly machine: ServiceMachine
  /** What to say where no configuration is. @param file where it would be */
  readonly nothingSetUp: (file: string) => Fault
  readonly deadlines: DoctorDeadlines
  readonly signal: AbortSignal
}

export const doctorDeadlines: DoctorDeadlines = {
  connectMs: 6_000,
  answerMs: 15_000,
  loginMs: 30_000,
  listMs: 60_000,
  overallMs: 150_000,
}

async function roomOn(folder: string): Promise<Room> {
  const { bavail, bsize, ffree, files } = await statfs(folder)
  return { freeOctets: bavail * bsize, freeFiles: files > 0 ? ffree : undefined }
}

export function makeContext(
  given: Pick<DoctorContext, 'env' | 'cwd' | 'language' | 'nothingSetUp' | 'signal'> & Partial<DoctorContext>,
): DoctorContext {
  return {
    words: doctorWords[given.language],
    checks: chooseWords(given.language).doctor.checks,
    clock: systemClock,
    lookup: host => systemLookup(host, { all: true, verbatim: true }),
    room: roomOn,
    nodeVersion: process.versions.node,
    machine: thisMachine(),
    deadlines: doctorDeadlines,
    ...given,
  }
}
