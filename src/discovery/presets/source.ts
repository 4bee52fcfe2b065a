/** Where the facts of a row are from, and how sure that makes them. */

/** The host's own pages; Mozilla's ISPDB; other people's pages and programs; public settings and DNS listings. */
export type Grade = 'own-pages' | 'ispdb' | 'third-party' | 'seen'

/** What a row may say: its match rules (`records`), servers, user name, password kind, and so on. */
export const allFacts = [
  'records',
  'imap',
  'pop3',
  'smtp',
  'user',
  'password',
  'limit',
  'folders',
  'signing',
  'notes',
] as const
export type Fact = (typeof allFacts)[number]

export interface Source {
  readonly grade: Grade
  /** Public address; undefined for what was seen in many public settings and listings, none of which vouches. */
  readonly page: string | undefined
  /** The page's own date where it has one, else the day on which it was read. */
  readonly date: string
  readonly facts: readonly Fact[]
}

/** @param facts their names, parted by blanks; a test holds them to the row */
type Make = (page: string, date: string, facts: string) => Source

const isFact = (word: string): word is Fact => allFacts.some(fact => fact === word)

const make =
  (grade: Grade, lead = 'https://'): Make =>
  (page, date, facts) => ({ grade, page: lead + page, date, facts: facts.split(' ').filter(isFact) })

/** The host's own page. */
export const own = make('own-pages')
export const third = make('third-party')

/** A domain's file in Mozilla's ISPDB, with the day of its last change or on which it was read. */
export const ispdb = make('ispdb', 'https://autoconfig.thunderbird.net/v1.1/')

const fairEmailTable = 'github.com/M66B/FairEmail/blob/master/app/src/main/res/xml/providers.xml'
/** The table of the mail program FairEmail. */
export const fairEmail = (facts: string): Source => third(fairEmailTable, '2026-08-22', facts)

/** The provider database of Delta Chat. */
export const deltaChat = (name: string, facts: string): Source =>
  third(`github.com/deltachat/provider-db/blob/master/_providers/${name}.md`, '2024-11-22', facts)

/** Seen in public settings, programs and DNS listings of the host's customers. */
export const seen = (facts: string): Source => ({
  ...third('', '2026-11-25', facts),
  grade: 'seen',
  page: undefined,
})
