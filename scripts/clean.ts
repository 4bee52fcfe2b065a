/** Removes dist/ and what a broken packing left, so that nothing of an earlier build gets into a package. */
import { rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { writePackedManifest } from './packed-manifest.ts'

for (const name of ['dist', 'npm-shrinkwrap.json'])
  await rm(fileURLToPath(new URL(`../${name}`, import.meta.url)), { recursive: true, force: true })
await writePackedManifest({ undo: true })
