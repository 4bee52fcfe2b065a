/**
 * What mail hosts are known to say: greetings, capabilities, folders, and how they refuse a login. Each line was shown by
 * somebody in public; nothing here is from the hosts' own promises. What is not known is not here.
 */
import type { FaultCode } from '../../src/base/fault.ts'
import type { FolderUse } from '../../src/setup/folders.ts'

export interface Dialogue {
  /** Id of the preset. */
  readonly host: string
  /** An address there, and the user name that the host takes for it. */
  readonly address: string
  readonly user: string
  /** As announced, before and after the login; undefined: not known. */
  readonly greeting?: string
  readonly capabilities?: string
  readonly afterLogin?: string
  /** Name, attributes of LIST, and what the folder is for. */
  readonly folders?: readonly (readonly [name: string, attributes: string, use: FolderUse])[]
  /** Words of a refusal, and what they are. */
  readonly refusals: readonly (readonly [protocol: 'imap' | 'pop3', words: string, code: FaultCode])[]
  readonly pages: readonly string[]
}

export const dialogues: readonly Dialogue[] = [
  {
    host: 'icloud',
    address: 'taro@icloud.com',
    user: 'taro',
    greeting:
      '* OK [CAPABILITY XAPPLEPUSHSERVICE IMAP4 IMAP4rev1 SASL-IR AUTH=ATOKEN AUTH=PLAIN] (2109B29-d3afe4d5aba6) pv33p00im-iscream021.me.com',
    capabilities: 'XAPPLEPUSHSERVICE IMAP4 IMAP4rev1 SASL-IR AUTH=ATOKEN AUTH=PLAIN',
    afterLogin:
      'XAPPLEPUSHSERVICE IMAP4 IMAP4rev1 CONDSTORE ENABLE QRESYNC QUOTA NAMESPACE UIDPLUS CHILDREN BINARY UNSELECT SORT CATENATE URLAUTH LANGUAGE ESEARCH ESORT THREAD=ORDEREDSUBJECT THREAD=REFERENCES CONTEXT=SEARCH CONTEXT=SORT WITHIN SASL-IR SEARCHRES METADATA ID XMSEARCH X-SUN-SORT ANNOTATE-EXPERIMENT-1 X-UNAUTHENTICATE X-SUN-IMAP XUM1 MULTISEARCH IDLE LIST-STATUS',
    folders: [
      ['INBOX', '\\Noinferiors', 'inbox'],
      ['Archive', '', 'other'],
      ['Deleted Messages', '', 'trash'],
      ['Sent Messages', '', 'sent'],
      ['Junk', '', 'spam'],
      ['Drafts', '', 'drafts'],
    ],
    refusals: [
      ['imap', 'NO [AUTHENTICATIONFAILED] Authentication failed', 'source.login-refused'],
      ['imap', 'NO [AUTHENTICATIONFAILED] Authentication Failed', 'source.login-refused'],
      ['imap', 'BAD [UNAVAILABLE] Service temporarily unavailable', 'source.limited'],
    ],
    pages: [
      'https://github.com/nextcloud/mail/issues/3401',
      'https://github.com/lefcha/imapfilter/issues/125',
      'https://github.com/MailCore/mailcore2/pull/1642',
    ],
  },
  {
    host: 'yahoo',
    address: 'taro@yahoo.com',
    user: 'taro@yahoo.com',
    greeting:
      '* OK [CAPABILITY IMAP4rev1 ID MOVE NAMESPACE X-ID-ACLID UIDPLUS LITERAL+ CHILDREN XAPPLEPUSHSERVICE XYMHIGHESTMODSEQ AUTH=PLAIN AUTH=LOGIN AUTH=XOAUTH2 AUTH=XYMCOOKIE AUTH=XYMECOOKIE AUTH=XYMCOOKIEB64 AUTH=XYMPKI] IMAP4rev1 imapgate-1.8.1_01.20166',
    capabilities:
      'IMAP4rev1 ID MOVE NAMESPACE X-ID-ACLID UIDPLUS LITERAL+ CHILDREN XAPPLEPUSHSERVICE XYMHIGHESTMODSEQ AUTH=PLAIN AUTH=LOGIN AUTH=XOAUTH2 AUTH=XYMCOOKIE AUTH=XYMECOOKIE AUTH=XYMCOOKIEB64 AUTH=XYMPKI',
    afterLogin: 'IMAP4rev1 ID NAMESPACE X-ID-ACLID UIDPLUS LITERAL+ XAPPLEPUSHSERVICE XYMHIGHESTMODSEQ',
    folders: [
      ['Bulk Mail', '\\HasNoChildren', 'spam'],
      ['Draft', '\\HasNoChildren', 'drafts'],
      ['Sent', '\\HasNoChildren', 'sent'],
      ['Notes', '\\HasNoChildren', 'other'],
    ],
    refusals: [
      ['imap', 'NO [AUTHENTICATIONFAILED] LOGIN Invalid credentials', 'source.login-refused'],
      ['imap', 'NO [AUTHENTICATIONFAILED] AUTHENTICATE Invalid credentials', 'source.login-refused'],
      [
        'imap',
        'NO [AUTHENTICATIONFAILED] (#MBR1212) Incorrect username or password.',
        'source.login-refused',
      ],
    ],
    pages: [
      'https://github.com/jstedfast/MailKit/issues/242',
      'https://github.com/RainLoop/rainloop-webmail/issues/1354',
      'https://github.com/OfflineIMAP/offlineimap/issues/688',
    ],
  },
  {
    host: 'zoho-com-own',
    address: 'info@example.org',
    user: 'info@example.org',
    greeting: '* OK svwall.zoho.com IMAP4 Server (Zoho Mail IMAP4rev1 Server version 1.0)',
    capabilities:
      'IMAP4rev1 UNSELECT CHILDREN XLIST NAMESPACE IDLE MOVE ID AUTH=PLAIN SASL-IR UIDPLUS ESEARCH LIST-EXTENDED LIST-STATUS WITHIN COMPRESS=DEFLATE LITERAL- ACL',
    // No SPECIAL-USE, and yet the attributes come with LIST.
    folders: [
      ['Spam', '\\HasNoChildren \\Junk', 'spam'],
      ['Sent', '\\HasNoChildren \\Sent', 'sent'],
    ],
    refusals: [['imap', 'NO [AUTHENTICATIONFAILED] Invalid credentials(Failure)', 'source.login-refused']],
    pages: [
      'https://github.com/Foundry376/Mailspring/issues/1334',
      'https://github.com/mjs/imapclient/issues/517',
    ],
  },
  {
    host: 'fastmail',
    address: 'taro@fastmail.com',
    user: 'taro@fastmail.com',
    greeting: '* OK IMAP4 ready',
    capabilities:
      'IMAP4 IMAP4rev1 LITERAL+ ENABLE UIDPLUS SASL-IR NAMESPACE CONDSTORE SORT LIST-EXTENDED QRESYNC MOVE SPECIAL-USE CREATE-SPECIAL-USE IDLE AUTH=PLAIN',
    refusals: [['imap', 'NO Incorrect username or password.', 'source.login-refused']],
    pages: ['https://github.com/Foundry376/Mailspring/issues/2217'],
  },
  {
    host: 'gmx',
    address: 'taro@gmx.de',
    user: 'taro@gmx.de',
    folders: [
      ['Spamverdacht', '', 'spam'],
      ['Gesendet', '', 'sent'],
    ],
    // The same words whether the password is wrong or POP3 and IMAP are off, which they are again after some months unused.
    refusals: [
      ['pop3', '-ERR authentication failed', 'source.login-refused'],
      ['imap', 'NO authentication failed', 'source.login-refused'],
    ],
    pages: [
      'https://github.com/jens-maus/yam/issues/638',
      'https://github.com/thunderbird/thunderbird-android/issues/5780',
    ],
  },
  {
    host: 'microsoft',
    address: 'info@contoso.example',
    user: 'info@contoso.example',
    greeting: '* OK The Microsoft Exchange IMAP4 service is ready. [RgBSADMAUAAyADgAMQBDAEEA]',
    capabilities:
      'IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR UIDPLUS MOVE ID UNSELECT CHILDREN IDLE NAMESPACE LITERAL+',
    afterLogin:
      'IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR UIDPLUS MOVE ID UNSELECT CLIENTACCESSRULES CLIENTNETWORKPRESENCELOCATION BACKENDAUTHENTICATE CHILDREN IDLE NAMESPACE LITERAL+',
    // No SPECIAL-USE.
    folders: [
      ['Junk Email', '\\HasNoChildren', 'spam'],
      ['Sent Items', '\\HasNoChildren', 'sent'],
      ['Deleted Items', '\\HasNoChildren', 'trash'],
      ['Drafts', '\\HasNoChildren', 'drafts'],
    ],
    refusals: [
      ['imap', 'NO LOGIN failed.', 'source.login-refused'],
      ['imap', 'NO AUTHENTICATE failed.', 'source.login-refused'],
    ],
    pages: [
      'https://github.com/huacnlee/omamail/pull/90',
      'https://github.com/jstedfast/MailKit/issues/1494',
    ],
  },
]
