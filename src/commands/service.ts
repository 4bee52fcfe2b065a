/** `hikyaku service install | uninstall | status`: systemd on Linux, launchd on macOS, the Task Scheduler on Windows. */
import { existsSync, readFileSync } from 'node:fs'
import { posix, win32 } from 'node:path'
import { exitCodes } from '../base/fault.ts'
import { secureStateFolder } from '../base/state-folder.ts'
import { printable, printableLines } from '../base/untrusted.ts'
import {
  computerFolders,
  findConfigFolder,
  findServiceHome,
  findStateFolder,
  refuseNoHome,
} from '../config/load-paths.ts'
import { type ServiceMachine, thisMachine } from '../service/machine.ts'
import {
  findPackagedUser,
  type Manager,
  managerFor,
  pathOf,
  ServiceCommandError,
  ServiceFileError,
} from '../service/manage.ts'
import type { ServiceOptions } from '../service/service.ts'
import { serviceWords } from '../service/words.ts'
import { type Invocation, writeJson, writeLine } from './invocation.ts'
import { checkUnit } from './service-check.ts'

export interface ServiceFlags {
  /** A pull every so often instead of a daemon. */
  readonly timer?: boolean
  /** Default: system for root, else user. */
  readonly system?: boolean
  readonly user?: boolean
  /** systemd system unit: run as this existing user. */
  readonly runAs?: string
  /** Timer: seconds between pulls. */
  readonly every?: number
  /** Only show the files. */
  readonly print?: boolean
}

/** The options of the definition: what the environment names goes into it, so that the service sees the same. */
function optionsFor(
  invocation: Invocation,
  machine: ServiceMachine,
  scope: 'system' | 'user',
  flags: ServiceFlags,
): ServiceOptions {
  const { env } = invocation
  const { nodeFile, cliFile, prefix, userNamespaces } = machine
  const windows = machine.platform === 'win32'
  const paths = windows ? win32 : posix
  const absolute = (path: string | undefined): string | undefined =>
    path ? paths.resolve(invocation.cwd, path) : undefined
  const stateDir = absolute(env.STATE_DIR)
  const ifThere = (path: string): string | undefined => (existsSync(prefix + path) ? path : undefined)
  const system = scope === 'system'
  const mac = machine.platform === 'darwin'
  const userState = (): string =>
    stateDir ?? findStateFolder({ ...machine, env }) ?? refuseNoHome('STATE_DIR')
  return {
    mode: flags.timer ? 'timer' : 'daemon',
    scope,
    nodeFile,
    cliFile,
    // That of the computer is made by systemd, for the user that it makes.
    stateDir: system ? (stateDir === computerFolders.state ? undefined : stateDir) : userState(),
    configFile:
      absolute(env.HIKYAKU_CONFIG) ?? (system ? ifThere(`${computerFolders.config}/config.yaml`) : undefined),
    envFile: system
      ? `${computerFolders.config}/hikyaku.env`
      : paths.join(findConfigFolder({ ...machine, env }) ?? refuseNoHome('HOME'), 'hikyaku.env'),
    keyFile: system ? ifThere(`${computerFolders.config}/hikyaku.key`) : absolute(env.HIKYAKU_KEY_FILE),
    user: flags.runAs ?? (system ? findPackagedUser(machine) : undefined),
    userNamespaces,
    nameServers: system ? nameServersIn(`${prefix}/etc/resolv.conf`) : undefined,
    everySeconds: flags.every,
    logFile: mac
      ? posix.join(machine.home ?? refuseNoHome('HOME'), 'Library/Logs/hikyaku.log')
      : windows
        ? win32.join(findStateFolder({ ...machine, env }) ?? refuseNoHome('HOME'), 'hikyaku.log')
        : undefined,
  }
}

/** resolv.conf(5); none where it cannot be read. */
function nameServersIn(file: string): readonly string[] {
  try {
    const lines = readFileSync(file, 'utf8').split('\n')
    return lines.flatMap(line => /^nameserver\s+([^\s%]+)/.exec(line)?.[1] ?? [])
  } catch {
    return []
  }
}

type Answer = { readonly exitCode: number; readonly lines: readonly string[]; readonly json: object }

