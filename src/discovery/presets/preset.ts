/** The form of a row, and what rows have in common. */
import type { Language } from '../../base/language.ts'

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

/** The most logins from one connecting address at the host, all mailboxes there together. */
export interface LoginLimit {
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
  /** Submission, for answering from the address. */
  readonly smtp: PresetServer | undefined
  readonly userForm: UserForm | undefined
  /** Where it differs for an address that is not under `domains`. */
  readonly ownDomainUserForm: UserForm | undefined
  /** Which password; undefined: not known. */
  readonly password: PasswordKind | undefined
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
  readonly notes: readonly Note[]
  readonly grade: 'own-pages' | 'ispdb' | 'third-party'
}

const tls = (host: string, port: number): PresetServer => ({ host, port, security: 'tls' })
export const imap = (host: string): PresetServer => tls(host, 993)
export const pop3 = (host: string): PresetServer => tls(host, 995)
export const smtp = (host: string): PresetServer => tls(host, 465)
export const same = (text: string): Note => ({ en: text, ja: text })

type Row = Partial<Omit<Preset, 'id' | 'name' | 'grade'>>

export const preset = (id: string, name: Note, grade: Preset['grade'], row: Row): Preset => ({
  id,
  name,
  grade,
  domains: row.domains ?? [],
  mx: row.mx ?? [],
  spf: row.spf ?? [],
  ownServer: row.ownServer,
  imap: row.imap,
  pop3: row.pop3,
  smtp: row.smtp,
  userForm: row.userForm,
  ownDomainUserForm: row.ownDomainUserForm,
  password: row.password,
  askHost: row.askHost,
  shortServers: row.shortServers ?? [],
  askUser: row.askUser,
  alsoTry: row.alsoTry ?? [],
  loginLimit: row.loginLimit,
  spamFolders: row.spamFolders ?? [],
  wantedFolders: row.wantedFolders ?? [],
  notes: row.notes ?? [],
})

export const notes = {
  ownName: {
    en: 'The certificate usually names the host’s server, not your own domain. Where the names differ, hikyaku shows both and lets you decide.',
    ja: '証明書の名前が独自ドメインではなく、レンタルサーバー側のサーバー名になっていることがよくあります。名前が違うときは、両方を表示してお尋ねします。',
  },
  switchedOn: {
    en: 'POP3 and IMAP must be switched on in the web mail’s settings first.',
    ja: '先に、Web メールの設定で POP3 / IMAP を有効にしてください。',
  },
  oneProtocol: {
    en: 'The host advises against using POP3 and IMAP on one mailbox together.',
    ja: '同じメールボックスで POP3 と IMAP を併用しないよう、案内されています。',
  },
  appPassword: {
    en: 'An app password is needed, made in the account’s security settings.',
    ja: 'アカウントのセキュリティ設定で作成する、アプリ用パスワードが必要です。',
  },
  perServer: {
    en: 'The server’s name stands in the host’s panel or in its welcome mail.',
    ja: 'サーバー名は、管理画面または契約時の案内メールに書かれています。',
  },
} as const satisfies Record<string, Note>
