/** What is wrong with a command line, in the owner's language, and which word was meant. */
import type { CommanderError } from 'commander'
import { Fault } from '../base/fault.ts'
import { findNearestName } from '../base/spelling.ts'
import { printable } from '../base/untrusted.ts'
import type { Words } from '../locale/locale.ts'
import { type knownWords, listKnownWords } from './completion/command-table.ts'

/** The word in the quotation marks of commander's English sentence. */
const quotedWord = /'([^']*)'/

/**
 * @param thrown by commander, for a command whose name is known
 * @param command the name of it, where one was typed
 * @param options the long options that it takes
 */
export function describeUsage(
  words: Words,
  thrown: CommanderError,
  command: string | undefined,
  options: readonly string[],
): Fault {
  const [, quoted = ''] = quotedWord.exec(thrown.message) ?? []
  const word = printable(quoted, 60)
  const refuse = (what: string): Fault => refuseUse(what, command)
  switch (thrown.code) {
    case 'commander.unknownOption':
      return refuse(words.usage.unknownOption(word, findNearestName(word, options)))
    case 'commander.missingArgument':
      return refuse(words.usage.missingArgument(word))
    case 'commander.optionMissingArgument':
      return refuse(words.usage.missingValue(word))
    case 'commander.excessArguments':
      return refuse(words.usage.tooMany)
    default:
      return refuse(printable(thrown.message.replace(/^error: /, '').replace(/\s+/g, ' '), 200))
  }
}

/** @param names all commands */
export function refuseUnknownCommand(words: Words, word: string, names: readonly string[]): Fault {
  return refuseUse(words.usage.unknownCommand(printable(word, 60), findNearestName(word, names)), undefined)
}

/** Throws Fault usage.invalid for an argument that is none of those that the command takes. */
export function requireKnownWord<Name extends keyof typeof knownWords>(
  words: Words,
  command: Name,
  word: string,
): asserts word is (typeof knownWords)[Name][number] {
  const known = listKnownWords(command)
  if (!known.includes(word))
    throw refuseUse(words.usage.oneOf(printable(word, 60), known.join(', ')), command)
}

/** @param command undefined where it is none that is known */
export function refuseUse(what: string, command: string | undefined): Fault {
  return new Fault('usage.invalid', { facts: { what, ...(command !== undefined && { command }) } })
}

/** A file that was named and cannot be read, with why. @param thrown by Node's file system */
export function refuseFile(file: string, command: string, thrown: unknown): Fault {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'EIO'
  return new Fault('usage.invalid', { facts: { what: file, reason: code, command }, cause: thrown })
}
