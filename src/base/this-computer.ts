/** The user and the computer that this process is of, as a terminal shows them: `shop@mail01`. */
import { hostname, userInfo } from 'node:os'

/** Without a name of its own (a bare uid in a container) the user is its number. */
export function nameThisComputer(): string {
  return `${nameUser()}@${hostname() || 'localhost'}`
}

function nameUser(): string {
  try {
    return userInfo().username
  } catch {
    return String(process.getuid?.() ?? '')
  }
}
