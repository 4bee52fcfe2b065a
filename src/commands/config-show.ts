/** `hikyaku config show`: what is in force and where it comes from; and the same in one line for the log. */
import { exitCodes } from '../base/fault.ts'
import type { Language } from '../base/language.ts'
import { secretWord } from '../base/mask.ts'
import { alignTable, cutToWidth, measureWidth, wrapText } from '../base/text-width.ts'
import { printable } from '../base/untrusted.ts'
import { isShown, nameSettingInForce, type SettingInForce, type SettingsInForce } from '../config/in-force.ts'
import { configWordsFor } from '../config/in-force-words.ts'
import type { PartName } from '../config/settings.ts'
import { makeYamlKey } from '../config/settings.ts'
import type { Log } from '../log/log.ts'
import { withConfig } from './configuration.ts'
import { columnsOf, type Invocation, writeJson, writeLine } from './invocation.ts'

/** A long value is never cut: it is there to be read. */
const longestValue = 4000

export async function configShowCommand(invocation: Invocation): Promise<number> {
  return withConfig(
    invocation,
    async (_config, _log, inForce) => {
      if (invocation.json)
        writeJson(invocation, { ok: true, exitCode: exitCodes.ok, ...settingsJson(inForce) })
      else for (const line of settingsLines(invocation, inForce)) writeLine(invocation, line)
      return exitCodes.ok
    },
    false,
    false,
  )
}

/** One event at the start of a pull or a daemon: for people what differs from the defaults, for programs all of it. */
export function logSettings(log: Log, inForce: SettingsInForce, language: Language): void {
  const words = configWordsFor(language)
  const parts = inForce.parts.map(({ part, name, settings }) => ({
    heading: part === 'start' ? '' : words.part[part](printable(name ?? '', 100)),
    values: settings
      .filter(({ origin }) => origin.from !== 'default')
      .map(one => `${nameSettingInForce(one, inForce)}=${shownValue(one) ?? ''}`),
  }))
  const told = parts
    .filter(({ values }) => values.length > 0)
    .map(({ heading, values }) => [...(heading === '' ? [] : [`${heading}:`]), ...values].join(' '))
  const fields = inForce.parts.flatMap(({ part, name, settings }) =>
    settings.map(one => [placeOf(part, name, one.key), shownValue(one)] as const),
  )
  log.say('info', 'settings', words.logged(told.join('; ')), {
    file: inForce.file,
    ...Object.fromEntries(fields),
  })
}

function placeOf(part: PartName, name: string | undefined, key: string): string {
  return part === 'account' || part === 'mailbox' ? `${part}[${name}].${key}` : key
}

/** @returns undefined where nothing is set, or where nobody knows before the secret is used */
function shownValue({ setting, value, origin }: SettingInForce): string | undefined {
  if (!setting.secret) return value
  return origin.from === 'default' ? undefined : secretWord
}

function settingsLines(invocation: Invocation, inForce: SettingsInForce): readonly string[] {
  const { language } = invocation
  const words = configWordsFor(language)
  const columns = columnsOf(invocation)
  const blocks = inForce.parts.map(({ part, name, settings }) => ({
    heading: part === 'start' ? undefined : words.part[part](printable(name ?? '', 100)),
    settings: settings.filter(isShown),
  }))
  const rows = blocks.flatMap(block =>
    block.settings.map(one => [
      nameSettingInForce(one, inForce),
      words.origin(one.origin, inForce.file !== undefined),
    ]),
  )
  const heads = alignTable(rows).split('\n')
  const width = Math.max(...heads.map(measureWidth))
  const textOfValue = ({ setting, ...one }: SettingInForce): string => {
    const value = shownValue({ setting, ...one })
    if (value !== undefined && value !== '') return printable(value, longestValue)
    const usual = setting.otherwise?.[language].replaceAll('`', '')
    return usual === undefined ? '-' : cutToWidth(`(${usual})`, columns - width - 4)
  }
  const { file } = inForce
  const lines = wrapText(words.file(file === undefined ? undefined : printable(file, longestValue)), columns)
  let row = 0
  for (const { heading, settings } of blocks) {
    lines.push('', ...(heading === undefined ? [] : [heading]))
    for (const one of settings) {
      const head = heads[row] ?? ''
      lines.push(`  ${head}${' '.repeat(width - measureWidth(head) + 2)}${textOfValue(one)}`)
      row += 1
    }
  }
  return [...lines, '', ...wrapText(words.secretsElsewhere, columns)]
}

function settingsJson({ file, parts }: SettingsInForce): object {
  return {
    file: file ?? null,
    parts: parts.map(({ part, name, settings }) => ({
      part: part === 'top' ? 'program' : part,
      name: name ?? null,
      settings: settings.map(one => ({
        key: makeYamlKey(one.key, one.setting),
        variable: one.setting.variable ?? null,
        value: shownValue(one) ?? null,
        secret: one.setting.secret,
        origin: one.origin,
      })),
    })),
  }
}
