/** launchd agents as property lists: launchd.plist(5). */
import { plist } from './plist.ts'
import { type ServiceFile, type ServiceOptions, usualEverySeconds } from './service.ts'

export const agentLabel = 'hikyaku'
export const pullAgentLabel = 'hikyaku.pull'

/**
 * An agent of the logged-in user: only an agent reaches the user's keychain.
 * @throws RangeError for a pause that is no whole number of seconds from 10 on, or control characters
 */
export function makeAgent(options: ServiceOptions): ServiceFile {
  const { mode, nodeFile, cliFile, stateDir, configFile, logFile } = options
  const everySeconds = options.everySeconds ?? usualEverySeconds
  if (!Number.isInteger(everySeconds) || everySeconds < 10) throw new RangeError('everySeconds: 10 or more')
  const daemon = mode === 'daemon'
  const label = daemon ? agentLabel : pullAgentLabel
  const environment = {
    ...(stateDir === undefined ? {} : { STATE_DIR: stateDir }),
    ...(configFile === undefined ? {} : { HIKYAKU_CONFIG: configFile }),
  }
  const text = plist({
    Label: label,
    ProgramArguments: [nodeFile, cliFile, daemon ? 'run' : 'pull'],
    ...(Object.keys(environment).length === 0 ? {} : { EnvironmentVariables: environment }),
    RunAtLoad: true,
    // launchd knows no exit code after which it should not try again: ThrottleInterval keeps that cheap.
    ...(daemon
      ? { KeepAlive: { SuccessfulExit: false }, ThrottleInterval: 60, ExitTimeOut: 60 }
      : { StartInterval: everySeconds }),
    ProcessType: 'Background',
    Umask: 0o077,
    // A dump of its memory would hold passwords, tokens and mail.
    SoftResourceLimits: { Core: 0 },
    HardResourceLimits: { Core: 0 },
    ...(logFile === undefined ? {} : { StandardOutPath: logFile, StandardErrorPath: logFile }),
  })
  return { name: `${label}.plist`, text }
}
