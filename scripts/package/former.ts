/**
 * The version before this one: as long as nothing is released, the newest commit whose journal has an older schema, so
 * that an upgrade has something to upgrade.
 */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { migrations } from '../../src/journal/schema.ts'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../..', import.meta.url))

/** How many versions of the journal a commit knows. */
async function countMigrations(commit: string): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'hikyaku-former-'))
  try {
    await unpackCommit(commit, folder, ['src', 'package.json'])
    const schema = await import(pathToFileURL(join(folder, 'src/journal/schema.ts')).href)
    return schema.migrations.length
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function unpackCommit(commit: string, folder: string, paths: readonly string[] = []): Promise<void> {
  await mkdir(folder, { recursive: true })
  const archive = join(folder, 'commit.tar')
  await run('git', ['archive', '--output', archive, commit, '--', ...paths], { cwd: root })
  await run('tar', ['-xf', archive, '-C', folder])
  await rm(archive)
}

/** @throws where git's history does not reach so far: a shallow clone has none */
export async function findFormerCommit(): Promise<string> {
  const log = ['log', '--format=%H', '-30', '--', 'src/journal/schema.ts']
  const commits = (await run('git', log, { cwd: root })).stdout.split('\n').filter(Boolean)
  for (const commit of commits) {
    const { stdout } = await run('git', ['rev-parse', '--verify', `${commit}^`], { cwd: root })
    if ((await countMigrations(stdout.trim())) < migrations.length) return stdout.trim()
  }
  throw new Error('no commit with an older journal in git’s history: clone it whole (git fetch --unshallow)')
}

/**
 * @param folder what is built goes there
 * @param version what it is to be called
 * @returns the tarball
 */
export async function packFormer(folder: string, version: string): Promise<string> {
  await unpackCommit(await findFormerCommit(), folder)
  const manifest = join(folder, 'package.json')
  const text = await readFile(manifest, 'utf8')
  await writeFile(manifest, text.replace(/"version": "[^"]+"/, `"version": "${version}"`))
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error', '--prefer-offline']
  await run('npm', ['ci', ...quiet], { cwd: folder, maxBuffer: 16 << 20 })
  await run('npm', ['pack', '--silent'], { cwd: folder, maxBuffer: 16 << 20 })
  return join(folder, `hikyaku-${version}.tgz`)
}
