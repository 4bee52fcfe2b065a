/** hikyaku(1), from the table of commands. */
import type {
  CommandEntry,
  CommandOption,
  CommandTable,
} from '../../src/commands/completion/command-table.ts'
import { startSettings } from '../../src/config/settings.ts'
import type { PageFacts } from './page-facts.ts'
import { bold, italic, makePage, paragraph, section, subsection, tagged, usage } from './roff.ts'
import { describeSetting, filesSection } from './settings-page.ts'
import { examples, titles, words } from './words.ts'

/** @param exitCodes each code and what it means, in Markdown */
export function writeCommandPage(
  table: CommandTable,
  exitCodes: readonly (readonly [code: string, meaning: string])[],
  { language, date, version }: PageFacts,
): string {
  const common = commonOptions(table)
  return makePage({ name: 'hikyaku', chapter: 1, date, version }, [
    section(titles.name[language], `hikyaku \\-\n${paragraph(words.program[language])}`),
    section(
      titles.synopsis[language],
      `${bold('hikyaku')} ${italic(words.commandWord[language])} [${italic(words.optionsWord[language])}]`,
    ),
    section(titles.description[language], paragraph(words.begin[language])),
    section(titles.commands[language]),
    ...table.commands.map(entry => describeCommand(entry, common)),
    section(
      titles.options[language],
      [
        ...table.options.filter(option => !isAmong(common, option)).map(describeOption),
        `.PP\n${paragraph(words.everyCommand[language])}`,
        ...common.map(describeOption),
      ].join('\n'),
    ),
    section(
      titles.exitStatus[language],
      exitCodes.map(([code, meaning]) => tagged(bold(code), paragraph(meaning))).join('\n'),
    ),
    section(
      titles.environment[language],
      [
        paragraph(words.environment[language]),
        ...Object.entries(startSettings).map(([key, setting]) =>
          describeSetting('start', key, setting, language),
        ),
      ].join('\n'),
    ),
    filesSection(language),
    section(
      titles.examples[language],
      examples.map(([line, about]) => tagged(bold(line), paragraph(about[language]))).join('\n'),
    ),
    section(titles.seeAlso[language], '.BR hikyaku.yaml (5)'),
  ])
}

const isAmong = (all: readonly CommandOption[], { flags }: CommandOption): boolean =>
  all.some(option => option.flags.join() === flags.join())

/** Those that every command has: said once. */
function commonOptions({ commands }: CommandTable): readonly CommandOption[] {
  const [first, ...others] = commands.filter(({ names }) => names[0] !== 'help')
  return (first?.options ?? []).filter(option => others.every(({ options }) => isAmong(options, option)))
}

function describeCommand(entry: CommandEntry, common: readonly CommandOption[]): string {
  const terms = entry.arguments.map(({ term }) => usage(term))
  const own = entry.options.filter(option => !isAmong(common, option))
  return subsection(
    [entry.names.map(bold).join(', '), ...terms].join(' '),
    [
      paragraph(entry.about),
      ...entry.arguments
        .filter(({ about }) => about !== '')
        .map(({ term, about }) => tagged(usage(term), paragraph(about))),
      ...own.map(describeOption),
    ].join('\n'),
  )
}

function describeOption({ flags, value, about }: CommandOption): string {
  const tag = flags.map(bold).join(', ')
  return tagged(value === undefined ? tag : `${tag} ${usage(value)}`, paragraph(about))
}
