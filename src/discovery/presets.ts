/**
 * What is known about mail hosts, as data. `undefined` means not known: the set-up asks, it never guesses. A
 * preset only fills in a form; a real login proves it before anything is saved.
 *
 * `grade` says where a row's servers come from: the host's own help pages, Mozilla's ISPDB, or other people's
 * pages. None of it promises that the host has not changed it since. The MX domains are only a hint: a wrong one
 * proposes a server whose login then fails.
 */

/** What the host takes as user name: the whole address, its part before the @, or an account name of its own. */
export type UserForm = 'address' | 'local-part' | 'account-name'

export interface PresetServer {
  /** A host name. `<domain>` stands for the domain of the address. */
  readonly host: string
  readonly port: number
  readonly security: 'tls' | 'starttls'
}

/** A text for the owner, in both languages. */
export interface Note {
  readonly en: string
  readonly ja: string
}

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
const imap = (host: string): PresetServer => tls(host, 993)
const pop3 = (host: string): PresetServer => tls(host, 995)
const same = (text: string): Note => ({ en: text, ja: text })

type Row = Partial<Omit<Preset, 'id' | 'name' | 'grade'>>

const preset = (id: string, name: Note, grade: Preset['grade'], row: Row): Preset => ({
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

const notes = {
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

export const presets: readonly Preset[] = [
  // Japanese rental servers and providers
  preset('xserver', { en: 'Xserver', ja: 'エックスサーバー' }, 'third-party', {
    mx: ['xserver.jp'],
    serverFromMx: /^sv\d+\.xserver\.jp$/,
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
    serverFromMx: /^[a-z0-9-]+\.sakura\.ne\.jp$/,
    askHost: {
      en: 'Your initial domain: <name>.sakura.ne.jp. It is the mail server, on port 993.',
      ja: '初期ドメイン(〇〇.sakura.ne.jp)をご確認ください。これがメールサーバー名です。ポートは 993 番です。',
    },
    notes: [notes.ownName],
  }),
  preset('kagoya', { en: 'KAGOYA', ja: 'カゴヤ・ジャパン' }, 'own-pages', {
    mx: ['kagoya.net'],
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
  // Elsewhere
  preset('gmx', same('GMX'), 'third-party', {
    domains: ['gmx.net', 'gmx.de', 'gmx.at', 'gmx.ch'],
    mx: ['gmx.net'],
    imap: imap('imap.gmx.net'),
    pop3: pop3('pop.gmx.net'),
    userForm: 'address',
    notes: [notes.switchedOn],
  }),
  preset('ionos', same('IONOS'), 'third-party', {
    mx: ['ionos.com', '1and1.com'],
    imap: imap('imap.ionos.com'),
    userForm: 'address',
  }),
  preset('ionos-de', same('IONOS (1&1)'), 'third-party', {
    mx: ['kundenserver.de', 'ionos.de', '1und1.de'],
    imap: imap('imap.1und1.de'),
    pop3: pop3('pop.1und1.de'),
    userForm: 'address',
  }),
  preset('ovh', same('OVH MX Plan'), 'third-party', {
    mx: ['mail.ovh.net', 'ovh.net'],
    imap: imap('ssl0.ovh.net'),
    pop3: pop3('ssl0.ovh.net'),
    userForm: 'address',
  }),
  preset('hetzner', same('Hetzner'), 'third-party', {
    mx: ['your-server.de'],
    imap: imap('mail.your-server.de'),
    userForm: 'address',
  }),
  preset('strato', same('Strato'), 'third-party', {
    mx: ['rzone.de'],
    imap: imap('imap.strato.de'),
    pop3: pop3('pop3.strato.de'),
    userForm: 'address',
  }),
  preset('gandi', same('Gandi'), 'third-party', {
    mx: ['mail.gandi.net'],
    imap: imap('mail.gandi.net'),
    pop3: pop3('mail.gandi.net'),
    userForm: 'address',
  }),
  preset('infomaniak', same('Infomaniak'), 'third-party', {
    mx: ['infomaniak.ch', 'infomaniak.com'],
    imap: imap('mail.infomaniak.com'),
    pop3: pop3('mail.infomaniak.com'),
    userForm: 'address',
    notes: [notes.oneProtocol],
  }),
  preset('godaddy', same('GoDaddy'), 'third-party', {
    mx: ['secureserver.net'],
    imap: imap('imap.secureserver.net'),
    pop3: pop3('pop.secureserver.net'),
    userForm: 'address',
  }),
  preset('namecheap', same('Namecheap Private Email'), 'third-party', {
    mx: ['privateemail.com'],
    imap: imap('mail.privateemail.com'),
    pop3: pop3('mail.privateemail.com'),
    userForm: 'address',
  }),
  preset('dreamhost', same('DreamHost'), 'third-party', {
    mx: ['dreamhost.com'],
    imap: imap('imap.dreamhost.com'),
    pop3: pop3('pop.dreamhost.com'),
    userForm: 'address',
  }),
  preset('one-com', same('one.com'), 'third-party', {
    mx: ['one.com'],
    imap: imap('imap.one.com'),
    userForm: 'address',
  }),
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
    notes: [notes.appPassword, { en: 'iCloud has no POP3.', ja: 'iCloud は POP3 に対応していません。' }],
  }),
  preset('microsoft', same('Outlook / Microsoft 365'), 'own-pages', {
    domains: ['outlook.com', 'hotmail.com', 'live.com', 'outlook.jp'],
    mx: ['mail.protection.outlook.com', 'olc.protection.outlook.com'],
    imap: imap('outlook.office365.com'),
    pop3: pop3('outlook.office365.com'),
    userForm: 'address',
    oauthOnly: true,
    notes: [
      {
        en: 'Microsoft takes no passwords over IMAP and POP3 any more, only its own sign-in (OAuth 2.0), which hikyaku does not offer yet.',
        ja: 'Microsoft は IMAP / POP3 でのパスワード認証を受け付けず、独自のログイン(OAuth 2.0)だけを使えます。hikyaku はまだ対応していません。',
      },
    ],
  }),
  preset(
    'hostgator',
    { en: 'HostGator and other cPanel hosts', ja: 'HostGator など cPanel 系のサーバー' },
    'third-party',
    {
      mx: ['hostgator.com', 'websitewelcome.com'],
      userForm: 'address',
      askHost: notes.perServer,
      // 30 checks an hour for each address of ours; above it the login is refused as if the password were wrong.
      pop3FloorMs: 150_000,
      notes: [
        {
          en: 'More than 30 POP3 checks an hour are answered with “login incorrect”: hikyaku asks less often. IMAP has no such limit.',
          ja: 'POP3 の確認が 1 時間に 30 回を超えると「ログイン失敗」と返されるため、hikyaku は間隔を空けます。IMAP にこの制限はありません。',
        },
      ],
    },
  ),
]

const liesUnder = (name: string, domain: string): boolean => name === domain || name.endsWith(`.${domain}`)

const nameOf = (host: string): string => host.toLowerCase().replace(/\.$/, '')

/** The preset of a domain that belongs to a host itself, or undefined. */
export function presetForDomain(domain: string): Preset | undefined {
  return presets.find(({ domains }) => domains.some(own => liesUnder(nameOf(domain), own)))
}

/** The preset whose MX domains the name of a mail exchanger lies under (the longest that fits), or undefined. */
export function presetForMx(exchanger: string): Preset | undefined {
  const name = nameOf(exchanger)
  const fits = presets.flatMap(found => found.mx.filter(mx => liesUnder(name, mx)).map(mx => ({ found, mx })))
  return fits.sort((one, other) => other.mx.length - one.mx.length)[0]?.found
}

/** The least pause between two POP3 logins that the host of this server is known to bear, ms. */
export function pop3FloorMs(host: string): number | undefined {
  const name = nameOf(host)
  const found = presets.find(
    ({ mx, pop3 }) => pop3?.host === name || mx.some(under => liesUnder(name, under)),
  )
  return found?.pop3FloorMs
}

export function presetById(id: string): Preset | undefined {
  return presets.find(preset => preset.id === id)
}
