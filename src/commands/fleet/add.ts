/**
 * `hikyaku fleet add`: a mailbox, a Gmail account, or both; what is not given is asked for as the set-up does, and the login is
 * tried before anything is kept. With the name of one that is there, it is changed: what is not given stays.
 */
import type { Readable } from 'node:stream'
import { systemClock } from '../../base/clock.ts'
import { exitCodes, Fault } from '../../base/fault.ts'
import { printable } from '../../base/untrusted.ts'
import type { MailboxEntry, Put } from '../../fleet/directory.ts'
import { makeKey } from '../../fleet/names.ts'
import { makeLoginGate } from '../../pull/logins.ts'
import type { Answers } from '../../setup/asker.ts'
import { askMember, type MemberEntry } from '../../setup/member.ts'
import { answersOf } from '../../setup/options.ts'
import { setupWords } from '../../setup/words.ts'
import { type Invocation, writeJson, writeParagraph } from '../invocation.ts'
import { answerLeft, catchLeaving, unlessLeft } from '../leave-setup.ts'
import { type AccountChoice, chooseAccount, readGivenAccount } from './add-account.ts'
import type { AddFlags } from './add-options.ts'
import { nameMember } from './csv-columns.ts'
import { readGivenSecretFile } from './given-files.ts'
import { type Fleet, withFleet } from './with-fleet.ts'
import { fleetWords } from './words.ts'

interface Added {
  readonly account: { readonly name: string; readonly put: Put } | undefined
  readonly mailbox: { readonly key: string; readonly put: Put } | undefined
  readonly isProved: boolean
}

export async function fleetAddCommand(invocation: Invocation, given: AddFlags): Promise<number> {
  const { signal, letGo } = catchLeaving()
  try {
    return await withFleet(invocation, 'add', async fleet => {
      const added = await add(invocation, fleet, given, signal).catch(unlessLeft)
      if (added === undefined) return answerLeft(invocation, setupWords[invocation.language].leftUnchanged)
      return answer(invocation, fleet, added)
    })
  } finally {
    letGo()
  }
}

const ofLogin = [
  'address',
  'protocol',
  'host',
  'port',
  'security',
  'provider',
  'user',
  'passwordFile',
] as const
const ofTrust = ['caFile', 'certSha256'] as const
const ofWishes = ['folders', 'labels', 'archive', 'startFrom', 'afterImport'] as const

async function add(
  invocation: Invocation,
  fleet: Fleet,
  given: AddFlags,
  signal: AbortSignal,
): Promise<Added> {
  const { directory } = fleet
  const flags: AddFlags = { ...given, host: given.host ?? given.server }
  const isGiven = (keys: readonly string[]): boolean => keys.some(key => Object.hasOwn(given, key))
  const tenant = String(flags.tenant ?? 'main')
  const isProved = flags.check !== false
  const givenAccount = await readGivenAccount(invocation, directory, tenant, flags)
  const isOfLogin = isGiven([...ofLogin, ...ofTrust, 'server'])
  const putAccount = async (account: AccountChoice): Promise<Added['account']> => {
    if (account.settings === undefined) return undefined
    const { name, settings, secrets } = account
    return { name, put: await directory.putAccount(tenant, name, settings, secrets) }
  }
  if (givenAccount?.settings !== undefined && !isOfLogin && !isGiven(['name', ...ofWishes])) {
    await directory.addTenant(tenant)
    return { account: await putAccount(givenAccount), mailbox: undefined, isProved }
  }
  const name = flags.name === undefined ? undefined : String(flags.name)
  const present = name === undefined ? undefined : await findMailbox(fleet, makeKey(tenant, name))
  const wishes = Object.fromEntries(
    ofWishes.flatMap(key =>
      flags[key] === undefined ? [] : [[key, flags[key] === true ? 'yes' : flags[key]]],
    ),
  )
  const asked: { readonly entry: MemberEntry; readonly answer: AccountChoice } =
    present !== undefined && !isOfLogin
      ? {
          entry: { address: '', settings: present.settings, secrets: {} },
          answer: givenAccount ?? { name: present.account },
        }
      : await askMember(
          {
            ...invocation,
            stdin: invocation.stdin as Readable & { readonly isTTY?: boolean },
            program: fleet.program,
            clock: systemClock,
            ...{ signal, isProved },
            answers: answersFor(flags, present),
            password:
              typeof flags.passwordFile === 'string'
                ? await readGivenSecretFile(invocation, flags.passwordFile)
                : undefined,
            gateOf: async mailbox =>
              makeLoginGate(
                fleet.journal,
                { ...mailbox, name: makeKey(tenant, name ?? mailbox.name) },
                systemClock,
                'person',
              ),
          },
          async asker =>
            givenAccount ??
            (present === undefined
              ? chooseAccount(invocation, directory, tenant, asker)
              : { name: present.account }),
        )
  const { entry, answer: account } = asked
  const settings = { ...present?.settings, ...entry.settings, ...wishes, account: account.name }
  await directory.addTenant(tenant)
  const accountPut = await putAccount(account)
  const mailbox = name ?? nameMember(entry.address, String(entry.settings.host ?? ''))
  const put = await directory.putMailbox(tenant, mailbox, settings, entry.secrets)
  return { account: accountPut, mailbox: { key: makeKey(tenant, mailbox), put }, isProved }
}

async function findMailbox({ find }: Fleet, key: string): Promise<MailboxEntry | undefined> {
  const entries = await find([key]).catch(thrown => {
    if (!(thrown instanceof Fault) || thrown.code !== 'fleet.unknown') throw thrown
    return []
  })
  return entries[0]
}

/** The options, in front of what the mailbox has now. */
function answersFor(flags: AddFlags, present: MailboxEntry | undefined): Answers {
  const { protocol, host, port, security, caFile, certSha256, provider, user } = present?.settings ?? {}
  const now = { protocol, host, port: port?.toString(), security, caFile, certSha256, provider, user }
  const known = Object.entries(now).filter(([, value]) => typeof value === 'string')
  const notAsked: readonly string[] = [...ofWishes, 'passwordFile']
  const written = Object.entries(flags).filter(
    ([key, value]) => value !== undefined && !notAsked.includes(key),
  )
  return answersOf({ ...Object.fromEntries(known), ...Object.fromEntries(written) })
}

async function answer(invocation: Invocation, { look }: Fleet, added: Added): Promise<number> {
  const { account, mailbox, isProved } = added
  if (invocation.json) {
    writeJson(invocation, {
      ok: true,
      exitCode: exitCodes.ok,
      account: account?.name ?? null,
      accountPut: account?.put ?? null,
      mailbox: mailbox?.key ?? null,
      mailboxPut: mailbox?.put ?? null,
      proved: mailbox === undefined ? null : isProved,
    })
    return exitCodes.ok
  }
  const own = fleetWords[invocation.language].add
  const say = (text: string): void => writeParagraph(invocation, text)
  if (account !== undefined) say(`${own.account[account.put]} ${printable(account.name)}`)
  if (mailbox === undefined) return exitCodes.ok
  say(`${own.mailbox[mailbox.put]} ${printable(mailbox.key)}`)
  if (!isProved) say(own.unchecked)
  say(own.goesOn((await look.workers()).filter(({ isThere }) => isThere).length))
  return exitCodes.ok
}
