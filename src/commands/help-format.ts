/** How help looks: commander's own, in the owner's language and with lines measured in terminal cells. */
import type { Command } from 'commander'
import { measureWidth, wrapText } from '../base/text-width.ts'
import type { Words } from '../locale/locale.ts'

/** @param program with every command that it will have: each is formatted in the same way */
export function formatHelp(program: Command, words: Words): void {
  const titles: Readonly<Record<string, string>> = words.help.titles
  const all = program.commands.flatMap(command => [command, ...command.commands])
  for (const command of [program, ...all]) {
    command.helpOption('-h, --help', words.help.help).configureHelp({
      displayWidth: measureWidth,
      boxWrap: (text, width) => wrapText(text, width).join('\n'),
      styleTitle: title => titles[title.replace(/:$/, '')] ?? title,
    })
  }
}
