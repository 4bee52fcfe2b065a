/** Whether a service would find what it needs, asked before it is installed: as it would read it, as who it would be. */
import { existsSync, realpathSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { posix } from 'node:path'
import { asFault, exitCodes } from '../base/fault.ts'
import { shellWord } from '../base/shell-word.ts'
import { printable } from '../base/untrusted.ts'
import type { Config } from '../config/config.ts'
import { computerFolders, findStateFolder } from '../config/load-paths.ts'
import { listSecrets } from '../config/mail-credential.ts'
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

/** ProtectHome=yes: systemd.exec(5). */
const hiddenHomes = ['/home', '/root', '/run/user']

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
  if (isOwnUser && options.configFile !== undefined && isForeign(machine.prefix + options.configFile)) {
    const line = words.settingsOfOther(shellWord(options.configFile), writeAgain(options))
    return { exitCode: exitCodes.configuration, line }
  }
  const programRefusal = await checkProgram(options, machine, unit, words)
  if (programRefusal !== undefined) return programRefusal
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
    for (const { credential } of config.mailboxes)
      for (const secret of listSecrets(credential)) await secret.reveal()
  } catch (thrown) {
    const fault = asFault(thrown)
    const lines = faultLines(fault, invocation.language).replaceAll('\n', '\n  ')
    return { exitCode: fault.exitCode, line: words.wouldNotStart(lines) }
  }
  const files = filesOf(options, env, config)
  for (const file of [options.stateDir, ...files]) {
    const folders = file === undefined ? undefined : findHidden(file, unit, machine)
    if (file !== undefined && folders !== undefined)
      return { exitCode: exitCodes.configuration, line: words.hidden(file, folders) }
  }
  if (!isOwnUser) return undefined
  for (const file of files) {
    if (!(await canRead(machine, options.user, file)))
      return { exitCode: exitCodes.configuration, line: words.cannotRead(file, options.user) }
  }
  return undefined
}

/** Node and hikyaku themselves: seen, and started as who it would be. */
async function checkProgram(
  { nodeFile, cliFile, scope, user }: ServiceOptions,
  machine: ServiceMachine,
  unit: string,
  words: (typeof serviceWords)['en'],
): Promise<Refusal | undefined> {
  for (const file of [nodeFile, cliFile]) {
    const folders = findHidden(file, unit, machine)
    if (folders !== undefined)
      return { exitCode: exitCodes.configuration, line: words.programHidden(file, folders) }
  }
  if (scope !== 'system') return undefined
  if (user !== undefined && (await machine.run('id', ['-u', '--', user])).code === 1)
    return { exitCode: exitCodes.usage, line: words.noSuchUser(printable(user, 80)) }
  for (const file of [nodeFile, cliFile])
    if (!(await canRead(machine, user, file)))
      return { exitCode: exitCodes.configuration, line: words.programClosed(file, user, '') }
  const { code, output } = await runAs(machine, user, [nodeFile, cliFile, '--version'])
  // 127: nobody here can ask as another user. The start will show.
  if (code === 0 || code === 127) return undefined
  const said = printable(output.split('\n').at(-1) ?? '', 200)
  return { exitCode: exitCodes.configuration, line: words.programClosed(cliFile, user, said) }
}

/**
 * What the unit's sandbox hides: the file under its own name or where its links lead.
 * @returns the folders that are hidden, for people; undefined where it is seen
 */
function findHidden(
  file: string,
  unit: string,
  { prefix, temporaryFolders }: ServiceMachine,
): string | undefined {
  const hidden = [
    ...(/^PrivateTmp=yes$/m.test(unit) ? [temporaryFolders] : []),
    ...(/^ProtectHome=yes$/m.test(unit) ? [hiddenHomes] : []),
  ]
  const names = [file, resolveLinks(prefix, file)]
  const folders = hidden.find(all => all.some(folder => names.some(name => name.startsWith(`${folder}/`))))
  return folders?.join(', ')
}

/** Of a file that is not there yet, where it would be made. */
function resolveLinks(prefix: string, file: string): string {
  try {
    return realpathSync(prefix + file).slice(prefix.length)
  } catch {
    const folder = posix.dirname(file)
    return folder === file ? file : posix.join(resolveLinks(prefix, folder), posix.basename(file))
  }
}

/** Whether root would not take settings from it: bounded-file.ts. One that is not there is told when it is read. */
function isForeign(file: string): boolean {
  const stats = statSync(file, { throwIfNoEntry: false })
  return stats !== undefined && stats.uid !== 0 && stats.uid !== process.geteuid?.()
}

/** The command that was given, without the settings' place. */
const writeAgain = ({ stateDir, user, mode, everySeconds }: ServiceOptions): string =>
  [
    'sudo',
    ...(stateDir === undefined ? [] : [`STATE_DIR=${shellWord(stateDir)}`]),
    'hikyaku service install --system',
    ...(user === undefined ? [] : [`--run-as ${shellWord(user)}`]),
    ...(mode === 'timer' ? ['--timer'] : []),
    ...(everySeconds === undefined ? [] : [`--every ${everySeconds}`]),
  ].join(' ')

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
    options.configFile,
    ...named,
    ...config.mailboxes.map(({ server }) => server.caFile),
    ...config.accounts.map(({ credential }) =>
      credential.kind === 'service-account' ? credential.keyFile : undefined,
    ),
  ]
  return files.filter(file => file !== undefined)
}

/** Asked of the kernel, which knows of modes, lists and mounts. Where it cannot be asked, the start will show. */
async function canRead(machine: ServiceMachine, user: string | undefined, file: string): Promise<boolean> {
  const { code } = await runAs(machine, user, ['test', '-r', machine.prefix + file])
  return code !== 1
}

function runAs(
  machine: ServiceMachine,
  user: string | undefined,
  command: readonly string[],
): ReturnType<ServiceMachine['run']> {
  const asNobody = ['setpriv', '--reuid', nobody, '--regid', nobody, '--clear-groups']
  const [program = '', ...args] = user === undefined ? asNobody : ['runuser', '-u', user, '--']
  return machine.run(program, [...args, ...command])
}
