/** `hikyaku fleet operator` on a real PostgreSQL that asks for passwords: what the new login may, and what is left of it when it goes. */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import { witnessJson } from '../commands/json-page.ts'
import { type Ended, hikyaku } from '../servers/hikyaku.ts'
import { type PostgresServer, postgresMissing, startPostgres } from '../servers/postgres.ts'
import { requireServer } from '../servers/required.ts'
import { until } from '../servers/until.ts'
import { account, accountSecrets, mailbox, makeFleetAt } from './fleet-helpers.ts'

const skip = requireServer('postgresql', postgresMissing())
const folder = await mkdtemp(join(tmpdir(), 'hikyaku-test-operator-'))
after(() => rm(folder, { recursive: true, force: true }))

describe('hikyaku fleet operator', { skip }, () => {
  let server: PostgresServer
  let url: string
  const witness = witnessJson()
  before(async () => {
    server = await startPostgres({ fsync: 'off', log_statement: 'all' })
    url = await server.newDatabase()
    // Whoever is no superuser has to know a password.
    const [hba] = await server.ask(url, "SELECT current_setting('hba_file') AS file")
    const { username } = new URL(url)
    const lines = [`host all ${username} 127.0.0.1/32 trust`, 'host all all 127.0.0.1/32 scram-sha-256']
    await writeFile(String(hba?.file), `${lines.join('\n')}\n`)
    await server.ask(url, 'SELECT pg_reload_conf()')
    const { fleet } = await makeFleetAt({ FLEET_DATABASE: url, STATE_DIR: folder, HOME: folder }, folder)
    for (const tenant of ['acme', 'other']) {
      await fleet.directory.addTenant(tenant)
      await fleet.directory.putAccount(tenant, 'owner', account, accountSecrets)
      await fleet.directory.putMailbox(tenant, 'shop', { ...mailbox, account: 'owner' }, { password: 'x' })
    }
    await fleet.close()
  })
  after(async () => {
    await server.stop()
    witness.compare(name => name.startsWith('fleet operator'), {})
  })

  const urlOf = (login: string, password = ''): string => {
    const own = new URL(url)
    own.username = login
    own.password = password
    return own.href
  }
  const fleet = (args: readonly string[], as = url, env = {}): Promise<Ended> =>
    hikyaku(['fleet', ...args], {
      env: { FLEET_DATABASE: as, STATE_DIR: folder, HOME: folder, ...env },
      cwd: folder,
    })
  const json = async (args: readonly string[], as = url, env = {}): Promise<Record<string, unknown>> => {
    const ended = await fleet(['operator', ...args, '--json'], as, env)
    witness.note(`fleet operator ${args[0]}`, ended)
    return JSON.parse(ended.stdout || ended.stderr)
  }
  const keysOf = (ended: Ended): string[] =>
    (JSON.parse(ended.stdout).mailboxes as { mailbox: string }[]).map(entry => entry.mailbox)
  const refused = async (as: string, text: string): Promise<void> =>
    assert.rejects(server.ask(as, text), (error: { code?: string }) => {
      assert.equal(error.code, '42501', text)
      return true
    })
  /** PostgreSQL's own process ends a little behind its client. */
  const untilSessions = (login: string, count: number): Promise<void> =>
    until(async () => {
      const text = 'SELECT count(*)::int AS count FROM pg_stat_activity WHERE usename = $1'
      return (await server.ask(url, text, [login]))[0]?.count === count
    }, `${count} sessions of ${login}`)
  const isLogin = async (name: string): Promise<boolean> =>
    (await server.ask(url, 'SELECT 1 FROM pg_roles WHERE rolname = $1', [name])).length > 0

  test('makes a login that sees its tenant, pauses its mailboxes, and may do nothing else', async () => {
    const made = await json(['add', 'anna', '--tenant', 'acme', '--password-to', 'anna.txt'], url, {
      FLEET_AS: 'Hanako',
    })
    assert.deepEqual(
      [made.became, made.password, made.passwordFile],
      ['made', null, join(folder, 'anna.txt')],
    )
    assert.equal((await stat(join(folder, 'anna.txt'))).mode & 0o777, 0o600)
    const password = (await readFile(join(folder, 'anna.txt'), 'utf8')).trim()
    assert.ok(password.length >= 32)
    await assert.rejects(server.ask(urlOf('anna', 'another'), 'SELECT 1'), { code: '28P01' })
    const anna = urlOf('anna', password)
    assert.deepEqual(keysOf(await fleet(['list', '--json'], anna)), ['acme/shop'])
    const status = await fleet(['status', '--json'], anna)
    assert.equal(JSON.parse(status.stdout).mailboxes, 1, status.stdout + status.stderr)
    const paused = await fleet(['pause', 'acme/shop', '--json'], anna)
    assert.equal(JSON.parse(paused.stdout).changed, 1)
    assert.equal(JSON.parse((await fleet(['resume', 'acme/shop', '--json'], anna)).stdout).changed, 1)
    const audit = JSON.parse((await fleet(['audit', '--json'], anna)).stdout).changes as {
      [key: string]: unknown
    }[]
    assert.deepEqual([audit[0]?.role, audit[0]?.act], ['anna', 'resumed'])
    const [added] = audit.filter(({ kind }) => kind === 'operator')
    assert.deepEqual([added?.name, added?.act, added?.by, added?.tenant], ['anna', 'added', 'Hanako', 'acme'])
    assert.ok(audit.every(({ tenant }) => tenant === 'acme'))
    assert.match((await fleet(['pause', 'other/shop'], anna)).stderr, /knows no mailbox other\/shop/)
    for (const args of [
      ['remove', 'acme/shop', '--yes'],
      ['check-now', 'acme/shop'],
      ['operator', 'list'],
      ['operator', 'add', 'berta', '--tenant', 'acme'],
      ['operator', 'remove', 'anna'],
    ]) {
      const ended = await fleet(args, anna)
      assert.equal(ended.code, 78, `${args}: ${ended.stdout}${ended.stderr}`)
      if (args[0] === 'operator') assert.match(ended.stderr, /login anna of FLEET_DATABASE may not/)
    }
    for (const text of [
      `SET hikyaku.tenant = 'other'; UPDATE member SET settings = '{}'`,
      `INSERT INTO tenant_operator VALUES ('anna', 'other')`,
      'SELECT sealed FROM fleet_secret',
      'CREATE ROLE carl',
      'SET ROLE hikyaku_admin',
    ])
      await refused(anna, text)
    assert.deepEqual(await server.ask(anna, `SET hikyaku.tenant = 'other'; SELECT key FROM member`), [])
    // The password itself went to no server.
    assert.deepEqual(
      await server.ask(
        url,
        "SELECT 1 FROM pg_authid WHERE rolname = 'anna' AND rolpassword LIKE 'SCRAM-SHA-256$%'",
      ),
      [{ '?column?': 1 }],
    )

    const again = await json(['add', 'anna', '--tenant', 'other'])
    assert.deepEqual([again.became, again.password], ['let-in', null])
    assert.deepEqual(keysOf(await fleet(['list', '--json'], anna)), ['other/shop'])
    assert.equal((await json(['add', 'anna', '--tenant', 'other'])).became, 'unchanged')
    await untilSessions('anna', 0)
    assert.deepEqual(
      (await json(['list'])).operators,
      ['acme', 'other'].map(tenant => ({ operator: 'anna', tenant, canLogIn: true, sessions: 0 })),
    )

    const client = new pg.Client({ connectionString: anna })
    let isEnded = false
    client.on('error', () => {}).on('end', () => (isEnded = true))
    await client.connect()
    assert.match((await fleet(['operator', 'list', '--tenant', 'acme'])).stdout, /anna +acme +1/)
    const one = await json(['remove', 'anna', '--tenant', 'other'])
    assert.deepEqual(one, {
      ...{ ok: true, exitCode: 0, operator: 'anna', tenants: ['other'], sessions: 1, loginRemoved: false },
    })
    assert.deepEqual(keysOf(await fleet(['list', '--json'], anna)), ['acme/shop'])
    await assert.rejects(client.query('SELECT 1'))
    await until(() => isEnded, 'its end')
    const open = new pg.Client({ connectionString: anna })
    open.on('error', () => {})
    await open.connect()
    await untilSessions('anna', 1)
    const gone = await json(['remove', 'anna'])
    assert.deepEqual([gone.tenants, gone.sessions, gone.loginRemoved], [['acme'], 1, true])
    await assert.rejects(open.query('SELECT key FROM member'))
    await assert.rejects(server.ask(anna, 'SELECT 1'), { code: '28P01' })
    assert.equal(await isLogin('anna'), false)
    const nobody = await fleet(['operator', 'remove', 'anna'])
    assert.deepEqual([nobody.code, /knows no operator anna/.test(nobody.stderr)], [78, true])
  })

  test('a login that may make roles does the same, and others are refused kindly', async () => {
    await server.ask(
      url,
      `CREATE ROLE chief LOGIN CREATEROLE PASSWORD 'chief-of-all' IN ROLE hikyaku_admin;
       CREATE ROLE plain LOGIN PASSWORD 'plain-of-all' IN ROLE hikyaku_admin;
       CREATE ROLE theirs LOGIN PASSWORD 'theirs-of-all'; CREATE ROLE w9 LOGIN IN ROLE hikyaku_worker`,
    )
    const chief = urlOf('chief', 'chief-of-all')
    const shown = await fleet(['operator', 'add', 'dora', '--tenant', 'acme', '--lang', 'ja'], chief)
    assert.equal(shown.code, 0, shown.stderr)
    const [, password = ''] = /\n {2}([\w-]{32})\n/.exec(shown.stdout) ?? []
    assert.deepEqual(keysOf(await fleet(['list', '--json'], urlOf('dora', password))), ['acme/shop'])
    await writeFile(join(folder, 'given'), 'a-password-of-ours\n', { mode: 0o600 })
    const changed = await json(['add', 'dora', '--tenant', 'acme', '--password-file', 'given'], chief)
    assert.deepEqual([changed.became, changed.password, changed.passwordFile], ['changed', null, null])
    const dora = urlOf('dora', 'a-password-of-ours')
    assert.deepEqual(keysOf(await fleet(['list', '--json'], dora)), ['acme/shop'])
    const open = new pg.Client({ connectionString: dora })
    open.on('error', () => {})
    await open.connect()
    await untilSessions('dora', 1)
    assert.deepEqual(await json(['remove', 'dora'], chief), {
      ...{ ok: true, exitCode: 0, operator: 'dora', tenants: ['acme'], sessions: 1, loginRemoved: true },
    })
    await assert.rejects(open.query('SELECT 1'))
    assert.equal(await isLogin('dora'), false)

    // One that somebody else made keeps its password and stays.
    assert.equal((await json(['add', 'theirs', '--tenant', 'acme'], chief)).became, 'let-in')
    const theirs = urlOf('theirs', 'theirs-of-all')
    assert.deepEqual(keysOf(await fleet(['list', '--json'], theirs)), ['acme/shop'])
    assert.equal((await json(['remove', 'theirs'], chief)).loginRemoved, false)
    await refused(theirs, 'SELECT key FROM member')

    for (const [args, code, said, as] of [
      [['add', 'w9', '--tenant', 'acme'], 2, /login of PostgreSQL w9 is in use/, chief],
      [['add', 'theirs', '--tenant', 'acme', '--password-to', 'theirs.txt'], 2, /theirs is in use/, chief],
      [
        ['add', 'eva', '--tenant', 'acme'],
        78,
        /login plain of FLEET_DATABASE may not/,
        urlOf('plain', 'plain-of-all'),
      ],
      [['add', 'eva', '--tenant', 'nobody'], 78, /knows no tenant nobody/, chief],
      [['add', 'hikyaku_admin', '--tenant', 'acme'], 2, /No operator can be called hikyaku_admin/, chief],
      [['add', 'Eva"; DROP', '--tenant', 'acme'], 2, /No operator can be called/, chief],
      [['add', 'eva'], 2, /--tenant/, chief],
      [['add'], 2, /name the login/, chief],
      [['add', 'eva', '--tenant', 'acme', '--password-to', 'given'], 2, /already/, chief],
      [['add', 'eva', '--tenant', 'acme', '--password-file', 'short'], 2, /12 characters/, chief],
      [['list', '--password-file', 'given'], 2, /belong to `add`/, chief],
      [['drop', 'eva'], 2, /add, remove, list/, chief],
    ] as const) {
      await writeFile(join(folder, 'short'), 'short\n', { mode: 0o600 })
      const ended = await fleet(['operator', ...args], as)
      assert.equal(ended.code, code, `${args}: ${ended.stderr}`)
      assert.match(ended.stderr.replace(/\s+/g, ' '), said)
    }
    assert.equal(await isLogin('eva'), false)
    await assert.rejects(stat(join(folder, 'theirs.txt')), { code: 'ENOENT' })
    assert.deepEqual((await json(['list'])).operators, [])
  })
})
