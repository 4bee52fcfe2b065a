/** The allowance of a Google Cloud project (Gmail API, "Usage limits"), which all its accounts share. */
import type { Clock } from '../base/clock.ts'
import type { GoogleCredential } from '../google/settings.ts'
import { QuotaWindow } from './quota-window.ts'

/** Units a minute and project. */
const unitsPerMinute = 1_200_000

/** The window of the project to which a credential belongs. */
export type ProjectQuotas = (credential: GoogleCredential) => QuotaWindow

export function makeProjectQuotas(clock: Clock): ProjectQuotas {
  const windows = new Map<string, QuotaWindow>()
  return credential => {
    const project = projectOf(credential)
    const window = windows.get(project) ?? new QuotaWindow(unitsPerMinute, clock.monotonicMs())
    windows.set(project, window)
    return window
  }
}

/** A client id begins with its project's number; a service account is known by its file. */
function projectOf(credential: GoogleCredential): string {
  if (credential.kind === 'service-account') return credential.keyFile
  return /^(\d+)-/.exec(credential.clientId)?.[1] ?? credential.clientId
}
