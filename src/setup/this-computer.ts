/** This computer as another one reaches it by SSH. */
import { hostname, userInfo } from 'node:os'
import type { Env } from '../base/home.ts'

/** @returns `user@host`, or the host alone where the user has no name */
export function nameThisComputer(env: Env): string {
  // SSH_CONNECTION: the address that the owner came in by is its third field (ssh(1)).
  const host = env.SSH_CONNECTION?.split(' ')[2] ?? hostname()
  const name = host.includes(':') ? `[${host}]` : host
  try {
    return `${env.USER || userInfo().username}@${name}`
  } catch {
    return name // no such user
  }
}
