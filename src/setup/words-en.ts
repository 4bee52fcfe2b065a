/** Everything that the set-up says, in English, which owns the type; Japanese is held to it. */
import type { Found } from '../discovery/discover.ts'
import type { PresetServer } from '../discovery/presets.ts'
import { change } from './words-change-en.ts'
import { google } from './words-google-en.ts'
import { oauth } from './words-oauth-en.ts'
import { revoke } from './words-revoke-en.ts'
import { rules } from './words-rules-en.ts'
import { start } from './words-start-en.ts'
import { way } from './words-way-en.ts'

const protocols = { imap: 'IMAP', pop3: 'POP3' } as const
const securities = { tls: 'TLS', starttls: 'STARTTLS', none: 'no encryption' } as const

/** A certificate that was refused, as the owner sees it. */
interface CertificateShown {
  readonly host: string
  /** What is wrong: made out to another name, out of date, or vouched for by nobody known. */
  readonly why: 'name' | 'time' | 'trust'
  readonly names: readonly string[]
  readonly issuer: string
  readonly until: string
  /** SHA-256 with colons. */
  readonly digest: string
}

/** How many logins a host takes within a time, how often it is asked therefore, and whether all mailboxes share them. */
interface LimitShown {
  readonly most: string
  readonly within: string
  readonly every: string
  readonly shared: boolean
}

