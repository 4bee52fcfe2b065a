/**
 * Prints the bill of materials of what runs, as CycloneDX: `npm sbom` over the lock without the workshop. (Over the
 * whole lock with --omit=dev it leaves out what a library needs and a tool of the workshop needs, too.)
 */
import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { licencesOwed } from './licences.ts'
import { envWithoutNpm } from './npm-env.ts'
import { readJson, readRuntimeLock } from './runtime-lock.ts'

const temporary = await mkdtemp(join(tmpdir(), 'hikyaku-sbom-'))
try {
  // npm takes the component's name from the folder's.
  const folder = join(temporary, 'hikyaku')
  await mkdir(folder)
  const { devDependencies: _workshop, ...manifest } = await readJson('package.json')
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest))
  const lock = await readRuntimeLock()
  const packages = Object.entries(lock.packages).map(([path, entry]) => {
    const license = licencesOwed[path]
    return [path, license === undefined ? entry : { ...entry, license }]
  })
  const text = JSON.stringify({ ...lock, packages: Object.fromEntries(packages) })
  await writeFile(join(folder, 'package-lock.json'), text)
  const options = ['--sbom-format=cyclonedx', '--sbom-type=application', '--package-lock-only']
  const { status } = spawnSync('npm', ['sbom', ...options], {
    cwd: folder,
    env: envWithoutNpm(), // they name another folder
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  process.exitCode = status ?? 1
} finally {
  await rm(temporary, { recursive: true, force: true })
}
