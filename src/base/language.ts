/** The two languages, and which of them is this owner's. */

export type Language = 'en' | 'ja'

/**
 * The language: the flag, then HIKYAKU_LANG, then the locale variables in the order of POSIX
 * (Base Definitions, 8.2: LC_ALL, LC_MESSAGES, LANG). English where none of them says Japanese.
 */
export function chooseLanguage(from: {
  readonly flag?: string | undefined
  readonly env: Readonly<Record<string, string | undefined>>
}): Language {
  const { env } = from
  const said = [from.flag, env.HIKYAKU_LANG, env.LC_ALL, env.LC_MESSAGES, env.LANG].find(
    value => value !== undefined && value !== '',
  )
  return said !== undefined && /^ja(?![a-z])/i.test(said) ? 'ja' : 'en'
}
