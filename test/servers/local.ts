/** What every real server under test needs: free loopback ports, a proof that it answers, a private folder. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type ListenOptions, type Server, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

export const loopback = '127.0.0.1'

/** Below what systems give by themselves, and above what services of a machine have. */
const firstPort = 16_384

/** The lowest port that the kernel gives by itself, to connections and to whoever listens on any (ip(7)). */
function lowestGivenPort(): number {
  try {
    return Number.parseInt(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8'), 10)
  } catch {
    return 0
  }
}

/** Whether nobody had it: then nobody else has it, at that address, until it is closed. */
async function take(server: Server, options: ListenOptions): Promise<boolean> {
  const isTaken = Promise.withResolvers<boolean>()
  server.once('error', () => isTaken.resolve(false)).listen(options, () => isTaken.resolve(true))
  return isTaken.promise
}

/** A port that is claimed for as long as this process lives, by an abstract socket of its number (unix(7)). */
async function claimPort(lowest: number): Promise<number> {
  for (let tries = 0; tries < 1000; tries += 1) {
    const port = firstPort + Math.floor(Math.random() * (lowest - firstPort))
    const claim = createServer().unref()
    if (!(await take(claim, { path: `\0hikyaku-test-port-${port}` }))) continue
    const listener = createServer()
    if (await take(listener, { host: loopback, port })) {
      await new Promise(resolve => listener.close(resolve))
      return port
    }
    // Somebody's who claims nothing.
    claim.close()
  }
  throw new Error('no port is free')
}

/**
 * TCP ports for servers that are started later, and stopped and started again. What the kernel gives by itself it may
 * give to a test beside as soon as it is let go, so these are others, and each is one process's for as long as that lives.
 */
export async function freePorts(count: number): Promise<number[]> {
  const lowest = process.platform === 'linux' ? lowestGivenPort() : 0
  // A machine that gives nearly all by itself has none to claim.
  if (lowest < firstPort + 5000) return givenPorts(count)
  return Promise.all(Array.from({ length: count }, () => claimPort(lowest)))
}

/** Such as nobody listened on a moment ago. All are held until the last is known, so they differ. */
async function givenPorts(count: number): Promise<number[]> {
  const held: Server[] = []
  try {
    for (let i = 0; i < count; i += 1) {
      const server = createServer()
      held.push(server)
      server.listen(0, loopback)
      await once(server, 'listening')
    }
    return held.map(server => {
      const address = server.address()
      return typeof address === 'object' && address !== null ? address.port : 0
    })
  } finally {
    await Promise.all(held.map(server => new Promise(resolve => server.close(resolve))))
  }
}

/** What a server says first on a new connection, within a second; '' where it says nothing. */
async function greeting(port: number): Promise<string> {
  const socket = new Socket()
  try {
    return await new Promise<string>(resolve => {
      socket.setTimeout(1_000, () => resolve(''))
      socket.once('error', () => resolve(''))
      socket.once('end', () => resolve(''))
      socket.once('data', chunk => resolve(chunk.toString('latin1')))
      socket.connect(port, loopback)
    })
  } finally {
    socket.destroy()
  }
}

/**
 * Resolves once every plain-text port greets as it should. A port that merely accepts proves little: Dovecot's
 * accept before it can authenticate, and before it can be stopped.
 * @param whileAlive asked between tries; false (the server has ended) rejects at once
 * @param withinMs longest wait in milliseconds
 */
export async function portsGreet(
  ports: readonly { readonly port: number; readonly expect: RegExp }[],
  whileAlive: () => boolean,
  withinMs = 15_000,
): Promise<void> {
  const end = performance.now() + withinMs
  for (const { port, expect } of ports) {
    for (let said = ''; !expect.test(said); said = await greeting(port)) {
      if (!whileAlive()) throw new Error(`the server ended before port ${port} answered`)
      if (performance.now() > end)
        throw new Error(`port ${port} did not greet within ${withinMs} ms: ${said}`)
      await pause(10)
    }
  }
}

/** Where a program is, looked for in PATH and in the folders for daemons, or undefined. */
export function program(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/bin', '/sbin', '/bin']
  return folders.map(folder => join(folder, name)).find(existsSync)
}

/** A new private folder whose path is short enough for Unix sockets inside it (108 octets, unix(7)). */
export function privateFolder(name: string): Promise<string> {
  const root = tmpdir()
  return mkdtemp(join(root.length > 40 ? '/tmp' : root, `hikyaku-${name}-`))
}

/** Removes a folder although a server's last child may still be writing into it. */
export const removeFolder = (folder: string): Promise<void> =>
  rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 })

/** Keeps what a child prints from now on. */
export function keepOutput({ stdout, stderr }: ChildProcess): {
  readonly stdout: () => string
  readonly stderr: () => string
} {
  const said = { stdout: '', stderr: '' }
  stdout?.setEncoding('utf8').on('data', (text: string) => {
    said.stdout += text
  })
  stderr?.setEncoding('utf8').on('data', (text: string) => {
    said.stderr += text
  })
  return { stdout: () => said.stdout, stderr: () => said.stderr }
}

export interface Daemon {
  readonly pid: number
  readonly alive: () => boolean
  /** What it printed so far, for error messages. */
  readonly printed: () => string
  /** Sends the signal to this process alone, SIGKILL after five seconds; resolves when it has ended. */
  stop(): Promise<void>
}

/**
 * Starts a server in the foreground as our child. Where util-linux is at hand the kernel ends it with us
 * (PR_SET_PDEATHSIG), so that a test run that is itself killed leaves no server behind.
 */
export function startDaemon(
  command: string,
  args: readonly string[],
  signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM',
): Daemon {
  const setpriv = program('setpriv')
  const [file, all] =
    setpriv === undefined ? [command, args] : [setpriv, ['--pdeathsig', signal.slice(3), command, ...args]]
  const child: ChildProcess = spawn(file, all, { stdio: ['ignore', 'pipe', 'pipe'] })
  let printed = ''
  const keep = (chunk: Buffer): void => {
    printed = (printed + chunk.toString('utf8')).slice(-20_000)
  }
  child.stdout?.on('data', keep)
  child.stderr?.on('data', keep)
  let ended = false
  const exit = new Promise<void>(resolve => {
    child.once('error', error => {
      printed += String(error)
      ended = true
      resolve()
    })
    child.once('exit', () => {
      ended = true
      resolve()
    })
  })
  return {
    pid: child.pid ?? -1,
    alive: () => !ended,
    printed: () => printed,
    stop: async () => {
      if (!ended) {
        child.kill(signal)
        const hard = setTimeout(() => child.kill('SIGKILL'), 5_000)
        await exit
        clearTimeout(hard)
      }
      // A grandchild may still hold the pipes; without this the test's process would wait for it.
      child.stdout?.destroy()
      child.stderr?.destroy()
    },
  }
}
