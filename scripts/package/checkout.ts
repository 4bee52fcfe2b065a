/**
 * A copy of what `npm pack` needs of the checkout, so that packing takes no build away under anybody's feet. Libraries are
 * copied too: npm packs no links.
 */
import { existsSync } from 'node:fs'
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readRuntimeLock } from '../runtime-lock.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const parts = [
  ...['src', 'docs', 'package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json'],
  ...['clean', 'join', 'shrinkwrap', 'runtime-lock', 'packed-manifest', 'publishable', 'repository'].map(
    name => `scripts/${name}.ts`,
  ),
  ...['scripts/pages', 'scripts/pages.ts', 'scripts/providers.ts', 'scripts/settings.ts'],
  ...['.env.example', 'README.md', 'README.ja.md', 'LICENSE', 'SECURITY.md', 'SECURITY.ja.md'],
  ...['CHANGELOG.md', 'CHANGELOG.ja.md'],
]
const builders = ['typescript', '@typescript', '@types', 'undici-types', 'rollup', '@rollup'].map(
  name => `node_modules/${name}`,
)

/** @param folder where it goes; what it holds already stays */
export async function copyCheckout(folder: string): Promise<void> {
  const { '': _own, ...runtime } = (await readRuntimeLock()).packages
  const needed = [...parts, ...Object.keys(runtime), 'node_modules/.bin', ...builders]
  // The keychain's binaries of other systems are in the lock and not there.
  for (const path of needed.filter(path => parts.includes(path) || existsSync(join(root, path))))
    await cp(join(root, path), join(folder, path), { recursive: true, verbatimSymlinks: true })
}
