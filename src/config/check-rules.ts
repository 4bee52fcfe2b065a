/** What a mailbox's rules say that cannot be (another account that is not there), and what is of no use. */
import type { Problem } from '../base/problem.ts'
import type { FolderConfig } from './mail-readers.ts'
import { placeWithin, type WrittenPart } from './read-part.ts'
import type { AddressPattern, HeaderPattern, RuleConfig } from './rule-readers.ts'

export interface RulesOf {
  readonly rules: readonly RuleConfig[]
  readonly folders: readonly FolderConfig[]
  readonly protocol: 'imap' | 'pop3'
}

/** Accounts that rules name and the configuration has not. */
export function checkRuleAccounts(
  rules: readonly RuleConfig[],
  accounts: readonly string[],
  part: WrittenPart,
): Problem[] {
  return rules.flatMap(({ account: given }, index): Problem[] => {
    if (given === undefined || accounts.includes(given)) return []
    return [{ kind: 'no-such-account', accounts, given, ...placeWithin(part, ['rules', index, 'account']) }]
  })
}

/** Rules that no message can ever come to. */
export function findIdleRules({ rules, folders, protocol }: RulesOf, part: WrittenPart): Problem[] {
  return rules.flatMap((rule, index): Problem[] => {
    const place = placeWithin(part, ['rules', index])
    const pulled = folders.map(({ name }) => name)
    const { folder = pulled, flags } = rule
    if (protocol === 'pop3' && (flags !== undefined || !folder.includes('INBOX')))
      return [{ kind: 'rule-needs-imap', ...place }]
    const [strange = ''] = folder
    if (!folder.some(name => pulled.includes(name)))
      return [{ kind: 'rule-folder', folder: strange, ...place }]
    const above = rules.slice(0, index).findIndex(earlier => !earlier.continue && takesAllOf(earlier, rule))
    if (above < 0) return []
    const { name } = rules[above] ?? {}
    return [{ kind: 'rule-never', by: `rules[${above}]${name === undefined ? '' : ` “${name}”`}`, ...place }]
  })
}

/** Whether whatever `rule` matches is matched by `above`, too: as far as that shows in what is written. */
function takesAllOf(above: RuleConfig, rule: RuleConfig): boolean {
  const covers = <T>(
    wide: readonly T[] | undefined,
    narrow: readonly T[] | undefined,
    isWithin: (wide: T, narrow: T) => boolean,
  ): boolean =>
    wide === undefined ||
    (narrow?.every(value => wide.some(candidate => isWithin(candidate, value))) ?? false)
  const isSame = (wide: string, narrow: string): boolean => wide === narrow
  if (above.everything) return true
  if (rule.everything) return false
  return (
    covers(above.recipient, rule.recipient, isWiderAddress) &&
    covers(above.sender, rule.sender, isWiderAddress) &&
    covers(above.list, rule.list, isSame) &&
    covers(above.folder, rule.folder, isSame) &&
    covers(above.flags, rule.flags, isSame) &&
    covers(above.header, rule.header, isWiderHeader) &&
    (above.larger === undefined || (rule.larger !== undefined && rule.larger >= above.larger)) &&
    (above.smaller === undefined || (rule.smaller !== undefined && rule.smaller <= above.smaller))
  )
}

function isWiderAddress(wide: AddressPattern, narrow: AddressPattern): boolean {
  const isDomain =
    wide.domain === undefined ||
    (narrow.domain !== undefined &&
      ((wide.domain === narrow.domain && (wide.below || !narrow.below)) ||
        (wide.below && narrow.domain.endsWith(`.${wide.domain}`))))
  if (!isDomain || wide.local === undefined || wide.local === narrow.local) return isDomain
  const plus = narrow.local?.indexOf('+') ?? -1
  return plus > 0 && !wide.local.includes('*') && narrow.local?.slice(0, plus) === wide.local
}

const isWiderHeader = (wide: HeaderPattern, narrow: HeaderPattern): boolean =>
  wide.name === narrow.name && narrow.contains.includes(wide.contains)
