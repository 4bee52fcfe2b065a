/** Where this owner sets a setting. Remedies name it so; before a configuration is read they name the variable. */
import { printable } from '../base/untrusted.ts'

export interface SettingPlace {
  /** The key in YAML; undefined: the owner writes variables. */
  readonly key?: string | undefined
  /** The variable in force, where it is another name than the setting's: NAME_FILE of a secret. */
  readonly variable?: string | undefined
  /** The YAML file or `.env`; undefined: the environment of the process. */
  readonly file?: string | undefined
  readonly line?: number | undefined
  /** A secret that the set-up keeps: no file says it. */
  readonly isKept?: boolean | undefined
  /** It names the file that holds the secret. */
  readonly isFile?: boolean | undefined
}

/** @param variable its name in `.env.example` @returns undefined where nothing is known of it */
export type FindSettingPlace = (variable: string) => SettingPlace | undefined

// One process has one configuration, and faults are told in every room: log, notices, status, doctor.
let findPlace: FindSettingPlace = () => undefined

/** From now on faults name settings as this configuration's owner writes them. @returns what was in use before */
export function useSettingPlaces(find: FindSettingPlace): FindSettingPlace {
  const before = findPlace
  findPlace = find
  return before
}

/** For words that need no place: the name alone. */
export const nameSetting = (variable: string): string => new NamedSettings().name(variable)

/** The settings that one text names, and where they stand. */
export class NamedSettings {
  readonly #places = new Map<string, SettingPlace>()

  /** As the owner writes it: NAME, NAME=value, or in YAML `key` and `key: value`. */
  name(variable: string, value?: string): string {
    const place = this.placeOf(variable)
    this.#places.set(variable, place)
    if (place.key !== undefined)
      return `\`${printable(place.key)}${value === undefined ? '' : `: ${value}`}\``
    return `${printable(place.variable ?? variable)}${value === undefined ? '' : `=${value}`}`
  }

  isKnown(variable: string): boolean {
    return findPlace(variable) !== undefined
  }

  placeOf(variable: string): SettingPlace {
    return findPlace(variable) ?? {}
  }

  /** The files in which the named settings stand; with the line where it is one setting. */
  get files(): readonly { readonly file: string; readonly line: number | undefined }[] {
    const found = new Map<string, number | undefined>()
    for (const { file, line } of this.#places.values())
      if (file !== undefined) found.set(file, found.has(file) ? undefined : line)
    return [...found].map(([file, line]) => ({ file: printable(file, 1000), line }))
  }
}
