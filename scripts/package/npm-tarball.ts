/** The package for npm, packed from a copy of the checkout: a build in the checkout stays as it is. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { copyCheckout } from './checkout.ts'
import type { Order } from './order.ts'

/** @throws with npm's own words where it fails */
export async function makeNpmTarball({ folder, epoch }: Order): Promise<readonly string[]> {
  const copy = await mkdtemp(join(tmpdir(), 'hikyaku-pack-'))
  try {
    await copyCheckout(copy)
    const env = { ...process.env, SOURCE_DATE_EPOCH: String(epoch) }
    const args = ['pack', '--silent', '--pack-destination', folder]
    const { stdout } = await promisify(execFile)('npm', args, { cwd: copy, env })
    return [stdout.trim().split('\n').at(-1) ?? '']
  } finally {
    await rm(copy, { recursive: true, force: true })
  }
}
