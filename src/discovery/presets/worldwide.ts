/** Hosts that are the same everywhere. Data only; preset.ts says what the columns mean. */
import { notes } from './notes.ts'
import { imap, named, type Preset, pop3, preset, same, smtp, smtpStarttls } from './preset.ts'
import { deltaChat, fairEmail, ispdb, own, seen, third } from './source.ts'

const zohoPlans = {
  en: 'Free plans for an own domain have neither IMAP nor POP3.',
  ja: '独自ドメインの無料プランでは、IMAP も POP3 も利用できません。',
}

export const worldwide: readonly Preset[] = [
  preset('microsoft', same('Outlook / Microsoft 365'), {
    domains: [
      'outlook.com',
      'outlook.jp',
      'hotmail.com',
      'hotmail.co.jp',
      'live.com',
      'live.jp',
      'msn.com',
      'windowslive.com',
      'outlook.de',
      'outlook.fr',
      'outlook.es',
      'outlook.it',
      'hotmail.de',
      'hotmail.fr',
      'hotmail.es',
      'hotmail.it',
      'hotmail.co.uk',
      'live.de',
      'live.fr',
      'live.co.uk',
      'live.nl',
      'onmicrosoft.com',
    ],
    mx: ['mail.protection.outlook.com', 'olc.protection.outlook.com', 'mail.eo.outlook.com', 'mx.microsoft'],
    imap: imap('outlook.office365.com'),
    pop3: pop3('outlook.office365.com'),
    smtp: smtpStarttls('smtp.office365.com'),
    userForm: 'address',
    password: 'oauth-only',
    signIn: 'microsoft',
    spamFolders: ['Junk Email'],
    notes: [
      {
        en: 'Microsoft takes no passwords over IMAP and POP3 any more, app passwords included, only its own sign-in (OAuth 2.0), through an app registration of your own.',
        ja: 'Microsoft は IMAP / POP3 でのパスワード認証を（アプリ パスワードも含めて）受け付けず、独自のログイン（OAuth 2.0）だけを使えます。ご自分で登録したアプリを通してログインします。',
      },
      {
        en: 'Sending with a password ends as well: off by default for existing organisations from the end of December 2026, for new ones from 2027.',
        ja: 'パスワードによる送信（SMTP 認証）も終了します。既存の組織では 2026 年 12 月末から、新しい組織では 2027 年から、初期設定で無効になります。',
      },
    ],
    sources: [
      ispdb('office365.com', '2026-03-10', 'records imap pop3 smtp user password notes'),
      ispdb('hotmail.com', '2026-11-26', 'records imap pop3 smtp user password'),
      deltaChat('outlook.com', 'password notes'),
      third('github.com/msgwing/ZeroSMTP/issues/460', '2026-01-27', 'notes'),
      third('github.com/huacnlee/omamail/pull/90', '2026-09-03', 'folders'),
      seen('records'),
    ],
  }),
  preset('icloud', same('iCloud Mail'), {
    domains: ['icloud.com', 'me.com', 'mac.com'],
    mx: ['mail.icloud.com'],
    imap: imap('imap.mail.me.com'),
    without: ['pop3'],
    smtp: smtpStarttls('smtp.mail.me.com'),
    userForm: 'local-part',
    // The login is the iCloud address, whatever domain the mail is for.
    ownDomainUserForm: 'account-name',
    password: 'app',
    askUser: {
      en: 'The part before the @ of your iCloud address (not of the address on your own domain)',
      ja: 'iCloud のメールアドレスの @ より前の部分（独自ドメインのアドレスではありません）',
    },
    spamFolders: ['Junk'],
    notes: [
      notes.appPassword,
      {
        en: 'For sending (SMTP) the user name is the whole iCloud address.',
        ja: '送信（SMTP）のユーザー名は、iCloud のメールアドレス全体です。',
      },
    ],
    sources: [
      ispdb('me.com', '2026-11-26', 'records imap smtp user notes'),
      fairEmail('imap smtp user password'),
      deltaChat('icloud', 'pop3 user password notes'),
      third('github.com/sweetrb/apple-mail-mcp/issues/207', '2026-09-01', 'folders'),
      seen('records'),
    ],
  }),
  preset('fastmail', same('Fastmail'), {
    domains: ['fastmail.com', 'fastmail.fm'],
    mx: ['messagingengine.com'],
    imap: imap('imap.fastmail.com'),
    pop3: pop3('pop.fastmail.com'),
    smtp: smtp('smtp.fastmail.com'),
    userForm: 'address',
    password: 'app',
    notes: [
      notes.appPassword,
      {
        en: 'The plan Basic lets no mail programs in.',
        ja: 'Basic プランでは、メールソフトから接続できません。',
      },
    ],
    sources: [
      ispdb('messagingengine.com', '2026-11-26', 'records imap pop3 smtp user'),
      fairEmail('records imap pop3 smtp password notes'),
    ],
  }),
  preset('hostinger', same('Hostinger'), {
    mx: ['hostinger.com'],
    imap: imap('imap.hostinger.com'),
    pop3: pop3('pop.hostinger.com'),
    smtp: smtp('smtp.hostinger.com'),
    userForm: 'address',
    password: 'mailbox',
    sources: [fairEmail('imap smtp user'), seen('records imap pop3 password')],
  }),
  preset('titan', named('Titan (of Hostinger and others)', 'Titan（Hostinger などで提供）'), {
    mx: ['titan.email'],
    imap: imap('imap.titan.email'),
    smtp: smtpStarttls('smtp.titan.email'),
    userForm: 'address',
    sources: [seen('records imap smtp user')],
  }),
  ...(
    [
      ['com', 'com', ['zoho.com', 'zohomail.com'], 'zoho.com'],
      ['eu', 'eu', ['zoho.eu', 'zohomail.eu'], 'zoho.eu'],
      ['in', 'in', ['zoho.in', 'zohomail.in'], 'zoho.in'],
      ['jp', 'jp', ['zoho.jp', 'zohomail.jp'], 'zoho.jp'],
      ['au', 'com.au', ['zoho.com.au', 'zohomail.com.au'], 'zoho.com.au'],
      ['ca', 'ca', ['zohocloud.ca', 'zohomail.ca'], 'zohocloud.ca'],
    ] as const
  ).flatMap(([end, shown, domains, zone]) => {
    const common = {
      userForm: 'address',
      password: 'app-with-two-factor',
    } as const
    const page = own('www.zoho.com/mail/help/usage-policy.html', '2026-11-25', 'notes')
    return [
      preset(
        `zoho-${end}`,
        named(`Zoho Mail (${shown}), address at Zoho`, `Zoho Mail（${shown}、Zoho のアドレス）`),
        {
          ...common,
          domains,
          imap: imap(`imap.${zone}`),
          pop3: pop3(`pop.${zone}`),
          smtp: smtp(`smtp.${zone}`),
          notes: [notes.switchedOn, notes.appPasswordWithTwoFactor],
          sources:
            end === 'ca'
              ? [seen('records imap pop3 smtp user password'), page]
              : [
                  ispdb(`zoho.${shown}`, '2025-10-22', 'records imap pop3 smtp user notes'),
                  fairEmail('password notes'),
                  page,
                ],
        },
      ),
      preset(
        `zoho-${end}-own`,
        named(`Zoho Mail (${shown}), own domain`, `Zoho Mail（${shown}、独自ドメイン）`),
        {
          ...common,
          mx: domains,
          imap: imap(`imappro.${zone}`),
          pop3: pop3(`poppro.${zone}`),
          smtp: smtp(`smtppro.${zone}`),
          alsoTry: [`zoho-${end}`],
          notes: [notes.switchedOn, notes.appPasswordWithTwoFactor, zohoPlans],
          sources: [
            ...(end === 'com' ? [fairEmail('imap smtp password notes')] : []),
            third(
              'github.com/api-evangelist/zoho-mail/blob/main/plans/zoho-mail-plans-pricing.yml',
              '2026-11-25',
              'notes',
            ),
            seen('records imap pop3 smtp user password'),
          ],
        },
      ),
    ]
  }),
]
