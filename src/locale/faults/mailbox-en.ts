/** One message of the source, and the mailbox as a whole. */
import type { FaultTexts } from '../fault-texts.ts'
import { Server, said, stays, text } from './phrases-en.ts'

export const en: FaultTexts<'books' | 'mailbox' | 'message'> = {
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
  'mailbox.time-limit': () =>
    text(
      'The time limit of the pull (`--time-limit`) came before anything was done for this mailbox.',
      'No mail is lost: it waits in the source mailbox, and the next pull tries again.',
      'If it stays, give the pull more time, and run `hikyaku doctor`: it shows what takes so long.',
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
      `The message is set aside and stays in the source mailbox. ${f.get('ends') === '4' ? 'It is tried once more by itself, after an hour. ' : ''}All other mail goes on as usual.`,
      'If power cuts or a forced stop explain it, run `hikyaku retry` to try it again now. Otherwise read it in your host’s web mail, and report it with the log of that time: the message may be the cause.',
    ),
}
