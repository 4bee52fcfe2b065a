/** Hosts in North America. Data only; presets.ts says what the columns mean. */
import { imap, notes, type Preset, pop3, preset, same } from './preset.ts'

export const america: readonly Preset[] = [
  preset('ionos', same('IONOS'), 'third-party', {
    mx: ['ionos.com', '1and1.com'],
    imap: imap('imap.ionos.com'),
    userForm: 'address',
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
  preset(
    'hostgator',
    { en: 'HostGator and other cPanel hosts', ja: 'HostGator など cPanel 系のサーバー' },
    'third-party',
    {
      mx: ['hostgator.com', 'websitewelcome.com'],
      userForm: 'address',
      askHost: notes.perServer,
      // For each connecting address; above it the login is refused as if the password were wrong.
      loginLimit: { most: 30, perMs: 3_600_000, protocols: ['pop3'] },
      notes: [
        {
          en: 'More than 30 POP3 checks an hour are answered with “login incorrect”: hikyaku asks less often. IMAP has no such limit.',
          ja: 'POP3 の確認が 1 時間に 30 回を超えると「ログイン失敗」と返されるため、hikyaku は間隔を空けます。IMAP にこの制限はありません。',
        },
      ],
    },
  ),
]
