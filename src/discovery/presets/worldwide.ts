/** Hosts that are the same everywhere. Data only; presets.ts says what the columns mean. */
import { imap, notes, type Preset, pop3, preset, same } from './preset.ts'

export const worldwide: readonly Preset[] = [
  ...(['com', 'eu', 'in', 'jp'] as const).map(end =>
    preset(`zoho-${end}`, same(`Zoho Mail (${end})`), 'third-party', {
      domains: [`zohomail.${end}`],
      mx: [`zoho.${end}`, `zohomail.${end}`],
      imap: imap(`imap.zoho.${end}`),
      pop3: pop3(`pop.zoho.${end}`),
      userForm: 'address',
      notes: [notes.switchedOn, notes.appPassword],
    }),
  ),
  preset('icloud', same('iCloud Mail'), 'own-pages', {
    domains: ['icloud.com', 'me.com', 'mac.com'],
    mx: ['mail.icloud.com'],
    imap: imap('imap.mail.me.com'),
    userForm: 'local-part',
    // The login is the iCloud address, whatever domain the mail is for.
    ownDomainUserForm: 'account-name',
    password: 'app',
    askUser: {
      en: 'The part before the @ of your iCloud address (not of the address on your own domain)',
      ja: 'iCloud のメールアドレスの @ より前の部分（独自ドメインのアドレスではありません）',
    },
    notes: [notes.appPassword, { en: 'iCloud has no POP3.', ja: 'iCloud は POP3 に対応していません。' }],
  }),
  preset('microsoft', same('Outlook / Microsoft 365'), 'own-pages', {
    domains: ['outlook.com', 'hotmail.com', 'live.com', 'outlook.jp'],
    mx: ['mail.protection.outlook.com', 'olc.protection.outlook.com'],
    imap: imap('outlook.office365.com'),
    pop3: pop3('outlook.office365.com'),
    userForm: 'address',
    password: 'oauth-only',
    notes: [
      {
        en: 'Microsoft takes no passwords over IMAP and POP3 any more, only its own sign-in (OAuth 2.0), which hikyaku does not offer yet.',
        ja: 'Microsoft は IMAP / POP3 でのパスワード認証を受け付けず、独自のログイン(OAuth 2.0)だけを使えます。hikyaku はまだ対応していません。',
      },
    ],
  }),
]
