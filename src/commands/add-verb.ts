import type { Command } from 'commander'
import type { Words } from '../locale/locale.ts'

/** An entry of the command line, below the program or below another entry, with what every one takes. */
export function addVerb(parent: Command, name: string, description: string, words: Words): Command {
  return parent
    .command(name)
    .description(description)
    .option('--json', words.help.json)
    .option('--lang <en|ja>', words.help.lang)
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
}
