/** Every fault in plain English: for the owner of a shop, not for the administrator of a mail server. */
import type { FaultCode } from '../base/fault.ts'
import type { Facts, FaultText } from './facts.ts'
import { makeFormat } from './format.ts'
import { phaseText, reasonText } from './reasons.ts'

const text = (what: string, mail: string, next: string): FaultText => ({ what, mail, next })

const waits = 'No mail is lost: it waits in the source mailbox until this works again.'
const stays = 'The message stays in the source mailbox. All other mail goes on as usual.'
const stopped = 'No mail is lost: new mail waits in the source mailbox, and nothing there is deleted.'
const byItself = 'Nothing for now: hikyaku tries again by itself.'

const server = (f: Facts): string =>
  f.server === undefined ? 'the mail server' : `the mail server ${f.server}`
const Server = (f: Facts): string =>
  f.server === undefined ? 'The mail server' : `The mail server ${f.server}`
const said = (f: Facts): string => f.with('words', words => ` It said: “${words}”.`)
const google = (f: Facts): string => f.with('words', words => ` Google said: “${words}”.`)
const because = (f: Facts): string => f.with('reason', reason => ` (${reasonText(reason, 'en')})`)
const during = (f: Facts): string => f.with('phase', phase => ` (while ${phaseText(phase, 'en')})`)
/** Whether it happened after a good login: then protocol, port and password are right. */
const isLoggedIn = (f: Facts): boolean =>
  /^(folders|select|list|peek|retrieve|settle|quit|logout|watch|idle|command)$/.test(f.or('phase', ''))
/** Where a secret is: its file, or the thing that keeps it. */
const place = (f: Facts): string => {
  const found = f.get('file') ?? f.get('what')
  return found === undefined ? '' : `: ${reasonText(found, 'en')}`
}
const account = (f: Facts): string => f.or('account', 'the Gmail account')

const format = makeFormat('en')
/** When the next login is tried. */
const nextTry = (f: Facts): string =>
  f.with(
    'nextTryAtMs',
    atMs =>
      ` The next try comes ${f.with('waitMs', ms => `${format.span(Number(ms))} after this one, `)}at ${format.instant(Number(atMs))}.`,
  )
/** What the server's words point to. */
const advice = (f: Facts): string => {
  const words = f.or('words', '')
  if (/app(lication)?[- ]?(specific )?pass/i.test(words))
    return 'The server wants an app password: make one in the security settings of the mail account. '
  if (/browser|web ?log|web ?sign/i.test(words))
    return 'The server wants you to log in once with a web browser: do that, and confirm that it was you. '
  return ''
}

