/** The form of a row. */
import type { Language } from '../../base/language.ts'
import type { Source } from './source.ts'

/**
 * What the host takes as user name: the whole address; its part before the @; the address with a dot for the @; or
 * an account name of its own, which only the owner knows.
 */
export type UserForm = 'address' | 'local-part' | 'dotted-address' | 'account-name'

export interface PresetServer {
  /**
   * A host name. `<domain>` stands for the domain of the address, `<server>` for the customer's own server, which
   * MX, SPF or a certificate may name (`ownServer`) and the owner is asked for otherwise (`askHost`).
   */
  readonly host: string
  readonly port: number
  readonly security: 'tls' | 'starttls'
}

/**
 * Which password mail programs need: that of the mailbox; one that the owner sets for mail programs alone
 * (`separate`); one that the host makes and shows (`generated`); an app password, always or where two-factor sign-in
 * is on; none at all, since only OAuth 2.0 is taken.
 */
export type PasswordKind = 'mailbox' | 'separate' | 'generated' | 'app' | 'app-with-two-factor' | 'oauth-only'

/** The most logins at the host: from one connecting address, all mailboxes there together, or of each mailbox. */
export interface LoginLimit {
  readonly per: 'address' | 'mailbox'
  readonly most: number
  readonly perMs: number
  readonly protocols: readonly ('imap' | 'pop3')[]
}

/** A text for the owner, which stands with its host's other facts rather than in a catalogue. */
export type Note = Readonly<Record<Language, string>>

export interface Preset {
  /** Kebab-case, lasting: `--provider` takes it. */
  readonly id: string
  readonly name: Note
  /** Address domains that belong to the host itself. */
  readonly domains: readonly string[]
  /** Domains under which its MX hosts lie; `xserver.jp` also means `sv123.xserver.jp`. */
  readonly mx: readonly string[]
  /** Domains under which the names lie that its customers' SPF records name (`include:`, `a:`, `redirect=`). */
  readonly spf: readonly string[]
  /**
   * Which of the names in MX, SPF and certificates are a customer's mail server itself, so that nothing needs to be
   * asked. Passwords are sent there: only names that the host alone can give out, whole, from ^ to $.
   */
  readonly ownServer: RegExp | undefined
  readonly imap: PresetServer | undefined
  readonly pop3: PresetServer | undefined
  /** What the host is known not to offer, as against what is not known. */
  readonly without: readonly ('imap' | 'pop3')[]
  /** Submission, for answering from the address. */
  readonly smtp: PresetServer | undefined
  readonly userForm: UserForm | undefined
  /** Where it differs for an address that is not under `domains`. */
  readonly ownDomainUserForm: UserForm | undefined
  /** Which password; undefined: not known. */
  readonly password: PasswordKind | undefined
  /** Whose sign-in (OAuth 2.0) its mail servers take that the set-up knows. */
  readonly signIn: 'microsoft' | 'google' | undefined
  /** Where the server's name is the customer's own: what to look up in the host's panel. */
  readonly askHost: Note | undefined
  /** Short forms of server names in the panel, and what they stand for, as String.replace takes them. */
  readonly shortServers: readonly (readonly [written: RegExp, host: string])[]
  /** Where the user name is the customer's own: what to look up. */
  readonly askUser: Note | undefined
  /** Ids of the host's other products, whose mailboxes look the same from outside: proposed after this one. */
  readonly alsoTry: readonly string[]
  readonly loginLimit: LoginLimit | undefined
  /** Folders over IMAP into which the host sorts spam, and such as hold wanted mail beside the inbox. */
  readonly spamFolders: readonly string[]
  readonly wantedFolders: readonly string[]
  /** Whether the host signs what its customers send, and since when, as far as it is known. */
  readonly dkim: Note | undefined
  readonly dmarc: Note | undefined
  readonly notes: readonly Note[]
  /** Where each fact is from: every fact of the row has one at least, and none is named that the row does not hold. */
  readonly sources: readonly Source[]
}

const tls = (host: string, port: number): PresetServer => ({ host, port, security: 'tls' })
export const imap = (host: string): PresetServer => tls(host, 993)
export const pop3 = (host: string): PresetServer => tls(host, 995)
export const smtp = (host: string): PresetServer => tls(host, 465)
export const smtpStarttls = (host: string): PresetServer => ({ host, port: 587, security: 'starttls' })
export const named = (en: string, ja: string): Note => ({ en, ja })
export const same = (text: string): Note => named(text, text)

export type Row = Partial<Omit<Preset, 'id' | 'name' | 'sources'>> & Pick<Preset, 'sources'>

export const preset = (id: string, name: Note, row: Row): Preset => ({
  id,
  name,
  domains: row.domains ?? [],
  mx: row.mx ?? [],
  spf: row.spf ?? [],
  ownServer: row.ownServer,
  imap: row.imap,
  pop3: row.pop3,
  without: row.without ?? [],
  smtp: row.smtp,
  userForm: row.userForm,
  ownDomainUserForm: row.ownDomainUserForm,
  password: row.password,
  signIn: row.signIn,
  askHost: row.askHost,
  shortServers: row.shortServers ?? [],
  askUser: row.askUser,
  alsoTry: row.alsoTry ?? [],
  loginLimit: row.loginLimit,
  spamFolders: row.spamFolders ?? [],
  wantedFolders: row.wantedFolders ?? [],
  dkim: row.dkim,
  dmarc: row.dmarc,
  notes: row.notes ?? [],
  sources: row.sources,
})
