/** What the settings of the page ask of one another: other computers may reach it only where nobody can listen in. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readBounded } from '../base/bounded-file.ts'
import { findCertificateName } from '../base/certificate-name.ts'
import { Fault } from '../base/fault.ts'
import { isLoopback } from '../base/loopback.ts'
import { readPrivate } from '../base/private-file.ts'
import type { Problem } from '../base/problem.ts'
import { shellWord } from '../base/shell-word.ts'
import { certificateFileLimits, checkCertificateFile } from './load-rules.ts'
import type { WrittenPart } from './read-part.ts'
import type { pageSettings } from './settings/listeners.ts'
import type { Values } from './settings/setting.ts'

/** @returns nothing where there is no page to be shown, whatever the other settings are */
export async function checkPageSettings(
  values: Partial<Values<typeof pageSettings>>,
  { place, values: written }: WrittenPart,
  env: NodeJS.ProcessEnv,
): Promise<readonly Problem[]> {
  const { dashboard, dashboardOrigin, dashboardCertificateFile: certificate, dashboardKeyFile: key } = values
  if (dashboard === undefined) return []
  const [certificateAt, keyAt, originAt] = [
    place('dashboardCertificateFile'),
    place('dashboardKeyFile'),
    place('dashboardOrigin'),
  ]
  // One that was written and is wrong by itself has been told.
  const isGiven = (name: string): boolean => written[name] != null
  if (certificate === undefined || key === undefined) {
    if (certificate !== undefined && !isGiven('dashboardKeyFile'))
      return [{ at: certificateAt, kind: 'needs', other: keyAt }]
    if (key !== undefined && !isGiven('dashboardCertificateFile'))
      return [{ at: keyAt, kind: 'needs', other: certificateAt }]
    const isProtected = isGiven('dashboardOrigin') || isGiven('dashboardCertificateFile')
    if (isLoopback(dashboard.host) || isProtected) return []
    const ways = [certificateAt, keyAt]
    const given = String(written.dashboard)
    return [{ at: place('dashboard'), kind: 'open-to-others', ways, origin: originAt, given }]
  }
  const problem = await checkCertificateFile(certificateAt, certificate)
  if (problem !== undefined) return [problem]
  const leaf = new X509Certificate(await readBounded(certificate, certificateFileLimits))
  const privateKey = await readPrivateKey(keyAt, key, env)
  if ('kind' in privateKey) return [privateKey]
  if (!leaf.checkPrivateKey(privateKey.key))
    return [{ at: keyAt, kind: 'key-of-another', certificate: certificateAt }]
  return dashboardOrigin === undefined && findCertificateName(leaf) === undefined
    ? [{ at: certificateAt, kind: 'nameless-certificate', other: originAt }]
    : []
}

async function readPrivateKey(
  at: string,
  file: string,
  env: NodeJS.ProcessEnv,
): Promise<{ readonly key: KeyObject } | Problem> {
  try {
    const octets = await readPrivate(file, env)
    if (octets === undefined) return { at, kind: 'file', file, reason: 'ENOENT' }
    return { key: createPrivateKey(octets) }
  } catch (thrown) {
    if (!(thrown instanceof Fault)) return { at, kind: 'not-a-private-key', file }
    if (thrown.facts.reason === 'permissions')
      return { at, kind: 'open-file', file, command: `chmod 600 ${shellWord(file)}` }
    return { at, kind: 'file', file, reason: String(thrown.facts.reason) }
  }
}
