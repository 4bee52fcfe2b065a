/**
 * A task of the Windows Task Scheduler as XML, by the schema that Microsoft documents (learn.microsoft.com, win32,
 * "Task Scheduler Schema").
 */
import { win32 } from 'node:path'
import { type ServiceFile, type ServiceOptions, usualEverySeconds } from './service.ts'
import { escapeXml } from './xml.ts'

export const taskName = 'hikyaku'
export const pullTaskName = 'hikyaku-pull'

interface TaskPlace {
  /** As `DOMAIN\name`. */
  readonly userName: string
  /** Of Windows itself, absolute. */
  readonly systemRoot: string
}

/**
 * A task of the logged-in user, in that user's session: only there the Credential Manager gives out what the user keeps
 * in it, and no password is stored for it. A task is started again by its repetition, each minute: RestartOnFailure is
 * for a program that could not be started, whatever its exit code. While one is running another is not started.
 * @throws RangeError for a pause that is no whole number of seconds from 60 on, and for paths that a command line cannot
 *   carry
 */
export function makeTask(options: ServiceOptions, { userName, systemRoot }: TaskPlace): ServiceFile {
  const daemon = options.mode === 'daemon'
  const everySeconds = daemon ? usualEverySeconds : (options.everySeconds ?? usualEverySeconds)
  // minInclusive of the schema.
  if (!Number.isInteger(everySeconds) || everySeconds < 60) throw new RangeError('everySeconds: 60 or more')
  const name = daemon ? taskName : pullTaskName
  const user = escapeXml(userName)
  const repetition = [
    `      <Repetition>`,
    `        <Interval>PT${everySeconds}S</Interval>`,
    `      </Repetition>`,
  ]
  const system = (program: string): string => win32.join(systemRoot, 'System32', program)
  const lines = [
    // What is written is UTF-16, which schtasks asks for.
    '<?xml version="1.0" encoding="UTF-16"?>',
    '<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">',
    '  <RegistrationInfo>',
    `    <Author>${user}</Author>`,
    '    <Description>hikyaku: pulls mail and imports it into Gmail</Description>',
    `    <URI>\\${name}</URI>`,
    '  </RegistrationInfo>',
    '  <Triggers>',
    '    <LogonTrigger>',
    ...repetition,
    `      <UserId>${user}</UserId>`,
    '    </LogonTrigger>',
    // At once, and until the next log-on, whose repetition then takes over.
    '    <RegistrationTrigger>',
    ...repetition,
    '    </RegistrationTrigger>',
    '  </Triggers>',
    '  <Principals>',
    '    <Principal id="Author">',
    `      <UserId>${user}</UserId>`,
    '      <LogonType>InteractiveToken</LogonType>',
    '      <RunLevel>LeastPrivilege</RunLevel>',
    '    </Principal>',
    '  </Principals>',
    '  <Settings>',
    '    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>',
    '    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>',
    '    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>',
    '    <StartWhenAvailable>true</StartWhenAvailable>',
    // The default would end a daemon after three days.
    `    <ExecutionTimeLimit>${daemon ? 'PT0S' : 'PT6H'}</ExecutionTimeLimit>`,
    '    <RestartOnFailure>',
    '      <Interval>PT1M</Interval>',
    '      <Count>10</Count>',
    '    </RestartOnFailure>',
    '  </Settings>',
    '  <Actions Context="Author">',
    '    <Exec>',
    // Without it a window would stand on the screen for as long as hikyaku runs.
    `      <Command>${escapeXml(system('conhost.exe'))}</Command>`,
    `      <Arguments>${escapeXml(`--headless ${quote(system('cmd.exe'))} /d /s /c "${makeCommandLine(options)}"`)}</Arguments>`,
    '    </Exec>',
    '  </Actions>',
    '</Task>',
    '',
  ]
  return { name: `${name}.xml`, text: lines.join('\r\n') }
}

/** A task has no environment of its own and keeps no output: cmd.exe gives it the one and writes the other. */
function makeCommandLine({ mode, nodeFile, cliFile, stateDir, configFile, logFile }: ServiceOptions): string {
  const set = (name: string, value: string | undefined): string[] =>
    value === undefined ? [] : [`set ${quote(`${name}=${value}`)}`]
  const run = [quote(nodeFile), quote(cliFile), mode === 'daemon' ? 'run' : 'pull']
  const log = logFile === undefined ? [] : [`>> ${quote(logFile)} 2>&1`]
  return [
    ...set('STATE_DIR', stateDir),
    ...set('HIKYAKU_CONFIG', configFile),
    [...run, ...log].join(' '),
  ].join('&& ')
}

/** Between quotation marks cmd.exe changes nothing but variables (%NAME%); a path can hold no quotation mark there. */
function quote(text: string): string {
  if (/["%\r\n]/.test(text)) throw new RangeError(`a path with " or % cannot stand in a task: ${text}`)
  return `"${text}"`
}
