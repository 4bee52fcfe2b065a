/**
 * A machine with a real systemd: the first process of its own namespaces over a copy-on-write view of this machine's
 * root (systemd-machine.sh). What it writes stays over its reboots and is gone with it; this machine's services are not
 * enabled in it. Its network is this machine's, so that servers on loopback are reached.
 */
import { execFile, execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdir, rmdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Daemon, privateFolder, removeFolder, startDaemon } from './local.ts'
import { namespaceMissing } from './namespace.ts'

/** A control group that is still there after this long, ms, is told as left behind. */
const longestTidyMs = 30_000

const script = fileURLToPath(new URL('systemd-machine.sh', import.meta.url))

/** Their work is this machine's: devices, kernel settings, the clock. */
const maskedUnits = [
  'systemd-sysctl',
  'systemd-modules-load',
  'systemd-binfmt',
  'systemd-udevd',
  'systemd-udev-trigger',
  'systemd-remount-fs',
  'systemd-random-seed',
  'systemd-tmpfiles-setup-dev',
  'kmod-static-nodes',
]

/** Why there can be no such machine here, or undefined when there can. */
export function systemdMissing(): string | undefined {
  if (!existsSync('/lib/systemd/systemd')) return 'systemd is not installed'
  if (!readFileSync('/proc/filesystems', 'utf8').includes('overlay')) return 'this kernel has no overlayfs'
  return namespaceMissing()
}

export interface MachineRan {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface SystemdMachine {
  /** Runs a program in it as root, or as `user`; environment, standard input and the longest time are the options'. */
  run(
    command: readonly string[],
    options?: {
      readonly env?: Readonly<Record<string, string>>
      readonly input?: string
      readonly timeoutMs?: number
      readonly user?: string
    },
  ): Promise<MachineRan>
  /** Starts it anew over what was written to it. */
  reboot(): Promise<void>
  stop(): Promise<void>
}

/**
 * @param shown folders of this machine that are seen in it, read-only, by the place where they are seen
 * @param change what is different in its files, done in the folder that lies over this machine's root
 * @param lower another root than this machine's, with a systemd of its own
 */
export async function startSystemdMachine(
  shown: Readonly<Record<string, string>>,
  change: (upper: string) => Promise<void> = async () => {},
  lower = '/',
): Promise<SystemdMachine> {
  const folder = await privateFolder('systemd')
  const places = Object.entries(shown).map(([place, path]) => `${path}:${place}`)
  const name = folder.slice(folder.lastIndexOf('/') + 1)
  const upper = join(folder, 'upper')
  await mkdir(join(upper, 'etc/systemd/system'), { recursive: true })
  await mkdir(join(folder, 'work'))
  // A character device 0/0 is overlayfs's word for "not there".
  const enabled = readdirSync(join(lower, 'etc/systemd/system')).filter(entry =>
    /\.(wants|requires)$/.test(entry),
  )
  const ofOldKind = readdirSync(join(lower, 'etc')).filter(entry => /^rc\d\.d$/.test(entry))
  for (const path of [...enabled.map(entry => `systemd/system/${entry}`), ...ofOldKind])
    execFileSync('mknod', [join(upper, 'etc', path), 'c', '0', '0'])
  for (const unit of maskedUnits)
    await symlink('/dev/null', join(upper, `etc/systemd/system/${unit}.service`))
  await writeFile(join(upper, 'etc/fstab'), '')
  await writeFile(join(upper, 'etc/machine-id'), `${'0123456789abcdef'.repeat(2)}\n`)
  await change(upper)

  let daemon: Daemon | undefined
  let leader: string | undefined
  const enter = (command: readonly string[], env: Readonly<Record<string, string>>): string[] => [
    ...['-t', leader ?? '', '-m', '-u', '-i', '-p', '--', 'env', '-i'],
    'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    ...Object.entries({ HOME: '/root', LANG: 'C.UTF-8', ...env }).map(([key, value]) => `${key}=${value}`),
    ...command,
  ]
  const run: SystemdMachine['run'] = (command, { env = {}, input, timeoutMs = 60_000, user } = {}) =>
    new Promise(resolve => {
      const whole = user === undefined ? command : ['runuser', '-u', user, '--', ...command]
      const child = execFile(
        'nsenter',
        enter(whole, env),
        { timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: 1 << 24 },
        (error, stdout, stderr) => {
          const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 127
          resolve({ code, stdout, stderr })
        },
      )
      child.stdin?.on('error', () => {}) // one that reads nothing may end first
      child.stdin?.end(input ?? '')
    })

  const boot = async (): Promise<void> => {
    daemon = startDaemon(
      'env',
      [`HIKYAKU_ROOT=${lower}`, 'bash', script, 'enter', folder, name, ...places],
      'SIGKILL',
    )
    const end = performance.now() + 60_000
    for (;;) {
      if (!daemon.alive() || performance.now() > end)
        throw new Error(`systemd did not start: ${daemon.printed()}`)
      await pause(50)
      leader = childOf(daemon.pid)
      if (leader === undefined || readFileSync(`/proc/${leader}/comm`, 'utf8') !== 'systemd\n') continue
      const { stdout } = await run(['systemctl', 'is-system-running'])
      if (/^(running|degraded)/.test(stdout)) break
    }
  }
  const end = async (): Promise<void> => {
    await daemon?.stop()
    await removeGroups(name)
  }
  try {
    await boot()
  } catch (thrown) {
    await end()
    await removeFolder(folder)
    throw thrown
  }
  return {
    run,
    async reboot() {
      // Its own end first, as at a real one: units are stopped in order.
      await run(['systemctl', 'poweroff'])
      const late = performance.now() + 60_000
      while (daemon?.alive() && performance.now() < late) await pause(20)
      await end()
      await boot()
    },
    async stop() {
      await end()
      await removeFolder(folder)
    },
  }
}

/** The first child of a process. */
function childOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ')[0] || undefined
  } catch {
    return undefined
  }
}

/** The control groups that the machine left, innermost first. */
async function removeGroups(name: string): Promise<void> {
  const top = '/sys/fs/cgroup'
  const hierarchies = existsSync(join(top, 'cgroup.controllers'))
    ? [top]
    : readdirSync(top).map(entry => join(top, entry))
  const remove = async (group: string): Promise<void> => {
    if (!existsSync(group)) return
    for (const entry of readdirSync(group, { withFileTypes: true })) {
      if (entry.isDirectory()) await remove(join(group, entry.name))
    }
    // On a busy machine its last process is taken away seconds after its end.
    for (const late = performance.now() + longestTidyMs; ; await pause(20)) {
      try {
        return await rmdir(group)
      } catch (thrown) {
        if (performance.now() > late) throw thrown
      }
    }
  }
  for (const hierarchy of hierarchies) await remove(join(hierarchy, name))
}
