/** Rental servers and providers in Japan. Data only; presets.ts says what the columns mean. */
import { imap, notes, type Preset, pop3, preset, same } from './preset.ts'

export const japan: readonly Preset[] = [
  preset('xserver', { en: 'Xserver', ja: 'エックスサーバー' }, 'third-party', {
    mx: ['xserver.jp'],
    spf: ['xserver.jp'],
    ownServer: /^sv\d+\.xserver\.jp$/,
    imap: imap('<server>'),
    pop3: pop3('<server>'),
    shortServers: [[/^(?:sv)?(\d+)$/i, 'sv$1.xserver.jp']],
    userForm: 'address',
    askHost: {
      en: 'The server number in Xserver’s panel (sv…): the mail server is sv<number>.xserver.jp. IMAP port 993, POP3 port 995.',
      ja: 'サーバーパネルのサーバー番号(sv…)をご確認ください。メールサーバーは「sv番号.xserver.jp」です。IMAP は 993 番、POP3 は 995 番ポートです。',
    },
    notes: [notes.oneProtocol],
  }),
  preset('conoha-wing', same('ConoHa WING'), 'third-party', {
    imap: imap('mail.<domain>'),
    notes: [notes.ownName],
  }),
  preset('lolipop', { en: 'Lolipop!', ja: 'ロリポップ!' }, 'third-party', {
    mx: ['lolipop.jp'],
    imap: imap('imap.lolipop.jp'),
  }),
  preset('sakura', { en: 'Sakura rental server', ja: 'さくらのレンタルサーバ' }, 'third-party', {
    domains: ['sakura.ne.jp'],
    mx: ['sakura.ne.jp'],
    spf: ['sakura.ne.jp'],
    ownServer: /^[a-z0-9-]+\.sakura\.ne\.jp$/,
    imap: imap('<server>'),
    shortServers: [[/^([a-z0-9-]+)$/i, '$1.sakura.ne.jp']],
    userForm: 'address',
    askHost: {
      en: 'Your initial domain: <name>.sakura.ne.jp. It is the mail server, on port 993.',
      ja: '初期ドメイン(〇〇.sakura.ne.jp)をご確認ください。これがメールサーバー名です。ポートは 993 番です。',
    },
    notes: [notes.ownName],
  }),
  preset('kagoya', { en: 'KAGOYA', ja: 'カゴヤ・ジャパン' }, 'own-pages', {
    mx: ['kagoya.net'],
    spf: ['kagoya.net'],
    ownServer: /^m[as]s\d+\.kagoya\.net$/,
    imap: imap('<server>'),
    shortServers: [[/^(m[as]s\d+)$/i, '$1.kagoya.net']],
    userForm: 'account-name',
    askHost: {
      en: 'The server’s name in KAGOYA’s control panel (mas….kagoya.net).',
      ja: 'コントロールパネルに書かれているサーバー名(mas….kagoya.net)をご確認ください。',
    },
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
  }),
  preset('onamae', { en: 'Onamae.com', ja: 'お名前.com' }, 'own-pages', {
    pop3: pop3('pop.<domain>'),
    userForm: 'address',
    notes: [notes.ownName],
  }),
  preset('muumuu-mail', { en: 'Muumuu Mail', ja: 'ムームーメール' }, 'third-party', {
    mx: ['muumuu-mail.com'],
    imap: imap('imap4.muumuu-mail.com'),
    pop3: pop3('pop3.muumuu-mail.com'),
  }),
  preset('mixhost', same('mixhost'), 'third-party', {
    mx: ['mixhost.jp'],
    askHost: notes.perServer,
    notes: [notes.ownName],
  }),
  preset('coreserver', same('CORESERVER'), 'third-party', {
    mx: ['coreserver.jp'],
    askHost: notes.perServer,
  }),
  preset('cpi', same('CPI'), 'own-pages', {
    askHost: notes.perServer,
    notes: [
      {
        en: 'Mail in the inbox moves to the folder Archive after 180 days, and the trash is emptied after 31.',
        ja: '受信トレイのメールは 180 日後に Archive フォルダーへ移動し、ごみ箱は 31 日後に空になります。',
      },
    ],
  }),
  preset('webarena-suitex', same('WebARENA SuiteX'), 'own-pages', { askHost: notes.perServer }),
  preset('biglobe', same('BIGLOBE'), 'ispdb', {
    domains: ['biglobe.ne.jp'],
    mx: ['biglobe.ne.jp'],
    pop3: pop3('mail.biglobe.ne.jp'),
    userForm: 'address',
  }),
  preset('ocn', same('OCN'), 'ispdb', {
    domains: ['ocn.ne.jp'],
    mx: ['ocn.ne.jp'],
    pop3: pop3('pop.ocn.ne.jp'),
    userForm: 'address',
  }),
  preset('nifty', { en: '@nifty', ja: '@nifty' }, 'ispdb', {
    domains: ['nifty.com'],
    mx: ['nifty.com'],
    pop3: pop3('pop.nifty.com'),
    userForm: 'local-part',
    notes: [{ en: 'IMAP needs a contract of its own.', ja: 'IMAP には別途契約が必要です。' }],
  }),
  preset('yahoo-japan', same('Yahoo! JAPAN'), 'ispdb', {
    domains: ['yahoo.co.jp', 'ybb.ne.jp'],
    mx: ['mail.yahoo.co.jp'],
    pop3: pop3('pop.mail.yahoo.co.jp'),
    userForm: 'local-part',
    notes: [
      {
        en: 'Access from outside must be switched on in the mail settings first.',
        ja: '先に、メールの設定で外部からのアクセスを有効にしてください。',
      },
    ],
  }),
]
