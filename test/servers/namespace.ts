/**
 * Servers that have the paths of their accounts, their configuration and their mail compiled in, run as they are: in a
 * mount namespace of their own in which /etc, /run and /var are private folders; the system's own are neither read
 * nor touched, so accounts and passwords are ours. They also run in a process namespace of their own: when the first
 * process ends, the kernel ends all the others.
 *
 * Debian's packages of these servers exclude Dovecot's; .ci/install-servers unpacks them beside the system.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { chmod, chown, copyFile, mkdir, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import {
  type Daemon,
  loopback,
  portsGreet,
  privateFolder,
  program,
  removeFolder,
  startDaemon,
} from './local.ts'

const root = process.env.HIKYAKU_OTHER_SERVERS ?? '/opt/hikyaku-servers'

/** Where a program of an unpacked package is: `lib/cyrus/bin/imapd`. */
export const unpacked = (path: string): string => join(root, 'usr', path)

/** Where the libraries of the unpacked packages are, for LD_LIBRARY_PATH. */
export function unpackedLibraries(): string {
  const names = existsSync(unpacked('lib')) ? readdirSync(unpacked('lib')) : []
  return names
    .filter(name => name.includes('-linux-gnu'))
    .map(name => unpacked(`lib/${name}`))
    .join(':')
}

/** Why nothing can be started this way here, or undefined when it can. */
export function namespaceMissing(): string | undefined {
  if (userInfo().uid !== 0) return 'accounts of its own need a mount namespace, which needs root'
  if (program('openssl') === undefined) return 'openssl is not installed'
  try {
    execFileSync('unshare', ['--mount', '--pid', '--fork', 'true'], { stdio: 'ignore' })
    return undefined
  } catch {
    return 'no mount namespace can be made here'
  }
}

/** An account with a mailbox. */
export interface Account {
  readonly name: string
  readonly uid: number
  readonly gid: number
}

/** Debian's group of who may write in /var/mail. */
export const mailGroup = 8

const firstUid = 1900

export interface House {
  readonly folder: string
  readonly accounts: readonly Account[]
  /** The path outside of what is `path` (/etc/..., /run/..., /var/...) for the servers. */
  outside(path: string): string
  /** Runs the shell commands in it, as its first process; resolves when the ports greet. */
  start(commands: string, ports: Parameters<typeof portsGreet>[0]): Promise<void>
  /** What the servers printed so far. */
  log(): string
  stop(): Promise<void>
}

/**
 * Makes the folders and the accounts; nothing runs yet.
 * @param password of every account
 * @param services system accounts that a server looks for, no one can log in to them
 */
export async function makeHouse(
  name: string,
  users: readonly string[],
  password: string,
  services: readonly string[] = [],
): Promise<House> {
  const folder = await privateFolder(name)
  const outside = (path: string): string => join(folder, path)
  await chmod(folder, 0o755)
  for (const path of ['etc/pam.d', 'run', 'var/mail', 'var/lib', 'var/home', 'var/tmp']) {
    await mkdir(outside(path), { recursive: true })
  }
  // As Debian's own, but for the group: whoever serves a mailbox makes its lock beside it.
  await chmod(outside('var/mail'), 0o1777)
  await chmod(outside('var/tmp'), 0o1777)
  const accounts = users.map((user, at): Account => ({ name: user, uid: firstUid + at, gid: firstUid + at }))
  const passwd = ['root:x:0:0:root:/root:/bin/sh', 'nobody:x:65534:65534:nobody:/nonexistent:/bin/sh']
  const group = ['root:x:0:', `mail:x:${mailGroup}:`, 'nogroup:x:65534:']
  const shadow: string[] = []
  for (const [at, service] of services.entries()) {
    passwd.push(`${service}:x:${900 + at}:${mailGroup}::/nonexistent:/usr/sbin/nologin`)
  }
  const hashed = execFileSync('openssl', ['passwd', '-6', '-stdin'], { input: `${password}\n` })
  for (const { name: user, uid, gid } of accounts) {
    passwd.push(`${user}:x:${uid}:${gid}::/var/home/${user}:/bin/sh`)
    group.push(`${user}:x:${gid}:`)
    shadow.push(`${user}:${hashed.toString('utf8').trim()}:19000:0:99999:7:::`)
    await mkdir(outside(`var/home/${user}`))
    await chown(outside(`var/home/${user}`), uid, gid)
  }
  const put = (path: string, lines: readonly string[], mode = 0o644): Promise<void> =>
    writeFile(outside(path), `${lines.join('\n')}\n`, { mode })
  await put('etc/passwd', passwd)
  await put('etc/group', group)
  await put('etc/shadow', shadow, 0o600)
  await put(
    'etc/nsswitch.conf',
    ['passwd', 'group', 'shadow', 'hosts', 'services'].map(one => `${one}: files`),
  )
  await put('etc/hosts', [`${loopback} localhost`])
  // Where the system's libraries are; without it the loader would look in its few default folders only.
  if (existsSync('/etc/ld.so.cache')) await copyFile('/etc/ld.so.cache', outside('etc/ld.so.cache'))
  let daemon: Daemon | undefined
  return {
    folder,
    accounts,
    outside,
    log: () => daemon?.printed() ?? '',
    async start(commands, ports) {
      const binds = ['etc', 'run', 'var'].map(path => `mount --bind ${outside(path)} /${path}`)
      const script = outside('start.sh')
      await writeFile(script, ['set -eu', ...binds, commands, ''].join('\n'))
      // unshare lets SIGTERM pass by while it waits for its child; only SIGKILL ends both.
      daemon = startDaemon(
        'unshare',
        ['--mount', '--pid', '--fork', '--kill-child=SIGKILL', 'sh', script],
        'SIGKILL',
      )
      try {
        await portsGreet(ports, daemon.alive)
      } catch (cause) {
        throw new Error(`${name} did not start: ${daemon.printed()}`, { cause })
      }
    },
    async stop() {
      await daemon?.stop()
      await removeFolder(folder)
    },
  }
}
