/** Loads the configuration for a command: environment, .env or YAML, with the vault behind missing secrets. */

import { Fault } from '../base/fault.ts'
import type { Env } from '../base/home.ts'
import { ConfigFault, type Problem } from '../base/problem.ts'
import { refuseUnusablePlace } from '../base/state-place.ts'
import { printable } from '../base/untrusted.ts'
import type { Config, MailboxConfig } from '../config/config.ts'
import type { SettingsInForce } from '../config/in-force.ts'
import { type LoadOptions, type ReadConfig, readConfig } from '../config/load.ts'
import { listSecrets } from '../config/mail-credential.ts'
import { makeSettingPlaces } from '../config/setting-places.ts'
import { useSettingPlaces } from '../locale/locale.ts'
import { describeProblem } from '../locale/problems.ts'
import { type Log, makeLog } from '../log/log.ts'
import type { OpenedVault } from '../vault/open-vault.ts'
import { type Invocation, runAnswering } from './invocation.ts'
import { isServiceOfComputer } from './service-env.ts'

export interface LoadedConfig extends ReadConfig {
  /** Tells the log which values must never appear in it. */
  hide(log: Log): Promise<void>
}

/** A command's work with its configuration; a fault becomes three lines for people (or JSON) and an exit code. */
export async function withConfig(
  invocation: Invocation,
  work: (config: Config, log: Log, inForce: SettingsInForce) => Promise<number>,
  needSecrets = true,
  needStateFolder = true,
): Promise<number> {
  return runAnswering(invocation, async () => {
    const { config, inForce, hide } = await loadConfigHere(invocation, needSecrets)
    if (needStateFolder) await refuseUnusablePlace(config.stateDir)
    const log = makeLog({ ...config.log, language: invocation.language })
    if (needSecrets) await hide(log)
    return work(config, log, inForce)
  })
}

/**
 * @param needSecrets false for commands that talk to nobody (status, retry)
 * @throws ConfigFault
 */
export async function loadConfigHere(invocation: Invocation, needSecrets = true): Promise<LoadedConfig> {
  let vault: Promise<OpenedVault> | undefined
  const hidden = new Set<string>()
  let log: Log | undefined
  const openNow = async (stateDir: string, env: NodeJS.ProcessEnv): Promise<OpenedVault> => {
    const { openVault } = await import('../vault/open-vault.ts')
    // A vault that does not open now (a locked keychain, an unreadable key) may open at the next question.
    vault ??= refuseUnusablePlace(stateDir).then(() => openVault({ stateDir, env }))
    const opened = vault
    opened.catch(() => {
      if (vault === opened) vault = undefined
    })
    return opened
  }
  const { config, inForce, listMembers } = await readConfigured(invocation.env, {
    env: { ...invocation.env },
    cwd: invocation.cwd,
    needSecrets,
    secrets: async (name, { stateDir, env, destination, firstUse }) => {
      const open = await openNow(stateDir, env)
      return destination === undefined ? open.get(name) : open.getFor(name, destination, firstUse)
    },
    keepSecret: async (name, value, { stateDir, env, destination }) => {
      const open = await openNow(stateDir, env)
      await open.setFor(name, value, destination)
    },
    // A password that the owner changes while the daemon runs is hidden from its first use.
    onReveal: value => {
      hidden.add(value)
      log?.hide(value)
    },
    onNote: note => tellNotes(invocation, [note]),
  })
  useSettingPlaces(makeSettingPlaces(inForce))
  return {
    config,
    inForce,
    listMembers,
    hide: async to => {
      log = to
      await revealSecrets(config)
      for (const value of hidden) to.hide(value)
    },
  }
}

/** @throws ConfigFault; Fault config.none where nobody has set anything up, with where it was looked for */
async function readConfigured(env: Env, options: LoadOptions): Promise<ReadConfig> {
  try {
    return await readConfig(options)
  } catch (thrown) {
    if (!(thrown instanceof ConfigFault) || thrown.notSetUp === undefined) throw thrown
    throw nothingSetUp(env, thrown.notSetUp, thrown)
  }
}

/** @param file where it would be */
export function nothingSetUp(env: Env, file: string, cause?: unknown): Fault {
  const reason = isServiceOfComputer(env) ? { reason: 'of-the-computer' } : {}
  return new Fault('config.none', { facts: { file, ...reason }, cause })
}

/** @param names as the owner typed them; all of the configuration where there is none @throws Fault usage.invalid */
export function chooseMailboxes({ mailboxes }: Config, names: readonly string[]): readonly MailboxConfig[] {
  if (names.length === 0) return mailboxes
  return [...new Set(names)].map(name => {
    const mailbox = mailboxes.find(candidate => candidate.name === name)
    if (mailbox !== undefined) return mailbox
    const words = mailboxes.map(candidate => candidate.name).join(', ')
    throw new Fault('usage.invalid', { facts: { what: `mailbox ${name}`, words } })
  })
}

/** One line each, for people. */
export function tellNotes({ json, stderr, language }: Invocation, notes: readonly Problem[]): void {
  if (!json) for (const note of notes) stderr.write(`${printable(describeProblem(note, language))}\n`)
}

/** Reads each secret once. One that cannot be read now is told when it is used. */
async function revealSecrets(config: Config): Promise<void> {
  const secrets = [
    ...config.mailboxes.flatMap(mailbox => listSecrets(mailbox.credential)),
    ...config.accounts.flatMap(({ credential }) => {
      if (credential.kind === 'app-password') return [credential.password]
      return credential.kind === 'user' ? [credential.clientSecret, credential.refreshToken] : []
    }),
    config.alerts.webhook,
    config.alerts.ping,
  ]
  for (const secret of secrets) {
    await secret?.reveal().catch(() => undefined)
  }
}
