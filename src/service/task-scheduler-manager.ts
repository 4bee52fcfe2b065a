/** The task of the logged-in user, by schtasks.exe; its state by PowerShell, whose numbers are the same in every language. */
import { win32 } from 'node:path'
import type { Ran, ServiceMachine } from './machine.ts'
import {
  isThere,
  type Manager,
  remove,
  ServiceCommandError,
  type ServiceState,
  writeWhole,
} from './manager.ts'
import { makeTask, pullTaskName, taskName } from './task-scheduler.ts'

/** TASK_STATE of taskschd.h. */
const ready = 3
const running = 4

/** @param folder where the definitions lie, so that what was installed is known: the state folder */
export function makeTaskScheduler(machine: ServiceMachine, folder: string): Manager {
  const systemRoot = machine.systemRoot ?? 'C:\\Windows'
  const program = (name: string): string => win32.join(systemRoot, 'System32', name)
  const schtasks = (...args: string[]): Promise<Ran> => machine.run(program('schtasks.exe'), args)
  const must = async (...args: string[]): Promise<void> => {
    const ran = await schtasks(...args)
    if (ran.code !== 0) throw new ServiceCommandError(['schtasks', ...args], ran)
  }
  const shown = (name: string): string => win32.join(folder, `${name}.xml`)
  const fileOf = (name: string): string => machine.prefix + shown(name)
  const place = { userName: machine.userName, systemRoot }

  /** 0: the task is there. */
  const isRegistered = async (name: string): Promise<boolean> =>
    (await schtasks('/Query', '/TN', `\\${name}`)).code === 0

  const removeTask = async (name: string): Promise<string[]> => {
    if (!(await isThere(fileOf(name)))) return []
    if (await isRegistered(name)) {
      // Fails where none is running. Ending is what a power cut is: the journal is made for it.
      await schtasks('/End', '/TN', `\\${name}`)
      await must('/Delete', '/TN', `\\${name}`, '/F')
    }
    await remove(fileOf(name))
    return [shown(name)]
  }

  const stateOf = async (name: string): Promise<ServiceState> => {
    const script =
      `$task = Get-ScheduledTask -TaskPath '\\' -TaskName '${name}' -ErrorAction Stop; ` +
      `'{0} {1}' -f [int]$task.State, ($task | Get-ScheduledTaskInfo).LastTaskResult`
    const powershell = win32.join(systemRoot, 'System32', 'WindowsPowerShell', 'v1.0', 'powershell.exe')
    const ran = await machine.run(powershell, ['-NoProfile', '-NonInteractive', '-Command', script])
    const [, state, result] = /^(\d+) (-?\d+)$/m.exec(ran.output) ?? []
    if (ran.code !== 0 || state === undefined) return { name, state: 'not-running', detail: ran.output }
    const waits = name === pullTaskName && Number(state) === ready
    return {
      name,
      state: Number(state) === running ? 'running' : waits ? 'waiting' : 'not-running',
      detail: `State=${state} LastTaskResult=${result}`,
    }
  }

  return {
    folder,
    files: options => [makeTask(options, place)],
    logCommand: () => `powershell Get-Content -Wait -Tail 20 '${win32.join(folder, 'hikyaku.log')}'`,
    install: async options => {
      const { name: fileName, text } = makeTask(options, place)
      const name = fileName.replace(/\.xml$/, '')
      for (const old of [taskName, pullTaskName]) await removeTask(old)
      // schtasks /XML reads UTF-16 with its mark.
      await writeWhole(fileOf(name), Buffer.from(`\ufeff${text}`, 'utf16le'))
      try {
        await must('/Create', '/TN', `\\${name}`, '/XML', shown(name), '/F')
      } catch (thrown) {
        // What was never registered leaves nothing behind.
        await remove(fileOf(name)).catch(() => false)
        throw thrown
      }
      return { files: [shown(name)], name }
    },
    uninstall: async () => ({
      removed: [...(await removeTask(taskName)), ...(await removeTask(pullTaskName))],
      turnedOff: [],
    }),
    states: async () => {
      const states: ServiceState[] = []
      for (const name of [taskName, pullTaskName])
        if (await isThere(fileOf(name))) states.push(await stateOf(name))
      return states
    },
  }
}
