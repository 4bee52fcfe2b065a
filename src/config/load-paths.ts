/** Where configuration and state live on each platform, and what a written path means. */
import { isAbsolute, join, posix, resolve, win32 } from 'node:path'

type Env = Readonly<Record<string, string | undefined>>

export interface Machine {
  readonly platform: NodeJS.Platform
  readonly home: string
  readonly env: Env
}

const folderName = 'hikyaku'

// XDG Base Directory Specification: a relative path in these variables is invalid and is ignored.
const xdg = (machine: Machine, variable: string, usual: string): string => {
  const named = machine.env[variable]
  return posix.join(named?.startsWith('/') ? named : posix.join(machine.home, usual), folderName)
}

/** The folder of config.yaml: XDG, `~/Library/Application Support`, `%APPDATA%`. */
export function configFolder(machine: Machine): string {
  if (machine.platform === 'darwin')
    return posix.join(machine.home, 'Library/Application Support', folderName)
  if (machine.platform === 'win32') {
    return win32.join(machine.env.APPDATA || win32.join(machine.home, 'AppData', 'Roaming'), folderName)
  }
  return xdg(machine, 'XDG_CONFIG_HOME', '.config')
}

/** The folder of the journal: XDG, `~/Library/Application Support`, `%LOCALAPPDATA%` (it must not roam). */
export function stateFolder(machine: Machine): string {
  if (machine.platform === 'darwin') return configFolder(machine)
  if (machine.platform === 'win32') {
    return win32.join(machine.env.LOCALAPPDATA || win32.join(machine.home, 'AppData', 'Local'), folderName)
  }
  return xdg(machine, 'XDG_STATE_HOME', '.local/state')
}

/** A path as it was written, absolute: `~/` is the home folder, anything relative belongs to `base`. */
export function absolutePath(written: string, base: string, home: string): string {
  if (written === '~' || written.startsWith('~/')) return join(home, written.slice(1))
  return isAbsolute(written) ? written : resolve(base, written)
}
