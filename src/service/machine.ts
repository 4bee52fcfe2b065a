/** The machine that a service is installed on, as data: tests give another one and touch nothing real. */
import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { fileURLToPath } from 'node:url'
import { homeOf } from '../base/home.ts'

export interface Ran {
  readonly code: number
  /** Standard output and error, trimmed, at most 2,000 characters. */
  readonly output: string
}

export interface ServiceMachine {
  readonly platform: NodeJS.Platform
  /** Undefined where this user has none. */
  readonly home: string | undefined
  readonly uid: number
  /** The number of a user that has no name here; on Windows with the domain in front (`DOMAIN\\name`). */
  readonly userName: string
  /** In front of every absolute path that is written or looked for; '' for the real system. */
  readonly prefix: string
  readonly nodeFile: string
  readonly cliFile: string
  readonly userNamespaces: boolean
  /** Whether systemd is what started this computer: sd_booted(3). */
  readonly systemd: boolean
  /** The folders of which a service with PrivateTmp=yes has its own: systemd.exec(5). */
  readonly temporaryFolders: readonly string[]
  /** Windows: its own folder. */
  readonly systemRoot?: string | undefined
  /** Runs a program without a shell, for two minutes at most. */
  readonly run: (program: string, args: readonly string[]) => Promise<Ran>
}

const runProgram: ServiceMachine['run'] = (program, args) =>
  new Promise(resolve => {
    execFile(
      program,
      args,
      { timeout: 120_000, env: { ...process.env, LC_ALL: 'C' } },
      (error, stdout, stderr) => {
        const output =
          `${stdout}${stderr}`.trim() || (error !== null && error.code === 'ENOENT' ? 'not found' : '')
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 127
        resolve({ code, output: output.slice(0, 2_000) })
      },
    )
  })

/** Whether a user's own systemd can make namespaces: Debian's switch, and AppArmor's on Ubuntu since 23.10. */
function userNamespaces(): boolean {
  const read = (file: string): string | undefined => {
    try {
      return readFileSync(file, 'utf8').trim()
    } catch {
      return undefined // this kernel has no such switch
    }
  }
  return (
    read('/proc/sys/kernel/unprivileged_userns_clone') !== '0' &&
    read('/proc/sys/kernel/apparmor_restrict_unprivileged_userns') !== '1' &&
    read('/proc/sys/user/max_user_namespaces') !== '0'
  )
}

function userName(): string {
  try {
    const { USERDOMAIN } = process.env
    const { username } = userInfo()
    return process.platform === 'win32' && USERDOMAIN ? `${USERDOMAIN}\\${username}` : username
  } catch {
    return String(process.getuid?.() ?? 0) // no entry in passwd
  }
}

/** @param cliFile the program that was started (process.argv[1]) */
export function thisMachine(cliFile = process.argv[1] ?? fileURLToPath(import.meta.url)): ServiceMachine {
  return {
    platform: process.platform,
    home: homeOf(process.env),
    uid: process.getuid?.() ?? 0,
    userName: userName(),
    prefix: '',
    nodeFile: process.execPath,
    cliFile,
    systemd: process.platform === 'linux' && existsSync('/run/systemd/system'),
    temporaryFolders: ['/tmp', '/var/tmp'],
    userNamespaces: process.platform === 'linux' && userNamespaces(),
    systemRoot: process.env.SystemRoot,
    run: runProgram,
  }
}
