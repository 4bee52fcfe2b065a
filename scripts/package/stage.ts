/**
 * The program with all that it needs in one folder, from which every package with its own Node is made:
 *
 *     hikyaku          starts it, from any place and through links
 *     node/            Node's binary and its licence
 *     dist/            the program
 *     node_modules/    what it uses, as package-lock.json says, for the wanted architecture
 *     package.json, LICENSE
 *
 * The same commit gives the same octets, modes and times.
 */
import { execFile } from 'node:child_process'
import { chmod, copyFile, lutimes, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { joinFiles } from '../join.ts'
import { envWithoutNpm } from '../npm-env.ts'
import { readJson } from '../runtime-lock.ts'
import { type Architecture, npmNameOf, unpackNode } from './node-binary.ts'
import { pruneDependencies } from './prune.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const run = promisify(execFile)

/** readlink -f: coreutils, busybox and toybox have it. Node is started by its own path, whatever PATH holds. */
const launcher = `#!/bin/sh
# Starts hikyaku by the Node that came with it.
folder=$(dirname -- "$(readlink -f -- "$0")") || exit 70
exec "$folder/node/node" "$folder/dist/cli.js" "$@"
`

export interface Stage {
  readonly folder: string
  readonly version: string
  readonly nodeVersion: string
  /** Octets of all files. */
  readonly size: number
  /** Seconds since 1970: the time that every file has. */
  readonly epoch: number
}

/**
 * @param target the folder; what it held is removed
 * @throws where the build, npm or the registry fails
 */
export async function stageProgram({
  target,
  architecture,
}: {
  readonly target: string
  readonly architecture: Architecture
}): Promise<Stage> {
  const folder = resolve(target)
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  const dist = ['--outDir', join(folder, 'dist')]
  await run(join(root, 'node_modules/.bin/tsc'), ['-p', join(root, 'tsconfig.build.json'), ...dist])
  await joinFiles(join(folder, 'dist'))
  await installDependencies(folder, architecture)
  await pruneDependencies(join(folder, 'node_modules'))
  const nodeVersion = await unpackNode(join(folder, 'node'), architecture)
  await copyFile(join(root, 'LICENSE'), join(folder, 'LICENSE'))
  // What node and npm read of it; the workshop's part is of no use here.
  const { name, version, description, license, type, bin, engines, dependencies } =
    await readJson('package.json')
  const manifest = { name, version, description, license, type, bin, engines, dependencies }
  await writeFile(join(folder, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`)
  await writeFile(join(folder, 'hikyaku'), launcher)
  const epoch = await sourceDateEpoch()
  const size = await settleFiles(folder, epoch, isProgramOf(folder))
  return { folder, version, nodeVersion, size, epoch }
}

/** @returns whether a file is one of the programs of the stage in that folder: what `settleFiles` asks */
export function isProgramOf(folder: string): (file: string) => boolean {
  const programs = ['hikyaku', 'node/node', 'dist/cli.js'].map(name => join(folder, name))
  return file => programs.includes(file)
}

/** What tar is told so that it writes the same octets whoever calls it. */
export const fixedTar = (epoch: number): readonly string[] => [
  ...['--sort=name', `--mtime=@${epoch}`, '--owner=0', '--group=0', '--numeric-owner'],
]

/** npm checks every package against its digest in the lock, and takes the keychain's binary of that architecture. */
async function installDependencies(folder: string, architecture: Architecture): Promise<void> {
  for (const name of ['package.json', 'package-lock.json'])
    await copyFile(join(root, name), join(folder, name))
  const platform = ['--os=linux', `--cpu=${npmNameOf[architecture]}`, '--libc=glibc']
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error', '--prefer-offline']
  const options = { cwd: folder, env: envWithoutNpm() }
  await run('npm', ['ci', '--omit=dev', '--ignore-scripts', ...platform, ...quiet], options)
  await rm(join(folder, 'package-lock.json'))
}

/** https://reproducible-builds.org/specs/source-date-epoch/; else when the commit was made. */
export async function sourceDateEpoch(): Promise<number> {
  const given = process.env.SOURCE_DATE_EPOCH
  const text = given ?? (await run('git', ['log', '-1', '--format=%ct'], { cwd: root })).stdout.trim()
  if (!/^\d{1,11}$/.test(text)) throw new Error(`SOURCE_DATE_EPOCH: not a number of seconds: ${text}`)
  return Number(text)
}

/**
 * Gives every file below and the folder itself one time, and a mode that does not hang on this process's umask.
 * @param isProgram for files of mode 0755; the others have 0644, folders 0755
 * @returns octets of all files
 */
export async function settleFiles(
  folder: string,
  epoch: number,
  isProgram: (file: string) => boolean,
): Promise<number> {
  let size = 0
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) size += await settleFiles(path, epoch, isProgram)
    else if (entry.isSymbolicLink()) await lutimes(path, epoch, epoch)
    else {
      await chmod(path, isProgram(path) ? 0o755 : 0o644)
      await lutimes(path, epoch, epoch)
      size += (await stat(path)).size
    }
  }
  await settleFolder(folder, epoch)
  return size
}

/** The folder alone: for one that got something more since. */
export async function settleFolder(folder: string, epoch: number): Promise<void> {
  await chmod(folder, 0o755)
  await lutimes(folder, epoch, epoch)
}
