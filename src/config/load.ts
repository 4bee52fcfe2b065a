/** From environment, .env and YAML to the frozen Config, or to one fault that names every problem. */

import { join } from 'node:path'
import { ConfigFault, type Problem } from '../base/problem.ts'
import type { Destination, FirstUse } from '../base/secret.ts'
import type { AccountConfig, Config, MailboxConfig } from './config.ts'
import { decideFirstUse } from './destinations.ts'
import type { Environment } from './env.ts'
import { listSettingsInForce, type SettingsInForce } from './in-force.ts'
import { buildAccount, buildMailbox, readAlerts, refuseSecretsInYaml } from './load-build.ts'
import type { Context } from './load-context.ts'
import { findConfigFolder, type Machine, mailboxVariables } from './load-paths.ts'
import { type AskVault, checkSecret, type KeepInVault } from './load-secrets.ts'
import { makeEnvironmentPart, type Part, readWritten } from './load-written.ts'
import { findMailLoops } from './mail-loops.ts'
import { deepFreeze, makeProgramConfig } from './program-config.ts'
import { readPart } from './read-part.ts'
import { type ProgramOptions, readProgram, readSources } from './read-program.ts'
import { fleetSettings, startSettings, variables } from './settings.ts'
import type { WrittenMember } from './written-members.ts'

const variablesOnly = { ...startSettings, ...fleetSettings }

export { makeMailboxName } from './load-build.ts'
export { vaultNames } from './vault-names.ts'

export interface LoadOptions extends ProgramOptions {
  /** YAML file named by a flag; before HIKYAKU_CONFIG. */
  readonly file?: string | undefined
  /**
   * The vault, asked for what neither NAME nor NAME_FILE gives. It is called with the state directory and the
   * merged environment, so that it can be opened at the first question; and with the destination, for which alone
   * it may give the secret out.
   */
  readonly secrets?: (name: string, context: SecretContext) => Promise<string | undefined>
  /** Keeps a secret that whoever gave it replaced (a refresh token), for the destination alone. */
  readonly keepSecret?: (
    name: string,
    value: string,
    context: SecretContext & { readonly destination: Destination },
  ) => Promise<void>
  /**
   * Whether a password or permission that is missing for the one mailbox of the environment is a problem of
   * the configuration. Default true; false where none is needed (set-up, status). With a YAML file a missing
   * one is `secret.missing` when it is used, so that the other mailboxes go on.
   */
  readonly needSecrets?: boolean
}

export interface SecretContext {
  readonly stateDir: string
  readonly env: NodeJS.ProcessEnv
  /** Undefined where the configuration is so wrong that it will not be used: then only whether it is there counts. */
  readonly destination: Destination | undefined
  readonly firstUse: FirstUse
}

export interface ReadConfig {
  /** Frozen. */
  readonly config: Config
  /** Every setting with what holds and where it comes from. */
  readonly inForce: SettingsInForce
  /** Its accounts and mailboxes as a fleet keeps them: for who takes them there, and no other command. */
  listMembers(): Promise<readonly WrittenMember[]>
}

/**
 * @returns the frozen configuration
 * @throws ConfigFault (config.invalid) with every problem found
 */
export async function loadConfig(options: LoadOptions): Promise<Config> {
  return (await readConfig(options)).config
}

