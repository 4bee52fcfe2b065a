/** Rules before import, as they stand under a mailbox in the YAML file: docs/rules.md describes them. */
import { findNearestName } from '../base/spelling.ts'
import { folderName, readLabels } from './mail-readers.ts'
import {
  Complaint,
  expected,
  type Mistake,
  Mistakes,
  type Reader,
  readBoolean,
  readText,
  splitQuoted,
} from './readers.ts'
import {
  type AddressPattern,
  type HeaderPattern,
  readAddressPattern,
  readFlagPattern,
  readHeaderPattern,
  readListPattern,
  readOctets,
  readSeveral,
} from './rule-patterns.ts'

export type { AddressPattern, HeaderPattern } from './rule-patterns.ts'

/** One rule. All conditions that are given must hold; of several values of one, any. */
export interface RuleConfig {
  readonly name: string | undefined
  readonly recipient: readonly AddressPattern[] | undefined
  readonly sender: readonly AddressPattern[] | undefined
  /** List-Id, lower case; `*` stands for any characters. */
  readonly list: readonly string[] | undefined
  /** Source folders; POP3's is ''. */
  readonly folder: readonly string[] | undefined
  /** Lower case: `seen`, `unseen`, `flagged`, `answered`, `junk`, or a keyword of the source. */
  readonly flags: readonly string[] | undefined
  /** Octets. */
  readonly larger: number | undefined
  readonly smaller: number | undefined
  readonly header: readonly HeaderPattern[] | undefined
  readonly everything: boolean
  readonly labels: readonly string[]
  /** Undefined: as the mailbox has it. */
  readonly archive: boolean | undefined
  readonly star: boolean | undefined
  readonly markRead: boolean | undefined
  readonly neverMarkSpam: boolean | undefined
  /** False: it stays at the source. */
  readonly import: boolean
  /** AccountConfig.name of another Gmail account. */
  readonly account: string | undefined
  /** The rules below are asked, too. */
  readonly continue: boolean
}

/** As many as an owner writes by hand, and no more work a message than can be afforded. */
const ruleLimits = { rules: 200, values: 200, patterns: 2000, labels: 20 } as const

const readFolderName: Reader<string> = value => {
  const name = readText(value)
  return typeof name === 'string' ? folderName(name) : name
}

const several =
  <T>(read: Reader<T>): Reader<readonly T[]> =>
  value =>
    readSeveral(typeof value === 'string' ? splitQuoted(value, ',') : value, read, ruleLimits.values)

const readRuleLabels: Reader<readonly string[]> = value => {
  const labels = readLabels(value)
  if (labels instanceof Complaint || labels.length <= ruleLimits.labels) return labels
  return new Complaint({ kind: 'too-many', most: ruleLimits.labels })
}

const conditions: Readonly<Record<string, Reader<unknown>>> = {
  recipient: several(readAddressPattern),
  sender: several(readAddressPattern),
  list: several(readListPattern),
  folder: several(readFolderName),
  flags: several(readFlagPattern),
  larger: readOctets,
  smaller: readOctets,
  // A comma may stand in the text.
  header: value => readSeveral(value, readHeaderPattern, ruleLimits.values),
  everything: readBoolean,
}
const actions: Readonly<Record<string, Reader<unknown>>> = {
  labels: readRuleLabels,
  archive: readBoolean,
  star: readBoolean,
  markRead: readBoolean,
  neverMarkSpam: readBoolean,
  import: readBoolean,
  account: readText,
  continue: readBoolean,
}
const readers: Readonly<Record<string, Reader<unknown>>> = { name: readText, ...conditions, ...actions }
/** What means nothing for mail that stays where it is. */
const ofImported = ['labels', 'archive', 'star', 'markRead', 'neverMarkSpam', 'account', 'continue'] as const

/** The rules of a mailbox, or every mistake in them. */
export const readRules: Reader<readonly RuleConfig[]> = value => {
  if (!Array.isArray(value)) return expected('list')
  if (value.length > ruleLimits.rules) return new Complaint({ kind: 'too-many', most: ruleLimits.rules })
  const mistakes: Mistake[] = []
  const rules = value.flatMap((item, index) => readRule(item, index, mistakes) ?? [])
  const patterns = rules.reduce((sum, rule) => sum + countPatterns(rule), 0)
  if (patterns > ruleLimits.patterns) return new Complaint({ kind: 'too-many', most: ruleLimits.patterns })
  return mistakes.length > 0 ? new Mistakes(mistakes) : rules
}

const countPatterns = ({ recipient, sender, list, header }: RuleConfig): number =>
  [recipient, sender, list, header].reduce((sum, values) => sum + (values?.length ?? 0), 0)

function readRule(item: unknown, index: number, mistakes: Mistake[]): RuleConfig | undefined {
  const before = mistakes.length
  const complain = (key: string | undefined, complaint: Complaint, written?: unknown): void => {
    const path = key === undefined ? [index] : [index, key]
    mistakes.push({ path, complaint, given: written === undefined ? undefined : textOf(written) })
  }
  if (typeof item !== 'object' || item === null || Array.isArray(item)) {
    complain(undefined, expected('mapping'))
    return undefined
  }
  const values: Record<string, unknown> = {}
  for (const [key, written] of Object.entries(item)) {
    const read = Object.hasOwn(readers, key) ? readers[key] : undefined
    if (read === undefined) {
      const suggestion = findNearestName(key, Object.keys(readers))
      complain(key, new Complaint({ kind: 'unknown', suggestion }))
      continue
    }
    // YAML's empty value is null: as good as not there.
    if (written === null) continue
    const value = read(written)
    if (value instanceof Complaint) complain(key, value, written)
    else values[key] = value
  }
  const given = new Set(Object.keys(item).filter(key => values[key] !== undefined))
  const asked = Object.keys(conditions).filter(key => given.has(key))
  const isEverything = values.everything === true
  if (mistakes.length === before) {
    if (asked.length === 0 || (asked.length === 1 && values.everything === false))
      complain(undefined, new Complaint({ kind: 'rule-without-condition' }))
    else if (isEverything && asked.length > 1)
      complain('everything', new Complaint({ kind: 'rule-of-everything' }))
    const other = values.import === false ? ofImported.find(key => given.has(key)) : undefined
    if (other !== undefined) complain(other, new Complaint({ kind: 'rule-leaves', other }))
  }
  if (mistakes.length > before) return undefined
  const {
    everything = false,
    labels = [],
    import: imports = true,
    continue: goesOn = false,
    ...rest
  } = values
  const none = {
    ...{ name: undefined, recipient: undefined, sender: undefined, list: undefined, folder: undefined },
    ...{ flags: undefined, larger: undefined, smaller: undefined, header: undefined },
    ...{ archive: undefined, star: undefined, markRead: undefined, neverMarkSpam: undefined },
    account: undefined,
  }
  return { ...none, ...rest, everything, labels, import: imports, continue: goesOn } as RuleConfig
}

function textOf(written: unknown): string | undefined {
  if (Array.isArray(written)) return written.map(item => textOf(item) ?? '…').join(', ')
  return typeof written === 'object' ? undefined : String(written)
}
