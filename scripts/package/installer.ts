/** install.sh as it goes with a release: it knows where the files of the latest one are. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readRepository } from '../repository.ts'
import type { Order } from './order.ts'

const place = "release_url=''\n"

/**
 * @param repository its address for a browser; without one, or at a host whose addresses of releases are not known here,
 *   the script asks for HIKYAKU_RELEASE_URL
 * @throws where the script has no place for the address
 */
export function fillAddress(script: string, repository: string | undefined): string {
  if (!script.includes(place)) throw new Error('install.sh has no place for the address of releases')
  // docs.github.com/repositories/releasing-projects-on-github/linking-to-releases
  const isKnown = repository?.startsWith('https://github.com/') === true
  return isKnown ? script.replace(place, `release_url='${repository}/releases/latest/download'\n`) : script
}

export async function writeInstaller({ folder }: Order): Promise<readonly string[]> {
  const script = await readFile(new URL('./install.sh', import.meta.url), 'utf8')
  await writeFile(join(folder, 'install.sh'), fillAddress(script, await readRepository()), { mode: 0o755 })
  return ['install.sh']
}