/** The same, with where each setting comes from. */
export async function readConfig(options: LoadOptions): Promise<ReadConfig> {
  const begun = await readSources(options, options.file)
  const { sources, problems, note } = begun
  const { environment, machine } = sources
  const written = await readWritten(sources, problems, note)
  const read = await readProgram(written.top, begun, options)
  const { top, stateDir, language } = read
  const context: Context = {
    ...read.context,
    vault: askVault(options, stateDir, machine.env, written.byOwnersFile),
    keep: keepInVault(options, stateDir, machine.env, written.byOwnersFile),
  }
  if (written.kind === 'yaml') refuseSecretsInYaml(written.top, () => undefined, problems)
  const alerts = readAlerts(written.top, context)

  const accounts: AccountConfig[] = []
  for (const part of written.accounts) {
    const account = await buildAccount(part, written.kind, context)
    if (account !== undefined) accounts.push(account)
  }
  const names = accounts.map(({ name }) => name)
  const built: { readonly mailbox: MailboxConfig; readonly part: Part }[] = []
  for (const part of written.mailboxes) {
    const mailbox = await buildMailbox(part, written.kind, names, context)
    if (mailbox !== undefined) built.push({ mailbox, part })
  }
  const mailboxes = built.map(({ mailbox }) => mailbox)
  findTwice(names, 'accounts', problems)
  findTwice(
    mailboxes.map(({ name }) => name),
    'mailboxes',
    problems,
  )
  const startPart = makeEnvironmentPart(sources, variablesOnly)
  problems.push(...findMailLoops(built, accounts))
  const { values: start } = readPart(variablesOnly, startPart, problems)
  if (written.kind === 'environment' && options.needSecrets !== false) {
    for (const { place, secret } of context.places) {
      const problem = await checkSecret(place, secret)
      if (problem !== undefined) problems.push(problem)
    }
  }
  if (problems.length > 0 || top === undefined || stateDir === undefined) {
    const notSetUp = written.kind === 'environment' ? findWhatIsNot(environment, machine) : undefined
    throw new ConfigFault(sortByRank(problems), language, notSetUp)
  }

  const config = deepFreeze<Config>({
    ...makeProgramConfig(top, stateDir, language, alerts),
    accounts,
    mailboxes,
  })
  const inForce = listSettingsInForce(written.file, context.places, [
    { part: 'start', name: undefined, source: startPart, values: { ...start, config: written.file } },
    { part: 'top', name: undefined, source: written.top, values: { ...top, stateDir, language } },
    ...context.settled,
  ])
  const listMembers = async (): Promise<readonly WrittenMember[]> => {
    const { listWrittenMembers } = await import('./written-members.ts')
    return listWrittenMembers(context.settled, context.places)
  }
  return { config, inForce, listMembers }
}

function askVault(
  { secrets }: LoadOptions,
  stateDir: string | undefined,
  env: NodeJS.ProcessEnv,
  byOwnersFile: boolean,
): AskVault | undefined {
  if (secrets === undefined) return undefined
  return async (name, destination) => {
    if (stateDir === undefined) return undefined
    const firstUse = destination === undefined ? 'refuse' : decideFirstUse(destination, byOwnersFile)
    return secrets(name, { stateDir, env, destination, firstUse })
  }
}

function keepInVault(
  { keepSecret }: LoadOptions,
  stateDir: string | undefined,
  env: NodeJS.ProcessEnv,
  byOwnersFile: boolean,
): KeepInVault | undefined {
  if (keepSecret === undefined || stateDir === undefined) return undefined
  return (name, value, destination) => {
    const firstUse = decideFirstUse(destination, byOwnersFile)
    return keepSecret(name, value, { stateDir, env, destination, firstUse })
  }
}

/** @returns the file that would be read, where no variable describes anything either */
function findWhatIsNot(environment: Environment, machine: Machine): string | undefined {
  const isSet = [...mailboxVariables, 'GMAIL_ACCOUNT'].some(name => environment.get(name) !== undefined)
  const folder = isSet ? undefined : findConfigFolder(machine)
  return folder === undefined ? undefined : join(folder, 'config.yaml')
}

function findTwice(names: readonly string[], at: string, problems: Problem[]): void {
  const twice = new Set(names.filter((name, index) => names.indexOf(name) !== index))
  for (const what of twice) problems.push({ at, kind: 'twice', what })
}

/** Each problem once, and no variable missing of which something worse is known; those of variables in the order of .env.example. */
function sortByRank(problems: readonly Problem[]): readonly Problem[] {
  const unclosed = problems.filter(({ kind }) => kind === 'unclosed').map(({ at }) => at)
  const worst = problems.filter(({ kind, at }) => !kind.startsWith('missing') || !unclosed.includes(at))
  const once = new Map(worst.map(problem => [JSON.stringify(problem), problem]))
  const rank = ({ at }: Problem): number => {
    const found = variables.findIndex(v => v.name === at || `${v.name}_FILE` === at)
    return found < 0 ? variables.length : found
  }
  return [...once.values()].sort((a, b) => rank(a) - rank(b))
}
