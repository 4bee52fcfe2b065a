/** Installs, removes and looks at the service by means of systemctl or launchctl. */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { removeFile, replaceFile } from '../base/durable-file.ts'
import { systemUnitsFolder } from './installed.ts'
import { agentLabel, makeAgent, pullAgentLabel } from './launchd.ts'
import type { Ran, ServiceMachine } from './machine.ts'
import type { ServiceFile, ServiceMode, ServiceOptions } from './service.ts'
import { daemonUnit, makeUnits, pullTimer, pullUnit } from './systemd.ts'

/** A command of the service manager that did not work; the owner sees it with the manager's own words. */
export class ServiceCommandError extends Error {
  override readonly name = 'ServiceCommandError'
  readonly command: string
  readonly output: string
  constructor(command: readonly string[], ran: Ran) {
    super(command.join(' '))
    this.command = command.join(' ')
    this.output = ran.output
  }

  /** @param log what the service itself said last */
  withLog(log: string): ServiceCommandError {
    const output = [this.output, log].filter(Boolean).join('\n')
    return new ServiceCommandError([this.command], { code: 1, output })
  }
}

/** A file that could not be written or removed. */
export class ServiceFileError extends Error {
  override readonly name = 'ServiceFileError'
  readonly file: string
  readonly reason: string
  constructor(file: string, cause: unknown) {
    super(file, { cause })
    this.file = file
    this.reason = (cause as NodeJS.ErrnoException).code ?? String(cause)
  }
}

export interface ServiceState {
  /** The unit or label. */
  readonly name: string
  readonly state: 'running' | 'waiting' | 'not-running'
  /** The service manager's words, for `status`. */
  readonly detail: string
}

/** The file is there whole or not at all; a service manager may read it at any moment. */
async function writeWhole(file: string, text: string): Promise<void> {
  try {
    replaceFile(file, Buffer.from(text), 0o644)
  } catch (thrown) {
    throw new ServiceFileError(file, thrown)
  }
}

/** @returns whether there was one */
async function remove(file: string): Promise<boolean> {
  try {
    return removeFile(file)
  } catch (thrown) {
    throw new ServiceFileError(file, thrown)
  }
}

const isThere = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  )

export interface Manager {
  readonly folder: string
  /** The files as they would be written. */
  files(options: ServiceOptions): readonly ServiceFile[]
  /** Writes, replaces the other mode, starts. @returns the files written and the name that was started */
  install(options: ServiceOptions): Promise<{ readonly files: readonly string[]; readonly name: string }>
  /** Stops and removes both modes. @returns the files removed */
  uninstall(): Promise<readonly string[]>
  /** What is installed; nothing where nothing is. */
  states(): Promise<readonly ServiceState[]>
  /** The command that shows the log. */
  readonly logCommand: (name: string) => string
}

function systemd(machine: ServiceMachine, scope: 'system' | 'user', configHome: string): Manager {
  const folder =
    machine.prefix + (scope === 'system' ? systemUnitsFolder : join(configHome, 'systemd', 'user'))
  const scopeArgs = scope === 'user' ? ['--user'] : []
  const ask = (...args: string[]): Promise<Ran> => machine.run('systemctl', [...scopeArgs, ...args])
  const must = async (...args: string[]): Promise<void> => {
    const ran = await ask(...args)
    if (ran.code !== 0) throw new ServiceCommandError(['systemctl', ...scopeArgs, ...args], ran)
  }
  const groups: Readonly<Record<ServiceMode, readonly string[]>> = {
    daemon: [daemonUnit],
    timer: [pullTimer, pullUnit],
  }
  const mainUnit = (mode: ServiceMode): string => (mode === 'daemon' ? daemonUnit : pullTimer)

  /** What the unit printed last: why it did not start. */
  const lastWords = async (name: string): Promise<string> => {
    const unit = name === pullTimer ? pullUnit : name
    const own = ['-u', unit, '-n', '6', '-o', 'cat', '--no-pager', '-q']
    const ran = await machine.run('journalctl', [...scopeArgs, ...own])
    return ran.code === 0 ? ran.output : ''
  }

  const removeMode = async (mode: ServiceMode): Promise<string[]> => {
    const files = groups[mode].map(name => join(folder, name))
    if (!(await Promise.all(files.map(isThere))).includes(true)) return []
    // Before its [Install] section is gone. Where systemd does not run there is nothing to be stopped.
    if (machine.systemd) await must('disable', '--now', mainUnit(mode))
    const removed: string[] = []
    for (const file of files) if (await remove(file)) removed.push(file)
    return removed
  }

  const stateOf = async (name: string): Promise<ServiceState> => {
    const properties = 'ActiveState,SubState,UnitFileState,Result,ExecMainStatus,StatusText'
    const ran = await ask('show', name, `--property=${properties}`)
    const value = (key: string): string => new RegExp(`^${key}=(.*)$`, 'm').exec(ran.output)?.[1] ?? ''
    const active = value('ActiveState')
    const detail =
      ran.code === 0
        ? ['ActiveState', 'SubState', 'UnitFileState', 'Result', 'ExecMainStatus', 'StatusText']
            .map(key => (value(key) ? `${key}=${value(key)}` : ''))
            .filter(Boolean)
            .join(' ')
        : ran.output
    const isTimer = name === pullTimer
    return { name, detail, state: active !== 'active' ? 'not-running' : isTimer ? 'waiting' : 'running' }
  }

  return {
    folder,
    files: makeUnits,
    logCommand: name =>
      `journalctl ${scope === 'user' ? '--user ' : ''}-u ${name === pullTimer ? pullUnit : name} -f`,
    install: async options => {
      const units = makeUnits(options)
      await removeMode(options.mode === 'daemon' ? 'timer' : 'daemon')
      const files = units.map(({ name }) => join(folder, name))
      const wasThere = (await Promise.all(files.map(isThere))).includes(true)
      const name = mainUnit(options.mode)
      try {
        for (const { name: file, text } of units) await writeWhole(join(folder, file), text)
        await must('daemon-reload')
        await must('enable', name)
        await must('restart', name) // also where an older one is running
      } catch (thrown) {
        const said = thrown instanceof ServiceCommandError ? await lastWords(name) : ''
        // What never ran leaves nothing behind; what ran before is the owner's to mend.
        if (!wasThere) {
          await ask('disable', '--now', name)
          for (const file of files) await remove(file).catch(() => false)
          await ask('daemon-reload')
        }
        throw thrown instanceof ServiceCommandError ? thrown.withLog(said) : thrown
      }
      return { files, name }
    },
    uninstall: async () => {
      const removed = [...(await removeMode('daemon')), ...(await removeMode('timer'))]
      if (removed.length > 0 && machine.systemd) await must('daemon-reload')
      return removed
    },
    states: async () => {
      const names = [daemonUnit, pullTimer]
      const there = await Promise.all(names.map(name => isThere(join(folder, name))))
      return Promise.all(names.filter((_, index) => there[index]).map(stateOf))
    },
  }
}

