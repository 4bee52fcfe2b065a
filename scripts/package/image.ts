/**
 * npm run package:image [-- --arch arm64]: the image for Docker, Podman and their kin, below dist-packages/:
 *
 *     hikyaku-VERSION-linux-ARCH.oci.tar          an OCI layout (skopeo, podman, registries)
 *     hikyaku-VERSION-linux-ARCH.docker.tar.gz    for `docker load`; alone has the HEALTHCHECK, which OCI does not know
 *
 * Needs root, buildah and mmdebstrap. The same commit gives the same octets, as long as Debian has no newer library.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cp, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { readRepository } from '../repository.ts'
import { readJson } from '../runtime-lock.ts'
import { architectures, chooseArchitecture, sayPackage } from './command.ts'
import { dataFolder, imageUser, makeImageRoot, programFolder } from './image-root.ts'
import type { Architecture } from './node-binary.ts'
import type { Order } from './order.ts'
import { fixedTar } from './stage.ts'
import { requireTools } from './tools.ts'

const run = promisify(execFile)
const top = fileURLToPath(new URL('../..', import.meta.url))

/** buildah with a store of its own, so that nothing of this machine's images is seen or left. */
export function buildahIn(store: string): (...words: readonly string[]) => Promise<string> {
  const place = ['--root', join(store, 'images'), '--runroot', join(store, 'run'), '--storage-driver', 'vfs']
  return async (...words) =>
    (await run('buildah', [...place, ...words], { maxBuffer: 16 << 20 })).stdout.trim()
}

export interface Image {
  readonly ociTar: string
  readonly dockerTar: string
  readonly octets: { readonly root: number; readonly ociTar: number; readonly dockerTar: number }
}

const settings: Readonly<Record<string, string>> = {
  HOME: dataFolder,
  XDG_CONFIG_HOME: `${dataFolder}/config`,
  STATE_DIR: `${dataFolder}/state`,
  PATH: '/usr/bin',
  // Nobody's keychain is here, and nothing is looked for on a bus.
  HIKYAKU_VAULT: 'sealed-file',
}

/** What the image says of itself. `source` only where somebody has said where the project lives. */
async function describeImage(stage: { version: string }): Promise<Record<string, string>> {
  const { description, license } = await readJson('package.json')
  const source = await readRepository()
  const commit = (await run('git', ['rev-parse', 'HEAD'], { cwd: top })).stdout.trim()
  const about = {
    title: 'hikyaku',
    description,
    version: stage.version,
    licenses: license,
    revision: commit,
    ...(source === undefined ? {} : { source, url: source }),
  }
  return Object.fromEntries(
    Object.entries(about).map(([name, text]) => [`org.opencontainers.image.${name}`, text]),
  )
}

