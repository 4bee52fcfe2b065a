/** What several hosts have in common, in words. */
import type { Note } from './preset.ts'

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
  appPasswordWithTwoFactor: {
    en: 'With two-factor sign-in, an app password is needed, made in the account’s security settings.',
    ja: '2 段階認証を使っている場合は、アカウントのセキュリティ設定で作成する、アプリ用パスワードが必要です。',
  },
  mailPassword: {
    en: 'The password of the mailbox is needed, not that of the customer account.',
    ja: '契約者ページのパスワードではなく、メールアドレスごとのパスワードが必要です。',
  },
  perServer: {
    en: 'The server’s name stands in the host’s panel or in its welcome mail.',
    ja: 'サーバー名は、管理画面または契約時の案内メールに書かれています。',
  },
  oauthOnly: {
    en: 'Mail programs get in by the provider’s own sign-in (OAuth 2.0) only, with no password of any kind. hikyaku does not offer that yet.',
    ja: 'メールソフトからは、サーバー会社独自のログイン（OAuth 2.0）でしか接続できません。パスワードはアプリ用のものも含めて使えません。hikyaku はまだ対応していません。',
  },
  dottedAddress: {
    en: 'The user name is the address with a dot in place of the @.',
    ja: 'ユーザー名は、メールアドレスの @ をピリオドに置き換えたものです。',
  },
  dmarcByDns: { en: 'by a DNS record', ja: 'DNS レコードで設定' },
  abroad: {
    en: 'Sending (SMTP) from outside Japan is blocked unless it is allowed in the panel.',
    ja: '国外からの送信（SMTP 認証）は、初期設定では制限されています。必要な場合は管理画面で解除してください。',
  },
} as const satisfies Record<string, Note>
