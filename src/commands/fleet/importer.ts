/** Mailboxes of a file on their way into the directory, in batches, with the tenants and accounts that they need. */
import type { Fault } from '../../base/fault.ts'
import type { Language } from '../../base/language.ts'
import { ConfigFault, type Problem } from '../../base/problem.ts'
import { Complaint, readEmail } from '../../config/readers.ts'
import type { Directory, Member, MemberSettings, Put } from '../../fleet/directory.ts'
import { isName, makeKey, mostChars } from '../../fleet/names.ts'
import { describeFault } from '../../locale/locale.ts'
import { describeProblem } from '../../locale/problems.ts'
import type { CsvLine } from './csv.ts'
import { readMember, type WrittenMember } from './csv-columns.ts'
import type { ServiceAccountKey } from './given-files.ts'
import { fleetWords } from './words.ts'

/** Where a line is wrong, without a word of it. */
export interface ImportProblem {
  readonly line: number
  /** The column's name; null: the line as a whole. */
  readonly column: string | null
  readonly reason: string
}

export interface ImportOptions {
  readonly language: Language
  /** Of lines that name none. */
  readonly tenant: string
  readonly dryRun: boolean
  /** The key of a service account, for accounts that lines name by their address. */
  readonly serviceAccount: ServiceAccountKey | undefined
  readonly onProblem: (problem: ImportProblem) => void
}

/** `lines` is the sum of `added`, `changed`, `unchanged` and `notTaken`. */
export interface ImportCount extends Readonly<Record<Put, number>> {
  readonly lines: number
  readonly notTaken: number
  readonly accountsAdded: number
  readonly accountsChanged: number
  readonly tenantsAdded: number
}

export interface Importer {
  /** Keeps the line, or tells what is wrong with it; now, or with its batch. */
  take(line: CsvLine): Promise<void>
  refuse(line: number, column: string | null, reason: string): void
  /** What was taken is in the directory then. */
  flush(): Promise<void>
  /** So far; what waits for its batch is in `lines` alone. */
  count(): ImportCount
}

interface Taken extends WrittenMember {
  readonly line: number
  readonly tenant: string
}

/** One transaction for so many. */
const batchSize = 200

/** Problems whose sentence holds nothing of what was written. */
const inOwnWords: ReadonlySet<Problem['kind']> = new Set([
  ...(['missing', 'expected', 'one-of', 'number', 'not-loopback', 'move-needs-imap'] as const),
  ...(['folders-need-imap', 'both', 'needs', 'subject-needed', 'secret-not-given'] as const),
])

