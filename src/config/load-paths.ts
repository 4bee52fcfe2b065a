/** Where configuration and state live on each platform, and what a written path means. */
import { existsSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { isAbsolute, join, posix, resolve, win32 } from 'node:path'
import { ConfigFault } from '../base/problem.ts'

/** The settings that say that the environment describes a mailbox. */
export const mailboxVariables = ['MAIL_PROTOCOL', 'MAIL_HOST', 'MAIL_USER'] as const

type Env = Readonly<Record<string, string | undefined>>

export interface Machine {
  readonly platform: NodeJS.Platform
  /** Undefined where this user has none; see base/home.ts. */
  readonly home: string | undefined
  readonly env: Env
}

const folderName = 'hikyaku'

/** Where a service of the whole computer has its settings and its state (Filesystem Hierarchy Standard 3.0). */
export const computerFolders = { config: '/etc/hikyaku', state: '/var/lib/hikyaku' } as const

/**
 * Root, logged in or by sudo, sets up the computer, not a person: what he saves in his own home a service cannot see.
 * Where an earlier version kept something there, that stays in use.
 */
function isForComputer({ platform, home, env }: Machine): boolean {
  if (platform !== 'linux' || process.platform !== 'linux') return false
  if (env.XDG_CONFIG_HOME || env.XDG_STATE_HOME) return false
  // Whose state is the computer's is its service, whoever that runs as.
  if (env.STATE_DIR?.trim() === computerFolders.state) return true
  if (process.geteuid?.() !== 0) return false
  if (home !== undefined && home !== '/' && home !== homeInPasswd()) return false
  if (home === undefined || existsSync(`${computerFolders.config}/config.yaml`)) return true
  const own = [`.config/${folderName}/config.yaml`, `.local/state/${folderName}`]
  return !own.some(path => existsSync(posix.join(home, path)))
}

/** HOME may be another's (`sudo -E`, a test's), and then it is that place that is meant. */
function homeInPasswd(): string | undefined {
  try {
    return userInfo().homedir
  } catch {
    return undefined // a bare uid without an entry
  }
}

// XDG Base Directory Specification: a relative path in these variables is invalid and is ignored.
const xdgBase = ({ env, home }: Machine, variable: string, usual: string): string | undefined => {
  const named = env[variable]
  if (named?.startsWith('/')) return named
  return home === undefined ? undefined : posix.join(home, usual)
}

const xdg = (machine: Machine, variable: string, usual: string): string | undefined => {
  const base = xdgBase(machine, variable, usual)
  return base === undefined ? undefined : posix.join(base, folderName)
}

const appData = (machine: Machine, variable: string, usual: string): string | undefined => {
  const named = machine.env[variable]
  if (named) return win32.join(named, folderName)
  return machine.home === undefined ? undefined : win32.join(machine.home, 'AppData', usual, folderName)
}

/**
 * The folder of config.yaml: XDG, `~/Library/Application Support`, `%APPDATA%`; for root on Linux /etc/hikyaku.
 * Undefined where it would lie in a home that this user does not have.
 */
export function findConfigFolder(machine: Machine): string | undefined {
  if (isForComputer(machine)) return computerFolders.config
  if (machine.platform === 'win32') return appData(machine, 'APPDATA', 'Roaming')
  if (machine.platform !== 'darwin') return xdg(machine, 'XDG_CONFIG_HOME', '.config')
  const { home } = machine
  return home === undefined ? undefined : posix.join(home, 'Library/Application Support', folderName)
}

/** Where this user's programs keep their settings on Linux, each in a folder of its own; root's are root's, too. */
export const findUserConfigHome = (machine: Machine): string | undefined =>
  xdgBase(machine, 'XDG_CONFIG_HOME', '.config')

/** What lies around a user's own service: the folder of settings of all programs; on Windows that of our state. */
export const findServiceHome = (machine: Machine): string | undefined =>
  (machine.platform === 'win32' ? findStateFolder : findUserConfigHome)(machine)

/** The folder of the journal: /var/lib/hikyaku for root on Linux, XDG, `~/Library/Application Support`, `%LOCALAPPDATA%` (it must not roam). */
export function findStateFolder(machine: Machine): string | undefined {
  if (isForComputer(machine)) return computerFolders.state
  if (machine.platform === 'win32') return appData(machine, 'LOCALAPPDATA', 'Local')
  return machine.platform === 'darwin'
    ? findConfigFolder(machine)
    : xdg(machine, 'XDG_STATE_HOME', '.local/state')
}

/** Whether something is there. What cannot be looked at may be: its reader says what is wrong with it. */
export function isPresent(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (thrown: NodeJS.ErrnoException) => thrown.code !== 'ENOENT' && thrown.code !== 'ENOTDIR',
  )
}

/**
 * A path as it was written, absolute: `~/` is the home folder, anything relative belongs to `base`.
 * @throws ConfigFault where it begins with `~` and there is no home
 */
export function resolveWrittenPath(written: string, base: string, home: string | undefined): string {
  if (written === '~' || written.startsWith('~/')) return join(home ?? refuseNoHome('HOME'), written.slice(1))
  return isAbsolute(written) ? written : resolve(base, written)
}

/** Throws ConfigFault: what is asked for would lie in the home that this user does not have. */
export function refuseNoHome(variable: 'HOME' | 'HIKYAKU_CONFIG' | 'STATE_DIR'): never {
  throw new ConfigFault([{ at: variable, kind: 'no-home' }])
}
