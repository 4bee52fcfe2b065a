/** A fleet's directory: names, and the key to its secrets. */
import { lookUp } from '../../base/look-up.ts'
import type { Facts } from '../facts.ts'
import type { FaultTexts } from '../fault-texts.ts'
import { describeReason } from '../reasons.ts'
import { because, stopped, text } from './phrases-en.ts'

const nothingDone = 'Nothing was changed. No mail was touched.'
const kinds: Readonly<Record<string, string>> = {
  tenant: 'tenant',
  account: 'Gmail account',
  mailbox: 'mailbox',
  operator: 'operator',
  login: 'login of PostgreSQL',
}
const kind = (f: Facts): string => lookUp(kinds, f.or('what', '')) ?? 'entry'
const name = (f: Facts): string => f.with('name', given => ` ${given}`)

export const en: FaultTexts<'fleet'> = {
  'fleet.name': f =>
    text(
      `No ${kind(f)} can be called${name(f) || ' nothing'}.`,
      nothingDone,
      `Use small letters, digits and . _ @ -, a letter or digit first, at most ${f.or('most', '128')} characters. A mailbox is called TENANT/NAME.`,
    ),
  'fleet.unknown': f =>
    text(
      `The fleet knows no ${kind(f)}${name(f)}.`,
      nothingDone,
      '`hikyaku fleet list` shows what it knows. If it was removed just now, there is nothing to do.',
    ),
  'fleet.in-use': f =>
    text(
      `The ${kind(f)}${name(f)} is in use${f.with('by', by => ` (${by})`)}.`,
      nothingDone,
      f.get('reason') === 'changing'
        ? 'It is being changed at this moment, or its worker has not ended with it yet. Run the command again in a minute.'
        : f.get('what') === 'account'
          ? 'Move its mailboxes to another account first.'
          : f.get('what') === 'login'
            ? 'It may do more in PostgreSQL than an operator, or was made by somebody else, whose it is to change. Choose another name.'
            : 'Choose another name, or remove what has it first.',
    ),
  'fleet.no-key': f =>
    text(
      `The fleet key is not there${f.with('file', file => `: ${file}`)}. Without it no password in the fleet’s database can be opened.`,
      stopped,
      `Put the key file back from where you keep a copy, and let ${f.setting('FLEET_KEY_FILE')} name it. If every copy is lost, the passwords cannot be had back: make a new key and enter them again; the journal is not sealed and stays.`,
    ),
  'fleet.other-key': f =>
    text(
      `The fleet key${f.with('file', file => ` (${file})`)} is not the one that${f.with('name', tenant => ` the secrets of the tenant ${tenant}`) || ' the secrets of this fleet'} were sealed with: it is ${f.or('key', 'another')}, and ${f.or('wanted', 'another one')} is needed.`,
      stopped,
      `Let ${f.setting('FLEET_KEY_FILE')} name the right key. If the key was exchanged, give this computer the new one and start it again.`,
    ),
  'fleet.worker-twice': f =>
    text(
      `Another worker of the fleet is called${name(f)}, too, and is at work.`,
      'This one takes no mailboxes as long as that is so. No mail is lost: the other one goes on, and mail that nobody pulls waits in its mailbox.',
      `Give each worker a name of its own (${f.setting('WORKER_NAME')}), or leave the setting out. If this one was killed and started again, it takes its share within ten seconds by itself.`,
    ),
  'fleet.secret-unfit': f =>
    text(
      `A sealed secret${name(f)} cannot be opened${because(f)}: it was copied here from another place in the database, or is damaged. It was sent to nobody.`,
      stopped,
      'Enter it again. If nobody of yours changed the database by hand, look who else can.',
    ),
  'fleet.may-not': f =>
    text(
      `The login${name(f)} of ${f.setting('FLEET_DATABASE')} may not see or change who the operators are.`,
      nothingDone,
      'Use a login that may make roles and is a member of `hikyaku_admin`, such as the one that ran `hikyaku fleet init`; or ask whoever manages PostgreSQL.',
    ),
  'fleet.import-file': f =>
    text(
      `The file${f.with('file', file => ` ${file}`)} is not taken: ${whyNot(f)}.`,
      nothingDone,
      nextFor(f),
    ),
}

/** Why a CSV file is not taken; `name` is that of a column. */
function whyNot(f: Facts): string {
  const column = f.with('name', given => ` “${given}”`)
  switch (f.get('reason')) {
    case 'shift-jis':
      return 'it is written in Shift_JIS, as Excel saves “CSV (Comma delimited)” on a Japanese Windows'
    case 'utf-16':
      return 'it is written in UTF-16, as Excel saves “Unicode Text”'
    case 'semicolons':
      return 'its columns are parted by semicolons'
    case 'tabs':
      return 'its columns are parted by tabs'
    case 'header':
      return 'its first line, which names the columns, cannot be taken apart'
    case 'unknown':
      return `its first line is to name the columns, and what stands there in column ${f.or('column', '1')} is no such name${f.with('meant', meant => ` (did you mean “${meant}”?)`)}`
    case 'twice':
      return `it has the column${column} twice`
    case 'missing':
      return `it has no column${column}, and no mailbox goes without`
    default:
      return describeReason(f.or('reason', 'EIO'), 'en')
  }
}

function nextFor(f: Facts): string {
  switch (f.get('reason')) {
    case 'shift-jis':
    case 'utf-16':
    case 'not-utf-8':
      return 'Save it as UTF-8: in Excel by “Save As”, “CSV UTF-8 (Comma delimited)”; in LibreOffice by “Unicode (UTF-8)”; or with `iconv -f CP932 -t UTF-8 OLD.csv > NEW.csv`.'
    case 'permissions':
      return `It has a column with passwords. Run \`${f.or('command', 'chmod 600')}\`.`
    case 'semicolons':
    case 'tabs':
      return 'Save it with commas between the columns.'
    case 'header':
    case 'unknown':
    case 'twice':
    case 'missing':
    case 'empty':
      return 'The first line names the columns: host and user are needed, and all others that there are stand in docs/commands.md.'
    default:
      return 'Look at the path and at who may read the file.'
  }
}
