/** Where this owner sets each setting, for the words that name it. */
import { isVariableOnly, type SettingInForce, type SettingsInForce } from './in-force.ts'
import { makeYamlKey, variables } from './settings.ts'

/** What locale asks for. */
interface Place {
  readonly key?: string
  readonly variable?: string
  readonly file?: string | undefined
  readonly line?: number | undefined
  readonly isKept?: boolean
  readonly isFile?: boolean
}

/**
 * By what holds now; where nothing was written, by where it would be: the YAML file, else the `.env` that says the
 * rest. Of a setting of several mailboxes the key and the file are told, and no line.
 */
export function makeSettingPlaces({ file, parts }: SettingsInForce): (variable: string) => Place | undefined {
  const all = parts.flatMap(({ settings }) => settings)
  const dotEnv = all.flatMap(({ origin }) => (origin.from === '.env' ? [origin.file] : [])).at(0)
  return variable => {
    const same = all.filter(({ setting }) => setting.variable === variable)
    const [first] = same
    if (first === undefined) return undefined
    const told = same.find(({ origin }) => !['default', 'vault'].includes(origin.from)) ?? first
    return placeOf(told, same.length === 1, file, dotEnv)
  }
}

/** In a fleet a mailbox and an account are set by the keys of the YAML file, which stand in no file. */
export function findFleetPlace(variable: string): Place | undefined {
  const known = variables.find(({ name, part }) => name === variable && /^(mailbox|account)$/.test(part))
  return known && { key: known.key }
}

function placeOf(
  { key, setting, origin }: SettingInForce,
  isAlone: boolean,
  yamlFile: string | undefined,
  dotEnv: string | undefined,
): Place {
  const isFile = setting.secret && 'variable' in origin && origin.variable !== setting.variable
  switch (origin.from) {
    case 'process':
      return { variable: origin.variable, isFile }
    case '.env':
      return { variable: origin.variable, file: origin.file, line: origin.line, isFile }
    case 'yaml':
      return {
        key: makeYamlKey(key, setting),
        file: origin.file,
        line: isAlone ? origin.line : undefined,
        isFile: setting.secret,
      }
    case 'vault':
      return { isKept: true }
    case 'default':
      if (yamlFile !== undefined && !isVariableOnly(key))
        return { key: makeYamlKey(key, setting), file: yamlFile, isFile: setting.secret }
      return { file: dotEnv }
  }
}
