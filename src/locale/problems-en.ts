/** What is wrong with a setting, as it stands behind the setting’s name. */
import type { Expected } from '../base/problem.ts'
import type { ProblemTexts } from './problem-texts.ts'
import { describeReason } from './reasons.ts'

const expected: Readonly<Record<Expected, string>> = {
  boolean: 'must be yes or no',
  host: 'must be a server name such as mail.example.jp, without http:// and without a port',
  port: 'must be a port number from 1 to 65535',
  email: 'must be an e-mail address such as shop@example.jp',
  url: 'must be an address that begins with https:// (http:// only for this computer itself)',
  'web-url': 'must be an address that begins with https:// or http://',
  'ip-address': 'must be an IP address of this computer with a port, such as 127.0.0.1:8737 or [::1]:8737',
  origin: 'must be https:// and a name and nothing behind it, such as https://hikyaku.example.jp',
  'authserv-ids':
    'must be server names with commas, each with what it writes where that is known, such as mx.example.jp:spf+dkim+dmarc',
  'dns-servers': 'must be IP addresses with commas, each with a port where it is not 53',
  sha256: 'must be a SHA-256 fingerprint: 64 hexadecimal digits, colons allowed',
  'after-import': 'must be keep, delete, delete-after:14d (a number and h, d or w) or move:FOLDER',
  'start-from': 'must be all, new or a date such as 2026-04-01',
  schedule: 'must be a cron expression of 5 or 6 fields, such as "*/5 * * * *" for every 5 minutes',
  folders:
    'must be folder names with commas between them, such as INBOX,Junk:spam,Orders:label=Orders; a name with a comma, colon or quotation mark stands in quotation marks',
  text: 'must be text; digits alone stand in quotation marks',
  list: 'must be a list',
  mapping: 'must be names with values',
  language: 'must be en or ja',
  tenant: 'must be the ID or a domain of a tenant, or consumers, organizations or common',
  'own-tenant':
    'must be the ID or a domain of your own tenant: an app has access by itself in one tenant only',
  scopes: 'must be scopes with blanks between them',
  'listen-address': 'must be an address of this computer with a port, such as 127.0.0.1:9464 or [::1]:9464',
  'address-pattern':
    'must be an address (info@example.jp), one with stars (sales-*@example.jp), a domain (@example.jp), a domain with those below it (@.example.jp), a name at any domain (info@) or "*"',
  'list-pattern':
    'must be what a list writes as List-Id, such as news.example.jp; * stands for any characters',
  'header-pattern':
    'must be a field’s name, a colon, and the text that it holds, in quotation marks: "X-Spam-Flag: YES"',
  'flag-pattern': 'must be seen, unseen, flagged, answered, junk or a keyword that begins with $',
  octets: 'must be a size such as 20 MB or 500 kB',
  'worker-name': 'must be a name of letters, digits and . _ @ - (at most 128)',
  label:
    'must be Gmail label names with commas between them, each at most 225 characters; DRAFT, SENT and CHAT are Gmail’s own, and TRASH is its bin, whose mail it deletes after 30 days',
}

