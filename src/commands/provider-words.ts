/** What is said of a mail host, in both languages: by `hikyaku provider`, and in docs/providers.md and its sister. */
import type { Language } from '../base/language.ts'
import type { Grade, PasswordKind, Preset, PresetServer, regions, UserForm } from '../discovery/presets.ts'

const en = {
  unknown: 'not known',
  none: 'none',
  regions: {
    japanServers: 'Japan: rental servers',
    japanProviders: 'Japan: providers and free mail',
    europe: 'Europe',
    america: 'North America',
    worldwide: 'Everywhere',
  } satisfies Record<keyof typeof regions, string> as Record<keyof typeof regions, string>,
  labels: {
    imap: 'Receiving (IMAP)',
    pop3: 'Receiving (POP3)',
    smtp: 'Sending (SMTP)',
    askHost: 'Server’s name',
    user: 'User name',
    askUser: 'Which user name',
    password: 'Password',
    spam: 'Spam folder',
    wanted: 'Also wanted mail in',
    limit: 'Logins at most',
    dkim: 'DKIM signature',
    dmarc: 'DMARC',
  },
  ownServer: 'your own server',
  domain: '<your domain>',
  server: (host: string, { port, security }: PresetServer) =>
    `${host}, port ${port}, ${security === 'tls' ? 'TLS' : 'STARTTLS'}`,
  user: {
    address: 'the whole address',
    'local-part': 'the part before the @',
    'dotted-address': 'the address with a dot in place of the @',
    'account-name': 'an account name, not the address',
  } satisfies Record<UserForm, string> as Record<UserForm, string>,
  ownDomainUser: (form: string) => `with an own domain: ${form}`,
  password: {
    mailbox: 'that of the mailbox',
    separate: 'one for mail programs alone, which you set',
    generated: 'one for mail programs alone, which the host makes',
    app: 'an app password',
    'app-with-two-factor': 'that of the mailbox; with two-factor sign-in an app password',
    'oauth-only': 'none: only the provider’s own sign-in (OAuth 2.0), which hikyaku does not offer yet',
  } satisfies Record<PasswordKind, string> as Record<PasswordKind, string>,
  /** In its place where the set-up knows the provider's sign-in. */
  signIn: 'none: the provider’s own sign-in (OAuth 2.0), which `hikyaku setup` makes',
  limit: (most: number, minutes: number, protocols: string, per: 'address' | 'mailbox') =>
    `${most === 1 ? 'one' : most} in ${minutes} minutes over ${protocols}, ${per === 'address' ? 'all mailboxes there together' : 'each mailbox by itself'}`,
  grades: {
    'own-pages': 'its own pages',
    ispdb: 'Thunderbird’s list',
    'third-party': 'others’ pages',
    seen: 'seen in use',
  } satisfies Record<Grade, string> as Record<Grade, string>,
  graded: (grade: string | undefined) => grade && `[${grade}]`,
  seenIn: 'public settings and DNS listings',
  sources: 'Sources',
  list: 'The name in front is for `hikyaku provider NAME` and `hikyaku setup --provider NAME`.',
  setUp: (id: string) => `Set it up: hikyaku setup --provider ${id}`,
  beware: 'Nothing of this was tried on an account of yours: what your host’s panel says holds.',
}

export type ProviderWords = typeof en

