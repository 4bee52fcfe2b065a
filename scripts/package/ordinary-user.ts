/**
 * An ordinary user of a computer: a home of its own, no rights, a Node with the npm that comes with it, and nothing of this
 * process's environment. Where the test is root, its processes belong to an account that no other has.
 */
import { spawn } from 'node:child_process'
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { keepOutput } from '../../test/servers/local.ts'

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface OrdinaryUser {
  readonly home: string
  /** Runs a program of its PATH: Node, npm, npx, what it installed into ~/.local, the system's own. */
  run(program: string, args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ended>
  start(program: string, args: readonly string[], env?: Readonly<Record<string, string>>): Started
  /** Makes the file its own, with mode 0600. */
  put(name: string, content: string): Promise<void>
  remove(): Promise<void>
}

/** Debian gives none of these (policy 9.2.2: reserved for local use from 60000 only by request). */
const uid = 61_234

/**
 * @param node path of Node's binary
 * @param npm folder of the npm package
 * @param registry its address; nothing else is set up in npm but a prefix in the home, as npm's own manual advises
 */
export async function makeOrdinaryUser({
  node,
  npm,
  registry,
}: {
  readonly node: string
  readonly npm: string
  readonly registry: string
}): Promise<OrdinaryUser> {
  const home = await mkdtemp(join(tmpdir(), 'hikyaku-user-'))
  await chmod(home, 0o755)
  const bin = join(home, '.node/bin')
  // npm looks there for what is installed globally before it looks for anything else.
  for (const folder of ['.node/lib', '.local/bin', '.local/lib'])
    await mkdir(join(home, folder), { recursive: true })
  await mkdir(bin, { recursive: true })
  await symlink(node, join(bin, 'node'))
  for (const program of ['npm', 'npx'])
    await writeFile(
      join(bin, program),
      `#!/bin/sh\nexec "${join(bin, 'node')}" "${join(npm, 'bin', `${program}-cli.js`)}" "$@"\n`,
      { mode: 0o755 },
    )
  await writeFile(
    join(home, '.npmrc'),
    `registry=${registry}\nprefix=${join(home, '.local')}\nupdate-notifier=false\n`,
  )
  const asUser = process.getuid?.() === 0 ? { uid, gid: uid } : {}
  const own = async (): Promise<void> => {
    if ('uid' in asUser)
      await runProcess('chown', ['-R', `${uid}:${uid}`, home], { cwd: '/', env: process.env })
  }
  await own()
  const optionsOf = (env: Readonly<Record<string, string>>): Options => ({
    ...asUser,
    cwd: home,
    env: {
      HOME: home,
      PATH: `${join(home, '.local/bin')}:${bin}:/usr/bin:/bin`,
      LANG: 'en_US.UTF-8',
      ...certificates(),
      ...env,
    },
  })
  return {
    home,
    run: (program, args, env = {}) => runProcess(program, args, optionsOf(env)),
    start: (program, args, env = {}) => startProcess(program, args, optionsOf(env)),
    put: async (name, content) => {
      await writeFile(join(home, name), content, { mode: 0o600 })
      await own()
    },
    remove: () => rm(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }),
  }
}

/** Where this machine reaches the registry only by an authority of its own. */
function certificates(): Record<string, string> {
  const { NODE_EXTRA_CA_CERTS } = process.env
  return NODE_EXTRA_CA_CERTS === undefined ? {} : { NODE_EXTRA_CA_CERTS }
}

interface Options {
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
  readonly uid?: number
  readonly gid?: number
  /** Killed then; 300,000 unless given. */
  readonly timeoutMs?: number
}

export interface Started {
  /** What it printed so far. */
  output(): string
  readonly ended: Promise<Ended>
  hasEnded(): boolean
  kill(signal: NodeJS.Signals): void
}

export function startProcess(program: string, args: readonly string[], options: Options): Started {
  // spawn looks a program up in this process's PATH, env in the given one.
  const child = spawn('/usr/bin/env', [program, ...args], {
    ...options,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: options.timeoutMs ?? 300_000,
    killSignal: 'SIGKILL',
  })
  const { stdout, stderr } = keepOutput(child)
  return {
    output: () => stdout() + stderr(),
    ended: new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('close', code => resolve({ code, stdout: stdout(), stderr: stderr() }))
    }),
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    kill: signal => {
      child.kill(signal)
    },
  }
}

export const runProcess = (program: string, args: readonly string[], options: Options): Promise<Ended> =>
  startProcess(program, args, options).ended
