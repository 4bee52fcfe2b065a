/** Internet providers, telephone companies and free mail in Japan. Data only; preset.ts says what the columns mean. */
import { notes } from './notes.ts'
import { imap, named, type Preset, pop3, preset, same, smtp, smtpStarttls } from './preset.ts'
import { fairEmail, ispdb, own, seen, third } from './source.ts'

export const japanProviders: readonly Preset[] = [
  preset('yahoo-japan', same('Yahoo! JAPAN'), {
    domains: ['yahoo.co.jp'],
    mx: ['mail.yahoo.co.jp'],
    imap: imap('imap.mail.yahoo.co.jp'),
    pop3: pop3('pop.mail.yahoo.co.jp'),
    smtp: smtp('smtp.mail.yahoo.co.jp'),
    userForm: 'local-part',
    notes: [
      {
        en: 'Access from outside must be switched on in the mail settings first. It has been reported to go back by itself: where logins fail all at once, look there.',
        ja: '先に、Yahoo!メールの設定で「外部メールアプリからのアクセス」を有効にしてください。いつの間にか無効に戻っていたという報告があります。急にログインできなくなったときは、この設定をご確認ください。',
      },
    ],
    sources: [
      ispdb('yahoo.co.jp', '2022-11-19', 'pop3 smtp user'),
      fairEmail('imap smtp user'),
      third('ssdkzys.net/yahoo-mail-gmailify-gmail_google-inc', '2026-11-25', 'notes'),
      seen('records'),
    ],
  }),
  preset('yahoo-bb', named('Yahoo! BB', 'Yahoo! BB'), {
    domains: ['ybb.ne.jp'],
    pop3: pop3('ybbpop.mail.yahoo.co.jp'),
    smtp: smtp('ybbsmtp.mail.yahoo.co.jp'),
    userForm: 'local-part',
    sources: [ispdb('ybb.ne.jp', '2022-11-19', 'records pop3 smtp user')],
  }),
  preset('biglobe', same('BIGLOBE'), {
    domains: ['biglobe.ne.jp'],
    mx: ['biglobe.ne.jp'],
    imap: imap('mail.biglobe.ne.jp'),
    pop3: pop3('mail.biglobe.ne.jp'),
    smtp: smtp('mail.biglobe.ne.jp'),
    userForm: 'address',
    notes: [
      {
        en: 'TLS 1.1 and older have been switched off since 13 April 2023.',
        ja: 'TLS 1.1 以前の接続は、2023 年 4 月 13 日に終了しています。',
      },
    ],
    sources: [
      own('faq.support.biglobe.ne.jp/faq_detail.html?faq_id=12413', '2026-11-25', 'imap pop3 smtp user'),
      own('faq.support.biglobe.ne.jp/faq_detail.html?faq_id=20845', '2023-04-13', 'notes'),
      ispdb('biglobe.ne.jp', '2022-11-19', 'records pop3 smtp user'),
    ],
  }),
  preset('ocn', same('OCN'), {
    domains: ['ocn.ne.jp'],
    mx: ['ocn.ne.jp'],
    imap: imap('imap.ocn.ne.jp'),
    pop3: pop3('pop.ocn.ne.jp'),
    smtp: smtp('smtp.ocn.ne.jp'),
    userForm: 'address',
    sources: [
      own('support.ntt.com/ocn/support/pid2900000gc2', '2026-11-25', 'imap pop3'),
      ispdb('ocn.ne.jp', '2022-11-19', 'records pop3 smtp user'),
    ],
  }),
  preset('nifty', same('@nifty'), {
    domains: ['nifty.com'],
    mx: ['nifty.com'],
    imap: imap('imap.nifty.com'),
    pop3: pop3('pop.nifty.com'),
    smtp: smtp('smtp.nifty.com'),
    userForm: 'address',
    spamFolders: ['迷惑メール'],
    notes: [
      {
        en: 'The sources differ on the user name: the whole address in the newest, its part before the @ in older ones. Where one is refused, try the other.',
        ja: 'ユーザー名は情報源によって異なります（新しいものはメールアドレス全体、古いものは @ より前の部分）。拒否されたときは、もう一方をお試しください。',
      },
    ],
    sources: [ispdb('nifty.com', '2026-11-26', 'records pop3 user notes'), seen('imap smtp folders')],
  }),
  preset('so-net', named('So-net, NURO', 'So-net、NURO 光'), {
    domains: ['so-net.ne.jp'],
    mx: ['so-net.ne.jp'],
    imap: imap('imap.so-net.ne.jp'),
    pop3: pop3('pop.so-net.ne.jp'),
    smtp: smtpStarttls('mail.so-net.ne.jp'),
    notes: [
      {
        en: 'IMAP is an option that is closed to new customers; without it use POP3. With it, mail in spam and trash is deleted after 14 days, and elsewhere after 2 years.',
        ja: 'IMAP はオプションで、新規の申し込みは終了しています。お申し込みでない場合は POP3 をお使いください。IMAP では、迷惑メールとごみ箱のメールは 14 日後、それ以外は 2 年後に削除されます。',
      },
    ],
    sources: [own('nuro.jp/hikari/option/mail/imap', '2026-11-25', 'notes'), seen('records imap pop3 smtp')],
  }),
  preset('docomo', named('docomo mail', 'ドコモメール'), {
    domains: ['docomo.ne.jp'],
    imap: imap('imap.spmode.ne.jp'),
    smtp: smtp('smtp.spmode.ne.jp'),
    userForm: 'account-name',
    password: 'generated',
    askUser: {
      en: 'Your d ACCOUNT ID (not the address)',
      ja: 'd アカウントの ID（メールアドレスではありません）',
    },
    notes: [
      {
        en: 'An IMAP password of its own is needed, which docomo issues in the mail settings first.',
        ja: '先に、ドコモメールの設定で IMAP 専用パスワードを発行してください。',
      },
    ],
    sources: [seen('records imap smtp user password notes')],
  }),
  preset('softbank', named('SoftBank (i.softbank.jp)', 'ソフトバンク（i.softbank.jp）'), {
    domains: ['i.softbank.jp'],
    imap: imap('imap.softbank.jp'),
    smtp: smtp('smtp.softbank.jp'),
    userForm: 'local-part',
    sources: [ispdb('i.softbank.jp', '2022-11-19', 'records imap smtp user')],
  }),
  preset('iijmio', named('IIJmio', 'IIJmio'), {
    domains: ['iijmio-mail.jp'],
    pop3: { host: 'mbox.iijmio-mail.jp', port: 110, security: 'starttls' },
    smtp: smtpStarttls('mbox.iijmio-mail.jp'),
    userForm: 'dotted-address',
    notes: [notes.dottedAddress],
    sources: [ispdb('iijmio-mail.jp', '2022-11-19', 'records pop3 smtp user notes')],
  }),
  preset('iij4u', named('IIJ4U', 'IIJ4U'), {
    domains: ['iij4u.or.jp'],
    pop3: { host: 'mbox.iij4u.or.jp', port: 110, security: 'starttls' },
    smtp: smtpStarttls('mbox.iij4u.or.jp'),
    userForm: 'dotted-address',
    notes: [notes.dottedAddress],
    sources: [ispdb('iij4u.or.jp', '2022-11-19', 'records pop3 smtp user notes')],
  }),
]
