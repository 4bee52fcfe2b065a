/**
 * The journal, looked at without touching it. SQLite makes files beside a database even to read it, so a journal that
 * nobody uses is copied and the copy is opened; beside a running daemon those files are there anyway.
 */
import { closeSync, constants, existsSync, openSync, readSync, writeSync } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { inFolder } from '../base/as-owner.ts'
import { diskFault } from '../base/disk-fault.ts'
import { asFault, Fault } from '../base/fault.ts'
import { openSqlite } from '../base/sqlite-file.ts'
import { findIntegrityProblems, journalFile, madeFile } from './file.ts'
import type { Journal } from './journal.ts'
import { openJournal } from './sqlite.ts'
import { toSqliteFault } from './sqlite-fault.ts'

export interface JournalLook {
  /** Undefined where there is none yet (or it is being made), or where it cannot be used (`fault`). */
  readonly journal: Journal | undefined
  readonly fault: Fault | undefined
  readonly octets: number
  close(): Promise<void>
}

/** Past this size only the structure is checked, as at a start. */
const fullCheckOctets = 64 * 1024 * 1024

/**
 * @param running whether a daemon or a pull holds the directory now
 * @param integrity whether to have the whole file checked
 */
export async function lookAtJournal(
  stateDir: string,
  running: boolean,
  integrity: boolean,
): Promise<JournalLook> {
  const file = join(stateDir, journalFile)
  const nothing = { journal: undefined, fault: undefined, octets: 0, close: async () => {} }
  let folder: string | undefined
  const remove = async (): Promise<void> => {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true })
  }
  const broken = async (fault: Fault): Promise<JournalLook> => {
    await remove()
    return { ...nothing, fault }
  }
  // The mark comes last: one that was not there yet says nothing of the file.
  const isMade = existsSync(join(stateDir, madeFile))
  let octets: number
  try {
    octets = (await stat(file)).size
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') return broken(diskFault(thrown, file))
    if (!isMade) return nothing
    return broken(new Fault('journal.missing', { facts: { file } }))
  }
  try {
    if (!running) folder = await copyOf(stateDir)
  } catch (thrown) {
    return broken(diskFault(thrown, file))
  }
  let journal: Journal | undefined
  try {
    const looked = folder ?? stateDir
    if (integrity && octets > 0) checkWhole(join(looked, journalFile), octets)
    journal = await openJournal(looked, 'look')
  } catch (thrown) {
    const { code, facts } = asFault(thrown)
    return broken(new Fault(code, { facts: { ...facts, file }, cause: thrown }))
  }
  return {
    journal,
    fault: undefined,
    octets,
    close: async () => {
      await journal?.close()
      await remove()
    },
  }
}

/** The journal, what is not yet folded into it, and the mark that it was made. */
async function copyOf(stateDir: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'hikyaku-look-'))
  try {
    for (const name of [madeFile, journalFile, `${journalFile}-wal`]) {
      const from = join(stateDir, name)
      if (existsSync(from)) copyOut(from, join(folder, name))
    }
    return folder
  } catch (thrown) {
    await rm(folder, { recursive: true, force: true })
    throw thrown
  }
}

/** Read with the rights of the folder's owner, written with ours. */
function copyOut(from: string, to: string): void {
  const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants
  const [source, copy] = [
    inFolder(dirname(from), at => openSync(join(at, basename(from)), O_RDONLY | O_NOFOLLOW | O_NONBLOCK)),
    openSync(to, 'wx', 0o600),
  ]
  try {
    const piece = Buffer.alloc(1 << 20)
    for (let read = readSync(source, piece); read > 0; read = readSync(source, piece))
      writeSync(copy, piece, 0, read)
  } finally {
    closeSync(source)
    closeSync(copy)
  }
}

function checkWhole(file: string, octets: number): void {
  try {
    openSqlite(file, { readOnly: true, timeout: 5000 }, database => {
      const [problem] = findIntegrityProblems(database, octets <= fullCheckOctets)
      if (problem !== undefined) throw new Fault('journal.damaged', { facts: { file, reason: problem } })
      database.close()
    })
  } catch (thrown) {
    throw toSqliteFault(thrown, file)
  }
}
