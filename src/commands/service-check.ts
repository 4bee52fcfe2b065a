/** Whether a service would find what it needs, asked before it is installed: as it would read it, as who it would be. */
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { posix } from 'node:path'
import { asFault, exitCodes } from '../base/fault.ts'
import type { Config } from '../config/config.ts'
import { computerFolders, findStateFolder } from '../config/load-paths.ts'
import { readUnitEnv } from '../service/installed.ts'
import type { ServiceMachine } from '../service/machine.ts'
import type { ServiceOptions } from '../service/service.ts'
import { serviceWords } from '../service/words.ts'
import { loadConfigHere } from './configuration.ts'
import { faultLines, type Invocation } from './invocation.ts'

export interface Refusal {
  readonly exitCode: number
  readonly line: string
}

/** Nobody's: systemd's own users have no more rights than it has. */
const nobody = '65534'

/**
 * @param unit the text of the unit that runs hikyaku
 * @returns why the service could not work, in words; undefined where nothing speaks against it. On macOS nothing is
 *   asked: an agent is the user himself, at home
 */
export async function checkUnit(
  options: ServiceOptions,
  invocation: Invocation,
  machine: ServiceMachine,
  unit: string,
): Promise<Refusal | undefined> {
  if (machine.platform !== 'linux') return undefined
  const words = serviceWords[invocation.language]
  const isOwnUser = options.scope === 'system'
  if (isOwnUser && options.configFile === undefined && hasSettingsOfRoot(machine)) {
    const from = posix.join(homedir(), '.config/hikyaku/config.yaml')
    const state = findStateFolder({ ...machine, env: invocation.env }) ?? computerFolders.state
    return { exitCode: exitCodes.configuration, line: words.settingsOfRoot(from, state) }
  }
  const env = {
    PATH: invocation.env.PATH,
    HOME: machine.home,
    ...readUnitEnv(unit, machine.prefix),
  }
  let config: Config
  try {
    const loaded = await loadConfigHere({ ...invocation, env, cwd: '/', json: true })
    config = loaded.config
    // With a YAML file, a secret that is not there is told when it is used.
    for (const { password } of config.mailboxes) await password.reveal()
  } catch (thrown) {
    const fault = asFault(thrown)
    const lines = faultLines(fault, invocation.language).replaceAll('\n', '\n  ')
    return { exitCode: fault.exitCode, line: words.wouldNotStart(lines) }
  }
  if (!isOwnUser) return undefined
  for (const file of filesOf(options, env, config)) {
    if (!(await canRead(machine, options.user, file)))
      return { exitCode: exitCodes.configuration, line: words.cannotRead(file, options.user) }
  }
  return undefined
}

/** What an earlier version kept in root's own home. */
const hasSettingsOfRoot = ({ uid, home, prefix }: ServiceMachine): boolean =>
  uid === 0 &&
  home !== undefined &&
  home === homedir() &&
  existsSync(posix.join(prefix + home, '.config/hikyaku/config.yaml'))

/** What the process opens by itself; what systemd opens for it is not among them. */
function filesOf(
  options: ServiceOptions,
  env: Readonly<Record<string, string | undefined>>,
  config: Config,
): string[] {
  const named = Object.entries(env).flatMap(([name, value]) =>
    name.endsWith('_FILE') && name !== 'HIKYAKU_KEY_FILE' && value ? [value] : [],
  )
  const files = [
    options.nodeFile,
    options.cliFile,
    options.configFile,
    ...named,
    ...config.mailboxes.map(({ server }) => server.caFile),
    ...config.accounts.map(({ credential }) => (credential.kind === 'user' ? undefined : credential.keyFile)),
  ]
  return files.filter(file => file !== undefined)
}

/** Asked of the kernel, which knows of modes, lists and mounts. Where it cannot be asked, the start will show. */
async function canRead(machine: ServiceMachine, user: string | undefined, file: string): Promise<boolean> {
  const asNobody = ['setpriv', '--reuid', nobody, '--regid', nobody, '--clear-groups']
  const [program = '', ...args] = user === undefined ? asNobody : ['runuser', '-u', user, '--']
  const { code } = await machine.run(program, [...args, 'test', '-r', machine.prefix + file])
  return code !== 1
}
