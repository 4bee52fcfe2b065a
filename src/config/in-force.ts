/** What is in force, and where each value comes from: for `config show` and for the log at start. No secret is read. */

import type { SecretPlace } from './load-secrets.ts'
import type { Part } from './load-written.ts'
import type { Origin } from './origin.ts'
import type { Setting } from './settings/setting.ts'
import {
  accountSettings,
  fleetSettings,
  mailboxSettings,
  makeYamlKey,
  type PartName,
  programSettings,
  startSettings,
} from './settings.ts'

export type { Origin } from './origin.ts'

/** A part of the configuration after everything was decided. */
export interface SettledPart {
  readonly part: PartName
  /** Of the account or the mailbox. */
  readonly name: string | undefined
  readonly source: Part
  readonly values: Readonly<Record<string, unknown>>
}

export interface SettingInForce {
  readonly key: string
  readonly setting: Setting
  /** As it would be written in .env; undefined: nothing holds, or it is a secret. */
  readonly value: string | undefined
  readonly origin: Origin
}

export interface SettingsInForce {
  /** The YAML file; undefined: variables and `.env` say everything. */
  readonly file: string | undefined
  readonly parts: readonly {
    readonly part: PartName
    readonly name: string | undefined
    readonly settings: readonly SettingInForce[]
  }[]
}

const tables = {
  start: { ...startSettings, ...fleetSettings },
  top: programSettings,
  account: accountSettings,
  mailbox: mailboxSettings,
} as const

/** @param places of the secrets that must be there: those that nothing gives are asked of the vault */
export function listSettingsInForce(
  file: string | undefined,
  places: readonly { readonly place: SecretPlace }[],
  parts: readonly SettledPart[],
): SettingsInForce {
  const vaultNameOf = (source: Part, key: string): string | undefined => {
    const { at } = source.secret(key, '')
    return places.find(({ place }) => place.at === at)?.place.vaultName
  }
  return {
    file,
    parts: parts.map(({ part, name, source, values }) => ({
      part,
      name,
      settings: Object.entries<Setting>(tables[part]).map(([key, setting]): SettingInForce => {
        const value = values[key]
        const asked = setting.secret ? vaultNameOf(source, key) : undefined
        return {
          key,
          setting,
          value: value === undefined ? undefined : setting.write(value),
          origin:
            source.originOf(key) ??
            (asked === undefined ? { from: 'default' } : { from: 'vault', name: asked }),
        }
      }),
    })),
  }
}

/** Only the process can say these, whatever else is in YAML. */
export const isVariableOnly = (key: string): boolean => Object.hasOwn(tables.start, key)

/** As the owner of this configuration writes it: a variable, or a key in YAML. */
export function nameSettingInForce({ key, setting }: SettingInForce, { file }: SettingsInForce): string {
  const { variable } = setting
  return variable === undefined || (file !== undefined && !isVariableOnly(key))
    ? makeYamlKey(key, setting)
    : variable
}

/** What only a process can say, or a fleet alone asks for, is not worth a line where it says nothing. */
export const isShown = ({ key, setting, origin }: SettingInForce): boolean =>
  origin.from !== 'default' || !(setting.processOnly || Object.hasOwn(fleetSettings, key))
