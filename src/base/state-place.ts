/**
 * Whether STATE_DIR can be what it is to be, asked before anything is opened there: who only looks must not take a place
 * that cannot be used for one where nothing is yet, and nobody may hang in it.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { access, constants, lstat, stat } from 'node:fs/promises'
import { diskFault } from './disk-fault.ts'
import { Fault } from './fault.ts'

/** A network disk that was unplugged lets a call of the system stand for ever, and with it the process that made it. */
const answersWithinMs = 5000

/** Of a path at which there is no folder, and can be none. */
const noFolder = /^(ENOENT|ENOTDIR|EEXIST|ELOOP|ENAMETOOLONG|EINVAL|ENODEV|ENXIO)$/

/** The system's refusal to make or enter a folder. */
export function folderFault(thrown: unknown, folder: string): Fault {
  if (thrown instanceof Fault) return thrown
  const { code = '' } = thrown as NodeJS.ErrnoException
  if (!noFolder.test(code)) return diskFault(thrown, folder)
  // There is no folder above it that would take one: /proc and the like.
  const reason = code === 'ENOENT' ? 'takes-no-folder' : code === 'EEXIST' ? 'ENOTDIR' : code
  return new Fault('state.no-folder', { facts: { file: folder, reason }, cause: thrown })
}

/**
 * @throws Fault state.hangs where the place does not answer; state.no-folder where there is something else than a
 *   folder; state.read-only where this user may not look into it. Where nothing is yet nothing is thrown
 */
export async function refuseUnusablePlace(stateDir: string): Promise<void> {
  if (!(await doesAnswer(stateDir))) throw new Fault('state.hangs', { facts: { file: stateDir } })
  try {
    if (!(await stat(stateDir)).isDirectory())
      throw new Fault('state.no-folder', { facts: { file: stateDir, reason: 'ENOTDIR' } })
    await access(stateDir, constants.R_OK | constants.X_OK)
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw folderFault(thrown, stateDir)
    const isLink = (await lstat(stateDir).catch(() => undefined))?.isSymbolicLink() === true
    if (isLink)
      throw new Fault('state.no-folder', {
        facts: { file: stateDir, reason: 'dangling-link' },
        cause: thrown,
      })
  }
}

/** Another process looks, since whoever hangs in the system cannot be stopped from inside. */
function doesAnswer(folder: string): Promise<boolean> {
  if (process.platform === 'win32') return Promise.resolve(true)
  return new Promise(resolve => {
    let look: ChildProcess
    try {
      look = spawn('ls', ['-a', '--', folder], { stdio: 'ignore', env: { PATH: process.env.PATH } })
    } catch {
      // Not every refusal comes as an event: where there is no memory for a process it is thrown.
      resolve(true)
      return
    }
    const timer = setTimeout(() => {
      look.kill('SIGKILL')
      look.unref()
      resolve(false)
    }, answersWithinMs)
    const answered = (): void => {
      clearTimeout(timer)
      resolve(true)
    }
    look.once('exit', answered)
    // Without this program nothing is known, and nothing refused.
    look.once('error', answered)
  })
}
