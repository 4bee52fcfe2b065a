/** What `hikyaku fleet` says to people, in English, which owns the type. Names arrive printable. */
import { makeFormat } from '../../locale/format.ts'
import type { CsvFlaw } from './csv.ts'

const { number, span, relative, percent } = makeFormat('en')

const plural = (count: number, one: string, more = `${one}s`): string =>
  `${number(count)} ${count === 1 ? one : more}`
const mailboxes = (count: number): string => plural(count, 'mailbox', 'mailboxes')
const messages = (count: number): string => plural(count, 'message')
const list = (parts: readonly (readonly [count: number, text: string])[]): string =>
  parts
    .filter(([count]) => count > 0)
    .map(([count, text]) => `${number(count)} ${text}`)
    .join(', ')

/** So much became of the lines of a file. */
export interface ImportShown {
  readonly lines: number
  readonly added: number
  readonly changed: number
  readonly unchanged: number
  readonly notTaken: number
  readonly accountsAdded: number
  readonly accountsChanged: number
  readonly tenantsAdded: number
}

export type Act = 'pause' | 'resume' | 'remove' | 'check-now' | 'move'

export const en = {
  init: {
    made: (place: string) => `The fleet’s tables are in ${place}.`,
    keyMade: (file: string) => `The fleet’s key: ${file}`,
    keep: 'Every password in the database is sealed with this key, and the database does not hold it. Keep a copy of the file where neither the database nor its backups are: whoever has both reads every password. Without the key no password can be had back, and each has to be entered anew; the journal stays as it is.',
    rewrapped: (tenants: number, isAll: boolean) =>
      `The first line of the key file is another key than before: the keys of ${tenants === 1 ? '1 tenant are' : `${tenants} tenants are`} wrapped with it now.${isAll ? ' Once every worker has this file, take the old line out.' : ''}`,
    notRewrapped: (tenants: readonly string[], more: number) =>
      `The keys of ${plural(tenants.length + more, 'tenant')} do not open, and stay as they are: ${tenants.join(', ')}${more > 0 ? ` and ${number(more)} more` : ''}. Put the line that is missing back into the key file, or their rows of the table “tenant” from a backup, and run \`hikyaku fleet init\` again. Leave the old lines in the file until then.`,
    nothingToDo: (place: string) =>
      `Nothing was changed: the fleet in ${place} is as this hikyaku makes it, and its key is there.`,
    next: 'What next:',
    steps: [
      'hikyaku fleet add                  a mailbox, with questions',
      'hikyaku fleet import FILE.csv      many of them',
      'hikyaku worker                     on each computer that is to pull: the same',
      '                                   FLEET_DATABASE, and a copy of the key file',
      'hikyaku fleet status               whether mail comes',
    ],
  },
  add: {
    askAccount: 'Into which Gmail account does its mail go?',
    newAccount: 'Another one',
    askGmail: 'Address of the Gmail account',
    askWay: 'How does hikyaku get into it?',
    byKey: 'Google Workspace: the key of a service account',
    byClient: 'A permission that was made with `hikyaku setup google`',
    askKey: 'Path of the key file (JSON)',
    askClient: 'Path of the desktop client’s JSON file',
    askToken: 'Path of the file with the refresh token',
    noAccount: (tenant: string) =>
      `the tenant ${tenant} has several Gmail accounts, or none: say which with --account, or add one with --gmail-account and --service-account-file, or --client-file and --refresh-token-file`,
    oneOfBoth: '--service-account-file goes neither with --client-file nor with --refresh-token-file',
    both: '--client-file and --refresh-token-file belong together',
    unchecked: 'Nobody has tried to log in: `hikyaku fleet status` will say whether it works.',
    account: {
      added: 'Added the Gmail account',
      changed: 'Changed the Gmail account',
      unchanged: 'As it was: the Gmail account',
    },
    mailbox: {
      added: 'Added the mailbox',
      changed: 'Changed the mailbox',
      unchanged: 'As it was: the mailbox',
    },
    goesOn: (workers: number): string =>
      workers === 0
        ? 'No worker is running, so nobody pulls it yet. Start one: hikyaku worker'
        : 'A worker takes it up within seconds.',
  },
  import: {
    line: (line: number, column: string | null, reason: string) =>
      `Line ${number(line)}${column === null ? '' : `, ${column}`}: ${reason}`,
    flaws: {
      unclosed: 'a quotation mark is not closed; none may hold a line break',
      'stray-quote':
        'a quotation mark within a field: put the field in quotation marks, and each one in it twice',
      'behind-quote':
        'something stands behind the closing quotation mark; one within the field is written twice',
      'too-long': 'the line is longer than 64 KiB',
      'not-utf-8': 'the line is not UTF-8',
    } satisfies Record<CsvFlaw, string> as Record<CsvFlaw, string>,
    fields: (fields: number, columns: number) =>
      `${plural(fields, 'field')}, but the first line names ${plural(columns, 'column')}; a value with a comma stands in quotation marks`,
    twice: (line: number) => `line ${number(line)} is this mailbox already`,
    noName: (most: number) =>
      `small letters, digits and . _ @ -, a letter or digit first, at most ${number(most)} characters`,
    gmail: 'is not the address of a Gmail account, such as info@example.jp',
    noAccount:
      'the tenant has no such account; add it with `hikyaku fleet add`, or give this command --service-account-file',
    unfit: 'is not what this column takes, or does not fit the others',
    otherAddress: 'the account of that name has another address',
    progress: (lines: number, part: number, whole: number) =>
      `${plural(lines, 'line')} (${percent(part, whole)})`,
    stopping: 'Stopping: what was kept stays. Run it again to go on.',
    done: (count: ImportShown) =>
      `${plural(count.lines, 'mailbox', 'mailboxes')} in the file: ${
        list([
          [count.added, 'added'],
          [count.changed, 'changed'],
          [count.unchanged, 'as they were'],
          [count.notTaken, 'not taken'],
        ]) || 'nothing'
      }.`,
    rehearsed: (count: ImportShown) =>
      `${plural(count.lines, 'mailbox', 'mailboxes')} in the file: ${
        list([
          [count.added, 'would be added'],
          [count.changed, 'would be changed'],
          [count.unchanged, 'are as they would be'],
          [count.notTaken, 'would not be taken'],
        ]) || 'nothing'
      }. Nothing was changed.`,
    beside: (count: ImportShown) =>
      list([
        [count.tenantsAdded, count.tenantsAdded === 1 ? 'tenant added' : 'tenants added'],
        [count.accountsAdded, count.accountsAdded === 1 ? 'Gmail account added' : 'Gmail accounts added'],
        [
          count.accountsChanged,
          count.accountsChanged === 1 ? 'Gmail account changed' : 'Gmail accounts changed',
        ],
      ]),
    notTaken:
      'Mailboxes of the lines that were not taken are as they were. Correct these lines and run it again: what is right is left alone.',
  },
  audit: {
    none: 'Nothing was changed yet.',
    headings: ['WHEN', 'WHO', 'WHAT', 'CHANGE'],
    kinds: {
      tenant: 'tenant',
      account: 'account',
      mailbox: 'mailbox',
      operator: 'operator',
      key: 'key of',
    },
    acts: {
      added: 'added',
      changed: 'changed',
      paused: 'paused',
      resumed: 'resumed',
      removed: 'removed',
      moved: 'moved',
    },
    more: (count: number, before: string) =>
      `${number(count)} shown. Those before: hikyaku fleet audit --before ${before}`,
    number: '--before takes a number that `hikyaku fleet audit` showed',
  },
  list: {
    none: 'No mailboxes.',
    headings: ['MAILBOX', 'GMAIL', 'SERVER', 'STATE'],
    paused: 'paused',
    waiting: 'waits for a worker',
    trouble: '✖',
    more: (count: number, after: string) =>
      `${number(count)} shown. Those that follow: hikyaku fleet list --after ${after}`,
    mostRange: '--most takes a whole number from 1 to 1000',
  },
  status: {
    empty: 'No mailboxes yet. `hikyaku fleet add` or `hikyaku fleet import` adds some.',
    allPaused: (count: number) => `⏸ ${mailboxes(count)}, all paused by you: no mail is pulled.`,
    comes: (count: number, lastAgoMs: number | undefined) =>
      `✔ Mail comes from ${count === 1 ? 'the one mailbox' : `all ${mailboxes(count)}`}. ${lastAgoMs === undefined ? 'Nothing has arrived yet.' : `The last one: ${relative(-lastAgoMs)}.`}`,
    comesBut: (count: number, lastAgoMs: number | undefined, troubles: number) =>
      `! Mail comes from ${count === 1 ? 'the one mailbox' : `all ${mailboxes(count)}`}${lastAgoMs === undefined ? '' : `, the last one ${relative(-lastAgoMs)}`}, but ${troubles === 1 ? 'one thing' : `${number(troubles)} things`} below should be looked at.`,
    comesInPart: (failing: number, all: number) =>
      `✖ ${number(failing)} of ${mailboxes(all)} ${failing === 1 ? 'brings' : 'bring'} no mail. Why, and what to do:`,
    comesNot: (all: number) => `✖ No mail comes from any of ${mailboxes(all)}. Why, and what to do:`,
    nobody: (all: number) =>
      `✖ No worker is running, so no mail comes from ${mailboxes(all)}. Start one: hikyaku worker`,
    starting: (free: number, all: number) =>
      `… ${number(free)} of ${mailboxes(all)} are being taken up by workers, a few each second. Look again soon.`,
    tooFew: (free: number, room: number) =>
      `The workers have room for ${mailboxes(room)}: ${number(free)} are pulled by nobody. Their mail waits at the source. Start another worker, or raise WORKER_CAPACITY.`,
    workers: 'Workers:',
    worker: (name: string, held: number, capacity: number) =>
      `${name}: ${number(held)} of ${mailboxes(capacity)}`,
    goneWorker: (name: string, agoMs: number) => `${name}: gone ${relative(-agoMs)}`,
    mailboxes: (all: number, paused: number, free: number, tenants: number) =>
      `${mailboxes(all)} of ${plural(tenants, 'tenant')}${
        list([
          [paused, 'paused'],
          [free, 'waiting for a worker'],
        ]) === ''
          ? ''
          : `: ${list([
              [paused, 'paused'],
              [free, 'waiting for a worker'],
            ])}`
      }.`,
    messages: (waiting: number, today: number) =>
      `${messages(today)} imported today, ${number(waiting)} waiting.`,
    oldest: (key: string, agoMs: number | undefined) =>
      agoMs === undefined
        ? `Not looked at yet: ${key}.`
        : `Longest without a good look: ${key}, ${span(agoMs)}.`,
    /** The heading of a group of troubles with one code. */
    group: (of: number, kind: 'mailboxes' | 'accounts' | 'messages' | 'others', within: number) =>
      kind === 'messages'
        ? `${messages(of)} of ${mailboxes(within)}`
        : kind === 'accounts'
          ? plural(of, 'Gmail account')
          : kind === 'mailboxes'
            ? mailboxes(of)
            : plural(of, 'thing'),
    named: (names: string, more: number) => `${names}${more > 0 ? ` and ${number(more)} more` : ''}`,
    since: (agoMs: number) => `For up to ${span(agoMs)}`,
    whole: 'All of them: hikyaku fleet list --trouble',
  },
  act: {
    needsKeys: 'name the mailboxes (TENANT/NAME), or all of a tenant with --tenant',
    ask: {
      pause: (count: number) => `Pause ${mailboxes(count)}?`,
      resume: (count: number) => `Resume ${mailboxes(count)}?`,
      remove: (count: number) => `Remove ${mailboxes(count)}?`,
      move: (count: number) => `Move ${mailboxes(count)}?`,
    },
    needsYes: (count: number) => `this concerns ${mailboxes(count)}: without a terminal it needs --yes`,
    unchanged: 'Nothing was changed.',
    unknown: (count: number) =>
      `Whether ${messages(count)} reached Gmail is not known. That is kept, and found out before they are imported again.`,
    noneOf: (tenant: string) => `The tenant ${tenant} has no mailboxes.`,
    pause: {
      one: (key: string) => `${key}: paused.`,
      same: (key: string) => `${key}: was paused already.`,
      all: (changed: number, same: number) =>
        `${mailboxes(changed)} paused${same > 0 ? `, ${number(same)} were so already` : ''}.`,
      after:
        'Workers take leave of the mail servers within seconds, and nobody logs in until `hikyaku fleet resume`. Mail waits at the source.',
    },
    resume: {
      one: (key: string) => `${key}: resumed.`,
      same: (key: string) => `${key}: was not paused.`,
      all: (changed: number, same: number) =>
        `${mailboxes(changed)} resumed${same > 0 ? `, ${number(same)} were not paused` : ''}.`,
      after: 'Workers take them up within seconds, and bring what has waited.',
    },
    remove: {
      one: (key: string) => `${key}: removed.`,
      same: (key: string) => `${key}: was removed already.`,
      all: (changed: number, _same: number) => `${mailboxes(changed)} removed.`,
      after:
        'No worker pulls there any more, and the passwords are deleted here. Nothing was done at the mail servers or in Gmail. What was imported stays recorded: added again by the same name, nothing is imported twice.',
    },
    'check-now': {
      one: (key: string) => `${key}: asked.`,
      same: (key: string) => `${key}: paused, and left alone.`,
      all: (changed: number, same: number) =>
        `${mailboxes(changed)} asked${same > 0 ? `, ${number(same)} are paused and left alone` : ''}.`,
      after: 'The workers that hold them look within seconds.',
    },
  },
  move: {
    needsTarget: 'say where to: --to-account or --to-tenant',
    one: (key: string, account: string) => `${key}: its mail goes to ${account} from now on.`,
    moved: (key: string, to: string) => `${key} is ${to} now.`,
    all: (count: number) => `${mailboxes(count)} moved.`,
    after: 'What was imported before stays in the account that it is in, and is not imported again.',
  },
  adopt: {
    pair: '--as takes OLD=NEW: a name of the machine, and what it is to be called in the fleet',
    done: (count: number) => `${messages(count)} of the machine’s journal are in the fleet’s.`,
    unknown: (count: number) =>
      `Whether ${number(count)} of them reached Gmail is not known yet: a worker finds out before it imports them again.`,
    mailbox: {
      offered: (key: string) => `${key}: workers pull it from now on.`,
      paused: (key: string) =>
        `${key}: paused, as it was on the machine. To go on: \`hikyaku fleet resume ${key}\`.`,
      unknown: (key: string) =>
        `${key}: nothing here says what it is set to, so nobody pulls it. Add it by this name (\`hikyaku fleet add --name\`), and it goes on where it was.`,
      failed: (key: string) =>
        `${key}: could not be taken over, and nobody pulls it. Run the same command again, or add it by this name.`,
    },
    after:
      'On the machine hikyaku is refused from now on, so that nothing comes twice: remove its service there.',
  },
  leave: {
    done: (key: string, folder: string, count: number) =>
      `${key} has left the fleet: ${messages(count)} are in the journal in ${folder}.`,
    after: (name: string) =>
      `Nobody pulls it now. On the machine set up the mailbox by the name ${name}, and its Gmail account by the name that it had in the fleet, with this data folder (STATE_DIR).`,
  },
  operator: {
    needsName: 'name the login: hikyaku fleet operator add NAME --tenant TENANT',
    needsTenant: 'say which customer it is to see: --tenant NAME',
    ofAdd: '--password-file and --password-to belong to `add`',
    oneOfBoth: '--password-file gives a password, --password-to is for one that is made: not both',
    weak: 'the password has to have 12 characters or more, all of them letters, digits and signs of ASCII',
    fileThere: (file: string) => `there is something at ${file} already: give the name of a new file`,
    added: {
      made: (name: string, tenant: string) => `${name}: the login was made, and sees the tenant ${tenant}.`,
      'let-in': (name: string, tenant: string) => `${name}: sees the tenant ${tenant} from now on.`,
      changed: (name: string, tenant: string) =>
        `${name}: has a new password, and sees the tenant ${tenant}.`,
      unchanged: (name: string, tenant: string) => `${name}: saw the tenant ${tenant} already.`,
    },
    password: 'Its password, shown this once:',
    passwordIn: (file: string) => `Its password is in ${file}.`,
    after:
      'Who has it uses FLEET_DATABASE with this name and password, and may: hikyaku fleet list, status, audit, pause and resume.',
    removed: (name: string, tenants: string) => `${name}: sees ${tenants} no more.`,
    sessions: (count: number) => `${plural(count, 'connection')} of it ended.`,
    loginRemoved: 'The login was removed.',
    loginStays: 'The login itself stays in PostgreSQL.',
    none: 'There are no operators.',
    headings: ['Operator', 'Tenant', 'Connections'],
    cannotLogIn: 'cannot log in',
  },
  retry: {
    again: (count: number) => `${messages(count)} will be tried again within seconds.`,
    paused: (key: string) =>
      `${key} is paused: they will be tried when it goes on, with \`hikyaku fleet resume ${key}\`.`,
  },
}

export type FleetWords = typeof en