export const enFaults: Readonly<Record<FaultCode, (f: Facts) => FaultText>> = {
  // The way to the source mailbox
  'source.unknown-host': f =>
    text(
      `The server name ${f.or('host', 'in the settings')} cannot be found${because(f)}.`,
      waits,
      'Check that this computer is on the internet. If it is, compare MAIL_HOST letter by letter with the mail settings page of your hosting company.',
    ),
  'source.unreachable': f =>
    text(
      `${Server(f)} does not accept a connection${because(f)}.`,
      waits,
      `${byItself} If it lasts longer than an hour, check MAIL_HOST and MAIL_PORT, and whether your hosting company reports trouble or has blocked this address.`,
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
      'Use the server name from your hosting company’s mail settings page (often its own name, not your domain) as MAIL_HOST. Or, after you have made sure that it is the right server, pin the certificate with MAIL_CERT_SHA256; `hikyaku doctor` shows the value.',
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
      'If the server is your own, name its certificate authority in MAIL_CA_FILE or pin the certificate with MAIL_CERT_SHA256; `hikyaku doctor` shows the value. Otherwise ask your hosting company: someone may be listening in.',
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
      'Set MAIL_SECURITY=starttls if this is port 143 or 110. Otherwise set MAIL_PORT to 993 for IMAP or 995 for POP3.',
    ),
  'source.tls-failed': f =>
    text(
      `No secure connection to ${server(f)} could be set up${because(f)}.`,
      `${waits} Your password was not sent.`,
      `${byItself} If it never works, compare MAIL_PORT and MAIL_SECURITY with your hosting company’s settings page (usually 993 for IMAP or 995 for POP3, with tls).`,
    ),
  'source.tls-not-offered': f =>
    text(
      `${Server(f)} does not offer encryption on this port, so hikyaku did not log in.${said(f)}`,
      `${stopped} Your password was not sent.`,
      'Set MAIL_SECURITY=tls, with MAIL_PORT 993 for IMAP or 995 for POP3.',
    ),
  'source.tls-injection': f =>
    text(
      `${Server(f)} sent text before the connection was secure. This can be an attack on the line.`,
      `${waits} Your password was not sent.`,
      'Set MAIL_SECURITY=tls if your hosting company offers it. If it happens on a network that is not yours, use another one.',
    ),
  'source.protocol': f =>
    text(
      `${Server(f)} answered something that hikyaku does not understand${during(f)}.${said(f)}`,
      waits,
      `${byItself} ${isLoggedIn(f) ? 'If it lasts, ask your hosting company and show it these words.' : 'If it never works, check MAIL_PROTOCOL and MAIL_PORT: 993 and 143 are IMAP, 995 and 110 are POP3.'}`,
    ),
  'source.other-service': f =>
    text(
      `${Server(f)} is not the mail service that MAIL_PROTOCOL names: ${f.with('service', service => reasonText(service, 'en')) || 'another service answers on this port'}.${said(f)}`,
      `${stopped} Your password was not sent.`,
      'Correct MAIL_HOST, MAIL_PORT, MAIL_PROTOCOL or MAIL_SECURITY: IMAP is port 993 (tls) or 143 (starttls), POP3 is 995 (tls) or 110 (starttls).',
    ),
  'source.not-connected': f =>
    text(
      `${Server(f)} took the password, but does not reach the mailbox behind it.${said(f)}`,
      waits,
      `${byItself} If it lasts, ask your hosting company: the server that keeps this mailbox may be down, or the mailbox may have no licence, or IMAP and POP3 may be switched off for it.`,
    ),
  'source.line-ends': f =>
    text(
      `${Server(f)} ends its lines now in one way and now in another${during(f)}, so the end of a message cannot be told from its text.`,
      waits,
      `${byItself} Show this to your hosting company (RFC 1939 asks for CR LF at every line), or set MAIL_PROTOCOL=imap if it offers IMAP.`,
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
      `${advice(f)}Check the user name (some companies want the full address, some only a part of it) and give the password again: change MAIL_PASSWORD or run \`hikyaku setup password\`.`,
    ),
  'source.login-doubtful': f =>
    text(
      `${Server(f)} now refuses the login${f.with('user', user => ` of ${user}`)} that it took before.${said(f)}`,
      `${waits} To avoid a block by the server, hikyaku tries it only rarely now.${nextTry(f)}`,
      `${advice(f)}There are two causes. If the password was changed at the host, give the new one: change MAIL_PASSWORD or run \`hikyaku setup password\`. If there were too many logins, by hikyaku or another mail program, there is nothing to do: hikyaku tries again by itself.`,
    ),
  'source.login-limited': f =>
    text(
      `${Server(f)} refuses the login for now, probably because of too many logins${f.with('seconds', s => `; it asks for ${s} seconds of patience`)}.${said(f)}`,
      `${waits}${nextTry(f)}`,
      `${byItself} It logs in less often meanwhile. If it keeps happening, choose a slower SCHEDULE and close other mail programs that use this mailbox.`,
    ),
  'source.login-capped': f =>
    text(
      `hikyaku does not log in to ${server(f)} for now: ${f.or('count', 'several')} logins were refused within an hour, and hosts ban those who go on.${said(f)}`,
      `${waits}${nextTry(f)}`,
      `Nothing, if the password is right: hikyaku tries again by itself. If it was changed at the host, change MAIL_PASSWORD now, or run \`hikyaku setup password\` after that pause.`,
    ),
  'source.login-delay': f =>
    text(
      `${Server(f)} wants ${f.with('seconds', s => `${s} seconds`) || 'some time'} between two logins.${said(f)}`,
      `${waits}${nextTry(f)}`,
      `${byItself} Other mail programs that use this mailbox make it wait, too.`,
    ),
  'source.login-method': f =>
    text(
      `${Server(f)} does not allow any way to log in that hikyaku knows.${said(f)}`,
      stopped,
      f.with(
        'starttls',
        () => 'It takes logins only on an encrypted connection: set MAIL_SECURITY=starttls.',
      ) ||
        'Check in your hosting company’s panel that POP3 or IMAP with a password is switched on for this mailbox. Some providers want an app password. Where MAIL_SECURITY=none is set, set MAIL_SECURITY=starttls or tls.',
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
      `${byItself} If it keeps happening, close other mail programs that use this mailbox or choose a slower SCHEDULE.`,
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
      'Correct the name in MAIL_FOLDERS (or AFTER_IMPORT), exactly as the server spells it; `hikyaku doctor` lists the folders.',
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
      'If the source mailbox fills up, delete old mail there yourself, or set AFTER_IMPORT=keep to stop this message.',
    ),
  'source.cannot-settle': f =>
    text(
      `${Server(f)} cannot delete or move single messages safely${because(f)}.${said(f)}`,
      'The mail is in Gmail. It stays in the source mailbox as well, because deleting it this way could remove other mail too.',
      'Set AFTER_IMPORT=keep, or MAIL_PROTOCOL=pop3 if the mail is to be deleted.',
    ),
  'source.target-refused': f =>
    text(
      `${Server(f)} does not let the folder ${f.or('target', '?')} be made.${said(f)}`,
      'The mail is in Gmail. It stays in the source mailbox as well, and new mail goes on as usual.',
      `Name a folder that is possible there in AFTER_IMPORT=move:…${f.with('possible', names => ` (${names})`)}, make it there yourself, or set AFTER_IMPORT=keep.`,
    ),
  'source.settle-failed': f =>
    text(
      `${Server(f)} did not delete or move${f.with('messages', n => ` ${n} of the`)} imported mail${f.with('folder', folder => ` (folder ${folder})`)}${because(f)}.${said(f)}`,
      'The mail is in Gmail. It stays in the source mailbox as well, and new mail goes on as usual.',
      'hikyaku tries again by itself, after some minutes and then after hours. If it lasts, set AFTER_IMPORT=keep, or ask your host what is wrong.',
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
      'Look at them with `hikyaku list`, and delete them at the source yourself once you are content with what is in Gmail.',
    ),
  'books.broken': f =>
    text(
      `The books do not balance${f.with('missing', n => `: ${n.replace('-', '')} of ${f.or('listed', '?')} messages ${n.startsWith('-') ? 'are counted twice' : 'cannot be accounted for'}`)}.`,
      'Nothing is deleted that is not in Gmail. All other mail goes on as usual.',
      'Run `hikyaku compare` to see what is in Gmail and what is not, and report this as a bug in hikyaku.',
    ),
  'mailbox.unattended': f =>
    text(
      `Nobody looks after this mailbox: no service runs, and no pull has been made ${f.with('since', since => `since ${since}`) || 'yet'}.`,
      'No mail is lost: new mail waits in the source mailbox.',
      'Install the service with `hikyaku service install` (or `hikyaku service install --timer`), or start `hikyaku run`. If it was installed, `hikyaku service status` shows why it does not run.',
    ),
  // One message there
  'message.gone': () =>
    text(
      'A message vanished from the source mailbox before it could be retrieved.',
      'Somebody or another program deleted or moved it. It is not in Gmail by way of hikyaku.',
      'If you did not do it, look for another mail program that deletes mail from this mailbox, and for the trash there.',
    ),
  'message.listed-only': f =>
    text(
      `${Server(f)} lists a message and then says that there is none.${said(f)}`,
      'It is not in Gmail by way of hikyaku, and nothing is deleted. All other mail goes on as usual.',
      'Look at the mailbox in your host’s web mail. If the message is there, ask your hosting company to repair the index of this mailbox, then run `hikyaku retry`. If it is not there, there is nothing to do.',
    ),
  'message.short': f =>
    text(
      `The source server sent fewer octets of a message than it had announced${f.with('octets', n => ` (${n}${f.with('announced', all => ` of ${all}`)})`)}.`,
      stays,
      'Nothing for now: hikyaku retrieves it again. If it stays, look at the message in your host’s web mail.',
    ),
  'message.empty': () =>
    text(
      'The source server sent a message with nothing in it.',
      stays,
      'Nothing for now: hikyaku retrieves it again. If it stays, look at the message in your host’s web mail.',
    ),
  'message.not-retrieved': f =>
    text(
      `The source server did not hand over a message.${said(f)}`,
      stays,
      'Nothing for now: hikyaku retrieves it again.',
    ),
  'message.over-announced': f =>
    text(
      `The source server sent far more octets of a message than it had announced${f.with('octets', n => ` (more than ${n}${f.with('announced', all => ` instead of ${all}`)})`)}. hikyaku closed the connection.`,
      stays,
      'Nothing for now: hikyaku retrieves it again. If it stays, look at the message in your host’s web mail.',
    ),
  'message.too-large': f =>
    text(
      `A message is larger than Gmail takes${f.with('octets', n => ` (${n} octets)`)}.`,
      stays,
      'Open it in your host’s web mail and save its attachments from there.',
    ),
  'message.poison': f =>
    text(
      `hikyaku was ended without warning ${f.or('ends', 'two')} times in a row while it had ${f.with('id', id => `message ${id}`) || 'one message'} in hand.`,
      `The message is set aside and stays in the source mailbox. ${f.get('ends') === '2' ? 'It is tried once more by itself, after an hour. ' : ''}All other mail goes on as usual.`,
      'If power cuts or a forced stop explain it, run `hikyaku retry` to try it again now. Otherwise read it in your host’s web mail, and report it with the log of that time: the message may be the cause.',
    ),
  // What Gmail said of one message
  'gmail.message-refused': f =>
    text(
      `Gmail does not take a message as it is.${google(f)}`,
      `${stays} It is never deleted there.`,
      'Read it in your host’s web mail. To put it into Gmail by the laxer way, set WHEN_REFUSED=insert and run `hikyaku retry`.',
    ),
  'gmail.message-unexplained': f =>
    text(
      `Gmail turned a message down without a reason.${google(f)}`,
      stays,
      'Nothing for now: hikyaku tries again later, as this often passes.',
    ),
  'gmail.label': f =>
    text(
      `Gmail does not know a label${f.with('labels', labels => ` (${labels})`)}; perhaps it was deleted or renamed.${google(f)}`,
      waits,
      'Nothing: hikyaku reads the labels again and makes what is missing.',
    ),
  'gmail.label-refused': f =>
    text(
      f.get('phase') === 'upload'
        ? `Gmail does not put ${f.with('labels', name => `the label ${name}`) || 'a label'} on imported mail.${google(f)}`
        : `Gmail does not give hikyaku ${f.with('labels', name => `the label ${name}`) || 'a label'}.${google(f)}`,
      'No mail is lost: it goes on coming into Gmail, without this label.',
      f.get('scope') === undefined
        ? 'Choose another name (GMAIL_LABELS, or `labels` of the folder), or make the label in Gmail by hand; if Gmail speaks of too many labels, delete some there. hikyaku tries again by itself.'
        : 'Run `hikyaku setup google`, sign in again, and tick every box on Google’s page; or take the label out of the configuration.',
    ),
  'gmail.unknown-answer': f =>
    text(
      `Gmail answered something that hikyaku does not know${f.with('status', status => ` (HTTP ${status})`)}.${google(f)}`,
      // What was not asked for a message (a token, the labels) holds up all mail of the account.
      f.get('phase') === undefined ? stays : waits,
      byItself,
    ),
  'gmail.outcome-unknown': f =>
    text(
      f.get('status') === undefined
        ? 'The connection to Gmail broke before Gmail’s answer arrived, so it is not known whether Gmail has the message.'
        : `Gmail’s answer (HTTP ${f.or('status', '')}) does not say whether Gmail has the message.${google(f)}`,
      'The message stays in the source mailbox. hikyaku finds out before it sends it again.',
      byItself,
    ),
  'gmail.ask-owner': () =>
    text(
      'It cannot be found out whether Gmail already has a message, and you asked to decide such cases yourself.',
      'The message stays in the source mailbox. At worst it is in Gmail as well.',
      'Look for it in Gmail. If it is not there, run `hikyaku retry`. WHEN_OUTCOME_UNKNOWN=repeat leaves it to hikyaku.',
    ),
  // What Gmail or Google said of the account
  'gmail.rate-limited': f =>
    text(
      `Gmail asks to go more slowly${f.with('seconds', s => ` (for ${s} seconds)`)}.${google(f)}`,
      waits,
      'Nothing: hikyaku waits and goes on more slowly. With a large backlog this is normal.',
    ),
  'gmail.daily-limit': f =>
    text(
      `Gmail’s limit for today is used up.${google(f)}`,
      waits,
      'Nothing: hikyaku goes on as soon as Gmail allows it, at the latest tomorrow.',
    ),
  'gmail.storage-full': f =>
    text(
      `The storage of ${account(f)} is full.${google(f)}`,
      stopped,
      'Free space at https://one.google.com/storage or buy more. hikyaku then goes on by itself.',
    ),
  'gmail.server': f =>
    text(
      `Gmail has a passing trouble of its own${f.with('status', status => ` (HTTP ${status})`)}.${google(f)}`,
      waits,
      byItself,
    ),
  'gmail.unreachable': f =>
    text(
      `Gmail cannot be reached${f.with('host', host => ` (${host})`)}${because(f)}.`,
      waits,
      `${byItself} If it lasts, check this computer’s internet connection.`,
    ),
  'gmail.not-google': f =>
    text(
      `What answered in Gmail’s place was not Google${f.with('host', host => ` (${host})`)}: a hotel or office network may have stepped in between.${f.with('words', words => ` It said: “${words}”.`)}`,
      `${waits} Nothing was handed to the stranger.`,
      'If this network wants you to sign in, do so in a browser; or use another network.',
    ),
  'gmail.unauthorized': f =>
    text(
      `Google no longer accepts the sign-in of ${account(f)}.${google(f)}`,
      stopped,
      'Run `hikyaku setup google` and sign in again. The running hikyaku notices it by itself.',
    ),
  'gmail.consent-ended': f =>
    text(
      `The permission for ${account(f)} has ended. It ends when it is withdrawn, when the Google password changes, after six months without use, and after 7 days while the Google project is in “Testing”.${google(f)}`,
      stopped,
      'Run `hikyaku setup google` and sign in again. If it ends every week, choose “Publish app” in the Google project’s Audience page.',
    ),
  'gmail.consent-missing': f =>
    text(
      `hikyaku has no permission for ${account(f)} yet${because(f)}.${google(f)}`,
      stopped,
      'Run `hikyaku setup google` and sign in.',
    ),
  'gmail.scope-missing': f =>
    text(
      `The permission for ${account(f)} does not include everything that hikyaku needs${f.with('what', what => ` (missing: ${what})`)}.${google(f)}`,
      stopped,
      'Run `hikyaku setup google`, sign in again, and tick every box on Google’s page.',
    ),
  'gmail.session-control': f =>
    text(
      `Google wants ${account(f)} to sign in anew: the organisation limits how long a Google sign-in lasts (session control of Google Workspace).${google(f)}`,
      stopped,
      'Run `hikyaku setup google` and sign in again. So that it does not end again after some hours or days, ask the administrator: in the Admin console, Security, “Google Cloud session control” (reauthentication policy), exempt trusted apps and mark this client as trusted under API controls. Publishing the app does not help here.',
    ),
  'gmail.client-invalid': f =>
    text(
      `Google does not know the client ID or its secret${because(f)}.${google(f)}`,
      stopped,
      'Compare GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET with the JSON file of your “Desktop app” client in the Google Cloud Console, or make a new client there, then run `hikyaku setup google --client-file FILE`.',
    ),
  'gmail.client-mismatch': f =>
    text(
      `The permission for ${account(f)} was given to another client than the one in the settings${because(f)}.${google(f)}`,
      stopped,
      'Run `hikyaku setup google` and sign in again with the client that you use now.',
    ),
  'gmail.client-disabled': f =>
    text(
      `Your Google client was deleted or disabled${because(f)}.${google(f)}`,
      stopped,
      'Open the Clients page of your project in the Google Cloud Console: a deleted client can be restored for 30 days, and a disabled one says why. Or make a new one and run `hikyaku setup google --client-file FILE`.',
    ),
  'gmail.service-account': f =>
    text(
      `Google does not let the service account act for ${account(f)}${because(f)}.${google(f)}`,
      stopped,
      'Check that GMAIL_ACCOUNT is an active user of your Workspace, that the key still stands in the service account’s Keys page, that this computer’s clock is right, and that the Admin console (Security, API controls, domain-wide delegation) allows its client ID the scopes gmail.insert and gmail.labels.',
    ),
  'gmail.project-refused': f =>
    text(
      `Google refuses your Google project (the one of your client ID)${because(f)}.${google(f)}`,
      stopped,
      'Open https://console.cloud.google.com, choose the project and read its notices: it may be suspended, deleted or without billing. If it cannot be mended, make a new project and run `hikyaku setup google`. hikyaku goes on by itself when Google takes mail again.',
    ),
  'gmail.admin-policy': f =>
    text(
      `The administrator of ${account(f)} does not allow this app to use Gmail${because(f)}.${google(f)}`,
      stopped,
      'Ask the administrator to trust your client ID: in the Admin console, Security, API controls, app access control. Then run `hikyaku setup google`.',
    ),
  'gmail.org-internal': f =>
    text(
      `Your Google project is only for its own organisation, and ${account(f)} is not in it${because(f)}.${google(f)}`,
      stopped,
      'Choose “External” in the Audience page of the Google project and publish the app, or sign in with an account of that organisation: `hikyaku setup google`.',
    ),
  'gmail.account-refused': f =>
    text(
      `Google takes no mail for ${account(f)} now${f.with('status', status => ` (HTTP ${status})`)}${f.with('reason', reason => ` (${reason})`)}.${google(f)}`,
      waits,
      `${byItself} Read what Google said; sign in to Gmail in a browser, and look at the project of your client in the Google Cloud Console, to see whether Google shows a notice. For a company or school account ask the administrator.`,
    ),
  'gmail.account-unexplained': f =>
    text(
      `Gmail took none of several different messages, one after the other${f.with('status', status => ` (HTTP ${status})`)}${f.with('reason', reason => ` (${reason})`)}: something is wrong with ${account(f)}, not with the messages.${google(f)}`,
      waits,
      'Nothing for now: hikyaku tries one message from time to time, and all of them come by themselves once Gmail takes one. If it lasts, sign in to Gmail in a browser and see whether Google shows a notice.',
    ),
  'gmail.api-disabled': f =>
    text(
      `The Gmail API is not switched on in your Google project.${google(f)}`,
      stopped,
      'Open https://console.cloud.google.com/apis/library/gmail.googleapis.com, choose the project and press “Enable”. It works a few minutes later.',
    ),
  'gmail.forbidden': f =>
    text(
      `Google forbids the access to ${account(f)}.${google(f)}`,
      stopped,
      'If the account belongs to a company or school, ask its administrator. Otherwise sign in to Gmail in a browser and see whether Google shows a notice.',
    ),
  'gmail.account-mismatch': f =>
    text(
      `The sign-in belongs to another Gmail account${f.with('words', words => ` (${words})`)} than the settings name${f.with('user', name => ` (${name})`)}.`,
      `${stopped} Nothing was put into the wrong account.`,
      'Run `hikyaku setup google` and sign in with the right account, or correct GMAIL_ACCOUNT: it must be the account’s main address, not another name of it.',
    ),
  'gmail.account-unproved': f =>
    text(
      `Google did not say in a way that can be relied on whose permission this is${f.with('reason', reason => ` (ID token: ${reason})`)}.`,
      `${stopped} Nothing was put into any account.`,
      'It is tried again by itself. If it stays so, look at this computer’s clock, and run `hikyaku setup google` to sign in again.',
    ),
  // This machine
  'state.second-instance': f =>
    text(
      `Another hikyaku is already running with the same data${f.with('file', file => ` (${file})`)}.`,
      'The other one goes on importing; this one did nothing.',
      'If it is to pull now, the running one does it by its schedule. Stop it first if you want to run this one.',
    ),
  'state.disk-full': f =>
    text(
      `The disk is ${f.get('reserve') === undefined ? 'full' : 'nearly full, and hikyaku leaves the rest to others'}${f.with('file', file => ` (${file})`)}.`,
      waits,
      'Free some disk space. hikyaku then goes on by itself.',
    ),
  'state.read-only': f =>
    text(
      `hikyaku may not write where it keeps its records${f.with('file', file => ` (${file})`)}${because(f)}.`,
      stopped,
      'Give the user who runs hikyaku the right to write there, or choose another folder with STATE_DIR.',
    ),
  'state.exposed': f =>
    text(
      `The place where hikyaku keeps its records is not safe from other users${f.with('file', file => ` (${file})`)}${because(f)}${f.with('what', what => `: ${what}`)}.`,
      stopped,
      f.get('command') === undefined
        ? 'Choose a folder of its own with STATE_DIR, or run hikyaku as the user whom the folder belongs to.'
        : `Run \`${f.or('command', '')}\`, or choose a folder of its own with STATE_DIR.`,
    ),
  'state.io': f =>
    text(
      `The disk reported an error${f.with('file', file => ` at ${file}`)}${because(f)}.`,
      waits,
      `${byItself} If it keeps happening, have the disk checked and make a backup.`,
    ),
  'journal.newer': f =>
    text(
      `The journal was written by a newer version of hikyaku${f.with('file', file => ` (${file})`)}.`,
      stopped,
      'Install the newer version again.',
    ),
  'journal.damaged': f =>
    text(
      `The journal is damaged${f.with('file', file => `: ${file}`)}${because(f)}.`,
      `${stopped} hikyaku does not start a new journal by itself, as mail could then be imported twice.`,
      'Put the file back from a backup, or run `hikyaku journal rebuild`: it makes a new one from the source and Gmail and deletes nothing.',
    ),
  'journal.missing': f =>
    text(
      `The journal has vanished${f.with('file', file => `: ${file}`)}.`,
      `${stopped} hikyaku does not start a new journal by itself, as mail could then be imported twice.`,
      'Check STATE_DIR, put the file back from a backup, or run `hikyaku journal rebuild`: it makes a new one from the source and Gmail and deletes nothing.',
    ),
  'journal.locked': f =>
    text(
      `Another program holds the journal open${f.with('file', file => ` (${file})`)}.`,
      waits,
      `${byItself} If it lasts, close the program that has opened the file.`,
    ),
  'secret.missing': f =>
    text(
      `A password or permission is missing${f.with('variable', name => `: ${name}`)}${f.with('what', what => `: ${what}`)}${f.with('name', name => ` (stored as ${name})`)}.`,
      stopped,
      'Run `hikyaku setup` and enter it.',
    ),
  'secret.unreadable': f =>
    text(
      `A stored password or permission cannot be read${place(f)}${because(f)}.`,
      stopped,
      f.get('command') === undefined
        ? 'Unlock the keychain of this computer, or run `hikyaku setup` and enter it again.'
        : f.get('reason') === 'key-format'
          ? `Make a new key with: ${f.or('command', '')}`
          : `Run: ${f.or('command', '')}`,
    ),
  'secret.other-destination': f =>
    text(
      `The stored password or permission${f.with('name', name => ` (${name})`)} was entered for ${f.or('kept', 'another server')}, and the settings now name ${f.or('wanted', 'another one')}: it was not sent there.`,
      stopped,
      'If the change is yours, run `hikyaku setup` and enter it again for the new server. If it is not, look where the settings come from: `.env` in the current folder, the environment, the configuration file.',
    ),
  'secret.without-destination': f =>
    text(
      `The stored password or permission${f.with('name', name => ` (${name})`)} comes from an earlier version, which did not note the server that it was entered for. It was not sent to ${f.or('wanted', 'the server of the settings')}.`,
      stopped,
      'If that is the right server, run `hikyaku setup` and enter it once more.',
    ),
  'secret.not-kept': f =>
    text(
      f.with(
        'variable',
        variable => `The password or permission was not stored: hikyaku takes it from ${variable}.`,
      ) || `The password or permission could not be stored${because(f)}.`,
      'No mail was touched. What was stored before is still there.',
      f.with(
        'variable',
        variable =>
          `Put the new one into ${variable}. A variable is read at the start: restart hikyaku then.`,
      ) ||
        'Unlock the keychain of this computer, or check that STATE_DIR can be written, and enter it again.',
    ),
  'config.invalid': f =>
    text(
      [
        `The settings are not right${f.with('what', what => `: ${what}`)}${because(f)}${f.get('problems') === undefined ? '.' : ':'}`,
        ...f.lines('problems').map(line => `- ${line}`),
      ].join('\n'),
      f.get('problems') === undefined ? stopped : 'hikyaku did not start, and no mail was touched.',
      'Correct each line above and start again. `.env.example` explains every setting.',
    ),
  'usage.invalid': f =>
    text(
      `That was not understood${f.with('what', what => `: ${reasonText(what, 'en')}`)}${because(f)}.`,
      'Nothing was done, and no mail was touched.',
      '`hikyaku help` shows every command.',
    ),
  bug: f =>
    text(
      `hikyaku made a mistake of its own${f.with('what', what => `: ${what}`)}.`,
      waits,
      'Please report it with the log lines around it: that is a bug in hikyaku, not a fault of yours.',
    ),
}
