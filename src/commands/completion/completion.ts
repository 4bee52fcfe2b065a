/** `hikyaku completion SHELL`: prints the script with which a shell completes our commands. */
import type { Command } from 'commander'
import { exitCodes } from '../../base/fault.ts'
import { presets } from '../../discovery/presets.ts'
import { type Invocation, writeJson } from '../invocation.ts'
import { writeBashCompletion } from './bash.ts'
import { type CommandTable, type knownWords, readCommandTable } from './command-table.ts'
import { writeFishCompletion } from './fish.ts'
import { writeZshCompletion } from './zsh.ts'

export type Shell = (typeof knownWords.completion)[number]

/** The script of each shell, in the language of the table. */
export const completions: Readonly<Record<Shell, (table: CommandTable) => string>> = {
  bash: writeBashCompletion,
  zsh: writeZshCompletion,
  fish: writeFishCompletion,
}

/** @param program with all of its commands */
export function readTableOf(program: Command): CommandTable {
  return readCommandTable(program, { providers: presets.map(({ id }) => id) })
}

export function completionCommand(invocation: Invocation, shell: Shell, program: Command): number {
  const script = completions[shell](readTableOf(program))
  if (invocation.json) writeJson(invocation, { ok: true, exitCode: exitCodes.ok, shell, script })
  else invocation.stdout.write(script)
  return exitCodes.ok
}
