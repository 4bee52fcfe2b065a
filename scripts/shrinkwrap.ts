/**
 * What is installed is what was tested. Before packing this checks that node_modules, from which npm bundles the
 * libraries into the package (`bundleDependencies`), is what package-lock.json says, and writes npm-shrinkwrap.json of
 * it; afterwards (`--remove`) that file goes away, for in a checkout it would stand above the lock.
 *
 * Both, because neither is enough: npm obeys a shrinkwrap only in packages from a registry, not in a tarball that it is
 * handed; and the keychain's binary is another one on each system, so it is not bundled.
 */
import { rm, writeFile } from 'node:fs/promises'
import { readJson, readRuntimeLock, shrinkwrapFile } from './runtime-lock.ts'

if (process.argv.includes('--remove')) await rm(shrinkwrapFile, { force: true })
else {
  const lock = await readRuntimeLock()
  for (const [path, { version, inBundle }] of Object.entries(lock.packages)) {
    if (inBundle !== true) continue
    const there = await readJson(`${path}/package.json`)
    if (there.version !== version)
      throw new Error(`${path} is ${there.version}, package-lock.json says ${version}: run npm ci`)
  }
  await writeFile(shrinkwrapFile, `${JSON.stringify(lock, undefined, 2)}\n`)
}
