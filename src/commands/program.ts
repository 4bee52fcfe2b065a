/** The command line: one entry a verb, each command loaded only when it is called; the exit code comes back. */
import { Command, CommanderError } from 'commander'
import { exitCodes, Fault } from '../base/fault.ts'
import { chooseLanguage, type Language } from '../base/language.ts'
import { printable } from '../base/untrusted.ts'
import { readVersion } from '../base/version.ts'
import { findLanguageHere } from '../config/language.ts'
import { answersOf, setupOptions } from '../setup/options.ts'
import { addVerb } from './add-verb.ts'
import { findCommand, findCommandWords, refuseUnknownWords } from './command-words.ts'
import { knownWords } from './completion/command-table.ts'
import { nameCommand } from './completion/name-command.ts'
import { addFleetVerbs } from './fleet/fleet-verbs.ts'
import { formatHelp } from './help-format.ts'
import { type Invocation, makeInvocation, runAnswering } from './invocation.ts'
import type { ServiceFlags } from './service.ts'
import { addServiceEnv } from './service-env.ts'
import type { StatusFlags } from './status.ts'
import { describeUsage, refuseUse, requireKnownWord } from './usage.ts'

interface PullOptions {
  readonly dryRun?: boolean
  readonly yes?: boolean
  readonly now?: boolean
  readonly quiet?: boolean
  readonly timeLimit?: string
}

interface CommonFlags {
  readonly json?: boolean
  readonly lang?: string
}

interface SetupOptions extends CommonFlags {
  readonly yes?: boolean
  readonly browser?: boolean
}

interface InspectFlags {
  readonly forwardingAddress?: string
  readonly authservId?: string[]
  readonly dns?: string[]
  readonly offline?: boolean
}

/** @param args what follows the program's name @returns the exit code; see `exitCodes` */
export async function main(args: readonly string[]): Promise<number> {
  const env = addServiceEnv(process.env)
  const flag = langFlag(args)
  const language =
    flag === undefined ? await findLanguageHere(env, process.cwd()) : chooseLanguage({ flag, env })
  const json = args.includes('--json')
  const invocation = makeInvocation({ json, language, env })
  let exitCode: number = exitCodes.ok
  const program = buildProgram(invocation, code => {
    exitCode = code
  })
  const typed = findCommandWords(args)
  try {
    // Before its options are looked at, which are nobody's then.
    refuseUnknownWords(program, typed, invocation.words)
    const [word, ...asked] = typed
    if (word === 'help' && asked.length > 1) {
      findCommand(program, asked)?.outputHelp()
      return exitCodes.ok
    }
    await program.parseAsync(args, { from: 'user' })
    return exitCode
  } catch (error) {
    if (!(error instanceof CommanderError)) return runAnswering(invocation, () => Promise.reject(error))
    if (error.exitCode === 0) return exitCodes.ok
    const command = findCommand(program, typed)
    const options = command?.options.flatMap(({ long }) => long ?? []) ?? []
    const fault = describeUsage(invocation.words, error, command && nameCommand(command), options)
    return runAnswering(invocation, () => Promise.reject(fault))
  }
}

/** The language is needed before the options are parsed, for the help itself. */
function langFlag(args: readonly string[]): string | undefined {
  const at = args.findIndex(arg => arg === '--lang' || arg.startsWith('--lang='))
  if (at < 0) return undefined
  const [, inline] = (args[at] ?? '').split('=')
  return inline ?? args[at + 1]
}

/** The program as help shows it in a language, for those who write pages of it. */
export function describeProgram(language: Language): Command {
  return buildProgram(makeInvocation({ language, env: {} }), () => {})
}

