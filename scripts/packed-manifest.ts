/**
 * What package.json has in a package only: npm's preinstall script, by which the door (src/door.cts) refuses a Node that
 * is too old before anything is installed. In a checkout it would refuse the Node that merely starts npm, so it is
 * written before packing and taken out afterwards (`--undo`).
 */
import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

const manifest = new URL('../package.json', import.meta.url)
const opening = '  "scripts": {\n'
const line = '    "preinstall": "node dist/door.cjs --before-install",\n'

/** @throws where package.json has no scripts in the form in which npm writes them */
export async function writePackedManifest({ undo }: { readonly undo: boolean }): Promise<void> {
  const text = await readFile(manifest, 'utf8')
  const plain = text.replace(line, '')
  const wanted = undo ? plain : plain.replace(opening, opening + line)
  if (!undo && wanted === plain) throw new Error('package.json has no scripts where they are looked for')
  if (wanted !== text) await writeFile(manifest, wanted)
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  await writePackedManifest({ undo: process.argv.includes('--undo') })
