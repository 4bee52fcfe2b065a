/** This machine: its data, its secrets, its settings, and hikyaku itself. */
import type { Facts } from '../facts.ts'
import type { FaultTexts } from '../fault-texts.ts'
import { describeReason } from '../reasons.ts'
import { because, byItself, place, stopped, text, waits } from './phrases-en.ts'

/** EMFILE, ENFILE (open(2)). */
const isOutOfHandles = (f: Facts): boolean => /^E[MN]FILE$/.test(String(f.get('reason')))
/** The journal is in a PostgreSQL. */
const isOnServer = (f: Facts): boolean => f.or('file', '').includes('://')

export const en: FaultTexts<'state' | 'journal' | 'secret' | 'config' | 'usage' | 'bug'> = {
  // This machine
  'state.second-instance': f =>
    text(
      `Another hikyaku is already running with the same data${f.with('file', file => ` (${file})`)}.`,
      'The other one goes on importing; this one did nothing.',
      'To have the running one check for mail now: `hikyaku check-now`. Stop it first if you want to run this one.',
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
      `Give the user who runs hikyaku the right to write there, or choose another folder with ${f.setting('STATE_DIR')}.`,
    ),
  'state.exposed': f =>
    text(
      `The place where hikyaku keeps its records is not safe from other users${f.with('file', file => ` (${file})`)}${because(f)}${f.with('what', what => `: ${what}`)}.`,
      stopped,
      f.get('command') === undefined
        ? `Choose a folder of its own with ${f.setting('STATE_DIR')}, or run hikyaku as the user whom the folder belongs to.`
        : `Run \`${f.or('command', '')}\`, or choose a folder of its own with ${f.setting('STATE_DIR')}.`,
    ),
  'state.no-folder': f =>
    text(
      `There is no folder, and can be none, where hikyaku is to keep its records${f.with('file', file => ` (${file})`)}${because(f)}.`,
      stopped,
      `Choose another folder with ${f.setting('STATE_DIR')}, or remove what stands in its place.`,
    ),
  'state.hangs': f =>
    text(
      `The place where hikyaku keeps its records does not answer${f.with('file', file => ` (${file})`)}: a network disk or another disk seems to be gone.`,
      waits,
      `Bring that disk back (\`mount\` lists what is there), or choose a folder on another one with ${f.setting('STATE_DIR')}. Then start hikyaku again.`,
    ),
  'state.io': f =>
    text(
      isOutOfHandles(f)
        ? 'This computer lets hikyaku open no further file or connection.'
        : `The disk reported an error${f.with('file', file => ` at ${file}`)}${because(f)}.`,
      waits,
      isOutOfHandles(f)
        ? `${byItself} If it keeps happening, raise the limit of open files (\`ulimit -n\`) for hikyaku.`
        : `${byItself} If it keeps happening, have the disk checked and make a backup.`,
    ),
  'journal.newer': f =>
    text(
      `The journal was written by a newer version of hikyaku${f.with('file', file => ` (${file})`)}.`,
      stopped,
      'Install the newer version again.',
    ),
  'journal.older': f =>
    text(
      `The tables of the fleet are older than this hikyaku${f.with('file', file => ` (${file})`)}, and this login of PostgreSQL may not change them.`,
      waits,
      'Start this version once with the login that owns the tables (hikyaku_admin): it brings them up to date.',
    ),
  'journal.damaged': f =>
    text(
      `The journal is damaged${f.with('file', file => `: ${file}`)}${because(f)}.`,
      `${stopped} hikyaku does not start a new journal by itself, as mail could then be imported twice.`,
      isOnServer(f)
        ? 'Look into the log of PostgreSQL, and put the database back from a backup.'
        : 'Put the file back from a backup, or run `hikyaku journal rebuild`: it makes a new one from the source and Gmail and deletes nothing.',
    ),
  'journal.missing': f => {
    if (isOnServer(f))
      return text(
        `There is no fleet in this database${f.with('file', file => ` (${file})`)}.`,
        `${stopped} hikyaku does not begin one by itself, as mail could then be imported twice.`,
        `Check ${f.setting('FLEET_DATABASE')}. Where a fleet is to begin, run \`hikyaku fleet init\`; where one has vanished, put the database back from a backup.`,
      )
    return text(
      `The journal has vanished${f.with('file', file => `: ${file}`)}.`,
      `${stopped} hikyaku does not start a new journal by itself, as mail could then be imported twice.`,
      `Check ${f.setting('STATE_DIR')}, put the file back from a backup, or run \`hikyaku journal rebuild\`: it makes a new one from the source and Gmail and deletes nothing.`,
    )
  },
  'journal.other-tables': f =>
    text(
      `The database${f.with('file', file => ` ${file}`)} holds tables of another program${f.with('what', names => `: ${names}`)}.`,
      'Nothing was changed in it. No mail was touched.',
      `Make a database of its own (\`createdb hikyaku\`), and let ${f.setting('FLEET_DATABASE')} name it.`,
    ),
  'journal.locked': f =>
    text(
      `Another program holds the journal open${f.with('file', file => ` (${file})`)}.`,
      waits,
      `${byItself} If it lasts, close the program that has opened the file.`,
    ),
  'journal.unreachable': f =>
    text(
      `The database with the journal cannot be reached${f.with('file', file => ` (${file})`)}${f.with('reason', reason => `: ${describeReason(reason, 'en')}`)}.`,
      waits,
      `${byItself} If it lasts, look whether PostgreSQL runs and can be reached from this computer.`,
    ),
  'journal.busy': f =>
    text(
      `So many write to the database with the journal${f.with('file', file => ` (${file})`)} at once that it did not come to an end${f.with('reason', reason => `: ${reason}`)}.`,
      waits,
      `${byItself} If it lasts, give PostgreSQL more processors, or the fleet fewer mailboxes for each database.`,
    ),
  'journal.not-held': f =>
    text(
      `Another worker has taken over the mailbox${f.with('name', name => ` ${name}`)}.`,
      'No mail is lost: the other worker carries it now.',
      'There is nothing to do. If mailboxes change hands often, look whether this worker was stopped, or could not reach PostgreSQL.',
    ),
  'journal.closed': f =>
    text(
      `PostgreSQL does not let hikyaku use the journal${f.with('file', file => ` (${file})`)}${f.with('reason', reason => `: ${reason}`)}.`,
      'No mail is lost. If a worker says this, its mail waits in the source mailbox until this works again. If a command does, the command alone was refused, and the workers go on with their own login.',
      'Check the user, the password and the rights of that user in PostgreSQL.',
    ),
  'journal.adopted': f =>
    text(
      `The mail of this journal is pulled by a fleet now${f.with('place', place => ` (${place})`)}${f.with('file', file => `: ${file}`)}.`,
      'No mail is lost: the workers of the fleet carry it. Nothing was pulled here, or it would come twice.',
      `Stop and remove the service of this computer. If \`hikyaku fleet adopt\` was interrupted, run it again${f.with('tenant', tenant => ` with \`--tenant ${tenant}\``)}. To have a mailbox on one machine again: \`hikyaku fleet leave\`.`,
    ),
  'journal.taken': f =>
    text(
      `The fleet has a mailbox of this name already${f.with('name', name => `: ${name}`)}.`,
      'No mail was touched, and nothing was changed, neither here nor in the fleet.',
      'Adopt the journal into another tenant (`--tenant`), or give the mailbox another name there (`--as OLD=NEW`).',
    ),
  'journal.departed': f =>
    text(
      `The mailbox${f.with('name', name => ` ${name}`)} has left the fleet${f.with('place', place => ` for ${place}`)}.`,
      'No mail is lost: it is pulled where it went. The fleet does not know what was imported there, and could import it again.',
      'To have it in the fleet again: `hikyaku fleet adopt` with the data folder in which it is now.',
    ),
  'journal.address': f =>
    text(
      `The address of the database with the journal cannot be used${because(f)}${f.with('option', option => `: ${option}`)}${f.with('path', path => ` (${path})`)}.`,
      waits,
      'Write it as postgresql://USER@HOST:PORT/DATABASE, with ?sslrootcert=FILE where your PostgreSQL has a certificate of your own authority. In the password % stands as %25, / as %2F, ? as %3F, # as %23, @ as %40 and : as %3A.',
    ),
  'journal.insecure': f =>
    text(
      `PostgreSQL${f.with('file', file => ` (${file})`)} does not prove that it is the right server${because(f)}.`,
      `${waits} The password was not sent.`,
      'Give PostgreSQL a certificate for the name in its address, and name the authority with ?sslrootcert=FILE where it is your own. Only in a network that nobody else can reach: ?sslmode=disable.',
    ),
  'journal.pooled': f =>
    text(
      `Between hikyaku and PostgreSQL${f.with('file', file => ` (${file})`)} stands a pooler that does not keep a connection as it is${because(f)}.`,
      waits,
      'Give the address of PostgreSQL itself: a worker needs a few connections only, however many mailboxes it has.',
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
        `Unlock the keychain of this computer, or check that ${f.setting('STATE_DIR')} can be written, and enter it again.`,
    ),
  'config.invalid': f => {
    const what = [
      `The settings${f.with('member', member => ` of ${member}`)} are not right${f.with('what', setting => `: ${setting}`)}${because(f)}${f.get('problems') === undefined ? '.' : ':'}`,
      ...f.lines('problems').map(line => `- ${line}`),
    ].join('\n')
    // Of a fleet: a command was given them, or a worker finds that what is kept is not sound on its computer.
    if (f.get('member') !== undefined)
      return text(
        what,
        'Nothing was changed. No mail is lost: what is not pulled waits in the source mailbox.',
        'Correct each line above with `hikyaku fleet add`, or in your list for `hikyaku fleet import`. docs/configuration.md explains every setting.',
      )
    return text(
      what,
      f.get('problems') === undefined ? stopped : 'hikyaku did not start, and no mail was touched.',
      'Correct each line above and start again. `.env.example` explains every setting.',
    )
  },
  'config.none': f =>
    f.get('reason') === 'of-the-computer'
      ? text(
          'hikyaku runs as a service of this computer, whose settings and state only the administrator sees.',
          'No mail was touched.',
          'Type `sudo` before the command. `hikyaku setup` without it sets up a hikyaku of your own.',
        )
      : text(
          `Nothing is set up yet: neither the file ${f.with('file', file => file) || 'config.yaml'} nor \`.env\` in the current folder nor a variable describes a mailbox.`,
          'No mail was touched.',
          'Run `hikyaku setup`: it asks for what it needs.',
        ),
  'usage.invalid': f =>
    text(
      `That was not understood${f.with('what', what => `: ${describeReason(what, 'en')}`)}${because(f)}.`,
      'Nothing was done, and no mail was touched.',
      f.with('command', command => `\`hikyaku help ${command}\` shows what this command takes.`) ||
        '`hikyaku help` shows every command.',
    ),
  bug: f =>
    text(
      `hikyaku made a mistake of its own${f.with('what', what => `: ${what}`)}.`,
      waits,
      'Please report it with the log lines around it: that is a bug in hikyaku, not a fault of yours.',
    ),
}