export async function makeImage(target: string, architecture: Architecture): Promise<Image> {
  const work = await mkdtemp(join(tmpdir(), 'hikyaku-image-'))
  const buildah = buildahIn(join(work, 'store'))
  let container: string | undefined
  try {
    const stage = await makeImageRoot(join(work, 'root'), architecture)
    container = await buildah('from', '--arch', architecture, 'scratch')
    const mounted = await buildah('mount', container)
    await cp(join(work, 'root'), mounted, {
      recursive: true,
      preserveTimestamps: true,
      verbatimSymlinks: true,
    })
    await run('chown', ['-R', '0:0', mounted])
    await run('chown', [`${imageUser}:${imageUser}`, join(mounted, dataFolder)])
    const health = ['--healthcheck', 'CMD /usr/bin/hikyaku status --quick']
    const times = [
      '--healthcheck-interval',
      '2m',
      '--healthcheck-timeout',
      '30s',
      '--healthcheck-start-period',
      '1m',
    ]
    await buildah(
      'config',
      ...['--arch', architecture, '--os', 'linux', '--user', `${imageUser}:${imageUser}`],
      ...['--entrypoint', '["/usr/bin/hikyaku"]', '--cmd', 'run', '--workingdir', '/'],
      ...['--volume', dataFolder, '--stop-signal', 'SIGTERM', ...health, ...times],
      ...Object.entries(settings).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
      ...Object.entries(await describeImage(stage)).flatMap(([name, text]) => ['--label', `${name}=${text}`]),
      ...['--created-by', `scripts/package/image.ts, from ${programFolder} with Node ${stage.nodeVersion}`],
      container,
    )
    await buildah('umount', container)
    await mkdir(target, { recursive: true })
    const name = `hikyaku-${stage.version}-linux-${architecture}`
    const [ociTar, dockerTar] = [join(target, `${name}.oci.tar`), join(target, `${name}.docker.tar.gz`)]
    const commit = ['commit', '--quiet', '--disable-compression=false', '--timestamp', String(stage.epoch)]
    const layout = join(work, 'layout')
    await buildah(...commit, '--format', 'oci', container, `oci:${layout}:${stage.version}`)
    const fixed = fixedTar(stage.epoch)
    await run('tar', [
      ...fixed,
      '--format=ustar',
      '-cf',
      ociTar,
      '-C',
      layout,
      'blobs',
      'index.json',
      'oci-layout',
    ])
    const archive = join(work, 'docker.tar')
    await buildah(
      ...commit,
      '--format',
      'docker',
      container,
      `docker-archive:${archive}:hikyaku:${stage.version}`,
    )
    await packForDocker(archive, join(work, 'docker'), fixed, dockerTar)
    const sizeOf = async (file: string): Promise<number> => (await stat(file)).size
    return {
      ociTar,
      dockerTar,
      octets: { root: stage.size, ociTar: await sizeOf(ociTar), dockerTar: await sizeOf(dockerTar) },
    }
  } finally {
    if (container !== undefined) await buildah('rm', container).catch(() => {})
    await rm(work, { recursive: true, force: true })
  }
}

/** For `npm run package`. */
export async function makeImages({ folder }: Order): Promise<readonly string[]> {
  const files: string[] = []
  for (const architecture of architectures) {
    const { ociTar, dockerTar } = await makeImage(folder, architecture)
    files.push(basename(ociTar), basename(dockerTar))
  }
  return files
}

/**
 * What `docker load` needs of buildah's archive: the layers, the configuration without the random number of the container
 * that it was made in, and the manifest that names them.
 */
async function packForDocker(
  archive: string,
  folder: string,
  fixed: readonly string[],
  target: string,
): Promise<void> {
  await mkdir(folder)
  await run('tar', ['-xf', archive, '-C', folder])
  const [manifest] = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8'))
  const {
    container: _random,
    container_config: _same,
    ...config
  } = JSON.parse(await readFile(join(folder, manifest.Config), 'utf8'))
  const text = JSON.stringify(config)
  const name = `${createHash('sha256').update(text).digest('hex')}.json`
  await writeFile(join(folder, name), text)
  await rm(join(folder, 'manifest.json'))
  await writeFile(join(folder, 'manifest.json'), JSON.stringify([{ ...manifest, Config: name }]))
  const files = [name, 'manifest.json', ...manifest.Layers].sort()
  const tar = join(folder, 'load.tar')
  await run('tar', [...fixed, '--mode=0644', '--format=ustar', '-cf', tar, '-C', folder, ...files])
  await run('sh', ['-c', 'gzip -9n < "$1" > "$2"', 'sh', tar, target])
}

async function main(): Promise<void> {
  try {
    requireTools(['buildah', 'mmdebstrap'], { asRoot: true })
  } catch (thrown) {
    console.error(`The image was not made: ${(thrown as Error).message}.`)
    console.error('sudo apt install buildah mmdebstrap, then sudo npm run package:image')
    process.exitCode = 1
    return
  }
  const beganMs = performance.now()
  const { ociTar, dockerTar, octets } = await makeImage(join(top, 'dist-packages'), chooseArchitecture())
  const files = [
    [ociTar, octets.ociTar],
    [dockerTar, octets.dockerTar],
  ] as const
  sayPackage(files, octets.root, beganMs)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main()