function buildProgram(invocation: Invocation, done: (exitCode: number) => void): Command {
  const { help } = invocation.words
  const program = new Command('hikyaku')
    .description(help.program)
    .version(readVersion(), '-V, --version', help.version)
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
  const verb = (name: string, description: string): Command =>
    addVerb(program, name, description, invocation.words)
  program.option('--lang <en|ja>', help.lang)

  const setup = verb('setup', help.setup)
    .argument('[part]', help.setupPart)
    .argument('[mailbox]', help.setupMailbox)
    .option('-y, --yes', help.setupYes)
    .option('--browser', help.setupBrowser)
  for (const { id, value } of setupOptions)
    setup.option(value === undefined ? `--${id}` : `--${id} ${value}`, help.setupOptions[id])
  setup.action(async (part: string | undefined, mailbox: string | undefined, flags: SetupOptions) => {
    if (part !== undefined) requireKnownWord(invocation.words, 'setup', part)
    const { setupCommand } = await import('./setup.ts')
    const { yes = false, browser = false, lang, ...rest } = flags
    const options = answersOf(rest)
    // Named twice, or for a part that takes no name: which was meant is not for us to say.
    if (mailbox !== undefined && (part !== 'password' || options.mailbox !== undefined))
      throw new Fault('usage.invalid', { facts: { what: `setup ${part} ${mailbox}` } })
    const answers = mailbox === undefined ? options : { ...options, mailbox }
    done(
      await setupCommand(
        invocation,
        {
          part: part ?? 'everything',
          yes,
          languageGiven: (lang ?? program.opts<CommonFlags>().lang) !== undefined,
          answers,
        },
        {},
        browser,
      ),
    )
  })
  verb('revoke', help.revoke)
    .argument('[account...]', help.revokeAccount)
    .option('-y, --yes', help.yes)
    .action(async (accounts: string[], flags: CommonFlags & { yes?: boolean }) => {
      const { revokeCommand } = await import('./revoke.ts')
      done(await revokeCommand(invocation, { accounts, yes: flags.yes ?? false }))
    })
  verb('run', help.run).action(async () => {
    const { runCommand } = await import('./run.ts')
    done(await runCommand(invocation))
  })
  verb('worker', help.worker).action(async () => {
    const { workerCommand } = await import('./worker.ts')
    done(await workerCommand(invocation))
  })
  verb('pull', help.pull)
    .alias('sync')
    .argument('[mailbox...]', help.mailbox)
    .option('--dry-run', help.dryRun)
    .option('--now', help.now)
    .option('-q, --quiet', help.quiet)
    .option('--time-limit <span>', help.timeLimit)
    .option('-y, --yes', help.yes)
    .action(async (mailboxes: string[], flags: CommonFlags & PullOptions) => {
      const { dryRun = false, yes = false, now = false, quiet = false, timeLimit } = flags
      const { parseTimeLimit } = await import('./time-limit.ts')
      const timeLimitMs = timeLimit === undefined ? undefined : parseTimeLimit(timeLimit)
      const { pull } = invocation.words
      if (timeLimit !== undefined && timeLimitMs === undefined)
        throw refuseUse(pull.timeLimit(printable(timeLimit, 40)), 'pull')
      if (quiet && (flags.json || dryRun)) throw refuseUse(pull.quietAlone, 'pull')
      const pulled = { mailboxes, dryRun, yes, now, timeLimitMs }
      if (quiet) {
        const { pullQuietly } = await import('./pull-quiet.ts')
        done(await pullQuietly(invocation, pulled))
      } else {
        const { pullCommand } = await import('./pull.ts')
        done(await pullCommand(invocation, pulled))
      }
    })
  verb('status', help.status)
    .option('--verbose', help.verbose)
    .option('--quick', help.quick)
    .action(async (flags: CommonFlags & StatusFlags) => {
      const { statusCommand } = await import('./status.ts')
      done(await statusCommand(invocation, flags))
    })
  verb('dashboard', help.dashboard).action(async () => {
    const { dashboardCommand } = await import('./dashboard.ts')
    done(await dashboardCommand(invocation))
  })
  verb('check-now', help.checkNow).action(async () => {
    const { checkNowCommand } = await import('./check-now.ts')
    done(await checkNowCommand(invocation))
  })
  const pausing = (wish: 'pause' | 'resume') => async (mailboxes: string[]) => {
    const { pauseCommand } = await import('./pause.ts')
    done(await pauseCommand(invocation, wish, mailboxes))
  }
  verb('pause', help.pause).argument('[mailbox...]', help.mailbox).action(pausing('pause'))
  verb('resume', help.resume).argument('[mailbox...]', help.mailbox).action(pausing('resume'))
  verb('doctor', help.doctor).action(async () => {
    const { doctorCommand } = await import('./doctor.ts')
    done(await doctorCommand(invocation))
  })
  verb('list', help.list)
    .argument('[mailbox...]', help.mailbox)
    .option('--refused', help.listRefused)
    .option('--waiting', help.listWaiting)
    .option('--by-rule', help.listByRule)
    .option('--recent <number>', help.listRecent)
    .action(
      async (
        mailboxes: string[],
        flags: CommonFlags & { refused?: boolean; waiting?: boolean; byRule?: boolean; recent?: string },
      ) => {
        const { listCommand } = await import('./list.ts')
        const { refused = false, waiting = false, byRule = false, recent } = flags
        done(
          await listCommand(invocation, {
            mailboxes,
            refused,
            waiting,
            byRule,
            recent: recent === undefined ? undefined : Number(recent),
          }),
        )
      },
    )
  verb('compare', help.compare)
    .argument('[mailbox...]', help.mailbox)
    .action(async (mailboxes: string[]) => {
      const { compareCommand } = await import('./compare.ts')
      done(await compareCommand(invocation, mailboxes))
    })
  verb('retry', help.retry)
    .argument('[id...]', help.retryIds)
    .action(async (ids: string[]) => {
      const { retryCommand } = await import('./retry.ts')
      done(await retryCommand(invocation, ids))
    })
  verb('journal', help.journal)
    .argument('<action>', knownWords.journal.join(' | '))
    .option('-y, --yes', help.yes)
    .action(async (action: string, flags: CommonFlags & { yes?: boolean }) => {
      requireKnownWord(invocation.words, 'journal', action)
      const { journalCheckCommand, journalRebuildCommand } = await import('./journal.ts')
      if (action === 'check') done(await journalCheckCommand(invocation))
      else done(await journalRebuildCommand(invocation, { yes: flags.yes ?? false }))
    })
  verb('config', help.config)
    .argument('<action>', knownWords.config.join(' | '))
    .action(async (action: string) => {
      requireKnownWord(invocation.words, 'config', action)
      const { configShowCommand } = await import('./config-show.ts')
      done(await configShowCommand(invocation))
    })
  verb('rules', help.rules)
    .argument('<action>', knownWords.rules.join(' | '))
    .argument('<file>', help.rulesFile)
    .option('--mailbox <name>', help.rulesMailbox)
    .option('--folder <name>', help.rulesFolder)
    .option('--flag <name...>', help.rulesFlag)
    .action(
      async (
        action: string,
        file: string,
        flags: CommonFlags & { mailbox?: string; folder?: string; flag?: string[] },
      ) => {
        requireKnownWord(invocation.words, 'rules', action)
        const { rulesTestCommand } = await import('./rules.ts')
        const { mailbox, folder, flag = [] } = flags
        done(await rulesTestCommand(invocation, file, { mailbox, folder, flags: flag }))
      },
    )
  verb('inspect', help.inspect)
    .argument('<target>', help.inspectTarget)
    .option('--forwarding-address <address>', help.forwardingAddress)
    .option('--authserv-id <name...>', help.authservId)
    .option('--dns <server...>', help.dns)
    .option('--offline', help.offline)
    .action(async (target: string, flags: CommonFlags & InspectFlags) => {
      const { inspectCommand } = await import('./inspect.ts')
      const { forwardingAddress, authservId = [], dns, offline = false } = flags
      done(
        await inspectCommand(invocation, target, {
          offline,
          authservIds: authservId,
          ...(forwardingAddress === undefined ? {} : { forwardingAddress }),
          ...(dns === undefined ? {} : { dnsServers: dns }),
        }),
      )
    })
  verb('provider', help.provider)
    .argument('[name]', help.providerName)
    .action(async (name: string | undefined) => {
      const { providerCommand } = await import('./provider.ts')
      done(await providerCommand(invocation, name))
    })
  verb('report', help.report)
    .option('--days <days>', help.days, '30')
    .action(async (flags: CommonFlags & { days: string }) => {
      const { reportCommand } = await import('./report.ts')
      done(await reportCommand(invocation, { days: Number(flags.days) }))
    })
  verb('service', help.service)
    .argument('<action>', knownWords.service.join(' | '))
    .option('--timer', help.timer)
    .option('--every <seconds>', help.every)
    .option('--system', help.system)
    .option('--user', help.user)
    .option('--run-as <user>', help.runAs)
    .option('--print', help.print)
    .action(async (action: string, flags: CommonFlags & Omit<ServiceFlags, 'every'> & { every?: string }) => {
      requireKnownWord(invocation.words, 'service', action)
      const { serviceCommand } = await import('./service.ts')
      const { every, ...rest } = flags
      done(
        await serviceCommand(
          invocation,
          action,
          every === undefined ? rest : { ...rest, every: Number(every) },
        ),
      )
    })
  addFleetVerbs(program, invocation, done)
  verb('completion', help.completion)
    .argument('<shell>', knownWords.completion.join(' | '))
    .action(async (shell: string) => {
      requireKnownWord(invocation.words, 'completion', shell)
      const { completionCommand } = await import('./completion/completion.ts')
      done(completionCommand(invocation, shell, program))
    })
  // By name: with an action of its own the program would take 'help' for an argument.
  program.helpCommand('help [command]', help.helpCommand)
  program.action(() => {
    program.outputHelp()
  })
  formatHelp(program, invocation.words)
  return program
}
