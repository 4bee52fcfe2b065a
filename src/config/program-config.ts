/** The part of a Config that concerns the whole program, from what was read and checked. */
import type { Language } from '../base/language.ts'
import { Secret } from '../base/secret.ts'
import type { AlertConfig, ProgramConfig } from './config.ts'
import { pickEndpoints } from './endpoints.ts'
import { alertSettings, endpointSettings } from './settings/program.ts'
import type { Values } from './settings/setting.ts'
import type { programSettings } from './settings.ts'

/** What the Config holds by another name or in a group of its own. */
const regrouped = [
  'stateDir',
  'language',
  'logLevel',
  'logFormat',
  ...keysOf(alertSettings),
  ...keysOf(endpointSettings),
] as const

/** @returns frozen */
export function makeProgramConfig(
  top: Values<typeof programSettings>,
  stateDir: string,
  language: Language,
  alerts: Pick<AlertConfig, 'webhook' | 'ping'>,
): ProgramConfig {
  return deepFreeze<ProgramConfig>({
    ...omitKeys(top, regrouped),
    stateDir,
    log: { level: top.logLevel, format: top.logFormat },
    language,
    endpoints: pickEndpoints(top),
    microsoftLoginRoot: top.microsoftLoginRoot,
    alerts: { afterMinutes: top.alertAfterMinutes, mail: top.alertMail, ...alerts },
  })
}

function keysOf<T extends object>(table: T): (keyof T)[] {
  return Object.keys(table) as (keyof T)[]
}

function omitKeys<T extends object, K extends keyof T>(values: T, keys: readonly K[]): Omit<T, K> {
  const kept = Object.entries(values).filter(([key]) => !keys.includes(key as K))
  return Object.fromEntries(kept) as Omit<T, K>
}

export function deepFreeze<T extends object>(value: T): T {
  for (const inner of Object.values(value)) {
    if (typeof inner === 'object' && inner !== null && !(inner instanceof Secret)) deepFreeze(inner)
  }
  return Object.freeze(value)
}
