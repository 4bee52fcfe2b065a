/** The configuration, and whether its secrets can be read; each problem is a line of its own. */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { readBounded } from '../base/bounded-file.ts'
import { asFault, exitCodes, Fault } from '../base/fault.ts'
import { ConfigFault, type Problem } from '../base/problem.ts'
import type { Secret } from '../base/secret.ts'
import { shellWord } from '../base/shell-word.ts'
import { refuseUnusablePlace } from '../base/state-place.ts'
import type { Config } from '../config/config.ts'
import { type LoadOptions, readConfig } from '../config/load.ts'
import { listSecrets } from '../config/mail-credential.ts'
import { makeSettingPlaces } from '../config/setting-places.ts'
import { variables } from '../config/settings.ts'
import { useSettingPlaces } from '../locale/locale.ts'
import { describeProblem } from '../locale/problems.ts'
import { type OpenedVault, openVaultToLook } from '../vault/open-vault.ts'
import type { DoctorContext } from './context.ts'
import { type Finding, failByFault, failCheck, noteCheck, passCheck } from './finding.ts'

export interface Settings {
  /** Undefined where so much is wrong that nothing behind it can be looked at. */
  readonly config: Config | undefined
  readonly findings: readonly Finding[]
}

/** Problems of a secret rather than of a setting: without it the rest of the configuration is still good. */
const ofSecrets: readonly Problem['kind'][] = ['missing-secret', 'open-file', 'empty-file']
const isOfSecrets = (problem: Problem): boolean =>
  ofSecrets.includes(problem.kind) || (problem.kind === 'file' && problem.at.endsWith('_FILE'))

export async function checkSettings(context: DoctorContext): Promise<Settings> {
  const { words, language, env, cwd } = context
  const findings: Finding[] = []
  const kinds = new Set<string>()
  let vault: Promise<OpenedVault> | undefined
  const openNow = (stateDir: string, all: NodeJS.ProcessEnv): Promise<OpenedVault> => {
    vault ??= refuseUnusablePlace(stateDir).then(() => openVaultToLook(stateDir, all))
    return vault
  }
  const options: LoadOptions = {
    env,
    cwd,
    secrets: async (name, { stateDir, env: all, destination, firstUse }) => {
      const opened = await openNow(stateDir, all)
      const secret = await (destination === undefined
        ? opened.get(name)
        : opened.getFor(name, destination, firstUse))
      if (secret !== undefined) kinds.add(opened.kind)
      return secret
    },
    // Asking for a token may bring a refresh token that takes the place of the present one.
    keepSecret: async (name, value, { stateDir, env: all, destination }) => {
      const opened = await openNow(stateDir, all)
      await opened.setFor(name, value, destination)
    },
    onNote: problem =>
      findings.push(
        noteCheck({ check: 'configuration' }, `config.${problem.kind}`, {
          what: describeProblem(problem, language),
          next: words.mendSettings,
        }),
      ),
  }
  const failByProblem = (problem: Problem): Finding =>
    failCheck(
      { check: isOfSecrets(problem) ? 'secrets' : 'configuration' },
      `config.${problem.kind}`,
      { what: describeProblem(problem, language), next: words.mendSettings },
      exitCodes.configuration,
    )
  let secretProblems: readonly Problem[] = []
  let config: Config
  try {
    config = await load(options)
  } catch (thrown) {
    if (!(thrown instanceof ConfigFault)) throw thrown
    if (thrown.notSetUp !== undefined) {
      const fault = context.nothingSetUp(thrown.notSetUp)
      return {
        config: undefined,
        findings: [...findings, failByFault({ check: 'configuration' }, fault, language)],
      }
    }
    secretProblems = thrown.problems.filter(isOfSecrets)
    const others = thrown.problems.filter(problem => !isOfSecrets(problem))
    const rest = others.length > 0 ? undefined : await loadRest(options)
    if (rest === undefined)
      return { config: undefined, findings: [...findings, ...thrown.problems.map(failByProblem)] }
    config = rest
  }
  const { mailboxes, accounts } = config
  findings.unshift(passCheck({ check: 'configuration' }, words.settings(mailboxes.length, accounts.length)))
  findings.push(...secretProblems.map(failByProblem))
  const secrets = secretProblems.length > 0 ? [] : await checkSecrets(config, context)
  const open = await checkOpenFiles(config, context)
  findings.push(...secrets, ...open)
  if (secretProblems.length + secrets.length + open.length === 0) {
    findings.push(passCheck({ check: 'secrets' }, words.secretsWell(placesOf(kinds, env))))
  }
  return { config, findings }
}

