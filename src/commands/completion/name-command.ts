import type { Command } from 'commander'

/** A command as it is typed: `fleet add`. */
export const nameCommand = (command: Command): string =>
  command.parent?.parent ? `${nameCommand(command.parent)} ${command.name()}` : command.name()
