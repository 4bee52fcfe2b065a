/**
 * npm run package:tarball [-- --arch arm64]: dist-packages/hikyaku-VERSION-linux-ARCH.tar.gz, for where nothing can be
 * installed: one folder with the program and its Node, which is unpacked anywhere and started as `hikyaku-VERSION/hikyaku`.
 * The same commit gives the same octets.
 */
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { architectures, chooseArchitecture, sayPackage } from './command.ts'
import type { Architecture } from './node-binary.ts'
import type { Order } from './order.ts'
import { fixedTar, isProgramOf, settleFiles, stageProgram } from './stage.ts'

const run = promisify(execFile)
const top = fileURLToPath(new URL('../..', import.meta.url))

/** What is read beside the program: how it is used, and under which licence. */
const manuals = ['README.md', 'README.ja.md', '.env.example', 'docs']

export interface Tarball {
  readonly file: string
  /** The one folder in it. */
  readonly folder: string
  readonly octets: number
  readonly unpacked: number
}

export async function makeTarball(target: string, architecture: Architecture): Promise<Tarball> {
  const work = await mkdtemp(join(tmpdir(), 'hikyaku-tarball-'))
  try {
    const stage = await stageProgram({ target: join(work, 'stage'), architecture })
    for (const name of manuals) await cp(join(top, name), join(stage.folder, name), { recursive: true })
    const unpacked = await settleFiles(stage.folder, stage.epoch, isProgramOf(stage.folder))
    const folder = `hikyaku-${stage.version}`
    await mkdir(target, { recursive: true })
    const file = join(target, `${folder}-linux-${architecture}.tar.gz`)
    const pack = [
      'tar',
      ...fixedTar(stage.epoch),
      '--format=gnu',
      `--transform=s,^stage,${folder},`,
      '-cf',
      '-',
      '-C',
      work,
      'stage',
    ]
    await run('sh', ['-c', 'target=$1; shift; "$@" | gzip -9n > "$target"', 'sh', file, ...pack])
    return { file, folder, octets: (await stat(file)).size, unpacked }
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** For `npm run package`. */
export async function makeTarballs({ folder }: Order): Promise<readonly string[]> {
  const files: string[] = []
  for (const architecture of architectures)
    files.push(basename((await makeTarball(folder, architecture)).file))
  return files
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const beganMs = performance.now()
  const { file, octets, unpacked } = await makeTarball(join(top, 'dist-packages'), chooseArchitecture())
  sayPackage([[file, octets]], unpacked, beganMs)
}
