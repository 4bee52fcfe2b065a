/**
 * npm run package: makes every package into dist-packages/, with SHA256SUMS over all of them, and says how large each is
 * and how long it took. makers.ts is the table.
 *
 *   npm run package                      all
 *   npm run package -- npm sbom          these
 *   npm run package -- --output FOLDER   into this folder
 *   npm run release                      all, of a commit that may be released; release.ts says what that needs
 */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { makers } from './package/makers.ts'
import { findReleaseObstacles } from './package/release.ts'
import { sourceDateEpoch } from './package/stage.ts'
import { readJson } from './runtime-lock.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { output: { type: 'string' }, release: { type: 'boolean', default: false } },
})
const unknown = positionals.find(name => !makers.some(maker => maker.name === name))
if (unknown !== undefined)
  fail(
    `There is no package “${unknown}”. There are:\n${makers.map(({ name, about }) => `  ${name.padEnd(10)}${about}`).join('\n')}`,
  )
if (values.release && positionals.length > 0) fail('A release is made whole: name no packages.')

const { version } = (await readJson('package.json')) as { version: string }
if (values.release) {
  const obstacles = await findReleaseObstacles(version)
  if (obstacles.length > 0) fail(`Nothing was made.\n${obstacles.map(line => `- ${line}`).join('\n')}`)
}
const folder = resolve(values.output ?? fileURLToPath(new URL('../dist-packages', import.meta.url)))
// A release holds what it made and nothing older.
if (values.release) await rm(folder, { recursive: true, force: true })
await mkdir(folder, { recursive: true })
const epoch = await sourceDateEpoch()
const failed: string[] = []
for (const { name, make } of makers) {
  if (positionals.length > 0 && !positionals.includes(name)) continue
  const start = performance.now()
  const seconds = (): string => `${((performance.now() - start) / 1000).toFixed(1)} s`
  try {
    for (const file of await make({ folder, version, epoch })) {
      const { size } = await stat(join(folder, file))
      console.log(
        `${name.padEnd(10)}${file.padEnd(44)}${(size / 1e6).toFixed(1).padStart(8)} MB  ${seconds()}`,
      )
    }
  } catch (thrown) {
    // The others are made all the same; the exit code tells.
    failed.push(name)
    console.error(
      `${name.padEnd(10)}failed after ${seconds()}: ${thrown instanceof Error ? thrown.message : thrown}`,
    )
  }
}
await writeSums(folder)
if (failed.length > 0) fail(`Not made: ${failed.join(', ')}`)

/** As `sha256sum --check SHA256SUMS` reads it: over every file that is there. */
async function writeSums(where: string): Promise<void> {
  const entries = await readdir(where, { withFileTypes: true })
  const files = entries.filter(entry => entry.isFile() && entry.name !== 'SHA256SUMS').map(({ name }) => name)
  const lines: string[] = []
  for (const name of files.sort()) {
    const hash = createHash('sha256')
    await pipeline(createReadStream(join(where, name)), hash)
    lines.push(`${hash.digest('hex')}  ${name}\n`)
  }
  await writeFile(join(where, 'SHA256SUMS'), lines.join(''))
}

function fail(text: string): never {
  console.error(text)
  process.exit(1)
}
