/** What concerns the whole program and no mailbox: the environment and `.env`, where no file says which mailboxes there are. */
import { ConfigFault } from '../base/problem.ts'
import type { ProgramConfig } from './config.ts'
import { readAlerts } from './load-build.ts'
import { resolveWrittenPath } from './load-paths.ts'
import { makeEnvironmentPart } from './load-written.ts'
import { makeProgramConfig } from './program-config.ts'
import { readPart } from './read-part.ts'
import { type ProgramOptions, readProgram, readSources } from './read-program.ts'
import type { Values } from './settings/setting.ts'
import { fleetSettings, programSettings } from './settings.ts'

export interface LoadedProgram {
  /** Frozen. */
  readonly program: ProgramConfig
  /** The settings of a fleet, as far as they are no secrets. */
  readonly fleet: Omit<Values<typeof fleetSettings>, 'fleetDatabase'>
  /** The process environment over `.env`; paths of secret files are absolute. */
  readonly env: NodeJS.ProcessEnv
}

/**
 * @returns the settings of a program whose mailboxes stand in a fleet's directory
 * @throws ConfigFault (config.invalid) with every problem found
 */
export async function loadProgram(options: ProgramOptions): Promise<LoadedProgram> {
  const begun = await readSources(options)
  const { sources, problems } = begun
  const part = makeEnvironmentPart(sources, programSettings)
  const { top, stateDir, language, context } = await readProgram(part, begun, options)
  const alerts = readAlerts(part, { ...context, vault: undefined, keep: undefined })
  const { sound: fleet } = readPart(fleetSettings, makeEnvironmentPart(sources, fleetSettings), problems)
  if (problems.length > 0 || top === undefined || stateDir === undefined || fleet === undefined)
    throw new ConfigFault(problems, language)
  const env = { ...context.env }
  const databaseFile = env.FLEET_DATABASE_FILE?.trim()
  if (databaseFile)
    env.FLEET_DATABASE_FILE = resolveWrittenPath(databaseFile, sources.cwd, sources.machine.home)
  const { fleetDatabase: _, ...plain } = fleet
  return { program: makeProgramConfig(top, stateDir, language, alerts), fleet: plain, env }
}
