/** A part of the configuration (a mailbox, an account, the top) held against its table of settings. */
import { fileVariableOf } from '../base/given-secret.ts'
import type { Problem } from '../base/problem.ts'
import { findNearestName } from '../base/spelling.ts'
import { Complaint, type Mistake, Mistakes } from './readers.ts'
import type { Setting, Settings, Values } from './settings/setting.ts'
import { makeYamlKey, secretKeys, variables } from './settings.ts'

export interface WrittenPart {
  readonly values: Readonly<Record<string, unknown>>
  /** The owner's name for a key: the variable, or the path in the YAML file. */
  place(key: string): string
  /** A path written under `key`, made absolute. */
  path(key: string, written: string): string
  /** The line of what stands there in the YAML file, as near as it is known. */
  lineOf?(path: readonly (string | number)[]): number | undefined
}

export interface ReadPart<S> {
  /** Undefined where anything is wrong. */
  readonly sound: Values<S> | undefined
  /** What is right by itself, with its defaults: for rules that need not wait for the rest. */
  readonly values: Partial<Values<S>>
}

/**
 * Reads every key that is set, puts defaults where none is, and refuses keys that are no settings.
 * @param problems gets what is wrong, in the order of the table
 */
export function readPart<S extends Settings>(
  settings: S,
  part: WrittenPart,
  problems: Problem[],
): ReadPart<S> {
  const values: Record<string, unknown> = {}
  const before = problems.length
  for (const [key, setting] of Object.entries(settings)) {
    const yamlKey = makeYamlKey(key, setting)
    const written = Object.hasOwn(part.values, yamlKey) ? part.values[yamlKey] : undefined
    const value = readSetting(setting, written)
    if (value instanceof Mistakes) {
      problems.push(...value.mistakes.map(mistake => placeMistake(part, yamlKey, mistake)))
    } else if (value instanceof Complaint) {
      const given = textOfWritten(written)
      problems.push({ ...value.problem, at: part.place(yamlKey), given } as Problem)
    } else if (!setting.secret) {
      values[key] = setting.path && typeof value === 'string' ? part.path(key, value) : value
    }
  }
  const known = Object.entries(settings).map(([key, setting]) => makeYamlKey(key, setting))
  for (const key of Object.keys(part.values)) {
    if (known.includes(key) || secretKeys.includes(key)) continue
    problems.push({ at: part.place(key), kind: 'unknown', suggestion: suggestKey(key, known) })
  }
  if (problems.length > before) return { sound: undefined, values: values as Partial<Values<S>> }
  for (const [key, { absent }] of Object.entries(settings))
    if (absent.is === 'decided') values[key] ??= absent.valueFor(values)
  return { sound: values as Values<S>, values: values as Partial<Values<S>> }
}

function placeMistake(part: WrittenPart, key: string, { path, complaint, given }: Mistake): Problem {
  return { ...complaint.problem, ...placeWithin(part, [key, ...path]), given } as Problem
}

/** How the owner calls a place within the value of a key: `mailboxes[0].rules[2].recipient`, and its line. */
export function placeWithin(
  part: WrittenPart,
  [key = '', ...path]: readonly (string | number)[],
): Pick<Problem, 'at' | 'line'> {
  const steps = path.map(step => (typeof step === 'number' ? `[${step}]` : `.${step}`))
  return { at: `${part.place(String(key))}${steps.join('')}`, line: part.lineOf?.([key, ...path]) }
}

/** YAML's empty value is null: as good as not there. */
function readSetting(setting: Setting, written: unknown): unknown {
  if (written !== undefined && written !== null) return setting.read(written)
  const { absent, example = '' } = setting
  if (absent.is === 'needed') return new Complaint({ kind: 'missing', example })
  return absent.is === 'value' ? absent.value : undefined
}

/** A key's likely meaning; a variable's name is understood too. */
function suggestKey(key: string, keys: readonly string[]): string | undefined {
  const variable = variables.find(({ name }) => name === key || fileVariableOf(name) === key)
  return variable !== undefined && variable.part !== 'start'
    ? makeYamlKey(variable.key, variable)
    : findNearestName(key, keys)
}

function textOfWritten(written: unknown): string | undefined {
  if (written === undefined || written === null || typeof written === 'object') return undefined
  return String(written)
}
