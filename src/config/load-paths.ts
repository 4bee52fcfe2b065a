/** Where configuration and state live on each platform, and what a written path means. */
import { stat } from 'node:fs/promises'
import { isAbsolute, join, posix, resolve, win32 } from 'node:path'
import { ConfigFault } from '../base/problem.ts'

type Env = Readonly<Record<string, string | undefined>>

export interface Machine {
  readonly platform: NodeJS.Platform
  /** Undefined where this user has none; see base/home.ts. */
  readonly home: string | undefined
  readonly env: Env
}

const folderName = 'hikyaku'

// XDG Base Directory Specification: a relative path in these variables is invalid and is ignored.
const xdg = (machine: Machine, variable: string, usual: string): string | undefined => {
  const named = machine.env[variable]
  if (named?.startsWith('/')) return posix.join(named, folderName)
  return machine.home === undefined ? undefined : posix.join(machine.home, usual, folderName)
}

const appData = (machine: Machine, variable: string, usual: string): string | undefined => {
  const named = machine.env[variable]
  if (named) return win32.join(named, folderName)
  return machine.home === undefined ? undefined : win32.join(machine.home, 'AppData', usual, folderName)
}

/**
 * The folder of config.yaml: XDG, `~/Library/Application Support`, `%APPDATA%`. Undefined where it would lie in a
 * home that this user does not have.
 */
export function findConfigFolder(machine: Machine): string | undefined {
  if (machine.platform === 'win32') return appData(machine, 'APPDATA', 'Roaming')
  if (machine.platform !== 'darwin') return xdg(machine, 'XDG_CONFIG_HOME', '.config')
  const { home } = machine
  return home === undefined ? undefined : posix.join(home, 'Library/Application Support', folderName)
}

/** The folder of the journal: XDG, `~/Library/Application Support`, `%LOCALAPPDATA%` (it must not roam). */
export function findStateFolder(machine: Machine): string | undefined {
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
