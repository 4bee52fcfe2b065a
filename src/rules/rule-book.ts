/**
 * The rules of one mailbox, made ready: which of them take a message, and what follows. Pure, and linear in the header.
 *
 * Invariants: the first rule that matches takes it, and the rules below are asked only where it says `continue`. Nothing is
 * guessed: at a rule of which it is not known whether it matches the look ends, and the mail goes the usual way, with what
 * rules above have said. A header is only read.
 */
import { createHash } from 'node:crypto'
import { foldCase } from '../base/fold-case.ts'
import type { RuleWish, TakenRule } from '../base/rule-wish.ts'
import { type Address, normaliseDomain } from './addresses.ts'
import { HeaderView, type Recipients } from './header-view.ts'
import { AddressPatterns, makeStars } from './patterns.ts'
import type { AddressPattern, HeaderPattern, ListedFacts, Rule } from './rule.ts'

export interface Decision {
  /** Undefined: no rule took it, and it goes the usual way. */
  readonly wish: RuleWish | undefined
  /** It stays at the source. */
  readonly isLeft: boolean
  /** The rule at which the look ended, since its header could not be read within the bounds. */
  readonly undecided: TakenRule | undefined
}

export interface Explanation extends Decision {
  readonly recipients: Recipients
  readonly sender: readonly Address[]
  readonly list: string | undefined
}

/** Yes, no, or not known. */
type Truth = boolean | undefined

interface Ready {
  readonly rule: Rule
  readonly taken: TakenRule
  /** What the source says of it without a header. */
  asksListing(facts: ListedFacts): Truth
  /** Undefined: it asks nothing of the header. */
  readonly asksHeader: ((view: HeaderView) => Truth) | undefined
  /** Digest of what decides that a message is left by this rule. */
  readonly print: string
}

export class RuleBook {
  readonly #rules: readonly Ready[]
  readonly #names: readonly string[]
  readonly #known: AddressPatterns
  readonly #isOwn: (address: Address) => boolean
  /** A digest of all rules. */
  readonly print: string
  /** Some rule leaves mail at the source. */
  readonly canLeave: boolean
  /** Some rule does so without a look at a header. */
  readonly canLeaveEarly: boolean

  /** @param user the name that the mailbox logs in with */
  constructor(rules: readonly Rule[], user: string) {
    const [local = '', domain] = user.split('@')
    const own = { local: foldCase(local), domain: domain === undefined ? undefined : normaliseDomain(domain) }
    this.#isOwn = address =>
      address.local === own.local && (own.domain === undefined || address.domain === own.domain)
    this.#known = new AddressPatterns(rules.flatMap(rule => rule.recipient ?? []).flatMap(withItsDomain))
    this.#names = rules.flatMap(rule => rule.header ?? []).map(({ name }) => name)
    const prints: string[] = []
    this.#rules = rules.map((rule, index) => {
      const { labels: _labels, archive, star, markRead, neverMarkSpam, account, name, ...decides } = rule
      prints.push(JSON.stringify(decides))
      return this.#makeReady(rule, index, digestOf(prints))
    })
    this.print = digestOf(rules.map(rule => JSON.stringify(rule)))
    this.canLeave = rules.some(rule => !rule.import)
    this.canLeaveEarly = this.#rules.some(({ rule, asksHeader }) => !rule.import && asksHeader === undefined)
  }

  get isEmpty(): boolean {
    return this.#rules.length === 0
  }

  /** Whether rules of today would leave what was left by rules with this digest. */
  leaves(print: string): boolean {
    return this.#rules.some(({ rule, print: own }) => !rule.import && own === print)
  }

  /** @param section the header section, as it came */
  decide(facts: ListedFacts, section: Buffer, isByOwner = false): Decision {
    return this.#look(facts, new HeaderView(section, this.#names), isByOwner)
  }

  /** What is known without a header: undefined where it takes one. */
  decideEarly(facts: ListedFacts): Decision | undefined {
    const decision = this.#look(facts, undefined, false)
    return decision.undecided === undefined ? decision : undefined
  }

  /** Whether a rule may leave it, as far as that is known without a header. */
  mayLeave(facts: ListedFacts): boolean {
    return this.#rules.some(({ rule, asksListing }) => !rule.import && asksListing(facts) !== false)
  }

  /** The same as `decide`, with what was read. */
  explain(facts: ListedFacts, section: Buffer): Explanation {
    const view = new HeaderView(section, this.#names)
    return {
      ...this.#look(facts, view, false),
      recipients: view.recipientsFor(this.#known, this.#isOwn),
      sender: view.sender.addresses,
      list: view.list.id,
    }
  }

  #look(facts: ListedFacts, view: HeaderView | undefined, isByOwner: boolean): Decision {
    const taking: Ready[] = []
    let undecided: TakenRule | undefined
    for (const ready of this.#rules) {
      const { rule, taken } = ready
      if (isByOwner && !rule.import) continue
      const truth = judge(ready, facts, view)
      if (truth === undefined) undecided = taken
      if (truth === true) taking.push(ready)
      if (truth === undefined || (truth && !rule.continue)) break
    }
    const last = taking.at(-1)
    const isLeft = last?.rule.import === false && undecided === undefined
    if (taking.length === 0 && !isByOwner) return { wish: undefined, isLeft, undecided }
    const wish = this.#makeWish(taking, isLeft ? last?.print : undefined, isByOwner)
    return { wish, isLeft, undecided }
  }

  /** Labels add up; of anything else the first rule that says it is heard. */
  #makeWish(taking: readonly Ready[], left: string | undefined, isByOwner: boolean): RuleWish {
    const first = <K extends keyof Rule>(key: K): Rule[K] | undefined =>
      taking.find(({ rule }) => rule[key] !== undefined)?.rule[key]
    const labels = [...new Set(taking.flatMap(({ rule }) => rule.labels))]
    const said = {
      archive: first('archive'),
      star: first('star'),
      markRead: first('markRead'),
      neverMarkSpam: first('neverMarkSpam'),
      account: first('account'),
    }
    return {
      rules: taking.map(({ taken }) => taken),
      ...(labels.length === 0 ? {} : { labels }),
      ...Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined)),
      ...(left === undefined ? {} : { left }),
      ...(isByOwner ? { byOwner: true } : {}),
      book: this.print,
    }
  }

  #makeReady(rule: Rule, index: number, print: string): Ready {
    const { name, folder, flags, larger, smaller } = rule
    const isOwn = this.#isOwn
    const known = this.#known
    const listing: ((facts: ListedFacts) => Truth)[] = []
    if (folder !== undefined) listing.push(facts => folder.includes(facts.folder))
    if (flags !== undefined) listing.push(facts => flags.some(flag => hasFlag(facts, flag)))
    if (larger !== undefined) listing.push(({ octets }) => (octets === undefined ? octets : octets > larger))
    if (smaller !== undefined)
      listing.push(({ octets }) => (octets === undefined ? octets : octets < smaller))
    const header: ((view: HeaderView) => Truth)[] = []
    if (rule.recipient !== undefined)
      header.push(asksAddresses(rule.recipient, view => view.recipientsFor(known, isOwn)))
    if (rule.sender !== undefined) header.push(asksAddresses(rule.sender, view => view.sender))
    if (rule.list !== undefined) header.push(asksList(rule.list))
    if (rule.header !== undefined) header.push(asksFields(rule.header))
    return {
      rule,
      taken: { place: index + 1, ...(name === undefined ? {} : { name }) },
      asksListing: facts => all(listing, facts),
      asksHeader: header.length === 0 ? undefined : view => all(header, view),
      print,
    }
  }
}

