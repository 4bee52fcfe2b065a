/** What the service manager says of an installed service that is not running, for people who ask why no mail comes. */
import type { Env } from '../base/home.ts'
import type { Language } from '../base/language.ts'
import { findServiceHome } from '../config/load-paths.ts'
import { thisMachine } from '../service/machine.ts'
import { managerFor } from '../service/manage.ts'
import { serviceWords } from '../service/words.ts'

export interface StoppedService {
  readonly name: string
  /** The service manager's words, untrusted. */
  readonly detail: string
  /** How its log is seen, as a sentence. */
  readonly log: string
}

/** @returns none where none is installed, none is stopped, or nobody can say */
export async function findStoppedServices(env: Env, language: Language): Promise<readonly StoppedService[]> {
  const machine = thisMachine()
  const scope = machine.platform === 'linux' && machine.uid === 0 ? 'system' : 'user'
  const manager = managerFor(machine, scope, findServiceHome({ ...machine, env }) ?? '')
  if (manager === undefined || (machine.platform === 'linux' && !machine.systemd)) return []
  const states = await manager.states().catch(() => [])
  return states
    .filter(({ state }) => state === 'not-running')
    .map(({ name, detail }) => ({ name, detail, log: serviceWords[language].logs(manager.logCommand(name)) }))
}
