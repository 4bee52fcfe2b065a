/** Takes out of installed libraries what no program reads: types, maps, tests, documents. Licences stay. */
import { readdir, rm } from 'node:fs/promises'
import { extname, join } from 'node:path'

/** Of a library's own top folder; deeper down such a name may be part of the library (yaml has dist/doc). */
const workshopFolders =
  /^(\.[^.].*|__tests__|bench|benchmarks?|docs?|examples?|man|media|tests?|typings?|browser|coverage)$/i
const needless =
  /\.([cm]?ts|map|md|markdown|tsbuildinfo|html|ico|png|svg|sh|bat|flow)$|^\.|^(AUTHORS|CNAME|Makefile)$/i
const licence = /licen[cs]e|copying|copyright|notice|patents/i

/** @param modules a node_modules folder */
export async function pruneDependencies(modules: string): Promise<void> {
  for (const entry of await readdir(modules, { withFileTypes: true })) {
    const path = join(modules, entry.name)
    // .bin, and npm's own list of what it installed.
    if (entry.name.startsWith('.')) await rm(path, { recursive: true })
    else if (entry.name.startsWith('@')) await pruneDependencies(path)
    else if (entry.isDirectory()) await pruneLibrary(path)
  }
}

async function pruneLibrary(folder: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true })
  for (const entry of entries) {
    if (!entry.isDirectory()) continue
    if (entry.name === 'node_modules') await pruneDependencies(join(folder, entry.name))
    else if (workshopFolders.test(entry.name)) await rm(join(folder, entry.name), { recursive: true })
  }
  // Where a library names its licence in its README only, that is kept.
  const named = entries.some(entry => licence.test(entry.name))
  await pruneFiles(folder, name => !named && /^readme/i.test(name))
}

/** @returns whether anything is left */
async function pruneFiles(folder: string, keeps: (name: string) => boolean): Promise<boolean> {
  let left = false
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.name === 'node_modules') left = true
    else if (entry.isDirectory()) {
      if (await pruneFiles(path, () => false)) left = true
      else await rm(path, { recursive: true })
    } else if (
      needless.test(entry.name) &&
      !keeps(entry.name) &&
      !(licence.test(entry.name) && !isCode(entry.name))
    )
      await rm(path)
    else left = true
  }
  return left
}

/** `licenses.d.ts` is no licence. */
const isCode = (name: string): boolean => /\.([cm]?ts|map)$/.test(extname(name))
