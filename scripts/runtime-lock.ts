/** package-lock.json without what only the workshop needs: what runs where hikyaku is installed, as it was tested. */
import { readFile } from 'node:fs/promises'

export interface LockEntry {
  readonly version?: string
  readonly dev?: boolean
  readonly integrity?: string
  readonly inBundle?: boolean
  readonly [field: string]: unknown
}

export interface Lock {
  readonly packages: Readonly<Record<string, LockEntry>>
}

const fromRoot = (name: string): URL => new URL(`../${name}`, import.meta.url)
export const readJson = async (name: string) => JSON.parse(await readFile(fromRoot(name), 'utf8'))
export const shrinkwrapFile = fromRoot('npm-shrinkwrap.json')

/** @throws where a package has no digest */
export async function readRuntimeLock(): Promise<Lock> {
  const lock: Lock = await readJson('package-lock.json')
  const { '': own, ...installed } = lock.packages
  const { devDependencies: _workshop, ...root } = own ?? {}
  const runtime = Object.entries(installed).filter(([, entry]) => entry.dev !== true)
  const nameless = runtime.find(([, { integrity }]) => integrity === undefined)
  if (nameless !== undefined) throw new Error(`no digest in package-lock.json: ${nameless[0]}`)
  return { ...lock, packages: { '': root, ...Object.fromEntries(runtime) } }
}
