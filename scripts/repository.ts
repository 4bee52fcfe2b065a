/**
 * Where the project lives: `repository` in package.json, which its owner fills in once there is such a place
 * (`npm pkg set repository.type=git repository.url=git+https://...`). No other file names an address: npm derives the
 * home page and the address for bugs from it when it publishes, and everything here that needs one asks here.
 */
import { readJson } from './runtime-lock.ts'

/** How that is done, with the owner's words for HOST and OWNER. */
export const fillInRepository =
  'npm pkg set repository.type=git repository.url=git+https://HOST/OWNER/hikyaku.git'

/** @returns the address for a browser, without a slash at its end; undefined as long as nobody has filled it in */
export async function readRepository(): Promise<string | undefined> {
  const { repository } = (await readJson('package.json')) as { repository?: string | { url?: string } }
  const url = typeof repository === 'string' ? repository : repository?.url
  const address = url?.replace(/^git\+/, '').replace(/(\.git)?\/?$/, '')
  return address !== undefined && /^https:\/\/[^/]+\/.+/.test(address) ? address : undefined
}
