/** `hikyaku fleet ...` on the command line: one entry an act, each loaded only when it is called. */
import { type Command, Option } from 'commander'
import { addVerb } from '../add-verb.ts'
import type { Invocation } from '../invocation.ts'
import { refuseUse, requireKnownWord } from '../usage.ts'
import { type AddFlags, addOptions } from './add-options.ts'
import type { AdoptFlags } from './adopt.ts'
import type { AuditFlags } from './audit.ts'
import type { ImportFlags } from './import.ts'
import type { ListFlags } from './list.ts'
import type { MoveFlags } from './move.ts'
import type { OperatorFlags } from './operator.ts'

interface Chosen {
  readonly tenant?: string
  readonly yes?: boolean
}

export function addFleetVerbs(
  program: Command,
  invocation: Invocation,
  done: (exitCode: number) => void,
): void {
  const { words } = invocation
  const help = words.help.fleet
  const fleet = addVerb(program, 'fleet', help.about, words).helpCommand(false)
  fleet.action(() => {
    throw refuseUse(words.usage.missingArgument('command'), 'fleet')
  })
  const verb = (name: string, about: string): Command => addVerb(fleet, name, about, words)

  verb('init', help.init).action(async () => {
    const { fleetInitCommand } = await import('./init.ts')
    done(await fleetInitCommand(invocation))
  })
  const add = verb('add', help.add).option('--tenant <name>', help.tenant)
  for (const { id, value } of addOptions)
    add.option(value === undefined ? `--${id}` : `--${id} ${value}`, help.options[id])
  // What others call it.
  add.addOption(new Option('--server <name>').hideHelp())
  add.option('--no-check', help.options.check).action(async (flags: AddFlags) => {
    const { fleetAddCommand } = await import('./add.ts')
    done(await fleetAddCommand(invocation, flags))
  })
  verb('import', help.import)
    .argument('<file>', help.importFile)
    .option('--tenant <name>', help.tenant)
    .option('--service-account-file <file>', help.importKey)
    .option('--dry-run', help.importDryRun)
    .action(async (file: string, flags: ImportFlags) => {
      const { fleetImportCommand } = await import('./import.ts')
      done(await fleetImportCommand(invocation, file, flags))
    })
  verb('list', help.list)
    .argument('[key...]', help.key)
    .option('--tenant <name>', help.ofTenant)
    .option('--trouble', help.trouble)
    .option('--most <number>', help.most)
    .option('--after <key>', help.after)
    .action(async (keys: string[], flags: ListFlags) => {
      const { fleetListCommand } = await import('./list.ts')
      done(await fleetListCommand(invocation, keys, flags))
    })
  verb('status', help.status)
    .option('--tenant <name>', help.ofTenant)
    .option('--quick', words.help.quick)
    .action(async (flags: { tenant?: string; quick?: boolean }) => {
      const { fleetStatusCommand } = await import('./status.ts')
      done(await fleetStatusCommand(invocation, flags))
    })
  const choosing = (name: string, about: string): Command =>
    verb(name, about)
      .argument('[key...]', help.key)
      .option('--tenant <name>', help.allOfTenant)
      .option('-y, --yes', help.yes)
  for (const act of ['pause', 'resume', 'remove', 'check-now'] as const)
    choosing(act, act === 'check-now' ? help.checkNow : help[act]).action(
      async (keys: string[], flags: Chosen) => {
        const { fleetActCommand } = await import('./act.ts')
        done(await fleetActCommand(invocation, act, keys, flags))
      },
    )
  choosing('move', help.move)
    .option('--to-account <name>', help.toAccount)
    .option('--to-tenant <name>', help.toTenant)
    .action(async (keys: string[], flags: MoveFlags) => {
      const { fleetMoveCommand } = await import('./move.ts')
      done(await fleetMoveCommand(invocation, keys, flags))
    })
  verb('adopt', help.adopt)
    .argument('<folder>', help.adoptFolder)
    .option('--tenant <name>', help.tenant)
    .option('--as <old=new...>', help.adoptAs)
    .option('--keep-accounts', help.keepAccounts)
    .action(async (folder: string, flags: AdoptFlags) => {
      const { fleetAdoptCommand } = await import('./adopt.ts')
      done(await fleetAdoptCommand(invocation, folder, flags))
    })
  verb('leave', help.leave)
    .argument('<key>', help.retryKey)
    .argument('<folder>', help.leaveFolder)
    .action(async (key: string, folder: string) => {
      const { fleetLeaveCommand } = await import('./leave.ts')
      done(await fleetLeaveCommand(invocation, key, folder))
    })
  verb('audit', help.audit)
    .option('--tenant <name>', help.ofTenant)
    .option('--most <number>', help.most)
    .option('--before <number>', help.before)
    .action(async (flags: AuditFlags) => {
      const { fleetAuditCommand } = await import('./audit.ts')
      done(await fleetAuditCommand(invocation, flags))
    })
  verb('operator', help.operator)
    .argument('<act>', help.operatorAct)
    .argument('[name]', help.operatorName)
    .option('--tenant <name>', help.operatorTenant)
    .option('--password-file <file>', help.operatorPassword)
    .option('--password-to <file>', help.operatorPasswordTo)
    .action(async (act: string, name: string | undefined, flags: OperatorFlags) => {
      requireKnownWord(words, 'fleet operator', act)
      const { fleetOperatorCommand } = await import('./operator.ts')
      done(await fleetOperatorCommand(invocation, act, name, flags))
    })
  verb('retry', help.retry)
    .argument('<key>', help.retryKey)
    .argument('[id...]', help.retryIds)
    .action(async (key: string, ids: string[]) => {
      const { fleetRetryCommand } = await import('./retry.ts')
      done(await fleetRetryCommand(invocation, key, ids))
    })
}