/** Where the secrets come from: what the settings give themselves, and the vault for the rest. */
function placesOf(kinds: ReadonlySet<string>, env: NodeJS.ProcessEnv): readonly string[] {
  const given = variables.some(({ name, secret }) => secret && (env[name] || env[`${name}_FILE`]))
  return given || kinds.size === 0
    ? ['environment', ...[...kinds].filter(kind => kind !== 'environment')]
    : [...kinds]
}

async function checkSecrets(config: Config, { language }: DoctorContext): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  const tryOne = async (subject: string, secret: Secret): Promise<void> => {
    try {
      await secret.reveal()
    } catch (thrown) {
      findings.push(failByFault({ check: 'secrets', subject }, asFault(thrown), language))
    }
  }
  for (const { name, credential } of config.mailboxes)
    for (const secret of listSecrets(credential)) await tryOne(name, secret)
  for (const { name, credential } of config.accounts) {
    if (credential.kind === 'app-password') await tryOne(name, credential.password)
    if (credential.kind !== 'user') continue
    await tryOne(name, credential.clientSecret)
    await tryOne(name, credential.refreshToken)
  }
  return findings
}

/** Files with secrets that are used whatever their mode: `.env`, and the key of a service account. */
async function checkOpenFiles(config: Config, context: DoctorContext): Promise<readonly Finding[]> {
  if (process.platform === 'win32') return []
  const files = config.accounts.flatMap(({ credential }) =>
    credential.kind === 'service-account' && credential.key === undefined ? [credential.keyFile] : [],
  )
  const dotEnv = join(context.cwd, '.env')
  if (await holdsSecret(dotEnv)) files.push(dotEnv)
  const findings: Finding[] = []
  for (const file of files) {
    const stats = await stat(file).catch(() => undefined)
    if (stats === undefined || (stats.mode & 0o077) === 0) continue
    const text = context.words.openFile(file, `chmod 600 ${shellWord(file)}`)
    findings.push(noteCheck({ check: 'secrets' }, 'secret.open-file', text))
  }
  return findings
}

async function holdsSecret(file: string): Promise<boolean> {
  // One that is refused was told as a problem of the configuration, or is not read.
  const text = await readBounded(file, { mostOctets: 65_536, trusted: true }).then(String, () => '')
  return variables.some(
    ({ name, secret }) => secret && new RegExp(`^\\s*(export\\s+)?${name}\\s*=\\s*\\S`, 'm').test(text),
  )
}

/** Whether the secret is there; what is missing has been told already. */
export async function canReveal(secret: Secret): Promise<boolean> {
  return secret.reveal().then(
    () => true,
    thrown => {
      if (thrown instanceof Fault) return false
      throw thrown
    },
  )
}

/** Without its secrets; undefined where something else is wrong, too: a file that no secret is in, say. */
async function loadRest(options: LoadOptions): Promise<Config | undefined> {
  try {
    return await load({ ...options, needSecrets: false, onNote: () => {} })
  } catch (thrown) {
    if (thrown instanceof ConfigFault) return undefined
    throw thrown
  }
}

async function load(options: LoadOptions): Promise<Config> {
  const { config, inForce } = await readConfig(options)
  useSettingPlaces(makeSettingPlaces(inForce))
  return config
}
