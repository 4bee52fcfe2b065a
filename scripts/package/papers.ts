/** The papers that go with the packages: what is inside, and under which licences. */
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { makeLicenceList } from '../licences.ts'
import type { Order } from './order.ts'

/** The bill of materials of scripts/sbom.ts; npm draws a serial number and looks at the clock, so its octets differ. */
export async function writeSbom({ folder, version }: Order): Promise<readonly string[]> {
  const script = fileURLToPath(new URL('../sbom.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [script], { maxBuffer: 16 << 20 })
  const name = `hikyaku-${version}.sbom.json`
  await writeFile(join(folder, name), stdout)
  return [name]
}

export async function writeLicences({ folder }: Order): Promise<readonly string[]> {
  const name = 'THIRD-PARTY-LICENSES.txt'
  await writeFile(join(folder, name), await makeLicenceList())
  return [name]
}
