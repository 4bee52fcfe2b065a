/** The process environment over `.env`: what is said twice is taken from the process environment. */
import { join } from 'node:path'
import { homeOf } from '../base/home.ts'
import type { Problem } from '../base/problem.ts'
import { findNearestName } from '../base/spelling.ts'
import { isDotEnv, readDotEnv } from './dot-env.ts'
import {
  findConfigFolder,
  isPresent,
  type Machine,
  mailboxVariables,
  resolveWrittenPath,
} from './load-paths.ts'
import type { Origin } from './origin.ts'
import { variableNames, variables } from './settings.ts'

export interface Environment {
  /** The value, trimmed; undefined where unset or empty. */
  get(name: string): string | undefined
  /** Where the value comes from; undefined where there is none. */
  originOf(name: string): Origin | undefined
  /** Everything, the process environment over `.env`. */
  readonly all: Readonly<Record<string, string | undefined>>
}

/** The YAML file that the process itself, or its platform, says is in force. */
export interface ConfigFile {
  readonly path: string
  /** How its owner knows it: HIKYAKU_CONFIG, or the path. */
  readonly at: string
}

export interface ReadEnvironment {
  readonly environment: Environment
  /** Where there is one, `.env` was not read, and nothing else can name another file. */
  readonly configFile: ConfigFile | undefined
  /** `.env` must not be read, and nothing goes on without it: somebody else may have written it, for instance. */
  readonly refused: Problem | undefined
  readonly problems: readonly Problem[]
  /** Not wrong, but worth saying: a variable of the process environment that looks misspelt; an ignored `.env`. */
  readonly notes: readonly Problem[]
}

type Env = Readonly<Record<string, string | undefined>>

export interface EnvironmentOptions {
  /** The YAML file that a flag names; before HIKYAKU_CONFIG. */
  readonly file?: string | undefined
  readonly platform?: NodeJS.Platform
  readonly home?: string | undefined
}

const secretNames: ReadonlySet<string> = new Set(variables.filter(v => v.secret).map(v => v.name))

/**
 * @param env the environment of the process
 * @param cwd where `.env` may be; it is read only where no YAML file is in force
 */
export async function readEnvironment(
  env: Env,
  cwd: string,
  options: EnvironmentOptions = {},
): Promise<ReadEnvironment> {
  const { platform = process.platform, home = homeOf(env) } = options
  const dotEnv = join(cwd, '.env')
  const configFile = await findConfigFile({ env, platform, home }, cwd, options.file)
  const { values, lines, problems, refused } =
    configFile === undefined
      ? await readDotEnv(dotEnv, variableNames, secretNames)
      : { values: {}, lines: new Map<string, number>(), problems: [], refused: undefined }
  const file: Record<string, string | undefined> = {}
  for (const [name, value] of Object.entries(values)) {
    const variable = variables.find(known => known.name === name)
    if (variable?.processOnly) problems.push({ at: name, kind: 'process-only' })
    // Nothing else: what steers node, its loader or the way to the keychain is not for a file to say.
    else if (variableNames.includes(name) || isLikelyOurs(name) || isNameInVault(name)) file[name] = value
  }
  const all: Record<string, string | undefined> = { ...file, ...env }
  for (const { name, secret } of variables) {
    // NAME and NAME_FILE are one setting: the process environment's form of it replaces the other one in .env.
    if (secret && env[name] !== undefined && env[`${name}_FILE`] === undefined) delete all[`${name}_FILE`]
    if (secret && env[`${name}_FILE`] !== undefined && env[name] === undefined) delete all[name]
  }
  const fromFile = Object.keys(file).filter(name => env[name] === undefined)
  problems.push(...findUnknown(fromFile, isLikelyOurs))
  const notes = findUnknown(
    Object.keys(env),
    name => /^(MAIL|GMAIL|ALERT)_/.test(name) && findNearestName(name, variableNames) !== undefined,
  )
  if (configFile !== undefined && (await isDotEnv(dotEnv)))
    notes.push({ at: dotEnv, kind: 'dot-env-ignored', file: configFile.path })
  return {
    configFile,
    refused,
    problems,
    notes,
    environment: {
      all,
      get: name => all[name]?.trim() || undefined,
      originOf: name => {
        if (!all[name]?.trim()) return undefined
        if (env[name] !== undefined) return { from: 'process', variable: name }
        return { from: '.env', variable: name, file: dotEnv, line: lines.get(name) }
      },
    },
  }
}

/** The file of a flag; else of HIKYAKU_CONFIG; else, unless a variable describes a mailbox, the platform's own. */
async function findConfigFile(
  machine: Machine,
  cwd: string,
  file: string | undefined,
): Promise<ConfigFile | undefined> {
  const { env, home } = machine
  const asked = file ?? (env.HIKYAKU_CONFIG?.trim() || undefined)
  if (asked !== undefined) {
    const path = resolveWrittenPath(asked, cwd, home)
    return { path, at: file === undefined ? 'HIKYAKU_CONFIG' : path }
  }
  if (mailboxVariables.some(name => env[name]?.trim())) return undefined
  const folder = findConfigFolder(machine)
  if (folder === undefined) return undefined
  const usual = join(folder, 'config.yaml')
  return (await isPresent(usual)) ? { path: usual, at: usual } : undefined
}

/** A secret's name in the vault, as a variable. */
const isNameInVault = (name: string): boolean =>
  /^(MAILBOX|GOOGLE)_.*_(PASSWORD|REFRESH_TOKEN|CLIENT_SECRET)(_FILE)?$/.test(name)

/** Names that others may put into the same `.env` are left alone. */
function isLikelyOurs(name: string): boolean {
  if (isNameInVault(name)) return false
  if (/^HIKYAKU_(FUZZ_RUNS|REQUIRE_SERVERS|SKIPPED_SUITES)$/.test(name)) return false
  return (
    /^(MAIL|GMAIL|HIKYAKU|ALERT|GOOGLE_CLIENT|GOOGLE_REFRESH)_/.test(name) ||
    findNearestName(name, variableNames) !== undefined
  )
}

function findUnknown(names: readonly string[], ours: (name: string) => boolean): Problem[] {
  return names
    .filter(name => !variableNames.includes(name) && ours(name))
    .map(name => ({ at: name, kind: 'unknown', suggestion: findNearestName(name, variableNames) }))
}
