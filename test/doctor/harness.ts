/** `hikyaku doctor` in the test's own process, between real servers; only machine, clock and names are played. */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { createConnection, type Socket } from 'node:net'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import type { Language } from '../../src/base/language.ts'
import { doctorCommand } from '../../src/commands/doctor.ts'
import type { Invocation } from '../../src/commands/invocation.ts'
import { chooseWords } from '../../src/locale/locale.ts'
import { type ServiceMachine, thisMachine } from '../../src/service/machine.ts'
import type { World } from '../servers/world.ts'

export interface Line {
  readonly check: string
  readonly subject: string
  readonly verdict: 'ok' | 'warning' | 'bad' | 'skipped'
  readonly code: string
  readonly what: string
  readonly next: string
}

export interface Told {
  readonly exitCode: number
  readonly cause: string | null
  readonly noNetwork: boolean
  readonly lines: readonly Line[]
}

export type Given = NonNullable<Parameters<typeof doctorCommand>[1]>

/** A machine on which no service manager is asked: what is installed lies under `prefix`. */
export function quietMachine(prefix: string, said = ''): ServiceMachine {
  return { ...thisMachine(), platform: 'linux', prefix, run: async () => ({ code: 0, output: said }) }
}

interface Options {
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly given?: Given
  readonly language?: Language
  readonly json?: boolean
}

/** What the command wrote to standard output. */
export async function runDoctor(
  world: World,
  options: Options = {},
): Promise<{ text: string; exitCode: number }> {
  const { env = {}, given = {}, language = 'en', json = false } = options
  const stdout = new PassThrough()
  const invocation: Invocation = {
    env: { PATH: process.env.PATH, HOME: world.folder, ...world.env, ...env },
    cwd: world.folder,
    stdout,
    stderr: new PassThrough(),
    stdin: Readable.from([]) as Invocation['stdin'],
    language,
    words: chooseWords(language),
    json,
  }
  const machine = quietMachine(join(world.folder, 'root'))
  const exitCode = await doctorCommand(invocation, { machine, ...given })
  stdout.end()
  return { text: (await stdout.toArray()).join(''), exitCode }
}

export async function diagnosed(world: World, options: Omit<Options, 'json'> = {}): Promise<Told> {
  const { text, exitCode } = await runDoctor(world, { ...options, json: true })
  const answer = JSON.parse(text)
  return { exitCode, cause: answer.cause, noNetwork: answer.noNetwork, lines: answer.checks }
}

/**
 * Several mailboxes at the world's one server: a file in the place of the world's variables.
 * @param mailboxes what differs from the world's own @returns the variables to run with
 */
export async function writeYaml(
  world: World,
  accounts: readonly string[],
  mailboxes: readonly Readonly<Record<string, string>>[],
): Promise<Record<string, string | undefined>> {
  const secretFile = async (name: string): Promise<string> => {
    const file = join(world.folder, name)
    await writeFile(file, world.env[name] ?? '', { mode: 0o600 })
    return file
  }
  const { MAIL_PROTOCOL: protocol, MAIL_HOST: host, MAIL_PORT: port, MAIL_USER: user } = world.env
  const passwordFile = await secretFile('MAIL_PASSWORD')
  const google = {
    address: 'owner@example.test',
    clientId: world.env.GOOGLE_CLIENT_ID,
    clientSecretFile: await secretFile('GOOGLE_CLIENT_SECRET'),
    refreshTokenFile: await secretFile('GOOGLE_REFRESH_TOKEN'),
  }
  const file = join(world.folder, 'config.yaml')
  // JSON is YAML.
  const written = {
    accounts: accounts.map(name => ({ name, ...google })),
    mailboxes: mailboxes.map(mailbox => ({
      ...{ protocol, host, port: Number(port), security: 'none', user, passwordFile },
      ...mailbox,
    })),
  }
  await writeFile(file, JSON.stringify(written))
  const isOfOne = /^MAIL_|^GOOGLE_(CLIENT|REFRESH)|^GMAIL_ACCOUNT|^GMAIL_UNITS|^VERIFY/
  const without = Object.keys(world.env).filter(name => isOfOne.test(name))
  return { ...Object.fromEntries(without.map(name => [name, undefined])), HIKYAKU_CONFIG: file }
}

/** Every file below the folder with its mode and its octets' digest: equal before and after means nothing changed. */
export async function snapshot(folder: string): Promise<readonly string[]> {
  const rows: string[] = []
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    const { mode, mtimeMs } = await stat(path)
    const octets = entry.isFile() ? await readFile(path) : Buffer.alloc(0)
    rows.push(`${path} ${mode.toString(8)} ${mtimeMs} ${createHash('sha256').update(octets).digest('hex')}`)
  }
  return rows.sort()
}

/** Puts a service definition where systemd's would be. */
export async function installUnit(world: World): Promise<void> {
  const folder = join(world.folder, 'root', 'etc', 'systemd', 'system')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'hikyaku.service'), '[Service]\n')
}

/**
 * A port on ::1 that swallows connections: its listener is stopped (SIGSTOP) with a full queue, so the kernel answers
 * no SYN any more, as a router that drops them.
 */
export async function blackHole(port: number): Promise<{ stop(): Promise<void> }> {
  const program = `require('node:net').createServer().listen({port:${port},host:'::1',backlog:1},()=>process.stdout.write('up'))`
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  child.kill('SIGSTOP')
  const sockets: Socket[] = []
  const stop = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy()
    child.kill('SIGKILL')
    await once(child, 'close')
  }
  // As many as it takes until one is not answered: connections within the queue stand at once on loopback.
  for (let count = 0; count < 20; count += 1) {
    const socket = createConnection({ host: '::1', port })
    socket.on('error', () => {})
    sockets.push(socket)
    const stands = await Promise.race([
      once(socket, 'connect').then(() => true),
      new Promise(resolve => setTimeout(resolve, 300, false)),
    ])
    if (!stands) return { stop }
  }
  await stop()
  throw new Error('the queue of the listener never filled up')
}