/** A pattern, and everybody of its domain: who is of a domain that rules name is known. */
const withItsDomain = (pattern: AddressPattern): AddressPattern[] =>
  pattern.domain === undefined ? [pattern] : [pattern, { ...pattern, local: undefined }]

const digestOf = (texts: readonly string[]): string =>
  createHash('sha256').update(texts.join('\n')).digest('hex').slice(0, 16)

/** No where anything says no; not known where anything is not. */
function all<T>(questions: readonly ((asked: T) => Truth)[], asked: T): Truth {
  let truth: Truth = true
  for (const question of questions) {
    const answer = question(asked)
    if (answer === false) return false
    if (answer === undefined) truth = undefined
  }
  return truth
}

function judge({ asksListing, asksHeader }: Ready, facts: ListedFacts, view: HeaderView | undefined): Truth {
  const listing = asksListing(facts)
  if (listing === false || asksHeader === undefined) return listing
  const header = view === undefined ? undefined : asksHeader(view)
  return header === false ? false : listing === undefined ? undefined : header
}

/** What is not known of a message's flags is not so: a rule asks for what is there. */
function hasFlag({ seen, flags }: ListedFacts, flag: string): boolean {
  if (flag === 'seen') return seen === true
  if (flag === 'unseen') return seen === false
  if (flag === 'junk') return isJunk(flags)
  return holds(flags, flag === 'flagged' || flag === 'answered' ? `\\${flag}` : flag)
}

/** @param flag lower case */
const holds = (flags: readonly string[] | undefined, flag: string): boolean =>
  flags?.some(text => text.toLowerCase() === flag) === true

/** `$Junk` (IANA's registry of IMAP keywords) and Thunderbird's own word for it, unless somebody said the opposite. */
export function isJunk(flags: readonly string[] | undefined): boolean {
  const isSaid = holds(flags, '$junk') || holds(flags, 'junk')
  return isSaid && !holds(flags, '$notjunk') && !holds(flags, 'nonjunk')
}

export const isFlagged = (flags: readonly string[] | undefined): boolean => holds(flags, '\\flagged')

function asksAddresses(
  wanted: readonly AddressPattern[],
  read: (view: HeaderView) => { readonly addresses: readonly Address[]; readonly isWhole: boolean },
): (view: HeaderView) => Truth {
  const patterns = new AddressPatterns(wanted)
  return view => {
    const { addresses, isWhole } = read(view)
    if (addresses.some(address => patterns.has(address))) return true
    return isWhole ? false : undefined
  }
}

function asksList(wanted: readonly string[]): (view: HeaderView) => Truth {
  const tests = wanted.map(makeStars)
  return view => {
    const { id, isWhole } = view.list
    if (id === undefined) return isWhole ? false : undefined
    return tests.some(test => test(id))
  }
}

const asksFields =
  (wanted: readonly HeaderPattern[]) =>
  (view: HeaderView): Truth => {
    const answers = wanted.map(({ name, contains }) => view.holds(name, contains))
    return answers.includes(true) ? true : answers.includes(undefined) ? undefined : false
  }
