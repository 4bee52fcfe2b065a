/** `hikyaku fleet adopt STATE_DIR`: one machine with its journal, and where they can be read its settings, into the fleet. */
import { realpathSync } from 'node:fs'
import { resolve } from 'node:path'
import { exitCodes } from '../../base/fault.ts'
import { ConfigFault } from '../../base/problem.ts'
import { printable } from '../../base/untrusted.ts'
import { type Adopted, adoptMachine, type Machine, type MachineMember } from '../../fleet/adopt.ts'
import { openFleet } from '../../fleet/open-fleet.ts'
import { describeFault } from '../../locale/locale.ts'
import { loadConfigHere } from '../configuration.ts'
import { type Invocation, writeJson, writeParagraph } from '../invocation.ts'
import { refuseUse } from '../usage.ts'
import { readServiceAccountKey } from './given-files.ts'
import { withFleetSettings } from './with-fleet.ts'
import { fleetWords } from './words.ts'

export interface AdoptFlags {
  readonly tenant?: string
  /** OLD=NEW */
  readonly as?: readonly string[]
  readonly keepAccounts?: boolean
}

export async function fleetAdoptCommand(
  invocation: Invocation,
  written: string,
  { tenant = 'main', as = [], keepAccounts = false }: AdoptFlags,
): Promise<number> {
  const own = fleetWords[invocation.language].adopt
  return withFleetSettings(invocation, 'adopt', async (settings, options) => {
    const names = new Map(as.map(pair => readPair(pair, own.pair)))
    const stateDir = resolve(invocation.cwd, written)
    const { directory, journal, close } = await openFleet(settings, options)
    try {
      const machine = await readMachine(invocation, stateDir)
      const adopted = await adoptMachine(machine, {
        ...{ fleet: journal.database, place: journal.journal.path, directory },
        ...{ tenant, names, keepAccounts, nowMs: Date.now() },
      })
      const failed = adopted.mailboxes.filter(({ state }) => state === 'failed')
      const exitCode = failed.length > 0 ? exitCodes.someAside : exitCodes.ok
      if (invocation.json) writeJson(invocation, { ok: exitCode === 0, exitCode, ...describe(adopted) })
      else tell(invocation, adopted)
      return exitCode
    } finally {
      await close()
    }
  })
}

function readPair(pair: string, words: string): readonly [string, string] {
  const at = pair.lastIndexOf('=')
  if (at < 1 || at === pair.length - 1) throw refuseUse(words, 'fleet adopt')
  return [pair.slice(0, at), pair.slice(at + 1)]
}

/** The settings in force here are the machine's where they lead to this very data folder. */
async function readMachine(invocation: Invocation, stateDir: string): Promise<Machine> {
  const nothing = { stateDir, accounts: [], mailboxes: [] }
  try {
    const { config, listMembers } = await loadConfigHere(invocation, false)
    if (realpathSync(config.stateDir) !== realpathSync(stateDir)) return nothing
    const members = await listMembers()
    const accounts = members.filter(({ part }) => part === 'account')
    return {
      stateDir,
      accounts: await Promise.all(accounts.map(account => sealKeyFile(invocation, account))),
      mailboxes: members.filter(({ part }) => part === 'mailbox'),
    }
  } catch (thrown) {
    if (thrown instanceof ConfigFault || isMissing(thrown)) return nothing
    throw thrown
  }
}

const isMissing = (thrown: unknown): boolean =>
  typeof thrown === 'object' &&
  thrown !== null &&
  'code' in thrown &&
  (thrown.code === 'config.none' || thrown.code === 'ENOENT')

/** A key file of this computer becomes a secret: the workers' computers have no such file. */
async function sealKeyFile(invocation: Invocation, account: MachineMember): Promise<MachineMember> {
  const { serviceAccountFile, ...settings } = account.settings
  if (typeof serviceAccountFile !== 'string') return account
  const { email, text } = await readServiceAccountKey(invocation, serviceAccountFile)
  const secret = { reveal: async () => text }
  return {
    ...account,
    settings: { ...settings, serviceAccount: email },
    secrets: [{ key: 'serviceAccountKey', secret }],
  }
}

const describe = ({ messages, unknown, mailboxes }: Adopted) => ({
  messages,
  unknown,
  mailboxes: mailboxes.map(({ name, key, state, fault }) => ({
    name,
    mailbox: key,
    state,
    fault: fault?.code ?? null,
  })),
})

function tell(invocation: Invocation, { messages, unknown, mailboxes }: Adopted): void {
  const { language } = invocation
  const own = fleetWords[language].adopt
  const say = (text: string): void => writeParagraph(invocation, text)
  say(own.done(messages))
  if (unknown > 0) say(own.unknown(unknown))
  for (const { key, state, fault } of mailboxes) {
    say(own.mailbox[state](printable(key)))
    if (fault === undefined) continue
    const { what, next } = describeFault(fault, language)
    say(what)
    say(next)
  }
  say(own.after)
}
