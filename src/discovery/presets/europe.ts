/** Hosts in Europe. Data only; presets.ts says what the columns mean. */
import { imap, notes, type Preset, pop3, preset, same } from './preset.ts'

export const europe: readonly Preset[] = [
  preset('gmx', same('GMX'), 'third-party', {
    domains: ['gmx.net', 'gmx.de', 'gmx.at', 'gmx.ch'],
    mx: ['gmx.net'],
    imap: imap('imap.gmx.net'),
    pop3: pop3('pop.gmx.net'),
    userForm: 'address',
    notes: [notes.switchedOn],
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
  preset('one-com', same('one.com'), 'third-party', {
    mx: ['one.com'],
    imap: imap('imap.one.com'),
    userForm: 'address',
  }),
]
