/** Mailboxes of a file on their way into the directory, in batches, with the tenants and accounts that they need. */
import { isDeepStrictEqual } from 'node:util'
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
  /** What each account is set to, by its key. */
  const known = new Map<string, MemberSettings>()
  /** Those that were put here; in a rehearsal those that would be. */
  const accountsPut = new Map<string, Member>()
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

  /** @returns what is wrong with the account that a line names by its address */
  const needAccount = async ({ tenant, gmail, settings }: Taken): Promise<string | undefined> => {
    const name = String(settings.account)
    const key = makeKey(tenant, name)
    if (gmail === undefined) return undefined
    const before = accountsPut.get(key)?.settings ?? known.get(key)
    if (before !== undefined && String(before.address).toLowerCase() !== gmail.toLowerCase())
      return own.otherAddress
    if (accountsPut.has(key)) return undefined
    if (serviceAccount === undefined) return before === undefined ? own.noAccount : undefined
    const account = {
      name,
      settings: { ...before, address: gmail, serviceAccount: serviceAccount.email },
      secrets: { serviceAccountKey: serviceAccount.text },
    }
    await needTenant(tenant)
    const put = dryRun
      ? rehearseAccount(before, account.settings)
      : await directory.putAccount(tenant, name, account.settings, account.secrets)
    accountsPut.set(key, account)
    if (put === 'added') beside.accountsAdded += 1
    if (put === 'changed') beside.accountsChanged += 1
    return undefined
  }

  for (const { tenant, name, settings } of await directory.accounts())
    known.set(makeKey(tenant, name), settings)

  const flush = async (): Promise<void> => {
    for (const [tenant, members] of Map.groupBy(batch, member => member.tenant)) {
      await needTenant(tenant)
      const wouldBe = members.flatMap(
        ({ settings }) => accountsPut.get(makeKey(tenant, String(settings.account))) ?? [],
      )
      const results = await directory.putMailboxes(
        tenant,
        members,
        dryRun ? { isRehearsal: true, accounts: [...new Set(wouldBe)] } : {},
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
      ? fault.problems.map(({ given: _, ...problem }) => ({
          // As the directory says it: `mailboxes[acme/shop].port`.
          column: problem.at.replace(/^\w+\[[^\]]*\]\./, ''),
          reason: describeProblem({ ...problem, at: '' } as Problem, language).trim(),
        }))
      : [{ column: null, reason: describeFault(fault, language).what }]

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

/** The key that is kept is not opened for it. */
const rehearseAccount = (before: MemberSettings | undefined, after: MemberSettings): Put =>
  before === undefined ? 'added' : isDeepStrictEqual(before, after) ? 'unchanged' : 'changed'
