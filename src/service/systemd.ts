/**
 * systemd units as text: a daemon (Type=notify with a watchdog), or a timer with a oneshot service.
 * Every setting below can be read up in systemd.exec(5), systemd.service(5) and systemd.timer(5).
 */
import { BlockList, isIP } from 'node:net'
import { type ServiceFile, type ServiceOptions, usualEverySeconds } from './service.ts'
import { unitCommand, unitPath, unitWord } from './systemd-escape.ts'

export const daemonUnit = 'hikyaku.service'
export const pullUnit = 'hikyaku-pull.service'
export const pullTimer = 'hikyaku-pull.timer'

/** What works for system units, and in a user's units only with namespaces. */
const namespaceSandbox = `ProtectSystem=strict
PrivateTmp=yes
PrivateDevices=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectClock=yes
ProtectProc=invisible
ProcSubset=pid
CapabilityBoundingSet=
AmbientCapabilities=`

/**
 * System units only: a user's manager has no say over the IP firewall, and needs user namespaces for the others.
 * KeyringMode= is the default there, said so that no drop-in of all services changes it.
 */
const systemSandbox = `PrivateUsers=yes
PrivateMounts=yes
PrivateIPC=yes
RemoveIPC=yes
KeyringMode=private`

/**
 * Where clouds hand out a machine's own credentials to whoever asks over plain http: AWS, Azure, Google and most others
 * at 169.254.169.254, AWS and Google over IPv6, Alibaba, Oracle. No mail server is there. Not fe80::/10: routers at
 * home announce themselves as name servers by such addresses.
 */
const metadata = ['169.254.0.0/16', 'fd00:ec2::254', 'fd20:ce::254', '100.100.100.200', '192.0.0.192']

/** Secrets lie in this process's memory: nothing of it is to be written to a disk by the system. */
const processLimits = `# A dump of its memory would hold passwords, tokens and mail: none by the kernel, none by the watchdog's signal.
LimitCORE=0
CoredumpFilter=0x0
# Seen at most in a soak of a month's mail, its servers included: 557 MB. Twice that is a fault, and killing it loses no mail.
MemoryHigh=768M
MemoryMax=1G
# A dozen threads, and as many again for each helper that reads one secret of the keychain at the start.
TasksMax=256
# hikyaku checks certificates whatever the first says; the second would have keys of its connections written down.
UnsetEnvironment=NODE_TLS_REJECT_UNAUTHORIZED SSLKEYLOGFILE`

/** Seccomp and the like: works everywhere. */
const sandbox = `NoNewPrivileges=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictNamespaces=yes
# AF_NETLINK: name look-up asks which addresses the machine has. AF_UNIX: systemd itself, session bus.
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
# Not MemoryDenyWriteExecute=yes: V8, Node's JavaScript engine, writes machine code and runs it. It would not start.
UMask=0077`

/** Paths below /home, /root and /run/user are hidden by ProtectHome=yes: not where Node or the state is there. */
const liesInHome = (path: string | undefined): boolean =>
  path !== undefined && /^\/(home|root|run\/user)(\/|$)/.test(path)

function protectHome(options: ServiceOptions): string {
  const { scope, nodeFile, cliFile, stateDir, configFile } = options
  const hidden = scope === 'system' && ![nodeFile, cliFile, stateDir, configFile].some(liesInHome)
  return `ProtectHome=${hidden ? 'yes' : 'read-only'}`
}

function whoAndWhere(options: ServiceOptions): string[] {
  const { scope, user, stateDir, configFile, envFile, keyFile } = options
  const lines: string[] = []
  if (scope === 'system') {
    if (user === undefined) lines.push('DynamicUser=yes')
    else lines.push(`User=${unitWord(user)}`)
  }
  if (stateDir !== undefined) {
    lines.push(`ReadWritePaths=${unitWord(stateDir)}`, `Environment=${unitWord(`STATE_DIR=${stateDir}`)}`)
  } else if (scope === 'system') {
    lines.push('StateDirectory=hikyaku', 'StateDirectoryMode=0700', 'Environment=STATE_DIR=%S/hikyaku')
  }
  if (configFile !== undefined) lines.push(`Environment=${unitWord(`HIKYAKU_CONFIG=${configFile}`)}`)
  if (envFile !== undefined) lines.push(`EnvironmentFile=-${unitPath(envFile)}`)
  // The name is the one that the vault looks for in $CREDENTIALS_DIRECTORY.
  if (keyFile !== undefined) lines.push(`LoadCredential=hikyaku-key:${unitPath(keyFile)}`)
  return lines
}

