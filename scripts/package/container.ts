/**
 * An engine in small, for the tests of the image: unpacks what `docker load` would take and runs it by crun, as the image
 * itself says (entrypoint, user, environment, volume, health check, stop signal), with nothing of it writable but the
 * volume and /tmp, no capability and no way to new ones. The network is this machine's.
 */
import { execFile, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

interface ImageConfig {
  readonly User: string
  readonly Env: readonly string[]
  readonly Cmd: readonly string[]
  readonly Entrypoint: readonly string[]
  readonly WorkingDir: string
  readonly StopSignal: string
  readonly Volumes: Readonly<Record<string, object>>
  readonly Labels: Readonly<Record<string, string>>
  readonly Healthcheck: { readonly Test: readonly string[] }
}

export interface LoadedImage {
  readonly rootfs: string
  readonly architecture: string
  readonly config: ImageConfig
  remove(): Promise<void>
}

/** @param dockerTar as image.ts makes it */
export async function loadImage(dockerTar: string): Promise<LoadedImage> {
  const folder = await mkdtemp(join(tmpdir(), 'hikyaku-loaded-'))
  await run('tar', ['-xzf', dockerTar, '-C', folder])
  const readAs = async (name: string) => JSON.parse(await readFile(join(folder, name), 'utf8'))
  const [{ Config: configFile, Layers: layers }] = await readAs('manifest.json')
  const { config, architecture } = await readAs(configFile)
  const rootfs = join(folder, 'rootfs')
  await mkdir(rootfs)
  for (const layer of layers) await run('tar', ['-xpf', join(folder, layer), '--numeric-owner', '-C', rootfs])
  return { rootfs, architecture, config, remove: () => rm(folder, { recursive: true, force: true }) }
}

export interface Ended {
  readonly code: number
  readonly output: string
}

export interface ContainerOptions {
  /** Instead of the image's command. */
  readonly words?: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** A folder of this machine for the image's volume; otherwise memory, as docs/fleet gives a worker. */
  readonly volume?: string
  /** Files of this machine, by their place in the container; read-only. */
  readonly files: Readonly<Record<string, string>>
}

export interface Container {
  output(): string
  /** A command beside, as `docker exec` runs one. */
  exec(...words: readonly string[]): Promise<Ended>
  /** The image's own health check; healthy: 0. */
  checkHealth(): Promise<Ended>
  /** The image's stop signal, then its end. */
  stop(): Promise<Ended>
  kill(): Promise<void>
  readonly ended: Promise<Ended>
}

/** crun asks for one kind of cgroup, and this machine may have both: it sees a mount of its own. */
const alone = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c']
const withCgroups = 'mount -t cgroup2 none /sys/fs/cgroup && exec crun --cgroup-manager=disabled "$@"'

export async function startContainer(image: LoadedImage, options: ContainerOptions): Promise<Container> {
  const { config, rootfs } = image
  const folder = await mkdtemp(join(tmpdir(), 'hikyaku-bundle-'))
  const [uid = 0, gid = 0] = config.User.split(':').map(Number)
  const env = [...config.Env, ...Object.entries(options.env).map(([name, value]) => `${name}=${value}`)]
  const [volume = ''] = Object.keys(config.Volumes)
  const bind = (source: string, destination: string, ...more: readonly string[]): object => ({
    source,
    destination,
    type: 'bind',
    options: ['bind', 'nosuid', 'nodev', ...more],
  })
  const memory = (destination: string, ...more: readonly string[]): object => ({
    destination,
    type: 'tmpfs',
    source: 'tmpfs',
    options: ['nosuid', 'nodev', ...more],
  })
  const spec = {
    ociVersion: '1.0.2',
    process: {
      user: { uid, gid },
      args: [...config.Entrypoint, ...(options.words ?? config.Cmd)],
      env,
      cwd: config.WorkingDir,
      capabilities: {},
      noNewPrivileges: true,
    },
    root: { path: rootfs, readonly: true },
    mounts: [
      { destination: '/proc', type: 'proc', source: 'proc' },
      { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755'] },
      memory('/tmp', 'noexec', 'mode=1777'),
      memory('/run', 'mode=755'),
      ...['/etc/resolv.conf', '/etc/hosts'].map(file => bind(file, file, 'ro')),
      options.volume === undefined
        ? memory(volume, 'noexec', 'mode=0700', `uid=${uid}`, `gid=${gid}`)
        : bind(options.volume, volume, 'rw'),
      ...Object.entries(options.files).map(([place, file]) => bind(file, place, 'ro')),
    ],
    linux: { namespaces: ['mount', 'pid', 'ipc', 'uts'].map(type => ({ type })) },
  }
  await writeFile(join(folder, 'config.json'), JSON.stringify(spec))
  const id = `hikyaku-${randomUUID()}`
  const place = ['--root', join(folder, 'crun')]
  const start = (words: readonly string[]): { ended: Promise<Ended>; output: () => string } => {
    const [program = '', ...rest] = [...alone, withCgroups, 'crun', ...place, ...words]
    const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text
      })
    const ended = once(child, 'close').then(([code]): Ended => ({ code: code ?? -1, output }))
    return { ended, output: () => output }
  }
  const main = start(['run', '--bundle', folder, id])
  const ended = main.ended.finally(() => rm(folder, { recursive: true, force: true }))
  const exec = (...words: readonly string[]): Promise<Ended> =>
    start([
      'exec',
      '--user',
      config.User,
      '--cwd',
      config.WorkingDir,
      ...env.flatMap(pair => ['--env', pair]),
      id,
      ...words,
    ]).ended
  return {
    output: main.output,
    exec,
    checkHealth: () => exec(...config.Healthcheck.Test.slice(1)),
    async stop() {
      await start(['kill', id, config.StopSignal]).ended
      return ended
    },
    async kill() {
      await start(['kill', id, 'SIGKILL']).ended
      await ended
    },
    ended,
  }
}
