/** Whether hikyaku runs now, whether it starts by itself, and whether two of them are in each other's way. */
import { within } from '../base/deadline.ts'
import { exitCodes, Fault } from '../base/fault.ts'
import { printable } from '../base/untrusted.ts'
import { findServiceHome } from '../config/load-paths.ts'
import { managerFor, type ServiceState } from '../service/manage.ts'
import type { DoctorContext } from './context.ts'
import { type Finding, failCheck, noteCheck, passCheck, skipCheck } from './finding.ts'

interface Installed extends ServiceState {
  readonly logCommand: string
}

/** @param running whether a process holds the data folder now */
export async function checkService(running: boolean, context: DoctorContext): Promise<readonly Finding[]> {
  const { words } = context
  const instance = { check: 'instance' } as const
  const service = { check: 'service' } as const
  const installed = await services(context)
  const stopped = installed?.find(({ state }) => state === 'not-running')
  const active = installed?.find(({ state }) => state !== 'not-running')
  const findings: Finding[] = []
  if (running && stopped !== undefined && active === undefined) {
    const text = words.twoInstances(stopped.name)
    findings.push(failCheck(instance, 'state.second-instance', text, exitCodes.temporary))
  } else if (running) findings.push(passCheck(instance, words.running))
  // A timer's pulls come and go.
  else if (active?.state === 'waiting') findings.push(passCheck(instance, words.service(active.name)))
  else findings.push(noteCheck(instance, 'service.not-running', words.notRunning))
  if (installed === undefined) findings.push(skipCheck(service, words.noServiceManager))
  else if (active !== undefined) findings.push(passCheck(service, words.service(active.name)))
  else if (stopped !== undefined) {
    const text = words.serviceStopped(stopped.name, printable(stopped.detail, 200), stopped.logCommand)
    findings.push(failCheck(service, 'service.stopped', text, exitCodes.unavailable))
  } else findings.push(noteCheck(service, 'service.none', words.noService))
  return findings
}

/** Services of the machine and of this user; undefined where no service manager is known. */
async function services(context: DoctorContext): Promise<readonly Installed[] | undefined> {
  const { machine, env, deadlines, clock, signal } = context
  const configHome = findServiceHome({ ...machine, env })
  const mac = machine.platform === 'darwin'
  const userOnly = mac || machine.platform === 'win32'
  // A user without a home has no service of its own.
  const hasOwn = configHome !== undefined && (!mac || machine.home !== undefined)
  const scopes = [...(userOnly ? [] : (['system'] as const)), ...(hasOwn ? (['user'] as const) : [])]
  const installed: Installed[] = []
  for (const scope of scopes) {
    const manager = managerFor(machine, scope, configHome ?? '')
    if (manager === undefined) return undefined
    const late = () => new Fault('bug', { facts: { what: 'the service manager does not answer' } })
    const states = await within(manager.states(), deadlines.answerMs, clock, signal, late).catch(() => [])
    installed.push(...states.map(state => ({ ...state, logCommand: manager.logCommand(state.name) })))
  }
  return installed
}
