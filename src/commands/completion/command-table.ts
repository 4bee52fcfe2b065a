/** The commands as data, read from commander's own description: what completion and the manual pages are made of. */
import type { Argument, Command, Option } from 'commander'
import { nameCommand } from './name-command.ts'

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
  /** The name, then its aliases; of one that stands below another as it is typed: `fleet add`. */
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
  /** Those that stand below another follow it. */
  readonly commands: readonly CommandEntry[]
}

/** Whether it stands below another: then it is completed behind that one alone. */
export const isBelow = ({ names: [name] }: CommandEntry): boolean => name.includes(' ')

/** The commands that have others below them, by name, with these. */
export function listGroups({ commands }: CommandTable): ReadonlyMap<string, readonly CommandEntry[]> {
  return Map.groupBy(commands.filter(isBelow), ({ names: [name] }) => name.split(' ')[0] ?? '')
}

/** The last word of what is typed. */
export const lastWord = (name: string): string => name.split(' ').at(-1) ?? name

/** Words that can stand behind a command. `setup`'s only begin it; whatever else its commands take is not in a list. */
export const knownWords = {
  setup: ['google', 'mailbox', 'password'],
  journal: ['check', 'rebuild'],
  config: ['show'],
  rules: ['test'],
  service: ['install', 'uninstall', 'status'],
  completion: ['bash', 'zsh', 'fish'],
  'fleet operator': ['add', 'remove', 'list'],
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
  const describe = (command: Command): CommandEntry => {
    const name = nameCommand(command)
    return {
      names: [name, ...command.aliases()],
      about: command.description(),
      arguments: command.registeredArguments.map(argument => ({
        term: writeArgument(argument),
        about: argument.description,
      })),
      options: name === 'help' ? [] : optionsOf(command),
      words: words.get(name) ?? command.commands.map(below => below.name()),
      takesFile: ['inspect', 'rules', 'fleet import'].includes(name),
    }
  }
  return {
    options: optionsOf(program),
    commands: commands.flatMap(command => [command, ...command.commands].map(describe)),
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
