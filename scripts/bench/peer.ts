/** A program of somebody else as our child; the kernel ends it with us where util-linux is at hand. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { program } from '../../test/servers/local.ts'

export interface Peer {
  readonly pid: number
  /** The end of what it said so far, for error messages. */
  readonly said: () => string
  stop(): Promise<void>
}

/** @param folder its working folder and home */
export function startPeer(command: string, args: readonly string[], folder: string): Peer {
  const setpriv = program('setpriv')
  const [file, all] =
    setpriv === undefined ? [command, args] : [setpriv, ['--pdeathsig', 'KILL', command, ...args]]
  const { PATH = '' } = process.env
  const child: ChildProcess = spawn(file, all, {
    cwd: folder,
    env: { PATH, HOME: folder, LC_ALL: 'C' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString('utf8')).slice(-4_000)
    })
  const ended = once(child, 'close').catch(() => {})
  return {
    pid: child.pid ?? 0,
    said: () => said,
    async stop() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
