/** Where the set-up reads and writes: configuration file, state directory, endpoints, and what is there already. */
import { isAbsolute, join } from 'node:path'

import { type Env, homeOf } from '../base/home.ts'
import { ConfigFault, type Problem } from '../base/problem.ts'
import type { Config, GoogleEndpoints } from './config.ts'
import { checkEndpoints, pickEndpoints } from './endpoints.ts'
import { readEnvironment } from './env.ts'
import { loadConfig } from './load.ts'
import {
  findConfigFolder,
  findStateFolder,
  isPresent,
  refuseNoHome,
  resolveWrittenPath,
} from './load-paths.ts'
import { makeEnvironmentPart } from './load-written.ts'
import { readPart } from './read-part.ts'
import { programSettings } from './settings.ts'

export interface Place {
  /** The YAML file that is written. */
  readonly configFile: string
  readonly stateDir: string
  readonly endpoints: GoogleEndpoints
  readonly microsoftLoginRoot: string
  /** Environment and `.env` together. */
  readonly env: NodeJS.ProcessEnv
  /** What is configured already, where anything is. */
  readonly config: Config | undefined
  /** The environment describes a mailbox, so that a YAML file in the usual folder would not be read. */
  readonly byEnvironment: boolean
  /** The configuration is a YAML file that no `.env` named. */
  readonly byOwnersFile: boolean
  /** Worth saying before anything else. */
  readonly notes: readonly Problem[]
  /** Settings of the whole program that a variable gives now: written down, or a service would not know them. */
  readonly topByEnvironment: Readonly<Record<string, string>>
}

/** @throws ConfigFault where there is a configuration that cannot be read: it is never written over */
export async function findPlace(given: Env, cwd: string): Promise<Place> {
  const { environment, configFile: inForce, refused, notes } = await readEnvironment({ ...given }, cwd)
  if (refused !== undefined) throw new ConfigFault([refused])
  const env = environment.all as NodeJS.ProcessEnv
  const home = homeOf(env)
  const machine = { platform: process.platform, home, env }
  const named = environment.get('HIKYAKU_CONFIG')
  const configFile =
    named === undefined
      ? join(findConfigFolder(machine) ?? refuseNoHome('HIKYAKU_CONFIG'), 'config.yaml')
      : resolveWrittenPath(named, cwd, home)
  const byEnvironment =
    named === undefined &&
    ['MAIL_PROTOCOL', 'MAIL_HOST', 'MAIL_USER'].some(name => environment.get(name) !== undefined)
  if (byEnvironment || (await isPresent(configFile))) {
    const config = await loadConfig({ env: { ...given }, cwd, needSecrets: false })
    const { stateDir, endpoints, microsoftLoginRoot } = config
    const byOwnersFile = inForce !== undefined
    return {
      configFile,
      stateDir,
      endpoints,
      microsoftLoginRoot,
      env,
      config,
      byEnvironment,
      byOwnersFile,
      topByEnvironment: {},
      notes,
    }
  }
  const problems: Problem[] = []
  const part = makeEnvironmentPart({ environment, machine, cwd }, programSettings)
  const { sound: top } = readPart(programSettings, part, problems)
  if (top !== undefined) problems.push(...checkEndpoints(top, part.place, given))
  if (top === undefined || problems.length > 0) throw new ConfigFault(problems)
  const { stateDir } = top
  return {
    configFile,
    stateDir: stateDir ?? findStateFolder(machine) ?? refuseNoHome('STATE_DIR'),
    topByEnvironment: stateDir === undefined ? {} : { stateDir },
    endpoints: pickEndpoints(top),
    microsoftLoginRoot: top.microsoftLoginRoot,
    byOwnersFile: true,
    notes,
    env,
    config: undefined,
    byEnvironment,
  }
}

/** Where the state is by what is known without a configuration; undefined where nobody can know. */
export function findStateDir(env: Env): string | undefined {
  const given = env.STATE_DIR
  if (given !== undefined) return isAbsolute(given) ? given : undefined
  return findStateFolder({ platform: process.platform, home: homeOf(env), env })
}