export const en: ProblemTexts = {
  missing: p => `is missing. Example: ${p.example}`,
  'missing-secret': p =>
    `is missing. Set it (or ${p.variable}_FILE with the path of a file that holds it), or run \`hikyaku setup\` to store it as ${p.vaultName}`,
  expected: p => expected[p.what],
  'one-of': p => `must be one of: ${p.values.join(', ')}`,
  number: p => `must be a whole number from ${p.least} to ${p.most}`,
  unknown: p =>
    p.suggestion === undefined
      ? 'is not a setting of hikyaku. Remove it'
      : `is not a setting of hikyaku. Did you mean ${p.suggestion}?`,
  'not-loopback': () =>
    'must be tls or starttls: without encryption the password could be read on the way (none is for this computer itself only)',
  'move-needs-imap': () => 'can be move:FOLDER only with IMAP: POP3 has no folders',
  'move-into-pulled': p => `moves mail into ${p.folder}, which is itself pulled. Choose a folder that is not`,
  'folders-need-imap': () => 'can name other folders than INBOX only with IMAP: POP3 shows the inbox alone',
  'mail-loop': p =>
    `is a mailbox whose mail comes back to itself by way of ${p.account}: each round would be new mail. Pull another mailbox, or into another Gmail account`,
  'mail-loop-unknown': () =>
    'is a mailbox at Google, so the Gmail account that its mail goes to must be named: set GMAIL_ACCOUNT (in YAML the account’s address), to be sure that it is another one',
  twice: p => `stands twice: ${p.what}. Each may be there once`,
  'no-such-account': p => `must name one of the accounts: ${p.accounts.join(', ') || '(there are none)'}`,
  'tenant-without-account': p =>
    `is needed: the tenant ${p.tenant} has no Gmail account yet. Add it first, with \`hikyaku fleet add --tenant ${p.tenant} --gmail-account ADDRESS\` and its key or client file`,
  both: p => `and ${p.other} are both set. Remove one of them`,
  'two-sources': p =>
    `is set, but the mailboxes stand in ${p.file}. Move it there, or leave HIKYAKU_CONFIG empty`,
  'subject-needed': () => 'must be the Gmail address whose mail the service account may put in',
  'address-needed': () => 'must be the Gmail address that the app password belongs to',
  'secret-in-yaml': p =>
    `does not belong in this file. Use ${p.instead} with the path of a file that holds it${p.vaultName === undefined ? '' : `, or run \`hikyaku setup\` to store it as ${p.vaultName}`}`,
  'secret-apart': () =>
    'is no setting of a fleet: give the secret itself beside the settings, and it is kept sealed',
  'secret-not-given': () => 'is missing: give it beside the settings, and it is kept sealed',
  file: p => `names a file that cannot be read: ${p.file} (${describeReason(p.reason, 'en')})`,
  'foreign-file': p =>
    `is not used, because it belongs to another user, who could send your passwords anywhere with it: ${p.file}. Go to another folder, or make the file your own`,
  'writable-file': p =>
    `is not used, because other users of this computer can write it: ${p.file}. If you wrote what it says, run: ${p.command}`,
  'dot-env-ignored': p => `is not read: the configuration is ${p.file}`,
  'process-only': p =>
    `is only for tests, and is taken from the environment of the process alone (${p.variable ?? p.at}), never from a file. Remove it here`,
  'endpoint-elsewhere': () =>
    'is only for tests, and must be an address of this computer itself, such as http://127.0.0.1:8080',
  'not-pem': p =>
    `names a file without a readable certificate in PEM form (-----BEGIN CERTIFICATE-----): ${p.file}`,
  'not-a-key-file': p => `names a file that is not the JSON key of a Google service account: ${p.file}`,
  'open-to-others': p =>
    `can be reached by other computers, which needs encryption. Give a number of this computer itself, such as 127.0.0.1:8737; or ${p.ways.join(' and ')}; or the name that a reverse proxy with TLS has for it, by ${p.origin}`,
  needs: p => `needs ${p.other} beside it`,
  'not-a-private-key': p =>
    `names a file without a private key in PEM form that needs no password (-----BEGIN PRIVATE KEY-----): ${p.file}`,
  'key-of-another': p => `names the key of another certificate than ${p.certificate}`,
  'nameless-certificate': p =>
    `names a certificate for no single name or address. Say by ${p.other} how browsers reach the page`,
  'open-file': p => `names a file that other users of this computer can read. Run: ${p.command}`,
  hash: () =>
    "contains #, and everything after it would be cut off. Put the value in single quotation marks: NAME='...'",
  unclosed: () => 'begins with a quotation mark that is not closed in its line',
  'no-home': () =>
    'must be set to an absolute path, since the user that runs hikyaku has no home folder here',
  'empty-file': p => `names an empty file: ${p.file}`,
  'too-many': p => `holds too much: at most ${p.most}`,
  'rule-without-condition': () =>
    'asks nothing of the mail. Give it a condition (recipient, sender, list, folder, flags, larger, smaller, header), or write everything: yes',
  'rule-of-everything': () => 'stands alone: a rule for every message has no other condition',
  'rule-leaves': p =>
    `means nothing beside import: no, since that mail stays at the source. Remove ${p.other} or import`,
  'rule-never': p => `is never reached: ${p.by} above takes all that it would. Move it up, or remove it`,
  'rule-needs-imap': () => 'never matches: POP3 has no flags, and no folder but INBOX',
  'rule-folder': p => `never matches: the folder ${p.folder} is not pulled. Add it to folders`,
  yaml: p => `is not valid YAML at line ${p.line}, column ${p.column}: ${p.reason}`,
}
