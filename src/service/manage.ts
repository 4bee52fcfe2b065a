/** Installs, removes and looks at the service by means of systemctl, launchctl or schtasks. */
import { join } from 'node:path'
import { agentLabel, makeAgent, pullAgentLabel } from './launchd.ts'
import type { ServiceMachine } from './machine.ts'
import {
  detailOf,
  isThere,
  type Manager,
  remove,
  ServiceCommandError,
  type ServiceState,
  writeWhole,
} from './manager.ts'
import { makeSystemd } from './systemd-manager.ts'
import { makeTaskScheduler } from './task-scheduler-manager.ts'

export { type Manager, pathOf, ServiceCommandError, ServiceFileError, type ServiceState } from './manager.ts'
export { findPackagedUser } from './packaged.ts'

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
    uninstall: async () => ({
      removed: [...(await removeLabel(agentLabel)), ...(await removeLabel(pullAgentLabel))],
      turnedOff: [],
    }),
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
        states.push({ name, state, detail: detailOf(['state', 'pid', 'last exit code'], value) })
      }
      return states
    },
  }
}

/**
 * @param home what lies around a user's own definitions: on Linux the folder of settings, on Windows the state folder
 * @returns undefined where there is no service manager that we know
 */
export function managerFor(
  machine: ServiceMachine,
  scope: 'system' | 'user',
  home: string,
): Manager | undefined {
  if (machine.platform === 'win32') return makeTaskScheduler(machine, home)
  if (machine.platform === 'linux') return makeSystemd(machine, scope, home)
  return machine.platform === 'darwin' ? launchd(machine) : undefined
}
