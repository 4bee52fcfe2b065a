/** Installs, removes and looks at the service by means of systemctl. */
import { readFileSync } from 'node:fs'
import { rmdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { packagedUnitsFolder, systemUnitsFolder } from './installed.ts'
import type { Ran, ServiceMachine } from './machine.ts'
import {
  detailOf,
  isThere,
  type Manager,
  pathOf,
  remove,
  ServiceCommandError,
  type ServiceState,
  writeWhole,
} from './manager.ts'
import { dropInsOf, findPackagedUser, makeDropIns, makePackagedUnits } from './packaged.ts'
import type { ServiceFile, ServiceMode, ServiceOptions } from './service.ts'
import { daemonUnit, makeUnits, pullTimer, pullUnit, writtenByInstall } from './systemd.ts'

const groups: Readonly<Record<ServiceMode, readonly string[]>> = {
  daemon: [daemonUnit],
  timer: [pullTimer, pullUnit],
}
/** What `systemctl show` is asked for; `status` tells all of it. */
const properties = ['ActiveState', 'SubState', 'UnitFileState', 'Result', 'ExecMainStatus', 'StatusText']
const mainUnit = (mode: ServiceMode): string => (mode === 'daemon' ? daemonUnit : pullTimer)

/** A unit of that name that `service install` wrote, and nobody by hand. */
function isWrittenByUs(file: string): boolean {
  try {
    return readFileSync(file, 'utf8').startsWith(`${writtenByInstall}\n`)
  } catch {
    return false
  }
}

export function makeSystemd(machine: ServiceMachine, scope: 'system' | 'user', configHome: string): Manager {
  const folder =
    machine.prefix + (scope === 'system' ? systemUnitsFolder : join(configHome, 'systemd', 'user'))
  const scopeArgs = scope === 'user' ? ['--user'] : []
  const ask = (...args: string[]): Promise<Ran> => machine.run('systemctl', [...scopeArgs, ...args])
  const must = async (...args: string[]): Promise<void> => {
    const ran = await ask(...args)
    if (ran.code !== 0) throw new ServiceCommandError(['systemctl', ...scopeArgs, ...args], ran)
  }
  const isPackaged = scope === 'system' && findPackagedUser(machine) !== undefined
  const isFromPackage = async (name: string): Promise<boolean> =>
    scope === 'system' &&
    (await isThere(join(machine.prefix + packagedUnitsFolder, name))) &&
    !(await isThere(join(folder, name)))

  /** What the unit printed last: why it did not start. */
  const lastWords = async (name: string): Promise<string> => {
    const unit = name === pullTimer ? pullUnit : name
    const own = ['-u', unit, '-n', '6', '-o', 'cat', '--no-pager', '-q']
    const ran = await machine.run('journalctl', [...scopeArgs, ...own])
    return ran.code === 0 ? ran.output : ''
  }

  const show = async (name: string): Promise<{ value: (key: string) => string; ran: Ran }> => {
    const ran = await ask('show', name, `--property=${properties.join(',')}`)
    return { ran, value: key => new RegExp(`^${key}=(.*)$`, 'm').exec(ran.output)?.[1] ?? '' }
  }

  /** A package's units are there from its installation on; somebody uses one that is on or running. */
  const isInUse = async (name: string): Promise<boolean> => {
    if (!(await isFromPackage(name))) return isThere(join(folder, name))
    const { value } = await show(name)
    return value('UnitFileState') === 'enabled' || !['inactive', ''].includes(value('ActiveState'))
  }

  const removeFiles = async (names: readonly string[]): Promise<string[]> => {
    const removed: string[] = []
    for (const name of names) {
      const file = join(folder, name)
      if (!(await isThere(file)) || !(await remove(file))) continue
      removed.push(file)
      if (dirname(name) !== '.') await rmdir(dirname(file)).catch(() => {}) // others' drop-ins may be there
    }
    return removed
  }

  const removeMode = async (mode: ServiceMode): Promise<{ removed: string[]; turnedOff: string[] }> => {
    const name = mainUnit(mode)
    const own = (await Promise.all(groups[mode].map(file => isThere(join(folder, file))))).includes(true)
    const inUse = own || (await isInUse(name))
    // Before its [Install] section is gone. Where systemd does not run there is nothing to be stopped.
    if (inUse && machine.systemd) await must('disable', '--now', name)
    const removed = await removeFiles([...groups[mode], ...(scope === 'system' ? dropInsOf(mode) : [])])
    return { removed, turnedOff: inUse && !own ? [name] : [] }
  }

  const stateOf = async (name: string): Promise<ServiceState> => {
    const { ran, value } = await show(name)
    const isTimer = name === pullTimer
    return {
      name,
      detail: ran.code === 0 ? detailOf(properties, value) : ran.output,
      state: value('ActiveState') !== 'active' ? 'not-running' : isTimer ? 'waiting' : 'running',
    }
  }

  const filesToWrite = (options: ServiceOptions): readonly ServiceFile[] =>
    isPackaged ? makeDropIns(options) : makeUnits(options)

  return {
    folder,
    files: options => [...(isPackaged ? makePackagedUnits(options.mode) : []), ...filesToWrite(options)],
    logCommand: name =>
      `journalctl ${scope === 'user' ? '--user ' : ''}-u ${name === pullTimer ? pullUnit : name} -f`,
    install: async options => {
      const units = filesToWrite(options)
      await removeMode(options.mode === 'daemon' ? 'timer' : 'daemon')
      const files = units.map(unit => pathOf(unit, folder))
      const name = mainUnit(options.mode)
      const wasInUse = isPackaged
        ? await isInUse(name)
        : (await Promise.all(files.map(isThere))).includes(true)
      try {
        if (isPackaged) {
          // What an earlier installation wrote would stand above the package's; what somebody wrote by hand stays.
          const ofUs = groups[options.mode].filter(file => isWrittenByUs(join(folder, file)))
          await removeFiles([...ofUs, ...dropInsOf(options.mode)])
        }
        for (const unit of units) await writeWhole(pathOf(unit, folder), unit.text)
        await must('daemon-reload')
        await must('enable', name)
        await must('restart', name) // also where an older one is running
      } catch (thrown) {
        const said = thrown instanceof ServiceCommandError ? await lastWords(name) : ''
        // What never ran leaves nothing behind; what ran before is the owner's to mend.
        if (!wasInUse) {
          await ask('disable', '--now', name)
          await removeFiles(units.map(unit => unit.name)).catch(() => [])
          await ask('daemon-reload')
        }
        throw thrown instanceof ServiceCommandError ? thrown.withLog(said) : thrown
      }
      return { files, name }
    },
    uninstall: async () => {
      const both = [await removeMode('daemon'), await removeMode('timer')]
      const removed = both.flatMap(mode => mode.removed)
      if (removed.length > 0 && machine.systemd) await must('daemon-reload')
      return { removed, turnedOff: both.flatMap(mode => mode.turnedOff) }
    },
    states: async () => {
      const names = [daemonUnit, pullTimer]
      const inUse = await Promise.all(names.map(isInUse))
      return Promise.all(names.filter((_, index) => inUse[index]).map(stateOf))
    },
  }
}