function sandboxOf(options: ServiceOptions): string[] {
  const whole = options.scope === 'system' || options.userNamespaces === true
  if (!whole) return ['# Without ProtectSystem= and its kin: this kernel gives users no namespaces.', sandbox]
  const more =
    options.scope === 'system'
      ? [systemSandbox, ...firewall(options)]
      : // Before version 254 systemd makes the user namespace that the others need only where it is told to.
        ['PrivateUsers=yes']
  return [namespaceSandbox, protectHome(options), ...more, sandbox]
}

/** On Google's and Amazon's machines the name server has an address beside the metadata's, or the same one. */
function firewall({ nameServers = [] }: ServiceOptions): string[] {
  const denied = new BlockList()
  for (const range of metadata) {
    const [address = '', bits] = range.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    if (bits === undefined) denied.addAddress(address, family)
    else denied.addSubnet(address, Number(bits), family)
  }
  const needed = nameServers.filter(
    address => isIP(address) !== 0 && denied.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4'),
  )
  const lines = ['# Where clouds hand out credentials.', `IPAddressDeny=${metadata.join(' ')}`]
  if (needed.length > 0)
    lines.push("# This machine's name server in /etc/resolv.conf.", `IPAddressAllow=${needed.join(' ')}`)
  return lines
}

/** The first line of every file that an installation writes; by it those of earlier versions are known. */
export const writtenByInstall = '# Written by: hikyaku service install'

const originOf = ({ packaged }: ServiceOptions): string =>
  packaged
    ? '# Of the package hikyaku. What you want otherwise belongs into a drop-in: systemctl edit'
    : writtenByInstall

function service(options: ServiceOptions, verb: string, settings: readonly string[]): string {
  const { scope, nodeFile, cliFile } = options
  // A user's manager does not know network-online.target; hikyaku waits and tries again anyway.
  const network =
    scope === 'system' ? 'Wants=network-online.target\nAfter=network-online.target nss-lookup.target\n' : ''
  const install =
    verb === 'run'
      ? `\n[Install]\nWantedBy=${scope === 'system' ? 'multi-user.target' : 'default.target'}\n`
      : ''
  // No limit, not for ends by the watchdog either: a bridge that stays down stops all mail until somebody looks, while
  // a message that brings it down twice is set aside by the journal.
  const unit = verb === 'run' ? 'StartLimitIntervalSec=0\n' : ''
  return `${originOf(options)}
[Unit]
Description=hikyaku: pulls mail into Gmail${verb === 'run' ? '' : ' (one pull)'}
${network}${unit}
[Service]
${settings.join('\n')}
ExecStart=${unitCommand([nodeFile, cliFile, verb])}
${whoAndWhere(options).join('\n')}
${processLimits}
${sandboxOf(options).join('\n')}
${install}`
}

const daemonSettings = [
  'Type=notify',
  // Messages come from the helper systemd-notify: Node has no datagram sockets of the local kind.
  'NotifyAccess=all',
  'WatchdogSec=180',
  '# Not SIGABRT, which would dump its memory.',
  'WatchdogSignal=SIGKILL',
  'TimeoutStartSec=120',
  'TimeoutStopSec=60',
  'KillMode=mixed',
  'Restart=on-failure',
  'RestartSec=15',
  '# 2 usage, 77 sign in, 78 configuration: starting again helps nobody. Killing it loses no mail.',
  'RestartPreventExitStatus=2 77 78',
]

const pullSettings = [
  'Type=oneshot',
  'TimeoutStartSec=6h',
  'TimeoutStopSec=60',
  'KillMode=mixed',
  '# 1 some messages set aside, 75 try again later: the next pull comes by itself.',
  'SuccessExitStatus=1 75',
]

function timer(options: ServiceOptions, everySeconds: number): string {
  return `${originOf(options)}
[Unit]
Description=hikyaku: a pull every ${everySeconds} s

[Timer]
OnActiveSec=5s
# From the end of one pull to the start of the next: pulls never overlap.
OnUnitInactiveSec=${everySeconds}s
AccuracySec=1s
Unit=${pullUnit}

[Install]
WantedBy=timers.target
`
}

/**
 * @returns the unit files; the one to be enabled stands last
 * @throws RangeError for a path with control characters, or a pause that is no whole number of seconds from 10 on
 */
export function makeUnits(options: ServiceOptions): readonly ServiceFile[] {
  if (options.mode === 'daemon') return [{ name: daemonUnit, text: service(options, 'run', daemonSettings) }]
  const everySeconds = options.everySeconds ?? usualEverySeconds
  if (!Number.isInteger(everySeconds) || everySeconds < 10) throw new RangeError('everySeconds: 10 or more')
  return [
    { name: pullUnit, text: service(options, 'pull', pullSettings) },
    { name: pullTimer, text: timer(options, everySeconds) },
  ]
}
