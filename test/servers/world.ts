/** A whole world on loopback: a source server, a Gmail stand-in, a state directory, and hikyaku as a child. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type GmailServer, type GmailServerOptions, startGmailServer } from './gmail/gmail-server.ts'
import { type Ended, gmailEnv, hikyaku, type Running, startHikyaku } from './hikyaku.ts'
import { type Protocol, type ServerKind, type SourceServer, startSource } from './source-server.ts'

export interface WorldOptions {
  readonly protocol: Protocol
  readonly server?: ServerKind
  /** A source that runs already, instead of one of the kind. */
  readonly source?: SourceServer
  readonly gmail?: GmailServerOptions
  readonly scopes?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** The program's own file, where it is not src/cli.ts. */
  readonly cli?: string
}

export interface World {
  readonly source: SourceServer
  readonly gmail: GmailServer
  readonly folder: string
  readonly stateDir: string
  readonly env: Readonly<Record<string, string>>
  /** Runs a command to its end. */
  run(
    args: readonly string[],
    more?: { env?: Record<string, string>; nodeArgs?: readonly string[]; timeoutMs?: number },
  ): Promise<Ended>
  /** Starts a command that goes on; killed at `stop` where it still runs. */
  start(
    args: readonly string[],
    more?: { env?: Record<string, string>; nodeArgs?: readonly string[] },
  ): Running
  stop(): Promise<void>
}

export async function startWorld(options: WorldOptions): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'hikyaku-world-'))
  const source = options.source ?? (await startSource(options.protocol, options.server ?? 'stand-in'))
  const gmail = await startGmailServer(options.gmail)
  const stateDir = join(folder, 'state')
  const env = {
    ...source.env,
    ...gmailEnv(gmail, options.scopes),
    STATE_DIR: stateDir,
    GMAIL_UNITS_PER_MINUTE: '1200000',
    VERIFY: 'false',
    ...options.env,
  }
  const running: Running[] = []
  const program = options.cli === undefined ? {} : { cli: options.cli }
  return {
    source,
    gmail,
    folder,
    stateDir,
    env,
    run: (args, more = {}) =>
      hikyaku(args, {
        ...program,
        env: { ...env, ...more.env },
        cwd: folder,
        nodeArgs: more.nodeArgs ?? [],
        timeoutMs: more.timeoutMs ?? 60_000,
      }),
    start(args, more = {}) {
      const one = startHikyaku(args, {
        ...program,
        env: { ...env, ...more.env },
        cwd: folder,
        nodeArgs: more.nodeArgs ?? [],
      })
      running.push(one)
      return one
    },
    async stop() {
      for (const one of running) {
        one.kill('SIGKILL')
        await one.ended
      }
      await source.stop()
      await gmail.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** The one JSON object that a command printed. */
export function answerOf(ended: Ended): Record<string, unknown> {
  try {
    return JSON.parse(ended.stdout) as Record<string, unknown>
  } catch {
    throw new Error(`no JSON on standard output; exit ${ended.code}\n${ended.stdout}\n${ended.stderr}`)
  }
}
