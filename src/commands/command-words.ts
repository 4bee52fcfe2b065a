/** Which command a command line means: the first words of it, where one may stand below another (`fleet add`). */
import { Command } from 'commander'
import type { Words } from '../locale/locale.ts'
import { refuseUnknownCommand } from './usage.ts'

/** The first words that are no options and no value of the option that every command has. */
export function findCommandWords(args: readonly string[]): readonly string[] {
  return args.filter((arg, at) => !arg.startsWith('-') && args[at - 1] !== '--lang').slice(0, 3)
}

const isNamed = (command: Command, word: string | undefined): boolean =>
  [command.name(), ...command.aliases()].includes(word ?? '')

const findBelow = ({ commands }: Command, word: string | undefined): Command | undefined =>
  commands.find(command => isNamed(command, word))

/** @returns the entry that these words lead to, as far as they do */
export function findCommand(program: Command, [word, next]: readonly string[]): Command | undefined {
  const command = findBelow(program, word)
  return command && (findBelow(command, next) ?? command)
}

/** Throws Fault usage.invalid for a word that is no command, and where one that has others below it has none of them. */
export function refuseUnknownWords(program: Command, typed: readonly string[], words: Words): void {
  const [word, next] = typed[0] === 'help' ? typed.slice(1) : typed
  const namesBelow = ({ commands }: Command): string[] =>
    commands.flatMap(command => [command.name(), ...command.aliases()])
  const names = ['help', ...namesBelow(program)]
  if (word !== undefined && !names.includes(word)) throw refuseUnknownCommand(words, word, names)
  const below = namesBelow(findBelow(program, word) ?? new Command())
  if (next !== undefined && below.length > 0 && !below.includes(next))
    throw refuseUnknownCommand(
      words,
      `${word} ${next}`,
      below.map(name => `${word} ${name}`),
    )
}
