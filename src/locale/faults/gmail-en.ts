/** What Gmail said of one message, and what Gmail or Google said of the account. */
import type { FaultTexts } from '../fault-texts.ts'
import { describeFolder } from '../reasons.ts'
import {
  account,
  answer,
  because,
  byItself,
  google,
  said,
  stays,
  stopped,
  text,
  waits,
} from './phrases-en.ts'

export const en: FaultTexts<'gmail'> = {
  // What Gmail said of one message
  'gmail.message-refused': f =>
    text(
      `Gmail does not take a message as it is.${google(f)}`,
      `${stays} It is never deleted there.`,
      `Read it in your host’s web mail. To put it into Gmail by the laxer way, set ${f.setting('WHEN_REFUSED', 'insert')} and run \`hikyaku retry\`.`,
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
        ? `Choose another name (${f.setting('GMAIL_LABELS')}, or \`labels\` of the folder), or make the label in Gmail by hand; if Gmail speaks of too many labels, delete some there. hikyaku tries again by itself.`
        : 'Run `hikyaku setup google`, sign in again, and tick every box on Google’s page; or take the label out of the configuration.',
    ),
  'gmail.unknown-answer': f =>
    text(
      `Gmail answered something that hikyaku does not know${answer(f)}.${google(f)}`,
      // What was not asked for a message (a token, the labels) holds up all mail of the account.
      f.get('phase') === undefined ? stays : waits,
      byItself,
    ),
  'gmail.outcome-unknown': f =>
    text(
      f.get('status') === undefined
        ? 'The connection to Gmail broke before Gmail’s answer arrived, so it is not known whether Gmail has the message.'
        : `Gmail’s answer${answer(f)} does not say whether Gmail has the message.${google(f)}`,
      'The message stays in the source mailbox. hikyaku finds out before it sends it again.',
      byItself,
    ),
  'gmail.ask-owner': f =>
    text(
      'It cannot be found out whether Gmail already has a message, and you asked to decide such cases yourself.',
      'The message stays in the source mailbox. At worst it is in Gmail as well.',
      `Look for it in Gmail. If it is not there, run \`hikyaku retry\`. ${f.setting('WHEN_OUTCOME_UNKNOWN', 'repeat')} leaves it to hikyaku.`,
    ),
  'gmail.cannot-append': () =>
    text(
      'A message holds a zero octet, which cannot go by IMAP, the way of the app password.',
      stays,
      'Read it in your host’s web mail. Gmail’s import takes it: `hikyaku setup google` leads there; then run `hikyaku retry`.',
    ),
  'gmail.folder-hidden': f =>
    text(
      `Gmail does not show IMAP programs the folder in which this mail belongs${f.with('folder', use => ` (${describeFolder(use, 'en')})`)}.`,
      stays,
      'In Gmail, open Settings, Labels, and tick “Show in IMAP” beside it. hikyaku tries again by itself.',
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
    text(`Gmail has a passing trouble of its own${answer(f)}.${google(f)}`, waits, byItself),
  'gmail.unreachable': f =>
    text(
      `Gmail cannot be reached${f.with('host', host => ` (${host})`)}${because(f)}.`,
      waits,
      `${byItself} If it lasts, check this computer’s internet connection.`,
    ),
  'gmail.not-google': f =>
    text(
      `What answered in Gmail’s place was not Google${f.with('host', host => ` (${host})`)}: a hotel or office network may have stepped in between.${said(f)}`,
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
      `Compare ${f.setting('GOOGLE_CLIENT_ID')}${f.placeOf('GOOGLE_CLIENT_SECRET').isKept ? '' : ` and ${f.setting('GOOGLE_CLIENT_SECRET')}`} with the JSON file of your “Desktop app” client in the Google Cloud Console, or make a new client there, then run \`hikyaku setup google --client-file FILE\`.`,
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
      `Check that ${f.setting('GMAIL_ACCOUNT')} is an active user of your Workspace, that the key still stands in the service account’s Keys page, that this computer’s clock is right, and that the Admin console (Security, API controls, domain-wide delegation) allows its client ID the scopes gmail.insert and gmail.labels.`,
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
      `Google takes no mail for ${account(f)} now${answer(f)}${f.with('reason', reason => ` (${reason})`)}.${google(f)}`,
      waits,
      `${byItself} Read what Google said; sign in to Gmail in a browser, and look at the project of your client in the Google Cloud Console, to see whether Google shows a notice. For a company or school account ask the administrator.`,
    ),
  'gmail.account-unexplained': f =>
    text(
      `Gmail took none of several different messages, one after the other${answer(f)}${f.with('reason', reason => ` (${reason})`)}: something is wrong with ${account(f)}, not with the messages.${google(f)}`,
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
      `Run \`hikyaku setup google\` and sign in with the right account, or correct ${f.setting('GMAIL_ACCOUNT')}: it must be the account’s main address, not another name of it.`,
    ),
  'gmail.account-unproved': f =>
    text(
      `Google did not say in a way that can be relied on whose permission this is${f.with('reason', reason => ` (ID token: ${reason})`)}.`,
      `${stopped} Nothing was put into any account.`,
      'It is tried again by itself. If it stays so, look at this computer’s clock, and run `hikyaku setup google` to sign in again.',
    ),
  'gmail.app-password-refused': f =>
    text(
      `Gmail does not take the app password of ${account(f)}. An app password ends when it is deleted, and when the Google password changes.${google(f)}`,
      stopped,
      'Make a new one at https://myaccount.google.com/apppasswords (two-step verification must be on), then run `hikyaku setup google`.',
    ),
  'gmail.app-password-needed': f =>
    text(
      `This is the ordinary password of ${account(f)}. Gmail takes an app password here, and no other.${google(f)}`,
      stopped,
      'Make an app password at https://myaccount.google.com/apppasswords, then run `hikyaku setup google`.',
    ),
  'gmail.web-login': f =>
    text(
      `Google wants the owner of ${account(f)} to sign in with a browser before a program may.${google(f)}`,
      stopped,
      'Sign in at https://mail.google.com, and confirm there that it was you. hikyaku tries again by itself.',
    ),
  'gmail.imap-disabled': f =>
    text(
      `IMAP is switched off for ${account(f)}.${google(f)}`,
      stopped,
      'Ask the administrator of your Google Workspace to allow IMAP; or run `hikyaku setup google` and choose the way with a Google project.',
    ),
}
