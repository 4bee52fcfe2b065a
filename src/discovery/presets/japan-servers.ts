/** Rental servers and domain companies in Japan. Data only; preset.ts says what the columns mean. */
import { notes } from './notes.ts'
import { imap, type Preset, pop3, preset, same, smtp, smtpStarttls } from './preset.ts'
import { own, seen, third } from './source.ts'

export const japanServers: readonly Preset[] = [
  preset(
    'xserver',
    { en: 'Xserver', ja: 'エックスサーバー' },
    {
      mx: ['xserver.jp'],
      spf: ['xserver.jp'],
      ownServer: /^sv\d+\.xserver\.jp$/,
      imap: imap('<server>'),
      pop3: pop3('<server>'),
      smtp: smtp('<server>'),
      userForm: 'address',
      password: 'mailbox',
      askHost: {
        en: 'The server number in Xserver’s panel (sv…): the mail server is sv<number>.xserver.jp.',
        ja: '管理画面（サーバーパネル）の「サーバー情報」にあるサーバー番号（sv…）をご確認ください。メールサーバーは「sv番号.xserver.jp」です。',
      },
      shortServers: [[/^(?:sv)?(\d+)$/i, 'sv$1.xserver.jp']],
      dkim: { en: 'since February 2023, in stages', ja: '対応（2023 年 2 月から順次）' },
      dmarc: {
        en: 'a setting in the panel, by January 2024',
        ja: '管理画面（サーバーパネル）で設定（2024 年 1 月までに開始）',
      },
      notes: [
        notes.oneProtocol,
        {
          en: 'What becomes of spam is chosen in the panel: inbox, a spam folder, the trash, or deleted at once. What is deleted there reaches nobody.',
          ja: '迷惑メールの扱い（受信トレイ、迷惑メールフォルダ、ごみ箱、削除）は管理画面（サーバーパネル）で選びます。「削除」にすると、そのメールはどこにも届きません。',
        },
      ],
      sources: [
        third('threedplus.co.jp/2025/05/26/', '2025-05-26', 'imap pop3 smtp user password notes'),
        own('support.xserver.ne.jp/manual/man_mail_spam_setting.php', '2026-11-25', 'notes'),
        third('dm2.co.jp/blog/19956', '2023-02-14', 'signing'),
        third('dm2.co.jp/blog/26652', '2024-01', 'signing'),
        seen('records signing'),
      ],
    },
  ),
  preset(
    'xserver-business',
    { en: 'Xserver Business', ja: 'エックスサーバービジネス' },
    {
      mx: ['xbiz.ne.jp'],
      ownServer: /^sv\d+\.xbiz\.ne\.jp$/,
      smtp: smtp('<server>'),
      userForm: 'address',
      askHost: {
        en: 'The server number in the panel (sv…): the mail server is sv<number>.xbiz.ne.jp.',
        ja: '管理画面（サーバーパネル）にあるサーバー番号（sv…）をご確認ください。メールサーバーは「sv番号.xbiz.ne.jp」です。',
      },
      shortServers: [[/^(?:sv)?(\d+)$/i, 'sv$1.xbiz.ne.jp']],
      notes: [notes.ownName],
      sources: [seen('records smtp user notes')],
    },
  ),
  preset(
    'sixcore',
    { en: 'SixCore, X2', ja: 'シックスコア、X2' },
    {
      askHost: notes.perServer,
      notes: [notes.abroad],
      sources: [own('sixcore.ne.jp/dedicated/man/mail_jpcheck.php', '2026-11-25', 'notes')],
    },
  ),
  preset('conoha-wing', same('ConoHa WING'), {
    mx: ['conoha.ne.jp'],
    spf: ['conoha.ne.jp'],
    ownServer: /^mail\d+\.conoha\.ne\.jp$/,
    imap: imap('<server>'),
    smtp: smtp('<server>'),
    userForm: 'address',
    askHost: {
      en: 'The mail server’s name in ConoHa’s panel (mail….conoha.ne.jp).',
      ja: '管理画面の「メール管理」にあるサーバー名（mail….conoha.ne.jp）をご確認ください。',
    },
    shortServers: [[/^(?:mail)?(\d+)$/i, 'mail$1.conoha.ne.jp']],
    dkim: { en: 'since July 2022 at the latest', ja: '対応（遅くとも 2022 年 7 月から）' },
    dmarc: notes.dmarcByDns,
    notes: [notes.ownName],
    sources: [
      third('simplyweb.tech/setting-up-domain-authentication-in-conoha-server', '2026-11-25', 'signing'),
      third('aboutwp.net/conoha-wing-spf-dkim-dmarc', '2022-07', 'signing'),
      seen('records imap smtp user notes'),
    ],
  }),
  preset(
    'sakura',
    { en: 'Sakura rental server', ja: 'さくらのレンタルサーバ' },
    {
      domains: ['sakura.ne.jp'],
      mx: ['sakura.ne.jp'],
      spf: ['sakura.ne.jp'],
      ownServer: /^[a-z0-9-]+\.sakura\.ne\.jp$/,
      imap: imap('<server>'),
      smtp: smtp('<server>'),
      userForm: 'address',
      askHost: {
        en: 'Your initial domain: <name>.sakura.ne.jp. It is the mail server, on port 993.',
        ja: '初期ドメイン（〇〇.sakura.ne.jp）をご確認ください。これがメールサーバー名です。ポートは 993 番です。',
      },
      shortServers: [[/^([a-z0-9-]+)$/i, '$1.sakura.ne.jp']],
      dkim: {
        en: 'since January 2024, switched on in the panel',
        ja: '対応（2024 年 1 月から。管理画面で有効にします）',
      },
      dmarc: {
        en: 'since January 2024, in the panel',
        ja: '対応（2024 年 1 月から。管理画面で設定）',
      },
      notes: [notes.ownName],
      sources: [
        own('help.sakura.ad.jp/mail/2811', '2026-11-25', 'signing'),
        third('webteq.site/archives/2668', '2026-11-25', 'imap smtp user'),
        third('okamerin.com/nc/title/937.htm', '2024-02-01', 'signing'),
        seen('records imap notes'),
      ],
    },
  ),
  preset(
    'lolipop',
    { en: 'Lolipop!', ja: 'ロリポップ!' },
    {
      mx: ['lolipop.jp'],
      spf: ['lolipop.jp'],
      imap: imap('imap.lolipop.jp'),
      pop3: pop3('pop.lolipop.jp'),
      smtp: smtp('smtp.lolipop.jp'),
      userForm: 'address',
      dkim: { en: 'announced for January 2024', ja: '2024 年 1 月に開始と案内（開始そのものは未確認）' },
      notes: [
        {
          en: 'In the panel, receiving can be switched off for an address: then no mail comes.',
          ja: 'ユーザー専用ページの「受信機能停止」が有効になっていると、そのアドレスはメールを受信しません。',
        },
      ],
      sources: [
        own('lolipop.jp/manual/user/mailsetting', '2026-11-25', 'notes'),
        third('dm2.co.jp/blog/26833', '2024-01', 'signing'),
        seen('records imap pop3 smtp user'),
      ],
    },
  ),
  preset(
    'heteml',
    { en: 'heteml', ja: 'ヘテムル' },
    {
      mx: ['heteml.jp'],
      spf: ['heteml.jp'],
      imap: imap('pop3.heteml.jp'),
      pop3: pop3('pop3.heteml.jp'),
      smtp: smtp('smtp.heteml.jp'),
      userForm: 'address',
      sources: [seen('records imap pop3 smtp user')],
    },
  ),
  preset(
    'muumuu-mail',
    { en: 'Muumuu Mail', ja: 'ムームーメール' },
    {
      mx: ['muumuu-mail.com'],
      spf: ['muumuu-mail.com'],
      imap: imap('imap4.muumuu-mail.com'),
      pop3: pop3('pop3.muumuu-mail.com'),
      smtp: smtp('smtp.muumuu-mail.com'),
      userForm: 'address',
      sources: [seen('records imap pop3 smtp user')],
    },
  ),
  preset(
    'onamae-rs',
    { en: 'Onamae.com rental server RS', ja: 'お名前.com レンタルサーバー（RS プラン）' },
    {
      mx: ['onamae.ne.jp'],
      spf: ['onamae.ne.jp'],
      ownServer: /^mail\d+\.onamae\.ne\.jp$/,
      imap: imap('<server>'),
      smtp: smtp('<server>'),
      userForm: 'address',
      alsoTry: ['onamae'],
      askHost: {
        en: 'The mail server’s name in the panel (mail….onamae.ne.jp).',
        ja: '管理画面の「メール」にあるサーバー名（mail….onamae.ne.jp）をご確認ください。',
      },
      shortServers: [[/^(?:mail)?(\d+)$/i, 'mail$1.onamae.ne.jp']],
      dkim: { en: 'signed mail was seen', ja: '署名のあるメールを確認' },
      notes: [notes.ownName],
      sources: [seen('records imap smtp user signing notes')],
    },
  ),
  preset(
    'onamae',
    { en: 'Onamae.com mail', ja: 'お名前メール' },
    {
      pop3: pop3('pop.<domain>'),
      smtp: smtp('smtp.<domain>'),
      userForm: 'address',
      password: 'mailbox',
      notes: [notes.ownName, notes.abroad],
      sources: [
        own('help.onamae.com/answer/9537', '2026-11-25', 'pop3 smtp user password notes'),
        own('help.onamae.com/app/answers/detail/a_id/018804', '2017-11', 'notes'),
      ],
    },
  ),
  preset(
    'gmo-sd',
    { en: 'Onamae.com shared server SD', ja: 'お名前.com 共用サーバー（SD プラン）' },
    {
      askHost: {
        en: 'The receiving server’s name in the panel (pop….gmoserver.jp).',
        ja: '管理画面にある受信メールサーバー名（pop….gmoserver.jp）をご確認ください。',
      },
      imap: imap('<server>'),
      notes: [notes.abroad],
      sources: [own('help.onamae.com/app/answers/detail/a_id/018804', '2017-11', 'notes'), seen('imap')],
    },
  ),
  preset(
    'kagoya',
    { en: 'KAGOYA', ja: 'カゴヤ・ジャパン' },
    {
      mx: ['kagoya.net'],
      spf: ['kagoya.net'],
      ownServer: /^m[as]s\d+\.kagoya\.net$/,
      imap: imap('<server>'),
      smtp: smtp('smtp.kagoya.net'),
      userForm: 'account-name',
      askHost: {
        en: 'The server’s name in KAGOYA’s control panel (mas….kagoya.net or mss….kagoya.net).',
        ja: 'コントロールパネルに書かれているサーバー名（mas….kagoya.net または mss….kagoya.net）をご確認ください。',
      },
      shortServers: [[/^(m[as]s\d+)$/i, '$1.kagoya.net']],
      askUser: {
        en: 'The mail account’s name in KAGOYA’s control panel, such as kir000000.info (not the address)',
        ja: 'コントロールパネルの「メールアカウント名」（例: kir000000.info。メールアドレスではありません）',
      },
      dkim: {
        en: 'with a selector of your own, in the panel',
        ja: '対応（コントロールパネルで設定。セレクターは任意）',
      },
      dmarc: notes.dmarcByDns,
      notes: [
        {
          en: 'The user name is the mail account’s name in the control panel, not the address.',
          ja: 'ユーザー名はメールアドレスではなく、コントロールパネルのメールアカウント名です。',
        },
        {
          en: 'Access may be limited to certain source addresses: allow the machine on which hikyaku runs.',
          ja: '接続元 IP アドレスの制限がある場合は、hikyaku を動かすマシンを許可してください。',
        },
      ],
      sources: [
        own('support.kagoya.jp/kir/manual/add_mailaccount/index.html', '2026-11-26', 'user notes'),
        own('support.kagoya.jp/kir/manual/mail_ip/limits.html', '2026-11-25', 'notes'),
        own('support.kagoya.jp/kir/manual/add_maildomain/dkim.html', '2026-11-25', 'signing'),
        seen('records imap smtp'),
      ],
    },
  ),
  preset('cpi', same('CPI'), {
    mx: ['secure.ne.jp'],
    imap: imap('<server>'),
    smtp: smtp('<server>'),
    userForm: 'address',
    askHost: {
      en: 'The server’s name in the panel (….secure.ne.jp).',
      ja: '管理画面に書かれているサーバー名（….secure.ne.jp）をご確認ください。',
    },
    dkim: { en: 'on the plan Business Standard', ja: 'ビジネス スタンダードで対応' },
    dmarc: { en: 'on the plan Business Standard', ja: 'ビジネス スタンダードで対応' },
    notes: [
      {
        en: 'On Business Standard, mail in the inbox moves to the folder Archive after 180 days, and the trash is emptied after 31.',
        ja: 'ビジネス スタンダードでは、受信トレイのメールは 180 日後に Archive フォルダーへ移動し、ごみ箱は 31 日後に空になります。',
      },
      {
        en: 'Old servers (z….secure.ne.jp) speak only TLS 1.0, which hikyaku refuses: ask the host for a newer one.',
        ja: '古いサーバー（z….secure.ne.jp）は TLS 1.0 にしか対応しておらず、hikyaku では接続できません。新しいサーバーへの移行を CPI にご相談ください。',
      },
    ],
    sources: [
      own('cpi.ad.jp/support/manual/s_mail_user', '2026-11-25', 'notes'),
      own('cpi.ad.jp/news/info/202403263630', '2024-03-26', 'signing'),
      seen('records imap smtp user notes'),
    ],
  }),
  preset('wadax', same('WADAX'), {
    spf: ['wadax.ne.jp', 'wadax-sv.jp'],
    ownServer: /^wx\d+\.wadax-sv\.jp$/,
    pop3: pop3('<server>'),
    smtp: smtpStarttls('<server>'),
    askHost: {
      en: 'The server’s name in the panel (wx….wadax-sv.jp).',
      ja: '管理画面に書かれているサーバー名（wx….wadax-sv.jp）をご確認ください。',
    },
    shortServers: [[/^(wx\d+)$/i, '$1.wadax-sv.jp']],
    sources: [seen('records pop3 smtp')],
  }),
  preset('mixhost', same('mixhost'), {
    mx: ['mixhost.jp'],
    smtp: smtp('<server>'),
    askHost: notes.perServer,
    notes: [notes.ownName],
    sources: [seen('records smtp notes')],
  }),
  preset(
    'star-server',
    { en: 'Star Server', ja: 'スターサーバー' },
    {
      mx: ['star.ne.jp'],
      ownServer: /^sv\d+\.star\.ne\.jp$/,
      smtp: smtp('<server>'),
      userForm: 'address',
      askHost: {
        en: 'The server’s name in the panel (sv….star.ne.jp).',
        ja: '管理画面（サーバー管理ツール）に書かれているサーバー名（sv….star.ne.jp）をご確認ください。',
      },
      shortServers: [[/^(?:sv)?(\d+)$/i, 'sv$1.star.ne.jp']],
      notes: [notes.ownName],
      sources: [seen('records smtp user notes')],
    },
  ),
  preset(
    'coreserver',
    { en: 'CORESERVER, XREA', ja: 'コアサーバー、XREA' },
    {
      mx: ['coreserver.jp'],
      askHost: notes.perServer,
      sources: [seen('records')],
    },
  ),
  preset('webarena-suitex', same('WebARENA SuiteX'), {
    askHost: notes.perServer,
    dkim: { en: 'yes', ja: '対応' },
    dmarc: {
      en: 'yes, and its results are written into the mail',
      ja: '対応（判定結果をメールのヘッダーに記録します）',
    },
    sources: [own('help.arena.ne.jp/hc/ja/articles/21875552100503', '2026-11-25', 'signing')],
  }),
]
