/**
 * One client against one server, in a process of its own, so that its memory is its own and the server's work
 * does not slow it on the same thread. Started by `runClient`; the servers come by the usual variables.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { loadConfig } from '../../src/config/load.ts'
import { uploadGoogle, uploadOurs, uploadRaw } from './client-gmail.ts'
import { retrieveMbsync } from './client-mbsync.ts'
import { retrievePoplib } from './client-poplib.ts'
import { retrieveRaw } from './client-raw.ts'
import { retrieveImapflow, retrieveNodePop3, retrieveOurs } from './client-source.ts'
import type { ClientResult, ClientWork } from './client-work.ts'

export type ClientAnswer = ClientResult & {
  readonly peakMiB: number
  /** User and system, the start of the process included. */
  readonly cpuMs: number
}

const clients = {
  'source.ours': retrieveOurs,
  'source.raw': retrieveRaw,
  'source.poplib': retrievePoplib,
  'source.node-pop3': retrieveNodePop3,
  'source.imapflow': retrieveImapflow,
  'source.mbsync': retrieveMbsync,
  'gmail.raw': uploadRaw,
  'gmail.ours': uploadOurs,
  'gmail.google': uploadGoogle,
} as const satisfies Record<string, (work: ClientWork) => Promise<ClientResult>>

export type ClientName = keyof typeof clients

/** Runs `name` in a new process with the variables of servers in `env`. */
export async function runClient(
  name: ClientName,
  env: Readonly<Record<string, string>>,
  size: { readonly messages: number; readonly octets: number } = { messages: 0, octets: 0 },
): Promise<ClientAnswer> {
  const { PATH = '', HOME = '' } = process.env
  const args = [
    '--no-deprecation',
    fileURLToPath(import.meta.url),
    name,
    String(size.messages),
    String(size.octets),
  ]
  const child = spawn(process.execPath, args, {
    env: { PATH, HOME, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const timer = setTimeout(() => child.kill('SIGKILL'), 180_000)
  const [answer] = await Promise.all([text(child.stdout), once(child, 'close')])
  clearTimeout(timer)
  if (child.exitCode !== 0) throw new Error(`${name} ended with ${child.exitCode ?? child.signalCode}`)
  return JSON.parse(answer) as ClientAnswer
}

/** Most memory that this process ever held. */
function peakMiB(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS / 1024
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1]) / 1024
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , name = '', messages, octets] = process.argv
  const client = clients[name as ClientName]
  const config = await loadConfig({ env: process.env, cwd: tmpdir() })
  const result = await client({ config, messages: Number(messages), octets: Number(octets) })
  const { user, system } = process.cpuUsage()
  const cpuMs = (user + system) / 1000
  process.stdout.write(`${JSON.stringify({ ...result, peakMiB: peakMiB(), cpuMs })}\n`, () => process.exit(0))
}