const ja: ProviderWords = {
  unknown: '不明',
  none: 'なし',
  regions: {
    japanServers: '日本のレンタルサーバー',
    japanProviders: '日本のプロバイダー・フリーメール',
    europe: 'ヨーロッパ',
    america: '北米',
    worldwide: '各国共通',
  },
  labels: {
    imap: '受信メールサーバー（IMAP）',
    pop3: '受信メールサーバー（POP3）',
    smtp: '送信メールサーバー（SMTP）',
    askHost: 'サーバー名の調べ方',
    user: 'アカウント名（ユーザー名）',
    askUser: 'アカウント名の調べ方',
    password: 'パスワード',
    spam: '迷惑メールフォルダ',
    wanted: '必要なメールも入る先',
    limit: 'ログインの上限',
    dkim: 'DKIM 署名',
    dmarc: 'DMARC',
  },
  ownServer: '契約ごとに異なるサーバー',
  domain: '（ご自身のドメイン名）',
  server: (host, { port, security }) => `${host}、${port} 番、${security === 'tls' ? 'SSL/TLS' : 'STARTTLS'}`,
  user: {
    address: 'メールアドレス全体',
    'local-part': 'メールアドレスの @ より前の部分',
    'dotted-address': 'メールアドレスの @ をピリオドに置き換えたもの',
    'account-name': 'アカウント名（メールアドレスではありません）',
  },
  ownDomainUser: form => `独自ドメインの場合: ${form}`,
  password: {
    mailbox: 'メールアドレスごとのパスワード',
    separate: 'メールソフト専用のパスワード（ご自身で設定）',
    generated: 'メールソフト専用のパスワード（管理画面で発行）',
    app: 'アプリ用パスワード',
    'app-with-two-factor': 'メールのパスワード（2 段階認証を使っている場合はアプリ用パスワード）',
    'oauth-only': '使えません（サーバー会社独自のログイン（OAuth 2.0）のみ。hikyaku はまだ対応していません）',
  },
  signIn: '使いません（サーバー会社独自のログイン（OAuth 2.0）。`hikyaku setup` で行います）',
  limit: (most, minutes, protocols, per) =>
    `${protocols} は ${minutes} 分に ${most} 回まで（${per === 'address' ? '同じ接続元のメールボックスの合計' : 'メールボックスごと'}）`,
  grades: {
    'own-pages': '公式',
    ispdb: 'Thunderbird の一覧',
    'third-party': '第三者',
    seen: '実際の設定例',
  },
  graded: grade => grade && `［${grade}］`,
  seenIn: '公開されている設定や DNS の記録',
  sources: '出典',
  list: '左の名前は `hikyaku provider 名前` と `hikyaku setup --provider 名前` で使います。',
  setUp: id => `初期設定: hikyaku setup --provider ${id}`,
  beware:
    'ご利用のアカウントで確かめたものではありません。管理画面の表示と異なる場合は、管理画面が正しいものです。',
}

export const providerWordsFor = (language: Language): ProviderWords => (language === 'ja' ? ja : en)

/** One line about a host. */
export interface ProviderFact {
  readonly label: string
  readonly text: string
  /** How sure it is, by its best source; undefined where there is nothing to be sure of. */
  readonly grade: string | undefined
}

const grades: readonly Grade[] = ['own-pages', 'ispdb', 'third-party', 'seen']

/** What is known of a host and what is not, in the order in which people need it. */
export function describeProvider(preset: Preset, language: Language): readonly ProviderFact[] {
  const words = providerWordsFor(language)
  const { labels } = words
  const gradeOf = (fact: Preset['sources'][number]['facts'][number]): string | undefined => {
    const best = grades.find(grade =>
      preset.sources.some(source => source.grade === grade && source.facts.includes(fact)),
    )
    return best && words.grades[best]
  }
  const said = (
    label: string,
    text: string | undefined,
    fact: Parameters<typeof gradeOf>[0],
  ): ProviderFact =>
    text === undefined
      ? { label, text: words.unknown, grade: undefined }
      : { label, text, grade: gradeOf(fact) }
  const server = (of: 'imap' | 'pop3' | 'smtp'): ProviderFact => {
    const known = preset[of]
    const host = known?.host === '<server>' ? words.ownServer : known?.host.replace('<domain>', words.domain)
    const none = of !== 'smtp' && preset.without.includes(of) ? words.none : undefined
    return said(labels[of], known && host ? words.server(host, known) : none, of)
  }
  const { userForm, ownDomainUserForm, password, signIn, askHost, askUser, loginLimit, dkim, dmarc } = preset
  const isSignIn = password === 'oauth-only' && signIn !== undefined
  const user = [
    ...(userForm === undefined ? [] : [words.user[userForm]]),
    ...(ownDomainUserForm === undefined ? [] : [words.ownDomainUser(words.user[ownDomainUserForm])]),
  ].join(language === 'ja' ? '。' : '; ')
  const plain = (label: string, text: string | undefined): readonly ProviderFact[] =>
    text === undefined ? [] : [{ label, text, grade: undefined }]
  const named = (folders: readonly string[]): string | undefined =>
    folders.length === 0 ? undefined : folders.join(', ')
  return [
    server('imap'),
    server('pop3'),
    server('smtp'),
    ...plain(labels.askHost, askHost?.[language]),
    said(labels.user, user === '' ? undefined : user, 'user'),
    ...plain(labels.askUser, askUser?.[language]),
    said(labels.password, isSignIn ? words.signIn : password && words.password[password], 'password'),
    said(labels.spam, named(preset.spamFolders), 'folders'),
    ...(preset.wantedFolders.length === 0
      ? []
      : [said(labels.wanted, named(preset.wantedFolders), 'folders')]),
    said(
      labels.limit,
      loginLimit &&
        words.limit(
          loginLimit.most,
          loginLimit.perMs / 60_000,
          loginLimit.protocols.map(protocol => protocol.toUpperCase()).join(', '),
          loginLimit.per,
        ),
      'limit',
    ),
    said(labels.dkim, dkim?.[language], 'signing'),
    said(labels.dmarc, dmarc?.[language], 'signing'),
  ]
}
