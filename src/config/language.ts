/** The language that the configuration asks for, found before anything is checked: help and complaints need it. */

import { homeOf } from '../base/home.ts'
import { chooseLanguage, type Language } from '../base/language.ts'
import { readEnvironment } from './env.ts'
import { readWritten } from './load-written.ts'

/**
 * Config.language as `loadConfig` would have it: HIKYAKU_LANG (environment, then `.env`), the YAML file's
 * `language`, the locale variables. Never rejects: a configuration that cannot be read is told by who needs it.
 */
export async function findLanguageHere(
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
): Promise<Language> {
  try {
    const { environment, configFile } = await readEnvironment(env, cwd)
    const machine = { platform: process.platform, home: homeOf(env), env: environment.all }
    const { top } = await readWritten({ environment, machine, cwd, configFile }, [], () => {})
    const said = top.values.language
    return chooseLanguage({ flag: typeof said === 'string' ? said : undefined, env: environment.all })
  } catch {
    return chooseLanguage({ env })
  }
}