function launchd(machine: ServiceMachine): Manager {
  const home = machine.home ?? '/'
  const folder = join(machine.prefix + home, 'Library', 'LaunchAgents')
  const domain = `gui/${machine.uid}`
  const fileOf = (label: string): string => join(folder, `${label}.plist`)
  const must = async (...args: string[]): Promise<void> => {
    const ran = await machine.run('launchctl', args)
    if (ran.code !== 0) throw new ServiceCommandError(['launchctl', ...args], ran)
  }
  const removeLabel = async (label: string): Promise<string[]> => {
    if (!(await isThere(fileOf(label)))) return []
    // 3 (ESRCH), 113: not loaded, which is what is wanted.
    const ran = await machine.run('launchctl', ['bootout', `${domain}/${label}`])
    if (![0, 3, 113].includes(ran.code))
      throw new ServiceCommandError(['launchctl', 'bootout', `${domain}/${label}`], ran)
    await remove(fileOf(label))
    return [fileOf(label)]
  }
  return {
    folder,
    files: options => [makeAgent(options)],
    logCommand: () => `tail -f ${join(home, 'Library', 'Logs', 'hikyaku.log')}`,
    install: async options => {
      const { name, text } = makeAgent(options)
      const label = name.replace(/\.plist$/, '')
      for (const old of [agentLabel, pullAgentLabel]) await removeLabel(old)
      await writeWhole(join(folder, name), text)
      await must('bootstrap', domain, join(folder, name))
      return { files: [join(folder, name)], name: label }
    },
    uninstall: async () => [...(await removeLabel(agentLabel)), ...(await removeLabel(pullAgentLabel))],
    states: async () => {
      const states: ServiceState[] = []
      for (const name of [agentLabel, pullAgentLabel]) {
        if (!(await isThere(fileOf(name)))) continue
        const ran = await machine.run('launchctl', ['print', `${domain}/${name}`])
        const value = (key: string): string =>
          new RegExp(`^\\s*${key} = (.*)$`, 'm').exec(ran.output)?.[1] ?? ''
        const running = value('state') === 'running'
        const state =
          ran.code !== 0
            ? 'not-running'
            : running
              ? 'running'
              : name === pullAgentLabel
                ? 'waiting'
                : 'not-running'
        const detail = ['state', 'pid', 'last exit code']
          .map(key => (value(key) ? `${key}=${value(key)}` : ''))
          .filter(Boolean)
          .join(' ')
        states.push({ name, state, detail })
      }
      return states
    },
  }
}

/** @returns undefined where there is no service manager that we know */
export function managerFor(
  machine: ServiceMachine,
  scope: 'system' | 'user',
  configHome: string,
): Manager | undefined {
  if (machine.platform === 'linux') return systemd(machine, scope, configHome)
  return machine.platform === 'darwin' ? launchd(machine) : undefined
}
