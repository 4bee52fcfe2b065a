/** `hikyaku provider [NAME]`: what is known of a mail host, and from where; or the list of them. */
import { exitCodes, Fault } from '../base/fault.ts'
import { alignTable, indentParagraph, measureWidth, wrapText } from '../base/text-width.ts'
import { printable } from '../base/untrusted.ts'
import { findNearestPresets, findPreset, type Preset, presets, regions } from '../discovery/presets.ts'
import { setupWords } from '../setup/words.ts'
import { columnsOf, type Invocation, writeJson, writeLine } from './invocation.ts'
import { describeProvider, providerWordsFor } from './provider-words.ts'

/** @throws Fault usage.invalid for a name that is not known */
export async function providerCommand(invocation: Invocation, name: string | undefined): Promise<number> {
  if (name === undefined) {
    if (invocation.json)
      writeJson(invocation, { ok: true, exitCode: exitCodes.ok, providers: presets.map(presetJson) })
    else for (const line of listLines(invocation)) writeLine(invocation, line)
    return exitCodes.ok
  }
  const preset = findPreset(name)
  if (preset === undefined) {
    const { noSuchProvider } = setupWords[invocation.language].server
    throw new Fault('usage.invalid', {
      facts: { what: noSuchProvider(printable(name, 60), findNearestPresets(name)), command: 'provider' },
    })
  }
  if (invocation.json)
    writeJson(invocation, { ok: true, exitCode: exitCodes.ok, provider: presetJson(preset) })
  else for (const line of presetLines(invocation, preset)) writeLine(invocation, line)
  return exitCodes.ok
}

/** Longer lines are hard to read. */
const widthOf = (invocation: Invocation): number => Math.min(100, columnsOf(invocation))

function listLines(invocation: Invocation): readonly string[] {
  const { language } = invocation
  const words = providerWordsFor(language)
  const width = widthOf(invocation)
  const blocks = Object.entries(regions).flatMap(([region, rows]) => [
    '',
    words.regions[region as keyof typeof regions],
    ...alignTable(
      rows.map(({ id, name }) => [`  ${id}`, name[language]]),
      { width },
    ).split('\n'),
  ])
  return [...wrapText(words.list, width), ...blocks]
}

function presetLines(invocation: Invocation, preset: Preset): readonly string[] {
  const { language } = invocation
  const words = providerWordsFor(language)
  const width = widthOf(invocation)
  const described = describeProvider(preset, language)
  const column = Math.max(...described.map(({ label }) => measureWidth(label))) + 4
  const facts = described.flatMap(({ label, text, grade }) => {
    const lead = `  ${label}`.padEnd(column - measureWidth(label) + label.length)
    return addGrade(indentParagraph(text, width, lead), words.graded(grade), column, width)
  })
  const sources = preset.sources.map(({ page, grade, date }) => {
    const from = page === undefined ? words.seenIn : `${words.grades[grade]}: ${page}`
    return `${from} (${date})`
  })
  return [
    `${preset.name[language]}  (${preset.id})`,
    '',
    ...facts,
    ...(preset.notes.length === 0 ? [] : ['']),
    ...preset.notes.flatMap(note => indentParagraph(note[language], width, '  - ')),
    '',
    words.sources,
    ...sources.flatMap(source => indentParagraph(source, width, '  - ')),
    '',
    ...wrapText(words.beware, width),
    ...wrapText(words.setUp(preset.id), width),
  ]
}

/** How sure it is, behind the text or, where that does not fit, below it: never broken up. */
function addGrade(
  lines: readonly string[],
  grade: string | undefined,
  column: number,
  width: number,
): readonly string[] {
  const last = lines.at(-1)
  if (grade === undefined || last === undefined) return lines
  return measureWidth(last) + measureWidth(grade) + 1 <= width
    ? [...lines.slice(0, -1), `${last} ${grade}`]
    : [...lines, ' '.repeat(column) + grade]
}

function presetJson(preset: Preset): object {
  const { ownServer: _, shortServers: __, sources, ...facts } = preset
  const known = Object.entries(facts).map(([key, value]) => [key, value ?? null])
  return {
    ...Object.fromEntries(known),
    sources: sources.map(({ page, ...source }) => ({ page: page ?? null, ...source })),
  }
}
