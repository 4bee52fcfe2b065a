/** `hikyaku fleet` as a host's operator has it: real processes of the command line on a real PostgreSQL. */
import assert from 'node:assert/strict'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { measureWidth } from '../../src/base/text-width.ts'
import { witnessJson } from '../commands/json-page.ts'
import { type Ended, hikyaku } from '../servers/hikyaku.ts'
import { type PostgresServer, postgresMissing, startPostgres } from '../servers/postgres.ts'
import { requireServer } from '../servers/required.ts'
import { startSource } from '../servers/source-server.ts'
import { makeFleetAt } from './fleet-helpers.ts'

const skip = requireServer('postgresql', postgresMissing())
const folder = await mkdtemp(join(tmpdir(), 'hikyaku-test-fleet-'))
after(() => rm(folder, { recursive: true, force: true }))
const secret = 'sesame-that-must-not-leak'

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const key = {
  type: 'service_account',
  client_email: 'bot@p.iam.gserviceaccount.com',
  private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
}

interface Operator {
  readonly url: string
  readonly stateDir: string
  /** Runs `hikyaku fleet ...`; no line of it for people is wider than a terminal. */
  fleet(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ended>
  /** The same with --json, noted for docs/json.md. */
  json(name: string, args: readonly string[]): Promise<Record<string, unknown>>
  ask(text: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>
}

const file = async (name: string, text: string | Buffer, mode = 0o600): Promise<string> => {
  const path = join(folder, name)
  await writeFile(path, text, { mode })
  return path
}

describe('hikyaku fleet', { skip, concurrency: true }, () => {
  let server: PostgresServer
  const witness = witnessJson()
  before(async () => {
    server = await startPostgres({ fsync: 'off' })
    await file('key.json', JSON.stringify(key))
  })
  after(async () => {
    await server.stop()
    // adopt and leave are seen in adopt.test.ts, operators in operator.test.ts.
    witness.compare(name => /^fleet (?!adopt|leave|operator)/.test(name), {
      'fleet add': ['left'],
      'fleet retry': ['retried[]'],
      'fleet status': ['workers[].goneMs', 'oldest.lastGoodPullAt', 'lastImportAt'],
      'fleet import': [],
    })
  })

  const beOperator = async (): Promise<Operator> => {
    const url = await server.newDatabase()
    const stateDir = await mkdtemp(join(folder, 'state-'))
    const fleet: Operator['fleet'] = async (args, env = {}) => {
      const usual = { FLEET_DATABASE: url, STATE_DIR: stateDir, HOME: folder }
      const ended = await hikyaku(['fleet', ...args], { env: { ...usual, ...env }, cwd: folder })
      assert.doesNotMatch(ended.stdout + ended.stderr, new RegExp(secret))
      assert.notEqual(ended.code, 70, ended.stderr)
      if (!args.includes('--json'))
        for (const line of ended.stdout.split('\n')) assert.ok(measureWidth(line) <= 80, line)
      return ended
    }
    return {
      ...{ url, stateDir, fleet },
      async json(name, args) {
        const ended = await fleet([...args, '--json'])
        witness.note(name, ended)
        return JSON.parse(ended.stdout)
      },
      ask: (text, values) => server.ask(url, text, values),
    }
  }
  /** A fleet with one customer, whose account is a service account's. */
  const withCustomer = async (): Promise<Operator> => {
    const operator = await beOperator()
    const env = { FLEET_DATABASE: operator.url, STATE_DIR: operator.stateDir, HOME: folder }
    const { fleet } = await makeFleetAt(env, folder)
    await fleet.directory.addTenant('acme')
    const account = { address: 'Info@acme.example', serviceAccount: key.client_email }
    const secrets = { serviceAccountKey: JSON.stringify(key) }
    assert.equal(await fleet.directory.putAccount('acme', 'info@acme.example', account, secrets), 'added')
    await fleet.close()
    return operator
  }

  test('is begun once, and leaves a database alone that is another program’s or a newer hikyaku’s', async () => {
    const { fleet, ask, json } = await beOperator()
    const none = await fleet(['list'])
    assert.equal(none.code, 78)
    assert.match(none.stderr, /no fleet in this database[\s\S]*`hikyaku fleet init`/)
    const begun = await fleet(['init'])
    assert.equal(begun.code, 0, begun.stderr)
    const [, keyFile = ''] = /key: (.*)/.exec(begun.stdout) ?? []
    assert.equal((await stat(keyFile)).mode & 0o777, 0o600)
    assert.match(begun.stdout, /Keep a copy[\s\S]*Without the key no password[\s\S]*hikyaku worker/)
    const again = await json('fleet init', ['init'])
    assert.deepEqual([again.made, again.keyMade, again.exitCode], [false, false, 0])
    await ask('UPDATE hikyaku_version SET version = 9999')
    const newer = await fleet(['init'])
    assert.deepEqual([newer.code, /newer version of hikyaku/.test(newer.stderr)], [78, true])
    const other = await beOperator()
    await other.ask('CREATE TABLE customers (name text)')
    const refused = await other.fleet(['init'])
    assert.equal(refused.code, 78)
    assert.match(refused.stderr, /tables of another program: customers/)
    assert.deepEqual(await other.ask("SELECT relname FROM pg_class WHERE relname = 'hikyaku_version'"), [])
  })

  test('has its key exchanged: a new first line, `init`, and the old line out', async () => {
    const { fleet, ask, json } = await withCustomer()
    const { keyFile } = await json('fleet init', ['init'])
    const [{ data_key: wrapped, key_id: oldId } = {}] = await ask('SELECT data_key, key_id FROM tenant')
    assert.ok(wrapped && oldId)
    await ask("INSERT INTO tenant (name) VALUES ('nothing-sealed')")
    const old = await readFile(String(keyFile), 'utf8')
    const fresh = `${randomBytes(32).toString('base64')}\n`
    await writeFile(String(keyFile), fresh + old)
    const exchanged = await fleet(['init'])
    assert.equal(exchanged.code, 0, exchanged.stderr)
    assert.match(exchanged.stdout, /keys of 1 tenant\s+are\s+wrapped\s+with\s+it/)
    const [{ data_key: rewrapped, key_id: newId } = {}] = await ask(
      "SELECT data_key, key_id FROM tenant WHERE name = 'acme'",
    )
    assert.notEqual(rewrapped, wrapped)
    assert.notEqual(newId, oldId)
    await writeFile(String(keyFile), fresh)
    assert.equal((await json('fleet init', ['init'])).rewrapped, 0)
    // What was sealed before opens: it is put once more as it is, which compares it.
    const same = await json('fleet add', [
      ...['add', '--tenant', 'acme', '--gmail-account', 'Info@acme.example'],
      ...['--service-account-file', 'key.json'],
    ])
    assert.equal(same.accountPut, 'unchanged')
    await writeFile(String(keyFile), old)
    const lost = await fleet([
      ...['add', '--tenant', 'acme', '--gmail-account', 'Info@acme.example'],
      ...['--service-account-file', 'key.json'],
    ])
    assert.equal(lost.code, 78, lost.stdout)
    assert.match(lost.stderr, /key/)
    const [audit] = await ask("SELECT act, keys FROM fleet_audit WHERE kind = 'key' AND tenant = 'acme'")
    assert.deepEqual(audit, { act: 'changed', keys: [newId] })
  })

  test('has its key exchanged for all tenants but those whose keys do not open, and tells them', async () => {
    const { fleet, ask, json } = await withCustomer()
    const { keyFile } = await json('fleet init', ['init'])
    // One was wrapped with a key that is lost, one has the key of another; both come before one that is well.
    await ask(`INSERT INTO tenant (name, data_key, key_id)
      SELECT 'a-copied', data_key, key_id FROM tenant UNION ALL SELECT 'a-lost', data_key, 'gone' FROM tenant`)
    const rows = () => ask('SELECT name, data_key, key_id FROM tenant ORDER BY name')
    const before = await rows()
    const fresh = `${randomBytes(32).toString('base64')}\n`
    await writeFile(String(keyFile), fresh + (await readFile(String(keyFile), 'utf8')))
    const exchanged = await fleet(['init'])
    assert.equal(exchanged.code, 78, exchanged.stdout)
    assert.match(exchanged.stdout.replaceAll('\n', ' '), /keys of 1 tenant are wrapped/)
    assert.doesNotMatch(exchanged.stdout, /take the old line out/)
    assert.match(exchanged.stderr, /of 2 tenants do not open, and stay as they are: a-copied, a-lost\./)
    assert.match(exchanged.stderr, /a-copied: data key[\s\S]*the tenant a-lost were sealed with/)
    const after = await rows()
    assert.deepEqual(after.slice(0, 2), before.slice(0, 2))
    assert.notDeepEqual(after[2], before[2])
    const again = await json('fleet init', ['init'])
    assert.deepEqual([again.ok, again.exitCode, again.rewrapped], [false, 78, 0])
    assert.deepEqual(again.notRewrapped, [
      { tenant: 'a-copied', code: 'fleet.secret-unfit' },
      { tenant: 'a-lost', code: 'fleet.other-key' },
    ])
    const japanese = await fleet(['init'], { HIKYAKU_LANG: 'ja' })
    assert.match(japanese.stderr, /a-copied、a-lost/)
  })

  test('adds a mailbox once its login has worked, keeps its secrets sealed, and changes what is given alone', async () => {
    const { fleet, json, ask } = await withCustomer()
    const source = await startSource('imap', 'stand-in')
    try {
      const { MAIL_HOST = '', MAIL_PORT = '', MAIL_PASSWORD = '' } = source.env
      await file('right', `${MAIL_PASSWORD}\n`)
      await file('wrong', `${secret}\n`)
      const login = ['--server', MAIL_HOST, '--port', MAIL_PORT, '--security', 'none', '--user', 'owner']
      const named = ['add', '--tenant', 'acme', '--name', 'shop']
      const refused = await fleet([...named, ...login, '--password-file', 'wrong'])
      assert.equal(refused.code, 77, refused.stderr)
      assert.match(refused.stderr, /Logging in at 127\.0\.0\.1[\s\S]*refused the user name or the password/)
      assert.deepEqual(await ask('SELECT key FROM member'), [])
      const lacks = await fleet(['add', '--tenant', 'acme', '--server', MAIL_HOST, '--user', 'owner'])
      assert.deepEqual(
        [lacks.code, /--password-file \(Password of the mailbox owner/.test(lacks.stderr)],
        [2, true],
      )
      const account = ['--gmail-account', 'Shop@acme.example', '--service-account-file', 'key.json']
      const added = await json('fleet add', [...named, ...login, '--password-file', 'right', ...account])
      assert.deepEqual([added.mailbox, added.mailboxPut, added.proved], ['acme/shop', 'added', true])
      const changed = await json('fleet add', [...named, '--labels', 'Shop', '--after-import', 'delete'])
      assert.deepEqual([changed.mailboxPut, changed.exitCode], ['changed', 0])
      const [{ settings } = { settings: {} }] = await ask('SELECT settings FROM member')
      assert.deepEqual(settings, {
        ...{ account: 'shop@acme.example', protocol: 'imap', host: MAIL_HOST, port: Number(MAIL_PORT) },
        ...{ security: 'none', user: 'owner', labels: 'Shop', afterImport: 'delete' },
      })
      const wrong = await fleet([...named, '--after-import', 'move:INBOX'])
      assert.deepEqual([wrong.code, /afterImport moves mail into INBOX/.test(wrong.stderr)], [78, true])
      const dump =
        JSON.stringify(await ask('SELECT * FROM fleet_secret')) +
        JSON.stringify(await ask('SELECT * FROM fleet_audit'))
      assert.equal((await ask('SELECT key FROM fleet_secret')).length, 3)
      assert.doesNotMatch(dump, /correct horse|PRIVATE KEY/)
    } finally {
      await source.stop()
    }
  })

  test('imports a file: what is right is kept, each wrong line is told without a word of it, and again changes nothing', async () => {
    const { fleet, json, ask } = await withCustomer()
    const rows = [
      'tenant,host,user,password,gmail,port',
      `acme,mail.example.jp,a@acme.example,${secret},info@acme.example,`,
      `acme,mail.example.jp,b@acme.example,${secret},b@acme.example,143`,
      `acme,mail.example.jp,c@acme.example,"${secret},info@acme.example,`,
      `acme,mail.example.jp,d@acme.example,x,info@acme.example,${secret}`,
      `acme,mail.example.jp,a@acme.example,${secret},info@acme.example,`,
      `acme,mail.example.jp,e@acme.example,${secret}`,
      `ACME,mail.example.jp,${secret},x,info@acme.example,`,
      `beta,mail.example.jp,g@beta.example,${secret},g@beta.example,`,
      `acme,mail.example.jp,h@acme.example,,info@acme.example,`,
      ',,,,,',
      '',
    ]
    await file('mailboxes.csv', `\ufeff${rows.join('\r\n')}`)
    const given = ['import', 'mailboxes.csv', '--service-account-file', 'key.json']
    const rehearsed = await json('fleet import', [...given, '--dry-run'])
    assert.deepEqual(await ask('SELECT key FROM member'), [])
    const done = await fleet(given)
    assert.equal(done.code, 1)
    assert.match(
      done.stdout,
      /^9 mailboxes in the file: 3 added, 6 not taken\.\n1 tenant added, 2 Gmail accounts added/,
    )
    assert.deepEqual(
      done.stderr
        .trim()
        .split('\n')
        .map(line => line.replace(/:.*/, '')),
      ['Line 4, password', 'Line 5, port', 'Line 6', 'Line 7', 'Line 8, tenant', 'Line 10, password'],
    )
    const { problems, exitCode, ok, dryRun, ...count } = await json('fleet import', given)
    assert.deepEqual(count, {
      ...{ whole: true, lines: 9, added: 0, changed: 0, unchanged: 3, notTaken: 6 },
      ...{ tenantsAdded: 0, accountsAdded: 0, accountsChanged: 0 },
    })
    assert.deepEqual(
      [rehearsed.added, rehearsed.notTaken, rehearsed.tenantsAdded, rehearsed.accountsAdded],
      [3, 6, 1, 2],
    )
    assert.deepEqual(rehearsed.problems, problems)
    await file('alone.csv', 'tenant,host,user,password\nnew,mail.example.jp,a,b\n')
    const alone = await fleet(['import', 'alone.csv'])
    assert.match(
      alone.stderr,
      /^Line 2, account: the tenant has no such account; add it with `hikyaku fleet add`/,
    )
    // A changed line changes its mailbox, and an empty password keeps the one that is there.
    const corrected = [
      'tenant,host,user,password,account',
      'acme,mail2.example.jp,a@acme.example,,info@acme.example',
    ]
    await file('mailboxes.csv', corrected.join('\n'))
    const moved = await json('fleet import', given)
    assert.deepEqual(
      [moved.changed, moved.notTaken],
      [0, 1],
      'a password goes to no other server than it was entered for',
    )
    await file(
      'mailboxes.csv',
      `${corrected.join('\n').replace('mail2', 'mail')},\n`
        .replace('account\n', 'account,labels\n')
        .replace(',\n', ',Shop\n'),
    )
    assert.equal((await json('fleet import', given)).changed, 1)
    assert.deepEqual(
      (await ask('SELECT key FROM member ORDER BY key')).map(({ key }) => key),
      ['acme/a@acme.example', 'acme/b@acme.example', 'beta/g@beta.example'],
    )
  })

  test('shows and manages: list, status with its exit codes, pause, resume, check now, move, remove and back', async t => {
    const { fleet, json, ask } = await withCustomer()
    assert.equal((await fleet(['status'])).code, 0)
    await file(
      'three.csv',
      ['a', 'b', 'c']
        .map(n => `mail.example.jp,${n}@acme.example,pw-${n}`)
        .join('\n')
        .replace(/^/, 'host,user,password\n'),
    )
    assert.equal((await json('fleet import', ['import', 'three.csv', '--tenant', 'acme'])).added, 3)
    const nobody = await json('fleet status', ['status'])
    assert.deepEqual([nobody.exitCode, nobody.free, nobody.mailboxes], [69, 3, 3])
    // A worker that is there with two of them, and trouble of one.
    const thereIs = (capacity: number) =>
      ask(`INSERT INTO worker VALUES ('w1', ${capacity}, clock_timestamp() + interval '15 seconds')
        ON CONFLICT (name) DO UPDATE SET capacity = ${capacity}`)
    // However long the commands take, it goes on to say that it is there, no further ahead than a worker may.
    const beat = setInterval(() => {
      const saysSo = "UPDATE worker SET there_until = clock_timestamp() + interval '15 seconds'"
      ask(`${saysSo}; UPDATE hold SET worker = NULL WHERE withdrawn = 1`).catch(() => {})
    }, 1000)
    t.after(() => clearInterval(beat))
    await thereIs(2)
    await ask("UPDATE hold SET worker = 'w1', held_until = 'infinity' WHERE mailbox <> 'acme/c@acme.example'")
    const few = await fleet(['status'])
    assert.equal(few.code, 69)
    assert.match(
      few.stdout,
      /^✖ 1 of 3 mailboxes brings no mail[\s\S]*room for 2 mailboxes[\s\S]*w1: 2 of 2 mailboxes/,
    )
    await thereIs(1000)
    assert.equal((await json('fleet status', ['status'])).exitCode, 75, 'they are being taken up')
    await ask("UPDATE hold SET worker = 'w1', held_until = 'infinity'")
    await thereIs(1000)
    const well = await fleet(['status'])
    assert.deepEqual([well.code, /^✔ Mail comes from all 3 mailboxes/.test(well.stdout)], [0, true])
    const trouble = `INSERT INTO trouble (scope, name, subject, code, facts, retry, since_ms, last_seen_ms)
      VALUES ($1, $2, $3, $4, $5, 'owner', 1000, 2000)`
    const facts = JSON.stringify({ host: 'mail.example.jp', user: 'a@acme.example' })
    for (const name of ['acme/a@acme.example', 'acme/b@acme.example', 'gone/x'])
      await ask(trouble, ['mailbox', name, '', 'source.login-refused', facts])
    await ask(trouble, ['message', 'acme/c@acme.example', '7', 'gmail.message-refused', '{}'])
    await thereIs(1000)
    const { failing, troubles, exitCode } = await json('fleet status', ['status'])
    assert.deepEqual([failing, exitCode], [2, 77])
    assert.deepEqual(
      (troubles as { code: string; count: number; names: number }[]).map(({ code, count, names }) => [
        code,
        count,
        names,
      ]),
      [
        ['source.login-refused', 2, 2],
        ['gmail.message-refused', 1, 1],
      ],
    )
    await thereIs(1000)
    const shown = await fleet(['status', '--lang', 'ja'])
    assert.match(shown.stdout, /^✖ 3 個のメールボックスのうち 2 個から取り込めていません/)
    const troubled = await json('fleet list', ['list', '--trouble', '--most', '2'])
    assert.deepEqual(
      (troubled.mailboxes as { mailbox: string }[]).map(({ mailbox }) => mailbox),
      ['acme/a@acme.example', 'acme/b@acme.example'],
    )
    assert.equal(troubled.next, 'acme/b@acme.example')
    const rest = await json('fleet list', ['list', '--after', 'acme/b@acme.example'])
    assert.deepEqual([(rest.mailboxes as unknown[]).length, rest.next], [1, null])
    const many = await fleet(['pause', '--tenant', 'acme'])
    assert.deepEqual(
      [many.code, /3 mailboxes: without a terminal it needs --yes/.test(many.stderr)],
      [2, true],
    )
    assert.equal(
      (await json('fleet pause', ['pause', 'a@acme.example', 'b@acme.example', '--tenant', 'acme', '--yes']))
        .changed,
      2,
    )
    assert.deepEqual(
      (await ask('SELECT mailbox FROM hold WHERE withdrawn = 0')).map(({ mailbox }) => mailbox),
      ['acme/c@acme.example'],
    )
    assert.equal((await json('fleet status', ['status', '--quick'])).exitCode, 0, 'what is paused rests')
    assert.equal((await json('fleet check-now', ['check-now', '--tenant', 'acme'])).changed, 1)
    assert.deepEqual(await ask("SELECT key, value FROM note WHERE key LIKE 'check-now%'"), [
      { key: 'check-now acme/c@acme.example', value: '1' },
    ])
    assert.equal((await json('fleet resume', ['resume', 'acme/a@acme.example'])).changed, 1)
    const unknown = await fleet(['resume', 'acme/nobody'])
    assert.deepEqual([unknown.code, /knows no mailbox acme\/nobody/.test(unknown.stderr)], [78, true])
    await json('fleet add', [
      'add',
      '--tenant',
      'acme',
      '--account',
      'second',
      '--gmail-account',
      's@acme.example',
      '--service-account-file',
      'key.json',
    ])
    const moved = await json('fleet move', ['move', 'acme/a@acme.example', '--to-account', 'second'])
    assert.deepEqual(moved.mailboxes, [{ mailbox: 'acme/a@acme.example', now: 'acme/a@acme.example' }])
    await json('fleet retry', ['retry', 'acme/c@acme.example', '7'])
    assert.equal((await json('fleet remove', ['remove', 'acme/c@acme.example'])).changed, 1)
    assert.deepEqual(await ask("SELECT key FROM fleet_secret WHERE owner = 'c@acme.example'"), [])
    await fleet(['pause', 'acme/a@acme.example'], { FLEET_AS: 'Hanako \u202e(desk)' })
    const audit = async (...args: readonly string[]) => {
      const answer = await json('fleet audit', ['audit', ...args])
      return { next: Number(answer.next), changes: answer.changes as Record<string, unknown>[] }
    }
    const { changes, next } = await audit('--tenant', 'acme', '--most', '2')
    assert.deepEqual(
      changes.map(({ act, name, by }) => [act, name, by]),
      [
        ['paused', 'a@acme.example', 'Hanako \u202e(desk)'],
        ['removed', 'c@acme.example', null],
      ],
    )
    const told = await fleet(['audit', '--tenant', 'acme', '--most', '1'])
    assert.match(told.stdout, /Hanako \\u\{202e\}\(desk\)[\s\S]*mailbox acme\/a@[\s\S]*paused/)
    const [earlier] = (await audit('--most', '1', '--before', String(next))).changes
    assert.ok(Number(earlier?.id) < next)
  })
})
