/** Start-up of the built program beside Node itself doing nothing, in turns. */
import { spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startWorld } from '../../test/servers/world.ts'
import { build } from './build.ts'
import { atMost, type BenchOptions, figure, type Measure } from './measure.ts'

export async function benchStart(options: BenchOptions): Promise<Measure[]> {
  const cli = build(options.tell)
  const folder = await mkdtemp(join(tmpdir(), 'hikyaku-bench-'))
  try {
    return [...compare(cli, folder, options.quick ? 3 : 15), await emptyPull(cli, options.quick ? 3 : 10)]
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function compare(cli: string, folder: string, rounds: number): Measure[] {
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    STATE_DIR: join(folder, 'state'),
    MAIL_PROTOCOL: 'imap',
    MAIL_HOST: 'mail.example.jp',
    MAIL_USER: 'owner@example.jp',
    GOOGLE_CLIENT_ID: 'x.apps.googleusercontent.com',
  }
  const programs = {
    node: ['-e', '0'],
    version: [cli, '--version'],
    status: [cli, 'status'],
  }
  const times: Record<keyof typeof programs, number[]> = { node: [], version: [], status: [] }
  for (let round = 0; round < rounds; round += 1)
    for (const [name, args] of Object.entries(programs)) {
      const start = performance.now()
      const ended = spawnSync(process.execPath, args, { env, cwd: folder, stdio: 'ignore', timeout: 30_000 })
      // `status` of a mailbox that nothing looks after is not 0.
      if (ended.status !== 0 && name !== 'status') throw new Error(`${name} ended with ${ended.status}`)
      if (ended.status === null) throw new Error(`${name} ended with ${ended.signal}`)
      times[name as keyof typeof programs].push(performance.now() - start)
    }
  // The best of many: what else runs on the machine only ever adds.
  const [node, version, status] = [times.node, times.version, times.status].map(all => Math.min(...all)) as [
    number,
    number,
    number,
  ]
  return [
    figure('start.node', node, 'ms (node -e 0)'),
    atMost('start.version', version, 'ms', 40),
    figure('start.version.ratio', version / node, 'times node -e 0'),
    atMost('start.status', status, 'ms', 150),
    figure('start.status.ratio', status / node, 'times node -e 0'),
  ]
}

/** A one-shot pull that logs in to an empty mailbox of the stand-in. */
async function emptyPull(cli: string, rounds: number): Promise<Measure> {
  const world = await startWorld({ protocol: 'imap', cli })
  try {
    const times: number[] = []
    // The first one makes the journal.
    for (let round = 0; round <= rounds; round += 1) {
      const startMs = performance.now()
      const { code, stderr } = await world.run(['pull'])
      if (code !== 0) throw new Error(`pull ended with ${code}\n${stderr.slice(-2_000)}`)
      if (round > 0) times.push(performance.now() - startMs)
    }
    return atMost('start.pull', Math.min(...times), 'ms, with nothing to do', 250)
  } finally {
    await world.stop()
  }
}
