/** Loads the configuration for a command: environment, .env or YAML, with the vault behind missing secrets. */
import type { Config } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import { problemLine } from '../locale/problems.ts'
import type { Log } from '../log.ts'
import { printable } from '../untrusted.ts'
import type { OpenedVault } from '../vault/open-vault.ts'
import type { Invocation } from './invocation.ts'

export interface LoadedConfig {
  readonly config: Config
  /** Tells the log which values must never appear in it. */
  hide(log: Log): Promise<void>
}

/**
 * @param needSecrets false for commands that talk to nobody (status, retry)
 * @throws ConfigFault
 */
export async function loadConfigHere(invocation: Invocation, needSecrets = true): Promise<LoadedConfig> {
  let vault: Promise<OpenedVault> | undefined
  const config = await loadConfig({
    env: { ...invocation.env },
    cwd: invocation.cwd,
    needSecrets,
    secrets: async (name, { stateDir, env }) => {
      const { openVault } = await import('../vault/open-vault.ts')
      vault ??= openVault({ stateDir, env })
      return (await vault).get(name)
    },
    onNote: note => {
      if (!invocation.json) invocation.stderr.write(`${printable(problemLine(note, invocation.language))}\n`)
    },
  })
  return { config, hide: log => hideSecrets(config, log) }
}

/** A secret that cannot be read now is told when it is used. */
async function hideSecrets(config: Config, log: Log): Promise<void> {
  const secrets = [
    ...config.mailboxes.map(mailbox => mailbox.password),
    ...config.accounts.flatMap(({ credential }) =>
      credential.kind === 'user' ? [credential.clientSecret, credential.refreshToken] : [],
    ),
    config.alerts.webhook,
    config.alerts.ping,
  ]
  for (const secret of secrets) {
    const value = await secret?.reveal().catch(() => undefined)
    if (value !== undefined) log.hide(value)
  }
}
