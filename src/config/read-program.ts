/** How every reading of settings begins, whatever says which mailboxes there are: the environment, then the whole program's part. */
import { homeOf } from '../base/home.ts'
import { chooseLanguage, type Language } from '../base/language.ts'
import { ConfigFault, type Problem } from '../base/problem.ts'
import { checkEndpoints, googleEndpoints, microsoftLoginRoot, pickEndpoints } from './endpoints.ts'
import { readEnvironment } from './env.ts'
import type { Context } from './load-context.ts'
import { checkPageSettings } from './load-page.ts'
import { findStateFolder } from './load-paths.ts'
import type { Part, Sources } from './load-written.ts'
import { readPart } from './read-part.ts'
import type { Values } from './settings/setting.ts'
import { programSettings } from './settings.ts'

export interface ProgramOptions {
  /** The process environment; `.env` in `cwd` stands behind it. */
  readonly env: NodeJS.ProcessEnv
  readonly cwd: string
  readonly platform?: NodeJS.Platform
  readonly home?: string
  /**
   * Told each secret's value whenever it is read, so that the log can hide it: a password that the owner
   * changes while the daemon runs is hidden from its first use.
   */
  readonly onReveal?: (value: string) => void
  /** Told what is not wrong but worth saying; `describeProblem` makes it text. */
  readonly onNote?: (note: Problem) => void
}

export interface Begun {
  readonly sources: Sources
  /** So far; what is read from here on adds its own. */
  readonly problems: Problem[]
  readonly note: (problem: Problem) => void
}

/**
 * @param file YAML file named by a flag; before HIKYAKU_CONFIG
 * @throws ConfigFault where nothing can be read beside what is wrong
 */
export async function readSources(options: ProgramOptions, file?: string): Promise<Begun> {
  const { cwd, platform = process.platform, home = homeOf(options.env) } = options
  const note = options.onNote ?? (() => {})
  const read = await readEnvironment(options.env, cwd, { file, platform, home })
  const { environment, configFile } = read
  for (const problem of read.notes) note(problem)
  // Alone: what would be missing without that file is not what is wrong.
  if (read.refused !== undefined) throw new ConfigFault([read.refused], chooseLanguage({ env: options.env }))
  const machine = { platform, home, env: environment.all as NodeJS.ProcessEnv }
  return { sources: { environment, machine, cwd, configFile }, problems: [...read.problems], note }
}

export interface ReadProgram {
  /** Undefined where anything in it is wrong. */
  readonly top: Values<typeof programSettings> | undefined
  /** Undefined where this computer has no place for it. */
  readonly stateDir: string | undefined
  readonly language: Language
  /** For what is read besides, once it is known who keeps secrets. */
  readonly context: Omit<Context, 'vault' | 'keep'>
}

/** @param part where the settings of the whole program stand */
export async function readProgram(
  part: Part,
  { sources: { machine }, problems, note }: Begun,
  options: ProgramOptions,
): Promise<ReadProgram> {
  const { env } = machine
  const { sound: top, values } = readPart(programSettings, part, problems)
  problems.push(...(await checkPageSettings(values, part, env)))
  const stateDir = top?.stateDir ?? findStateFolder(machine)
  if (stateDir === undefined) problems.push({ at: 'STATE_DIR', kind: 'no-home' })
  if (top !== undefined) problems.push(...checkEndpoints(top, part.place, options.env))
  const context = {
    ...{ env, problems, note, places: [], settled: [], onReveal: options.onReveal },
    endpoints: top === undefined ? googleEndpoints : pickEndpoints(top),
    microsoftLoginRoot: top?.microsoftLoginRoot ?? microsoftLoginRoot,
  }
  return { top, stateDir, language: top?.language ?? chooseLanguage({ env }), context }
}
