import { homedir } from 'node:os'
import { isAbsolute } from 'node:path'

/** The variables of a process. */
export type Env = Readonly<Record<string, string | undefined>>

/**
 * The home folder of this user: HOME, else what the system knows. Undefined where there is none: a service's own
 * user (DynamicUser) or a container's bare number need not have a name, nor a home.
 */
export function homeOf(env: Env): string | undefined {
  if (env.HOME) return isAbsolute(env.HOME) ? env.HOME : undefined
  try {
    return homedir() || undefined
  } catch {
    return undefined // uv_os_homedir: no such user
  }
}
