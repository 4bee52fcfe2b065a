/** Environment or YAML as the same thing: parts of keys and values, each knowing how its owner calls a key. */
import { dirname } from 'node:path'
import { fileVariableOf, findGivenSecret } from '../base/given-secret.ts'
import type { Problem } from '../base/problem.ts'
import { endpointVariables } from './endpoints.ts'
import { type ConfigFile, type Environment, telling, type Variable, variables } from './env.ts'
import { absolutePath, configFolder, type Machine } from './load-paths.ts'
import type { SecretPlace } from './load-secrets.ts'
import { readYaml } from './yaml.ts'

/** One mailbox, one account, or the top of the configuration. */
export interface Part {
  readonly values: Readonly<Record<string, unknown>>
  /** The owner's name for a key: the variable, or the path in the YAML file. */
  place(key: string): string
  /** Where its secret `key` comes from. */
  secret(key: string, vaultName: string): SecretPlace
  /** Whether the secret `key` was given, other than by the vault. */
  has(key: string): boolean
  /** A path written under `key`, made absolute. */
  path(key: string, written: string): string
}

export interface Written {
  readonly kind: 'environment' | 'yaml'
  /** It is a YAML file that no `.env` named. */
  readonly byOwnersFile: boolean
  readonly top: Part
  readonly accounts: readonly Part[]
  readonly mailboxes: readonly Part[]
}

const named = (part: Variable['part'], key: string): Variable | undefined =>
  variables.find(v => v.part === part && v.key === key)

/** The variable for a key, NAME_FILE for the file of a secret. */
function variableOf(part: Variable['part'], key: string): string | undefined {
  const plain = named(part, key)
  if (plain !== undefined) return plain.name
  const secret = key.endsWith('File') ? named(part, key.slice(0, -4)) : undefined
  return secret?.secret ? fileVariableOf(secret.name) : undefined
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
  const path = configFile?.path ?? (named === undefined ? undefined : absolutePath(named, cwd, machine.home))
  if (path !== undefined) {
    for (const at of telling)
      if (environment.get(at) !== undefined) note({ at, kind: 'two-sources', file: path })
    return fromYaml(sources, path, configFile?.at ?? 'HIKYAKU_CONFIG', problems)
  }
  if (configFolder(machine) === undefined && telling.every(name => environment.get(name) === undefined))
    problems.push({ at: 'HIKYAKU_CONFIG', kind: 'no-home' })
  return {
    kind: 'environment',
    byOwnersFile: false,
    top: environmentPart(sources, 'top'),
    accounts: [environmentPart(sources, 'account')],
    mailboxes: [environmentPart(sources, 'mailbox')],
  }
}

function environmentPart({ environment, machine, cwd }: Sources, part: Variable['part']): Part {
  const values: Record<string, unknown> = {}
  for (const { name, key, secret } of variables.filter(v => v.part === part)) {
    const value = environment.get(secret ? fileVariableOf(name) : name)
    if (value !== undefined) values[secret ? `${key}File` : key] = value
  }
  return {
    values,
    place: key => variableOf(part, key) ?? key,
    has: key => {
      const variable = named(part, key)?.name ?? ''
      const { value, file } = findGivenSecret(variable, environment.all)
      return value !== undefined || file !== undefined
    },
    secret: (key, vaultName) => {
      const variable = named(part, key)?.name ?? key
      const { value, file } = findGivenSecret(variable, environment.all)
      return {
        at: variable,
        variable,
        value,
        file: file === undefined ? undefined : absolutePath(file, cwd, machine.home),
        vaultName,
      }
    },
    path: (_key, written) => absolutePath(written, cwd, machine.home),
  }
}

async function fromYaml(sources: Sources, path: string, at: string, problems: Problem[]): Promise<Written> {
  const file = await readYaml(path, at, problems)
  const base = dirname(path)
  const yamlPart = (values: Readonly<Record<string, unknown>>, prefix: string): Part => ({
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
          typeof written === 'string' ? absolutePath(written.trim(), base, sources.machine.home) : undefined,
        vaultName,
      }
    },
    path: (_key, written) => absolutePath(written, base, sources.machine.home),
  })
  // What concerns the whole program may be set by a variable too, and the variable wins: a container's image
  // brings the file, whoever starts it says where the state goes.
  const variablesTop = environmentPart(sources, 'top')
  const written: Record<string, unknown> = { ...file?.top }
  for (const [key, variable] of endpointVariables) {
    if (written[key] == null) continue
    problems.push({ at: key, kind: 'process-only', variable })
    delete written[key]
  }
  const fileTop = yamlPart(written, '')
  const byVariable = (key: string): boolean =>
    variablesTop.values[key] !== undefined || variablesTop.has(key.replace(/File$/, ''))
  const choose = (key: string): Part => (byVariable(key) ? variablesTop : fileTop)
  return {
    kind: 'yaml',
    byOwnersFile: sources.configFile !== undefined,
    top: {
      values: { ...fileTop.values, ...variablesTop.values },
      place: key => choose(key).place(key),
      has: key => variablesTop.has(key) || fileTop.has(key),
      secret: (key, vaultName) => choose(key).secret(key, vaultName),
      path: (key, written) => choose(key).path(key, written),
    },
    accounts: (file?.accounts ?? []).map((values, index) => yamlPart(values, `accounts[${index}].`)),
    mailboxes: (file?.mailboxes ?? []).map((values, index) => yamlPart(values, `mailboxes[${index}].`)),
  }
}