export const en = {
  title: 'hikyaku: mail from your mailbox to Gmail, in seconds',
  leaving: [
    'Enter takes the answer that is shown; in lists the arrow keys choose.',
    '< and Enter goes back to the question before.',
    'Ctrl+C leaves at any time; you can go on later.',
  ].join('\n'),
  empty: 'Please type an answer.',
  /** The entry of a list, behind a `<`. */
  back: 'Back',
  noneChosen: '(none)',
  isFirst: 'This is the first question.',
  /** For scripts: what is missing. */
  needsOption: 'no terminal to ask on: give this option',
  needsOptionOrYes: 'no terminal to ask on: give this option, or --yes for the usual answers',
  leftUnchanged: 'Left. Nothing was changed.',
  left: 'Left. Your answers are kept, without passwords: run `hikyaku setup` to go on.',
  resume: {
    question: 'You began earlier. Go on from there?',
    yes: 'Yes, go on with my earlier answers',
    no: 'No, begin again',
  },
  /** Told where variables or a .env file describe the mailbox. */
  byEnvironment:
    'A mailbox is described by variables (MAIL_HOST and the like, or the .env file here), and they win over a file. So only what is missing is asked for: its password, and the permission of Google. To set up another mailbox, name a file with HIKYAKU_CONFIG.',
  nothingMissing: 'Nothing is missing. `hikyaku setup google` signs in again.',
  what: {
    question: 'hikyaku is set up already. What would you like to do?',
    mailbox: 'Add a mailbox, or change one',
    google: 'Sign in to Google again',
    nothing: 'Nothing, leave',
  },
  address: {
    question: 'Which e-mail address should arrive in Gmail?',
    wrong: 'That is not an e-mail address. It looks like shop@example.jp.',
  },
  server: {
    looking: (domain: string) => `Looking for the mail server of ${domain} …`,
    nothingFound:
      'Nothing was found for this address. That is usual with rental servers: the name stands in the hosting panel.',
    unanswered:
      'Not everything could be asked just now (is this computer on the internet?), and nothing was found for this address.',
    provider: 'Where is the mailbox hosted?',
    otherProvider: 'Somewhere else, or I do not know',
    /** Of a name that was written, with what may have been meant. */
    noSuchProvider: (name: string, nearest: readonly string[]) =>
      nearest.length === 0
        ? `no host is known as ${name}; \`hikyaku provider\` lists them`
        : `no host is known as ${name} (did you mean ${nearest.join(', ')}?)`,
    known: (name: string) => `This mailbox is hosted by ${name}.`,
    /** What shows it, in one line. */
    evidence: {
      domain: (_domain: string, name: string) => `Addresses at ${name} are its own.`,
      mx: (domain: string, name: string) => `The MX record of ${domain} names ${name}.`,
      spf: (domain: string, name: string) => `The SPF record of ${domain} names ${name}.`,
      certificate: (domain: string, name: string) => `The certificate of mail.${domain} names ${name}.`,
    },
    elsewhere: (domain: string, exchanger: string) =>
      `But mail for ${domain} is sent to ${exchanger} (its MX record), which is somebody else’s. Only where that passes the mail on is the mailbox still here.`,
    oauthOnly: (name: string) =>
      `${name} takes no passwords over IMAP and POP3, only its own sign-in (OAuth 2.0), which hikyaku does not offer yet. So no password is asked for. The mail stays where it is.`,
    oauthQuestion: 'What now?',
    leave: 'Leave the set-up',
    otherDomain: (host: string, domain: string) =>
      `The DNS of ${domain} names ${host}, a server outside the domain, and anybody in between could have written that. Is it your host’s? Your password would be sent there.`,
    isMine: 'Yes, this server is my host’s',
    /** For a host that is not known: what its panel calls what is asked next. */
    panel: [
      'These lines stand in the hosting panel under “mail settings”, “mail client set-up” or the like, or in the host’s welcome mail:',
      '  incoming (mail) server, IMAP server, POP server: the name of the mail server',
      '  port, SSL/TLS: usually 993 for IMAP, 995 for POP3',
      '  user name, account, login: usually the whole address',
      '  password: that of the mailbox, set where the address was made; not that of the panel',
      'The outgoing (SMTP) server is not needed.',
    ].join('\n'),
    noTls: (host: string, port: number) =>
      `${host}:${port} was found, too, but without encryption. It is not used: your password would travel in the open.`,
    found: ({ protocol, host, port, security }: Pick<Found, 'protocol' | 'host' | 'port' | 'security'>) =>
      `${protocols[protocol]}  ${host}:${port}  ${securities[security]}`,
    origins: {
      preset: 'known to hikyaku',
      autoconfig: 'published by the domain',
      'well-known': 'published by the domain',
      srv: 'published in the DNS',
      'own-name': 'answers under the domain’s own name',
      ispdb: 'from Mozilla’s list of mail hosts',
    },
    which: 'Which server?',
    byHand: 'Another one: I type it in',
    protocol: 'How is the mailbox read?',
    imap: 'IMAP: mail at once, and the spam folder too (best)',
    pop3: 'POP3: once a minute, inbox only',
    host: 'Name of the mail server (see “mail settings” in your hosting panel)',
    hostWrong: 'That is not a server name. It looks like mail.example.jp or sv123.example.ne.jp.',
    security: 'Encryption',
    tls: 'TLS from the start (usual)',
    starttls: 'STARTTLS',
    none: 'None (only possible on this computer itself)',
    port: 'Port',
    portWrong: 'A port is a number from 1 to 65535; 993 for IMAP and 995 for POP3 are usual.',
    digestWrong: '--cert-sha256 is not a SHA-256 (64 hexadecimal digits) and is not used.',
  },
  login: {
    user: 'User name (usually the whole address)',
    accountName: 'Name of the mail account, as in the hosting panel (here it is not the address)',
    password: (user: string) => `Password of the mailbox ${user} (not shown)`,
    trying: (host: string, port: number) => `Logging in at ${host}:${port} …`,
    worked: (protocol: 'imap' | 'pop3', idle: boolean): string =>
      protocol === 'pop3'
        ? 'The login works. With POP3 hikyaku asks once a minute and cannot see the spam folder.'
        : idle
          ? 'The login works. The server tells of new mail at once.'
          : 'The login works. The server does not tell of new mail by itself, so hikyaku asks every 30 seconds.',
    workedAtLimit: (host: string, { most, within, every, shared }: LimitShown) =>
      `The login works. ${host} limits logins to ${most} within ${within}, so hikyaku asks every ${every} at most${shared ? ', and less often with more mailboxes there' : ''}. With POP3 it cannot see the spam folder.`,
    productElsewhere: (name: string, how: string) =>
      `If it is a mailbox of ${name}, choose another server: ${how}`,
    otherProduct: (name: string) =>
      `Mailboxes there can also be of ${name}: trying that with the same password …`,
    /** By the kind of password that a host takes: how it is asked for, and what is said where it was refused. */
    passwords: {
      mailbox: {
        question: (user: string, _host: string) => `Password of the mailbox ${user} (not shown)`,
        refused: (host: string) =>
          `${host} wants the password of the mailbox itself, not that of the control panel or customer account.`,
      },
      separate: {
        question: (user: string, host: string) =>
          `Password for mail programs that you set at ${host} for ${user} (not shown)`,
        refused: (host: string) =>
          `${host} has a password of its own for mail programs, which you set in the account’s settings. The one for the web site is refused.`,
      },
      generated: {
        question: (user: string, host: string) =>
          `Password for mail programs that ${host} made for ${user} (not shown)`,
        refused: (host: string) =>
          `${host} makes a password for mail programs and shows it once, in its control panel. Your own password is refused.`,
      },
      app: {
        question: (user: string, host: string) => `App password from ${host} for ${user} (not shown)`,
        refused: (host: string) =>
          `${host} takes app passwords only: make one in the account’s security settings and type it here. The account’s own password is refused.`,
      },
      'app-with-two-factor': {
        question: (user: string, _host: string) =>
          `Password of the mailbox ${user}, or an app password where two-factor sign-in is on (not shown)`,
        refused: (host: string) =>
          `Where two-factor sign-in is on, ${host} takes app passwords only: make one in the account’s security settings. Otherwise it is the password of the mailbox.`,
      },
      'oauth-only': {
        question: (user: string, _host: string) => `Password of the mailbox ${user} (not shown)`,
        refused: (host: string) => `${host} takes no passwords here, only its own sign-in (OAuth 2.0).`,
      },
    },
    /** What a host takes as user name. */
    userForms: {
      address: (host: string) => `The user name at ${host} is the whole address.`,
      'local-part': (host: string) =>
        `The user name at ${host} is only the part of the address before the @.`,
      'dotted-address': (host: string) =>
        `The user name at ${host} is the address with a dot in place of the @.`,
      'account-name': (host: string) =>
        `The user name at ${host} is a name of its own, which stands in its panel; it is not the address.`,
    },
    /** What may be wrong with a login, by its kind. */
    hints: {
      refused: () =>
        'Either the password or the user name is wrong. It is the password of the mailbox, not of the hosting panel. Some hosts want the whole address as user name, others only the part before the @.',
      host: () => 'Compare the server name letter by letter with the mail settings in your hosting panel.',
      unreachable: (server: Pick<Found, 'protocol' | 'port'>) =>
        `Check the name and the port (${server.port}). ${server.protocol === 'imap' ? 'IMAP is usually on 993.' : 'POP3 is usually on 995.'} A firewall may be in the way, too.`,
      tls: () =>
        'No encrypted connection could be made, so nothing was sent. Port and encryption belong together: 993 and 995 mean TLS, 143 and 110 STARTTLS.',
      method: () => 'This server takes no passwords in a way that hikyaku knows.',
      later: () => 'This may pass by itself: wait a moment and try again.',
    },
    /** What nobody sees in a password while typing it: asked about at once, and said where it was refused. */
    oddPassword: {
      'full-width': 'The password that you typed holds full-width characters: switch the input method off.',
      blanks: 'The password that you typed begins or ends with a blank. Was it copied along?',
      both: 'The password that you typed holds full-width characters and a blank at its beginning or end: switch the input method off, and copy it without the blank.',
    },
    passwordAsTyped: 'Use it as it was typed',
    caution:
      'Careful: many hosts lock a mailbox for a while after several wrong passwords. Try the password in the host’s web mail first.',
    whatToCorrect: 'What would you like to change?',
    correct: {
      password: 'Type the password again',
      user: 'Another user name',
      server: 'Another server',
      again: 'Nothing, try once more',
    },
  },
  certificate: {
    shown: ({ host, why, names, issuer, until, digest }: CertificateShown): string =>
      [
        why === 'name'
          ? `The security certificate does not belong to ${host}. Your password was not sent.`
          : why === 'time'
            ? `The security certificate of ${host} is out of date (or this computer’s clock is wrong). Your password was not sent.`
            : `Nobody known vouches for the security certificate of ${host}. Your password was not sent.`,
        names.length > 0 ? `  Made out to: ${names.join(', ')}` : '',
        issuer === '' ? '' : `  Issued by:   ${issuer}`,
        until === '' ? '' : `  Good until:  ${until}`,
        `  SHA-256:     ${digest}`,
        why === 'name'
          ? 'With rental servers this is usual: the certificate is in the name of the host’s own server.'
          : 'Somebody could be in between. Ask your hosting company whether this SHA-256 is theirs.',
      ]
        .filter(Boolean)
        .join('\n'),
    question: 'What now?',
    useName: (name: string) => `Use the name in the certificate: ${name}`,
    otherServer: 'Type in another server name',
    pin: 'It is my server: trust exactly this certificate from now on',
  },
  folders: {
    wrong: 'not a list of folders; it looks like INBOX,Junk:spam',
    missing: (names: string, there: string) => `there is no folder ${names}; there are: ${there}`,
    noSpam: 'No spam folder was found; the inbox is pulled.',
    spam: (name: string) =>
      `The host sorts spam into the folder “${name}”. Good mail can be caught there. And now?`,
    spamLabel: 'Host’s spam',
    toSpam: 'Bring it to Gmail’s spam folder (Gmail deletes it after 30 days)',
    toLabel: (label: string) => `Bring it to Gmail under the label “${label}”`,
    leave: 'Leave it at the host',
    wanted: (name: string) =>
      `The host sorts wanted mail into the folder “${name}”, too, such as that of senders whom it does not know. And now?`,
    toInbox: 'Bring it to Gmail’s inbox',
    more: 'More folders to pull? (space marks, Enter goes on)',
    sent: (name: string) => `${name} (mail that you sent: read, under a label of its own, not in the inbox)`,
    sentLabel: 'Sent mail',
  },
  learned: (names: string) =>
    `Your mail shows which lines in it are your hosting company’s (for the authentication results): ${names}. They are kept as receivingServers and authservIds in the configuration, where you can change them.`,
  start,
  rules,
  after: {
    question: 'What becomes of a message at the host once it is safely in Gmail?',
    keep: 'It stays there (safest)',
    deleteAfter: 'It is deleted there after some days',
    delete: 'It is deleted there at once',
    move: 'It is moved to another folder there',
    days: 'After how many days?',
    daysWrong: 'Please type a number of days, like 14.',
    folder: 'Into which folder? (made if it is not there)',
    folderWrong: 'That cannot be the name of a folder.',
    folderPulled: 'Mail is pulled from this folder: choose another one.',
  },
  label: {
    question: 'Label for this mail in Gmail (Enter: none)',
    wrong:
      'Gmail takes no such label. Several are separated by commas; “Sent”, “Drafts” and “Chats” are Gmail’s own.',
    archive: 'Where should the mail appear in Gmail?',
    archiveYes: 'Not in the inbox: archived, under its label',
    archiveNo: 'In the inbox',
  },
  change,
  google,
  oauth,
  way,
  /** `file` undefined: only secrets were stored. */
  saved: (file: string | undefined, vault: string, because: string) =>
    file === undefined
      ? `Saved: the permission, in ${vault} (${because}).`
      : `Saved: ${file}\nPassword and permission are in ${vault} (${because}).`,
  /** Why the vault is where it is: OpenedVault.because. */
  because: {
    asked: 'as you chose',
    kept: 'as before',
    works: 'it works here',
    'key-given': 'a key for it was given',
    'no-bus': 'this session has no keychain',
    'no-service': 'no keychain is running',
  },
  pull: {
    question: 'Bring the first mail to Gmail now?',
    yes: 'Yes',
    no: 'No, later',
    running:
      'hikyaku is running already: restart it so that it knows the new settings (hikyaku service install).',
  },
  service: {
    question: 'Should hikyaku keep watching the mailbox from now on?',
    install: 'Yes, as a service of this computer',
    here: 'Yes, here in this window, until I close it',
    later: 'No, later',
    notInstalled: 'The service could not be set up; everything else is saved.',
    hereNow: 'hikyaku is running. Ctrl+C stops it.',
  },
  /** `setup password`. */
  password: {
    which: 'The password of which mailbox was changed?',
    noMailbox: 'no mailbox is set up yet; `hikyaku setup` does it',
    unknown: (given: string, known: string) => `mailbox ${given}; there are: ${known}`,
    unchanged: 'The password that was kept before was not changed.',
    saved: (mailbox: string, vault: string) =>
      `The new password of ${mailbox} works and is in ${vault}. Nothing else was changed.`,
    goesOn: 'The running hikyaku uses it at once.',
    takesUpLater: 'The next pull uses it.',
  },
  done: 'Done. `hikyaku status` shows how it goes, `hikyaku service install` lets it run for good. When mail arrives well, switch off the old forwarding, or every message comes twice.',
  /** `provider` undefined: it is none of those that are known. */
  replying: (address: string, smtp: PresetServer | undefined, provider: string | undefined) =>
    `To answer from ${address}, use the host’s web mail or a mail program${
      smtp === undefined
        ? ' with the sending server (SMTP) that the host’s panel shows'
        : ` with the sending server (SMTP) ${smtp.host}, port ${smtp.port}, ${smtp.security === 'tls' ? 'TLS' : 'STARTTLS'}`
    }. More: ${provider === undefined ? '' : `\`hikyaku provider ${provider}\` and `}docs/replying.md.`,
  revoke,
}

export type SetupWords = typeof en