export async function makeImporter(
  directory: Directory,
  header: readonly string[],
  options: ImportOptions,
): Promise<Importer> {
  const { language, dryRun, serviceAccount, onProblem } = options
  const own = fleetWords[language].import
  const puts: Record<Put, number> = { added: 0, changed: 0, unchanged: 0 }
  const beside = { accountsAdded: 0, accountsChanged: 0, tenantsAdded: 0 }
  let [lines, notTaken] = [0, 0]
  /** In which line a key was met first. */
  const lineOf = new Map<string, number>()
  const tenants = new Set((await directory.tenants()).map(({ name }) => name))
  /** The address of each account that is there, or is put in this run, by its key; of the tenants that were met. */
  const addresses = new Map<string, string>()
  /** What those that are there are set to otherwise. */
  const others = new Map<string, MemberSettings>()
  const accountsPut = new Set<string>()
  /** Of these what is put with the batch, by tenant; what was wrong with one, by its key. */
  let accountBatch = new Map<string, Member[]>()
  const accountsRefused = new Map<string, Fault>()
  let batch: Taken[] = []
  /** Told with the batch, in the order of the file. */
  let untold: ImportProblem[] = []

  const refuse = (line: number, problems: readonly Omit<ImportProblem, 'line'>[]): void => {
    notTaken += 1
    untold.push(...problems.map(problem => ({ line, ...problem })))
  }

  const needTenant = async (tenant: string): Promise<void> => {
    if (tenants.has(tenant)) return
    if (!dryRun) await directory.addTenant(tenant)
    tenants.add(tenant)
    beside.tenantsAdded += 1
  }

  const readAccounts = async (tenant: string): Promise<void> => {
    for (const { name, settings } of await directory.accounts(tenant)) {
      const { address, serviceAccount: _, ...rest } = settings
      addresses.set(makeKey(tenant, name), String(address ?? ''))
      if (Object.keys(rest).length > 0) others.set(makeKey(tenant, name), rest)
    }
  }
  const tenantsRead = new Set<string>()
  const makeAccount = (tenant: string, name: string, { email, text }: ServiceAccountKey): Member => {
    const key = makeKey(tenant, name)
    const settings = { ...others.get(key), address: addresses.get(key), serviceAccount: email }
    return { name, settings, secrets: { serviceAccountKey: text } }
  }

  /** @returns what is wrong with the account that a line names by its address */
  const needAccount = async ({ tenant, gmail, settings }: Taken): Promise<string | undefined> => {
    if (gmail === undefined) return undefined
    if (!tenantsRead.has(tenant) && tenants.has(tenant)) await readAccounts(tenant)
    tenantsRead.add(tenant)
    const name = String(settings.account)
    const key = makeKey(tenant, name)
    const before = addresses.get(key)
    if (before !== undefined && before.toLowerCase() !== gmail.toLowerCase()) return own.otherAddress
    if (accountsPut.has(key)) return undefined
    if (serviceAccount === undefined) return before === undefined ? own.noAccount : undefined
    addresses.set(key, gmail)
    accountsPut.add(key)
    accountBatch.set(tenant, [...(accountBatch.get(tenant) ?? []), makeAccount(tenant, name, serviceAccount)])
    return undefined
  }

  const putAccounts = async (): Promise<void> => {
    for (const [tenant, accounts] of accountBatch) {
      await needTenant(tenant)
      const results = await directory.putAccounts(tenant, accounts, { isRehearsal: dryRun })
      for (const [at, result] of results.entries()) {
        if (result === 'added') beside.accountsAdded += 1
        else if (result === 'changed') beside.accountsChanged += 1
        else if (typeof result !== 'string')
          accountsRefused.set(makeKey(tenant, accounts[at]?.name ?? ''), result)
      }
    }
    accountBatch = new Map()
  }

  const flush = async (): Promise<void> => {
    await putAccounts()
    const good = batch.filter(({ line, tenant, settings }) => {
      const fault = accountsRefused.get(makeKey(tenant, String(settings.account)))
      if (fault !== undefined)
        refuse(line, [{ column: 'gmail', reason: describeFault(fault, language).what.split('\n')[0] ?? '' }])
      return fault === undefined
    })
    for (const [tenant, members] of Map.groupBy(good, member => member.tenant)) {
      await needTenant(tenant)
      const named = new Set(members.map(({ settings }) => String(settings.account)))
      const wouldBe =
        serviceAccount === undefined
          ? []
          : [...named].flatMap(name =>
              accountsPut.has(makeKey(tenant, name)) ? [makeAccount(tenant, name, serviceAccount)] : [],
            )
      const results = await directory.putMailboxes(
        tenant,
        members,
        dryRun ? { isRehearsal: true, accounts: wouldBe } : {},
      )
      for (const [at, result] of results.entries()) {
        if (typeof result === 'string') puts[result] += 1
        else refuse(members[at]?.line ?? 0, describeRefusal(result))
      }
    }
    batch = []
    for (const problem of untold.toSorted((a, b) => a.line - b.line)) onProblem(problem)
    untold = []
  }

  /** What was written in a wrong place may be a password: no value is told. */
  const describeRefusal = (fault: Fault): Omit<ImportProblem, 'line'>[] =>
    fault instanceof ConfigFault
      ? fault.problems.map(problem => ({
          // As the directory says it: `mailboxes[acme/shop].port`.
          column: problem.at.replace(/^\w+\[[^\]]*\]\./, ''),
          reason: describeWrong(problem),
        }))
      : [{ column: null, reason: describeFault(fault, language).what }]

  const describeWrong = (problem: Problem): string => {
    if (problem.kind === 'no-such-account' || problem.kind === 'tenant-without-account') return own.noAccount
    // All others tell of what was written.
    if (!inOwnWords.has(problem.kind)) return own.unfit
    const { given: _, ...bare } = problem
    return describeProblem({ ...bare, at: '' } as Problem, language).trim()
  }

  return {
    refuse(line, column, reason) {
      lines += 1
      refuse(line, [{ column, reason }])
    },
    async take({ line, fields }) {
      lines += 1
      if (fields.length !== header.length) {
        refuse(line, [{ column: null, reason: own.fields(fields.length, header.length) }])
        return
      }
      const written = readMember(header, fields)
      const member = { ...written, line, tenant: written.tenant ?? options.tenant }
      const key = `${member.tenant}/${member.name}`
      const known = lineOf.get(key)
      const wrong = (['tenant', 'name'] as const).find(
        column => !isName(column === 'name' ? 'mailbox' : column, member[column]),
      )
      if (wrong !== undefined) {
        const most = mostChars[wrong === 'name' ? 'mailbox' : wrong]
        refuse(line, [{ column: wrong, reason: own.noName(most) }])
      } else if (known !== undefined) refuse(line, [{ column: null, reason: own.twice(known) }])
      else if (member.gmail !== undefined && readEmail(member.gmail) instanceof Complaint)
        refuse(line, [{ column: 'gmail', reason: own.gmail }])
      else {
        lineOf.set(key, line)
        const reason = await needAccount(member)
        if (reason !== undefined) refuse(line, [{ column: 'gmail', reason }])
        else batch.push(member)
      }
      if (batch.length + untold.length >= batchSize) await flush()
    },
    flush,
    count: () => ({ lines, notTaken, ...puts, ...beside }),
  }
}
