/** The settings and the state of the installed service, for commands that say nothing else. */
import { join } from 'node:path'
import { type Env, homeOf } from '../base/home.ts'
import { findUserConfigHome, mailboxVariables } from '../config/load-paths.ts'
import { isInstalled, readInstalledEnv, systemUnitsFolder } from '../service/installed.ts'

/** Each says where settings or state are: whoever sets one means that place. */
const placing = ['HIKYAKU_CONFIG', 'STATE_DIR', ...mailboxVariables]

/**
 * @param env of the process
 * @returns it with what the service of the computer (for root) or of this user gets, where one is installed by systemd
 *   and `env` does not say itself where settings and state are
 */
export function addServiceEnv(env: Env): Env {
  if (process.platform !== 'linux' || placing.some(name => env[name]?.trim())) return env
  const folder = process.getuid?.() === 0 ? systemUnitsFolder : userUnitsFolder(env)
  return folder === undefined ? env : { ...readInstalledEnv(folder), ...env }
}

function userUnitsFolder(env: Env): string | undefined {
  const home = findUserConfigHome({ platform: process.platform, home: homeOf(env), env })
  return home === undefined ? undefined : join(home, 'systemd', 'user')
}

/** Whether this computer has a service that only root can ask, and this user has none. */
export function isServiceOfComputer(env: Env): boolean {
  if (process.platform !== 'linux' || process.getuid?.() === 0) return false
  const own = userUnitsFolder(env)
  return (own === undefined || !isInstalled(own)) && isInstalled(systemUnitsFolder)
}
