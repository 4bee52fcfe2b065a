/** What concerns the whole program and no mailbox: the environment and `.env`, where no file says which mailboxes there are. */
import { homeOf } from '../base/home.ts'
import { chooseLanguage } from '../base/language.ts'
import { ConfigFault, type Problem } from '../base/problem.ts'
import type { Secret } from '../base/secret.ts'
import type { ProgramConfig } from './config.ts'
import { checkEndpoints, googleEndpoints, microsoftLoginRoot, pickEndpoints } from './endpoints.ts'
import { readEnvironment } from './env.ts'
import { readWebAddress } from './load-build.ts'
import type { Context } from './load-context.ts'
import { checkPageSettings } from './load-page.ts'
import { findStateFolder, type Machine, resolveWrittenPath } from './load-paths.ts'
import { makeEnvironmentPart } from './load-written.ts'
import { makeProgramConfig } from './program-config.ts'
import { readPart } from './read-part.ts'
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

export interface ProgramOptions {
  readonly env: NodeJS.ProcessEnv
  readonly cwd: string
  readonly platform?: NodeJS.Platform
  readonly home?: string
  readonly onReveal?: (value: string) => void
  readonly onNote?: (note: Problem) => void
}

/**
 * @returns the settings of a program whose mailboxes stand in a fleet's directory
 * @throws ConfigFault (config.invalid) with every problem found
 */
export async function loadProgram(options: ProgramOptions): Promise<LoadedProgram> {
  const { cwd, platform = process.platform, home = homeOf(options.env) } = options
  const note = options.onNote ?? (() => {})
  const read = await readEnvironment(options.env, cwd, { platform, home })
  for (const problem of read.notes) note(problem)
  if (read.refused !== undefined) throw new ConfigFault([read.refused], chooseLanguage({ env: options.env }))
  const problems: Problem[] = [...read.problems]
  const env = { ...read.environment.all } as NodeJS.ProcessEnv
  const machine: Machine = { platform, home, env }
  const sources = { environment: read.environment, machine, cwd }
  const part = makeEnvironmentPart(sources, programSettings)
  const { sound: top, values } = readPart(programSettings, part, problems)
  problems.push(...(await checkPageSettings(values, part, env)))
  const stateDir = top?.stateDir ?? findStateFolder(machine)
  if (stateDir === undefined) problems.push({ at: 'STATE_DIR', kind: 'no-home' })
  if (top !== undefined) problems.push(...checkEndpoints(top, part.place, options.env))
  const context: Context = {
    env,
    problems,
    note,
    endpoints: top === undefined ? googleEndpoints : pickEndpoints(top),
    microsoftLoginRoot: top?.microsoftLoginRoot ?? microsoftLoginRoot,
    places: [],
    settled: [],
    onReveal: options.onReveal,
    vault: undefined,
    keep: undefined,
  }
  const alertSecret = (key: 'alertWebhook' | 'alertPing'): Secret | undefined =>
    part.has(key) ? readWebAddress(part, key, context) : undefined
  const alerts = { webhook: alertSecret('alertWebhook'), ping: alertSecret('alertPing') }
  const { sound: fleet } = readPart(fleetSettings, makeEnvironmentPart(sources, fleetSettings), problems)
  const language = top?.language ?? chooseLanguage({ env })
  if (problems.length > 0 || top === undefined || stateDir === undefined || fleet === undefined)
    throw new ConfigFault(problems, language)
  const databaseFile = env.FLEET_DATABASE_FILE?.trim()
  if (databaseFile) env.FLEET_DATABASE_FILE = resolveWrittenPath(databaseFile, cwd, home)
  const { fleetDatabase: _, ...plain } = fleet
  return { program: makeProgramConfig(top, stateDir, language, alerts), fleet: plain, env }
}
