/** What the settings of the page ask of one another: other computers may reach it only where nobody can listen in. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { findCertificateName } from '../base/certificate-name.ts'
import { isLoopback } from '../base/loopback.ts'
import type { Problem } from '../base/problem.ts'
import { readCertificateFile, readKeyFile } from './load-rules.ts'
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
  const chain = await readCertificateFile(certificateAt, certificate)
  if ('kind' in chain) return [chain]
  const leaf = new X509Certificate(chain.text)
  const privateKey = await readKeyFile(keyAt, key, env, 'not-a-private-key', createPrivateKey)
  if ('kind' in privateKey) return [privateKey]
  if (!leaf.checkPrivateKey(privateKey.key))
    return [{ at: keyAt, kind: 'key-of-another', certificate: certificateAt }]
  return dashboardOrigin === undefined && findCertificateName(leaf) === undefined
    ? [{ at: certificateAt, kind: 'nameless-certificate', other: originAt }]
    : []
}