async function act(
  action: 'install' | 'uninstall' | 'status',
  invocation: Invocation,
  flags: ServiceFlags,
  machine: ServiceMachine,
): Promise<Answer> {
  const words = serviceWords[invocation.language]
  const refuse = (exitCode: number, line: string): Answer => ({
    exitCode,
    lines: [line],
    json: { message: line },
  })
  const mac = machine.platform === 'darwin'
  const windows = machine.platform === 'win32'
  if (windows && (flags.system || flags.runAs !== undefined))
    return refuse(exitCodes.usage, words.loggedInOnly)
  const scope = !mac && !windows && (flags.system || (machine.uid === 0 && !flags.user)) ? 'system' : 'user'
  const unitsHome = findServiceHome({ ...machine, env: invocation.env })
  // A user's own service lies in the user's home.
  if (scope === 'user' && (unitsHome === undefined || (mac && machine.home === undefined)))
    refuseNoHome('HOME')
  const manager: Manager | undefined = managerFor(machine, scope, unitsHome ?? '')
  if (manager === undefined) return refuse(exitCodes.configuration, words.noServiceManager)
  const linux = machine.platform === 'linux'
  const systemdMissing = linux && !machine.systemd
  if (systemdMissing && action === 'install' && !flags.print)
    return refuse(exitCodes.configuration, words.noSystemd)

  if (action === 'status') {
    const states = await manager.states()
    if (states.length === 0)
      return { ...refuse(exitCodes.configuration, words.notInstalled), json: { services: [] } }
    const lines = states.flatMap(({ name, state, detail }) => {
      const say = { running: words.running, waiting: words.waiting, 'not-running': words.notRunning }[state]
      return [say(name, printable(detail)), words.logs(manager.logCommand(name))]
    })
    const well = states.every(({ state }) => state !== 'not-running')
    return { exitCode: well ? exitCodes.ok : exitCodes.unavailable, lines, json: { services: states } }
  }

  const options = optionsFor(invocation, machine, scope, flags)
  if (action === 'install' && flags.print) {
    const files = manager.files(options)
    const lines = files.map(file => `# ${pathOf(file, manager.folder)}\n${file.text}`)
    return { exitCode: exitCodes.ok, lines, json: { folder: manager.folder, files } }
  }
  if (scope === 'system' && machine.uid !== 0) return refuse(exitCodes.usage, words.needsRoot)

  if (action === 'uninstall') {
    const { removed, turnedOff } = await manager.uninstall()
    const lines = [...removed.map(words.removed), ...turnedOff.map(words.turnedOff)]
    if (lines.length === 0) lines.push(words.nothingToRemove)
    return { exitCode: exitCodes.ok, lines, json: { removed, turnedOff } }
  }
  if (/[\\/]_npx[\\/]/.test(options.cliFile)) return refuse(exitCodes.usage, words.npx)
  const unit = manager
    .files(options)
    .map(({ text }) => text)
    .join('\n')
  const refusal = await checkUnit(options, invocation, machine, unit)
  if (refusal !== undefined)
    return { exitCode: refusal.exitCode, lines: [refusal.line], json: { message: refusal.line } }
  // systemd refuses to start a service whose writable folder is not there.
  if (options.stateDir !== undefined && scope === 'user') secureStateFolder(machine.prefix + options.stateDir)
  const { files, name } = await manager.install(options)
  const lingers = existsSync(`${machine.prefix}/var/lib/systemd/linger/${machine.userName}`)
  const lines = [
    ...files.map(words.wrote),
    words.started(name),
    words.logs(manager.logCommand(name)),
    ...(scope === 'user' && linux && !lingers ? [words.linger(machine.userName)] : []),
    ...(scope === 'user' && linux && !machine.userNamespaces ? [words.weakSandbox] : []),
    ...(windows ? [words.untriedWindows] : []),
  ]
  return { exitCode: exitCodes.ok, lines, json: { files, name } }
}

/**
 * @returns the exit code: 0; for `status` also 69 (installed, not running) and 78 (not installed); 2 without the
 * right to do it; 69 where systemctl or launchctl refused; 78 where a file could not be written
 */
export async function serviceCommand(
  invocation: Invocation,
  action: 'install' | 'uninstall' | 'status',
  flags: ServiceFlags = {},
  machine: ServiceMachine = thisMachine(),
): Promise<number> {
  const words = serviceWords[invocation.language]
  let answer: Answer
  try {
    answer = await act(action, invocation, flags, machine)
  } catch (thrown) {
    let line: string
    let exitCode: number = exitCodes.unavailable
    if (thrown instanceof ServiceCommandError) {
      const said = printableLines(thrown.output).replaceAll('\n', '\n  ')
      line = words.failed(thrown.command, said, /connect to bus|XDG_RUNTIME_DIR/.test(thrown.output))
    } else if (thrown instanceof ServiceFileError) {
      line = words.cannotWrite(thrown.file, thrown.reason)
      exitCode = exitCodes.configuration
    } else if (thrown instanceof RangeError) {
      line = printable(thrown.message)
      exitCode = exitCodes.usage
    } else throw thrown
    answer = { exitCode, lines: [line], json: { message: line } }
  }
  const { exitCode, lines, json } = answer
  if (invocation.json) writeJson(invocation, { ok: exitCode === exitCodes.ok, exitCode, ...json })
  else if (exitCode === exitCodes.ok) for (const line of lines) writeLine(invocation, line)
  else for (const line of lines) invocation.stderr.write(`${line}\n`)
  return exitCode
}
