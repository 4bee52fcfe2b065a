/** Environment or YAML as the same thing: parts of keys and values, each knowing how its owner calls a key. */
import { dirname } from 'node:path'
import { fileVariableOf, findGivenSecret } from '../base/given-secret.ts'
import type { Problem } from '../base/problem.ts'
import type { ConfigFile, Environment } from './env.ts'
import { findConfigFolder, type Machine, mailboxVariables, resolveWrittenPath } from './load-paths.ts'
import type { SecretPlace } from './load-secrets.ts'
import type { Origin } from './origin.ts'
import type { WrittenPart } from './read-part.ts'
import type { Settings } from './settings/setting.ts'
import { accountSettings, mailboxSettings, makeYamlKey, programSettings, variables } from './settings.ts'
import { readYaml } from './yaml.ts'

/** One mailbox, one account, or the top of the configuration. */
export interface Part extends WrittenPart {
  /** Where its secret `key` comes from. */
  secret(key: string, vaultName: string): SecretPlace
  /** Whether the secret `key` was given, other than by the vault. */
  has(key: string): boolean
  /** Where the value of a setting was written; undefined where it was not. */
  originOf(key: string): Origin | undefined
}

export interface Written {
  readonly kind: 'environment' | 'yaml'
  /** The YAML file. */
  readonly file: string | undefined
  /** It is a YAML file that no `.env` named. */
  readonly byOwnersFile: boolean
  readonly top: Part
  readonly accounts: readonly Part[]
  readonly mailboxes: readonly Part[]
}

export interface Sources {
  readonly environment: Environment
  readonly machine: Machine
  readonly cwd: string
  /** In force, as `readEnvironment` found it. */
  readonly configFile: ConfigFile | undefined
}

/**
 * Finds out where the mailboxes are described: the YAML file in force; else one that `.env` names; else the
 * environment, which may lack everything.
 */
export async function readWritten(
  sources: Sources,
  problems: Problem[],
  note: (problem: Problem) => void,
): Promise<Written> {
  const { environment, machine, cwd, configFile } = sources
  const named = environment.get('HIKYAKU_CONFIG')
  const path =
    configFile?.path ?? (named === undefined ? undefined : resolveWrittenPath(named, cwd, machine.home))
  if (path !== undefined) {
    for (const at of mailboxVariables)
      if (environment.get(at) !== undefined) note({ at, kind: 'two-sources', file: path })
    return readYamlParts(sources, path, configFile?.at ?? 'HIKYAKU_CONFIG', problems)
  }
  if (
    findConfigFolder(machine) === undefined &&
    mailboxVariables.every(name => environment.get(name) === undefined)
  )
    problems.push({ at: 'HIKYAKU_CONFIG', kind: 'no-home' })
  return {
    kind: 'environment',
    file: undefined,
    byOwnersFile: false,
    top: makeEnvironmentPart(sources, programSettings),
    accounts: [makeEnvironmentPart(sources, accountSettings)],
    mailboxes: [makeEnvironmentPart(sources, mailboxSettings)],
  }
}

/** What the variables say of one table. */
export function makeEnvironmentPart(
  { environment, machine, cwd }: Omit<Sources, 'configFile'>,
  settings: Settings,
): Part {
  const nameOf = (key: string): string | undefined =>
    Object.hasOwn(settings, key) ? settings[key]?.variable : undefined
  const values: Record<string, unknown> = {}
  for (const [key, setting] of Object.entries(settings)) {
    const { variable, secret } = setting
    const value = variable && environment.get(secret ? fileVariableOf(variable) : variable)
    if (value) values[makeYamlKey(key, setting)] = value
  }
  const placeOf = (key: string): string | undefined => {
    const secretName = key.endsWith('File') ? nameOf(key.slice(0, -4)) : undefined
    return nameOf(key) ?? (secretName && fileVariableOf(secretName))
  }
  const path = (_key: string, written: string): string => resolveWrittenPath(written, cwd, machine.home)
  return {
    values,
    place: key => placeOf(key) ?? key,
    path,
    has: key => {
      const { value, file } = findGivenSecret(nameOf(key) ?? '', environment.all)
      return value !== undefined || file !== undefined
    },
    secret: (key, vaultName) => {
      const variable = nameOf(key) ?? key
      const { value, file } = findGivenSecret(variable, environment.all)
      return {
        at: variable,
        variable,
        value,
        file: file === undefined ? undefined : path(key, file),
        vaultName,
      }
    },
    originOf: key => {
      const variable = nameOf(key) ?? ''
      return environment.originOf(variable) ?? environment.originOf(fileVariableOf(variable))
    },
  }
}

async function readYamlParts(
  sources: Sources,
  path: string,
  at: string,
  problems: Problem[],
): Promise<Written> {
  const file = await readYaml(path, at, problems)
  const base = dirname(path)
  const yamlPart = (
    values: Readonly<Record<string, unknown>>,
    prefix: string,
    keys: readonly (string | number)[],
  ): Part => ({
    values,
    place: key => `${prefix}${key}`,
    has: key => values[`${key}File`] != null,
    secret: (key, vaultName) => {
      const written = values[`${key}File`]
      return {
        at: `${prefix}${key}`,
        variable: `${prefix}${key}`,
        value: undefined,
        file:
          typeof written === 'string'
            ? resolveWrittenPath(written.trim(), base, sources.machine.home)
            : undefined,
        vaultName,
      }
    },
    path: (_key, written) => resolveWrittenPath(written, base, sources.machine.home),
    lineOf: path => file?.lineNear([...keys, ...path]),
    originOf: key => {
      const written = [key, `${key}File`].find(name => values[name] != null)
      if (written === undefined) return undefined
      const line = file?.lineOf([...keys, written])
      return { from: 'yaml', key: `${prefix}${written}`, file: path, line }
    },
  })
  // What concerns the whole program may be set by a variable too, and the variable wins: a container's image
  // brings the file, whoever starts it says where the state goes.
  const variablesTop = makeEnvironmentPart(sources, programSettings)
  const written: Record<string, unknown> = { ...file?.top }
  for (const { name: variable, key, processOnly } of variables) {
    if (!processOnly || written[key] == null) continue
    problems.push({ at: key, kind: 'process-only', variable })
    delete written[key]
  }
  const fileTop = yamlPart(written, '', [])
  const byVariable = (key: string): boolean =>
    variablesTop.values[key] !== undefined || variablesTop.has(key.replace(/File$/, ''))
  const choose = (key: string): Part => (byVariable(key) ? variablesTop : fileTop)
  return {
    kind: 'yaml',
    file: path,
    byOwnersFile: sources.configFile !== undefined,
    top: {
      values: { ...fileTop.values, ...variablesTop.values },
      place: key => choose(key).place(key),
      has: key => variablesTop.has(key) || fileTop.has(key),
      secret: (key, vaultName) => choose(key).secret(key, vaultName),
      path: (key, written) => choose(key).path(key, written),
      originOf: key => variablesTop.originOf(key) ?? fileTop.originOf(key),
    },
    accounts: (file?.accounts ?? []).map((values, index) =>
      yamlPart(values, `accounts[${index}].`, ['accounts', index]),
    ),
    mailboxes: (file?.mailboxes ?? []).map((values, index) =>
      yamlPart(values, `mailboxes[${index}].`, ['mailboxes', index]),
    ),
  }
}
