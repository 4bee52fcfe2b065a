/** The form of a row, and what rows have in common. */
import type { Language } from '../../base/language.ts'

/** What the host takes as user name: the whole address, its part before the @, or an account name of its own. */
export type UserForm = 'address' | 'local-part' | 'account-name'

export interface PresetServer {
  /** A host name. `<domain>` stands for the domain of the address. */
  readonly host: string
  readonly port: number
  readonly security: 'tls' | 'starttls'
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
  readonly imap: PresetServer | undefined
  readonly pop3: PresetServer | undefined
  readonly userForm: UserForm | undefined
  /** Which of its MX hosts are the customer's mail server themselves, so that nothing needs to be asked. */
  readonly serverFromMx: RegExp | undefined
  /** Where the server's name is the customer's own: what to look up in the host's panel. */
  readonly askHost: Note | undefined
  /** Takes no passwords, only OAuth 2.0. */
  readonly oauthOnly: boolean
  /** The least pause between POP3 logins that the host is known to bear, ms. */
  readonly pop3FloorMs: number | undefined
  readonly notes: readonly Note[]
  readonly grade: 'own-pages' | 'ispdb' | 'third-party'
}

const tls = (host: string, port: 993 | 995): PresetServer => ({ host, port, security: 'tls' })
export const imap = (host: string): PresetServer => tls(host, 993)
export const pop3 = (host: string): PresetServer => tls(host, 995)
export const same = (text: string): Note => ({ en: text, ja: text })

type Row = Partial<Omit<Preset, 'id' | 'name' | 'grade'>>

export const preset = (id: string, name: Note, grade: Preset['grade'], row: Row): Preset => ({
  id,
  name,
  grade,
  domains: row.domains ?? [],
  mx: row.mx ?? [],
  imap: row.imap,
  pop3: row.pop3,
  userForm: row.userForm,
  serverFromMx: row.serverFromMx,
  askHost: row.askHost,
  oauthOnly: row.oauthOnly ?? false,
  pop3FloorMs: row.pop3FloorMs,
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
