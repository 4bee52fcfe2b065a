/**
 * Node's own binary of each architecture that packages are made for, from the npm packages that hold the binaries of
 * the package `node`: the version that hikyaku is developed and tested with, and no other, held by its digest.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFile, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { readJson } from '../runtime-lock.ts'

/** Debian's and OCI's word; npm says x64 for the first. */
export type Architecture = 'amd64' | 'arm64'

export const npmNameOf: Readonly<Record<Architecture, string>> = { amd64: 'x64', arm64: 'arm64' }

/** Debian's packages of the C and C++ libraries that the binary is linked with (deb-texts.ts has their versions). */
export const nodeLibraries: readonly string[] = ['libc6', 'libstdc++6', 'libgcc-s1']

/** Where what packages are made with is kept from one time to the next. */
export const packageCache = fileURLToPath(
  new URL('../../node_modules/.cache/hikyaku-package', import.meta.url),
)

/** `npm view node-linux-ARCH@VERSION dist.integrity`, of the version that package.json names. */
const version = '24.21.0'
const integrity: Readonly<Record<Architecture, string>> = {
  amd64: 'sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==',
  arm64: 'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
}

const run = promisify(execFile)

const digestOf = async (file: string): Promise<string> =>
  `sha512-${createHash('sha512')
    .update(await readFile(file))
    .digest('base64')}`

/**
 * @param folder made, with `node` (the binary) and `LICENSE` (Node's, and those of all that is built into it)
 * @returns Node's version
 * @throws where the registry gives other octets than those pinned, or package.json names another version
 */
export async function unpackNode(folder: string, architecture: Architecture): Promise<string> {
  const { devDependencies } = await readJson('package.json')
  if (devDependencies.node !== version)
    throw new Error(
      `package.json has Node ${devDependencies.node}, scripts/package/node-binary.ts ${version}`,
    )
  const name = `node-linux-${npmNameOf[architecture]}`
  const tarball = join(packageCache, `${name}-${version}.tgz`)
  await mkdir(packageCache, { recursive: true })
  const work = await mkdtemp(join(packageCache, 'fetch-'))
  try {
    const known = await digestOf(tarball).catch(() => undefined)
    if (known !== integrity[architecture]) {
      await run('npm', ['pack', '--silent', `${name}@${version}`, '--pack-destination', work], { cwd: work })
      const fetched = join(work, `${name}-${version}.tgz`)
      const digest = await digestOf(fetched)
      if (digest !== integrity[architecture])
        throw new Error(
          `${name}@${version}: the registry gave ${digest}, pinned is ${integrity[architecture]}`,
        )
      await rename(fetched, tarball)
    }
    await run('tar', ['-xzf', tarball, '-C', work, 'package/bin/node', 'package/LICENSE'])
    await mkdir(folder, { recursive: true })
    await copyFile(join(work, 'package/bin/node'), join(folder, 'node'))
    await copyFile(join(work, 'package/LICENSE'), join(folder, 'LICENSE'))
  } finally {
    await rm(work, { recursive: true, force: true })
  }
  return version
}
