/** The commands as data, read from commander's own description: what completion and the manual pages are made of. */
import type { Argument, Command, Option } from 'commander'

export interface CommandOption {
  /** As they are typed: `-y`, `--yes`. */
  readonly flags: readonly string[]
  readonly about: string
  /** What stands behind it, as help shows it (`<file>`); undefined: a switch. */
  readonly value: string | undefined
  /** The values that it takes, where they are few. */
  readonly choices: readonly string[]
  readonly takesFile: boolean
}

export interface CommandArgument {
  /** As help shows it: `[mailbox...]`. */
  readonly term: string
  readonly about: string
}

export interface CommandEntry {
  /** The name, then its aliases. */
  readonly names: readonly [string, ...string[]]
  readonly about: string
  readonly arguments: readonly CommandArgument[]
  readonly options: readonly CommandOption[]
  /** The words that can stand behind it, where they are few. */
  readonly words: readonly string[]
  readonly takesFile: boolean
}

export interface CommandTable {
  /** Of the program itself. */
  readonly options: readonly CommandOption[]
  readonly commands: readonly CommandEntry[]
}

/** Words that can stand behind a command. `setup`'s only begin it; whatever else its commands take is not in a list. */
export const knownWords = {
  setup: ['google', 'mailbox', 'password'],
  journal: ['check', 'rebuild'],
  config: ['show'],
  rules: ['test'],
  service: ['install', 'uninstall', 'status'],
  completion: ['bash', 'zsh', 'fish'],
} as const

export const listKnownWords = (command: keyof typeof knownWords): readonly string[] => knownWords[command]

/** What a placeholder or a command names that is in no list of program.ts. */
export interface KnownNames {
  /** Of mail hosts. */
  readonly providers: readonly string[]
}

/** @param program with all of its commands */
export function readCommandTable(program: Command, { providers }: KnownNames): CommandTable {
  const help = program.createHelp()
  const optionsOf = (command: Command): CommandOption[] =>
    help.visibleOptions(command).map(option => describeOption(option, providers))
  const commands = help.visibleCommands(program)
  const names = commands.flatMap(command => [command.name(), ...command.aliases()])
  const words = new Map<string, readonly string[]>([
    ...Object.entries(knownWords),
    ['help', names.filter(name => name !== 'help')],
    ['provider', providers],
    ['retry', ['all']],
  ])
  return {
    options: optionsOf(program),
    commands: commands.map(command => ({
      names: [command.name(), ...command.aliases()],
      about: command.description(),
      arguments: command.registeredArguments.map(argument => ({
        term: writeArgument(argument),
        about: argument.description,
      })),
      options: command.name() === 'help' ? [] : optionsOf(command),
      words: words.get(command.name()) ?? [],
      takesFile: command.name() === 'inspect' || command.name() === 'rules',
    })),
  }
}

/** As usage shows it: `<one>`, `[none-or-one]`, `[none-or-more...]`. */
function writeArgument(argument: Argument): string {
  const word = argument.variadic ? `${argument.name()}...` : argument.name()
  return argument.required ? `<${word}>` : `[${word}]`
}

function describeOption(option: Option, providers: readonly string[]): CommandOption {
  const value = /[<[].*$/.exec(option.flags)?.[0]
  const listed = /^<([a-z0-9]+(?:\|[a-z0-9]+)+)>$/.exec(value ?? '')?.[1]?.split('|') ?? []
  return {
    flags: [option.short, option.long].filter(flag => flag !== undefined),
    about: option.description,
    value,
    // `date` is no value itself: it stands for one.
    choices: option.long === '--provider' ? providers : listed.filter(choice => choice !== 'date'),
    takesFile: value === '<file>',
  }
}
