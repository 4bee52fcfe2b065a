/** The way to the source mailbox, the login there, and the mailbox itself. */
import type { FaultTexts } from '../fault-texts.ts'
import { describeReason } from '../reasons.ts'
import {
  advice,
  because,
  byItself,
  changePassword,
  during,
  isLoggedIn,
  nextTry,
  refusedWith,
  Server,
  said,
  server,
  stopped,
  text,
  waits,
} from './phrases-en.ts'

export const en: FaultTexts<'source'> = {
  // The way to the source mailbox
  'source.unknown-host': f =>
    text(
      `The server name ${f.or('host', 'in the settings')} cannot be found${because(f)}.`,
      waits,
      `Check that this computer is on the internet. If it is, compare ${f.setting('MAIL_HOST')} letter by letter with the mail settings page of your hosting company.`,
    ),
  'source.unreachable': f =>
    text(
      `${Server(f)} does not accept a connection${because(f)}.`,
      waits,
      `${byItself} If it lasts longer than an hour, check ${f.setting('MAIL_HOST')} and ${f.setting('MAIL_PORT')}, and whether your hosting company reports trouble or has blocked this address.`,
    ),
  'source.timeout': f =>
    text(
      `${Server(f)} did not answer in time${during(f)}.`,
      waits,
      `${byItself} If it keeps happening, your hosting company may be overloaded; ask its support.`,
    ),
  'source.connection-lost': f =>
    text(
      `The connection to ${server(f)} broke${during(f)}${because(f)}.${said(f)}`,
      `${waits} A message that was only half retrieved is thrown away here and retrieved again.`,
      byItself,
    ),
  'source.tls-name': f =>
    text(
      `The security certificate of ${server(f)} is made out to another name${f.with('names', names => `: ${names}`)}.`,
      `${stopped} Your password was not sent.`,
      `Use the server name from your hosting company’s mail settings page (often its own name, not your domain) as ${f.setting('MAIL_HOST')}. Or, after you have made sure that it is the right server, pin the certificate with ${f.setting('MAIL_CERT_SHA256')}; \`hikyaku doctor\` shows the value.`,
    ),
  'source.tls-expired': f =>
    text(
      `The security certificate of ${server(f)} has expired or is not valid yet${f.with('until', until => ` (valid until ${until})`)}.`,
      `${stopped} Your password was not sent.`,
      'Check the date and time of this computer. If they are right, ask your hosting company to renew the certificate.',
    ),
  'source.tls-untrusted': f =>
    text(
      `The security certificate of ${server(f)} was not issued by an authority that this computer trusts${because(f)}.`,
      `${stopped} Your password was not sent.`,
      `If the server is your own, name its certificate authority in ${f.setting('MAIL_CA_FILE')} or pin the certificate with ${f.setting('MAIL_CERT_SHA256')}; \`hikyaku doctor\` shows the value. Otherwise ask your hosting company: someone may be listening in.`,
    ),
  'source.tls-too-old': f =>
    text(
      `${Server(f)} speaks only TLS 1.1 or older, which is not safe any more${because(f)}.`,
      `${stopped} Your password was not sent.`,
      'Ask your hosting company to switch on TLS 1.2 or 1.3, or for the name of a newer mail server; many have one. hikyaku never goes below TLS 1.2.',
    ),
  'source.tls-weak-key': f =>
    text(
      `The encryption key of ${server(f)} is too short to be safe${because(f)}.`,
      `${stopped} Your password was not sent.`,
      'Ask your hosting company for a certificate with a key of 2048 bits or more (and as large a Diffie-Hellman group), or for the name of a newer mail server.',
    ),
  'source.tls-weak-signature': f =>
    text(
      `The certificate of ${server(f)} is signed in an old way (SHA-1 or MD5) that can be forged${because(f)}.`,
      `${stopped} Your password was not sent.`,
      'Ask your hosting company for a certificate with a SHA-256 signature, or for the name of a newer mail server.',
    ),
  'source.tls-clear-text': f =>
    text(
      `${Server(f)} does not speak TLS from the first octet on this port${because(f)}.${said(f)}`,
      `${stopped} Your password was not sent.`,
      `Set ${f.setting('MAIL_SECURITY', 'starttls')} if this is port 143 or 110. Otherwise set ${f.setting('MAIL_PORT')} to 993 for IMAP or 995 for POP3.`,
    ),
  'source.tls-failed': f =>
    text(
      `No secure connection to ${server(f)} could be set up${because(f)}.`,
      `${waits} Your password was not sent.`,
      `${byItself} If it never works, compare ${f.setting('MAIL_PORT')} and ${f.setting('MAIL_SECURITY')} with your hosting company’s settings page (usually 993 for IMAP or 995 for POP3, with tls).`,
    ),
  'source.tls-not-offered': f =>
    text(
      `${Server(f)} does not offer encryption on this port, so hikyaku did not log in.${said(f)}`,
      `${stopped} Your password was not sent.`,
      `Set ${f.setting('MAIL_SECURITY', 'tls')}, with ${f.setting('MAIL_PORT')} 993 for IMAP or 995 for POP3.`,
    ),
  'source.tls-injection': f =>
    text(
      `${Server(f)} sent text before the connection was secure. This can be an attack on the line.`,
      `${waits} Your password was not sent.`,
      `Set ${f.setting('MAIL_SECURITY', 'tls')} if your hosting company offers it. If it happens on a network that is not yours, use another one.`,
    ),
  'source.protocol': f =>
    text(
      `${Server(f)} answered something that hikyaku does not understand${during(f)}.${said(f)}`,
      waits,
      `${byItself} ${isLoggedIn(f) ? 'If it lasts, ask your hosting company and show it these words.' : `If it never works, check ${f.setting('MAIL_PROTOCOL')} and ${f.setting('MAIL_PORT')}: 993 and 143 are IMAP, 995 and 110 are POP3.`}`,
    ),
  'source.other-service': f =>
    text(
      `${Server(f)} is not the mail service that ${f.setting('MAIL_PROTOCOL')} names: ${f.with('service', service => describeReason(service, 'en')) || 'another service answers on this port'}.${said(f)}`,
      `${stopped} Your password was not sent.`,
      `${f.get('service') === 'service-tls' ? `Set ${f.setting('MAIL_SECURITY', 'tls')}, or correct` : 'Correct'} ${f.setting('MAIL_HOST')}, ${f.setting('MAIL_PORT')}, ${f.setting('MAIL_PROTOCOL')} or ${f.setting('MAIL_SECURITY')}: IMAP is port 993 (tls) or 143 (starttls), POP3 is 995 (tls) or 110 (starttls).`,
    ),
  'source.not-connected': f =>
    text(
      `${Server(f)} took the login, but does not reach the mailbox behind it.${said(f)}`,
      waits,
      `${byItself} If it lasts, ask your hosting company: the server that keeps this mailbox may be down, or the mailbox may have no licence, or IMAP and POP3 may be switched off for it.${f.with('oauth', () => ` It is so, too, where somebody signed in with another account than ${f.with('user', user => user) || 'that of the mailbox'}: then run \`hikyaku setup password\`.`)}`,
    ),
  'source.line-ends': f =>
    text(
      `${Server(f)} ends its lines now in one way and now in another${during(f)}, so the end of a message cannot be told from its text.`,
      waits,
      `${byItself} Show this to your hosting company (RFC 1939 asks for CR LF at every line), or set ${f.setting('MAIL_PROTOCOL', 'imap')} if it offers IMAP.`,
    ),
  'source.over-budget': f =>
    text(
      `${Server(f)} sent far more than it was asked for${during(f)}. hikyaku closed the connection.`,
      waits,
      `${byItself} If it keeps happening, ask your hosting company: the server is broken or not the one it should be.`,
    ),
  // The login there
  'source.login-refused': f =>
    text(
      `${Server(f)} refused the user name or the password${f.with('user', user => ` of ${user}`)}.${said(f)}`,
      `${stopped} To avoid a block by the server, hikyaku tries this password only rarely now.${nextTry(f)}`,
      `${advice(f)}Check the user name (some companies want the full address, some only a part of it) and give the password again: ${changePassword(f)}run \`hikyaku setup password\`.`,
    ),
  'source.login-doubtful': f =>
    text(
      `${Server(f)} now refuses the login${f.with('user', user => ` of ${user}`)} that it took before.${said(f)}`,
      `${waits} To avoid a block by the server, hikyaku tries it only rarely now.${nextTry(f)}`,
      `${advice(f)}There are two causes. If the password was changed at the host, give the new one: ${changePassword(f)}run \`hikyaku setup password\`. If there were too many logins, by hikyaku or another mail program, there is nothing to do: hikyaku tries again by itself.`,
    ),
  'source.token-refused': f =>
    text(
      `${Server(f)} does not take the sign-in (OAuth 2.0)${f.with('user', user => ` for ${user}`)}.${said(f)}${refusedWith(f)}`,
      `${stopped} To avoid a block by the server, hikyaku tries this only rarely now.${nextTry(f)}`,
      `${advice(f)}Check that ${f.with('user', user => user) || 'the user name'} is the mailbox that was signed in to, and that the provider allows IMAP or POP3 for it (at Microsoft 365 and Google Workspace an administrator decides that). Then sign in again: run \`hikyaku setup password\`.`,
    ),
  'source.login-limited': f =>
    text(
      `${Server(f)} refuses the login for now, probably because of too many logins${f.with('seconds', s => `; it asks for ${s} seconds of patience`)}.${said(f)}`,
      `${waits}${nextTry(f)}`,
      `${byItself} It logs in less often meanwhile. If it keeps happening, choose a slower ${f.setting('SCHEDULE')} and close other mail programs that use this mailbox.`,
    ),
  'source.login-capped': f =>
    text(
      `hikyaku does not log in to ${server(f)} for now: ${f.or('count', 'several')} logins were refused within an hour, and hosts ban those who go on.${said(f)}`,
      `${waits}${nextTry(f)}`,
      f.with(
        'oauth',
        () =>
          'Nothing, if the sign-in (OAuth 2.0) is good: hikyaku tries again by itself. If it is not, run `hikyaku setup password` after that pause and sign in again.',
      ) ||
        `Nothing, if the password is right: hikyaku tries again by itself. If it was changed at the host, ${changePassword(f, ' now,')}run \`hikyaku setup password\` after that pause.`,
    ),
  'source.login-delay': f =>
    text(
      f.with(
        'mostOfMailbox',
        most =>
          `The host of ${server(f)} takes only ${most === '1' ? 'one login' : `${most} logins`} within ${f.or('minutes', '60')} minutes, and hikyaku keeps to that.`,
      ) ||
        f.with(
          'mostOfAddress',
          most =>
            `The host of ${server(f)} takes only ${most} logins within ${f.or('minutes', '60')} minutes from one address, all mailboxes together, and hikyaku keeps below that.`,
        ) ||
        f.with(
          'mostOfFleet',
          most =>
            `The workers of the fleet make at most ${most} logins a minute at ${server(f)}, and other mailboxes there come first.`,
        ) ||
        `${Server(f)} wants ${f.with('seconds', s => `${s} seconds`) || 'some time'} between two logins.${said(f)}`,
      `${waits}${nextTry(f)}`,
      `${byItself} Other mail programs that use this mailbox make it wait, too.`,
    ),
  'source.login-method': f =>
    text(
      `${Server(f)} does not allow any way to log in that hikyaku knows.${said(f)}`,
      stopped,
      f.with(
        'oauthOnly',
        name =>
          `${name} takes only its own sign-in (OAuth 2.0), which hikyaku does not offer yet. Nothing can be set up for this mailbox until it does.`,
      ) ||
        f.with(
          'starttls',
          () =>
            `It takes logins only on an encrypted connection: set ${f.setting('MAIL_SECURITY', 'starttls')}.`,
        ) ||
        f.with(
          'oauth',
          () =>
            `This mailbox is set up with a sign-in (OAuth 2.0), which this server does not offer or does not allow for it. Check ${f.setting('MAIL_HOST')}, and whether the provider allows IMAP or POP3 for the mailbox. Where the server takes passwords, run \`hikyaku setup\` and choose the password.`,
        ) ||
        `Check in your hosting company’s panel that POP3 or IMAP with a password is switched on for this mailbox. Some providers want an app password. Where ${f.setting('MAIL_SECURITY', 'none')} is set, set ${f.setting('MAIL_SECURITY', 'starttls')} or tls.`,
    ),
  'source.busy': f =>
    text(
      `The mailbox is in use by another mail program at the moment.${said(f)}`,
      waits,
      `${byItself} If it lasts, close the other mail program, or let it use IMAP.`,
    ),
  'source.limited': f =>
    text(
      `${Server(f)} has reached a limit for this mailbox (connections, traffic or time).${said(f)}`,
      waits,
      `${byItself} If it keeps happening, close other mail programs that use this mailbox or choose a slower ${f.setting('SCHEDULE')}.`,
    ),
  'source.server-temporary': f =>
    text(`${Server(f)} reports a passing trouble of its own.${said(f)}`, waits, byItself),
  'source.server-permanent': f =>
    text(
      `${Server(f)} reports a trouble that does not pass by itself.${said(f)}`,
      stopped,
      'Read the server’s words above and ask your hosting company; the mailbox may be full, suspended or moved.',
    ),
  // The mailbox
  'source.folder-missing': f =>
    text(
      `The folder ${f.or('folder', 'in the settings')} does not exist in the source mailbox, or cannot be opened.${said(f)}${f.with('folders', all => ` There are: ${all}.`)}`,
      'No mail is lost. The other folders go on.',
      `Correct the name in ${f.setting('MAIL_FOLDERS')} (or ${f.setting('AFTER_IMPORT')}), exactly as the server spells it; \`hikyaku doctor\` lists the folders.`,
    ),
  'source.listing-unclear': f =>
    text(
      `${Server(f)} gave a list of messages${f.with('folder', folder => ` in ${folder}`)} that hikyaku does not fully understand${because(f)}.${said(f)}`,
      'No mail is lost. What is understood goes on being imported. Until a list is clear nothing counts as gone, and nothing is deleted or moved there.',
      `${byItself} If it lasts, show the words above to your hosting company: the index of this mailbox may be damaged.`,
    ),
  'source.identity-unsafe': f =>
    text(
      `${Server(f)} has given its messages new numbers${f.with('folder', folder => ` in ${folder}`)}, so hikyaku must first recognise what it knows already.`,
      'No mail is lost and none is imported twice: each message is compared by its content. Nothing is deleted on the source until this is done.',
      'Nothing: hikyaku does it by itself. It takes longer than usual once.',
    ),
  'source.read-only': f =>
    text(
      `The source mailbox does not carry out deletions or moves${f.with('messages', n => ` of ${n} messages`)}${f.with('folder', folder => ` (folder ${folder})`)}.${said(f)}`,
      'The mail is in Gmail. It stays in the source mailbox as well, and is not imported again.',
      `If the source mailbox fills up, delete old mail there yourself, or set ${f.setting('AFTER_IMPORT', 'keep')} to stop this message.`,
    ),
  'source.cannot-settle': f =>
    text(
      `${Server(f)} cannot delete or move single messages safely${because(f)}.${said(f)}`,
      'The mail is in Gmail. It stays in the source mailbox as well, because deleting it this way could remove other mail too.',
      `Set ${f.setting('AFTER_IMPORT', 'keep')}, or ${f.setting('MAIL_PROTOCOL', 'pop3')} if the mail is to be deleted.`,
    ),
  'source.target-refused': f =>
    text(
      `${Server(f)} does not let the folder ${f.or('target', '?')} be made.${said(f)}`,
      'The mail is in Gmail. It stays in the source mailbox as well, and new mail goes on as usual.',
      `Name a folder that is possible there in ${f.setting('AFTER_IMPORT', 'move:…')}${f.with('possible', names => ` (${names})`)}, make it there yourself, or set ${f.setting('AFTER_IMPORT', 'keep')}.`,
    ),
  'source.settle-failed': f =>
    text(
      `${Server(f)} did not delete or move${f.with('messages', n => ` ${n} of the`)} imported mail${f.with('folder', folder => ` (folder ${folder})`)}${because(f)}.${said(f)}`,
      'The mail is in Gmail. It stays in the source mailbox as well, and new mail goes on as usual.',
      `hikyaku tries again by itself, after some minutes and then after hours. If it lasts, set ${f.setting('AFTER_IMPORT', 'keep')}, or ask your host what is wrong.`,
    ),
  'source.left-there': f =>
    text(
      `${f.or('messages', '?')} imported messages are never deleted or moved at the source by hikyaku.${[
        f.or('short', '0') === '0' ? '' : `${f.or('short', '')} came shorter than the server announces`,
        f.or('others', '0') === '0'
          ? ''
          : `of ${f.or('others', '')} Gmail has another one with the same Message-ID`,
      ]
        .filter(reason => reason !== '')
        .join('; ')}.`,
      'No mail is lost: the source may hold the only whole copy of them, so they stay there. All other mail goes on as usual.',
      '`hikyaku compare` shows what is in Gmail. Delete them at the source yourself once you are content with what is in Gmail.',
    ),
}
