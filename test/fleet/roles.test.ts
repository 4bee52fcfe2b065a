/** Who may do what in a fleet's database, tried on a real PostgreSQL by those who may not. */
import assert from 'node:assert/strict'
import { after, before, describe, it, type TestContext } from 'node:test'
import { Fault } from '../../src/base/fault.ts'
import { revealPassword } from '../../src/config/mail-credential.ts'
import { addOperator, removeOperator } from '../../src/journal/postgres/operators.ts'
import { openPostgresJournal } from '../../src/journal/postgres/postgres.ts'
import { fleetRoles, makeRoles, tableRights } from '../../src/journal/postgres/roles.ts'
import { describeFault } from '../../src/locale/locale.ts'
import { type PostgresServer, postgresMissing, startPostgres } from '../servers/postgres.ts'
import { requireServer } from '../servers/required.ts'
import { account, accountSecrets, type FleetGround, mailbox, makeFleetGround } from './fleet-helpers.ts'

const skip = requireServer('postgresql', postgresMissing())

describe('the roles of a fleet', { skip }, () => {
  let server: PostgresServer
  let ground: FleetGround
  let end: () => Promise<void>
  before(async () => {
    server = await startPostgres({ fsync: 'off' })
    const hooks: (() => unknown)[] = []
    ground = await makeFleetGround(
      { after: (hook: () => unknown) => hooks.push(hook) } as unknown as TestContext,
      server,
    )
    end = async () => {
      for (const hook of hooks.reverse()) await hook()
      await server.stop()
    }
    const { directory, journal } = ground.fleet
    assert.equal(await makeRoles(journal.database), true)
    for (const [login, role] of [
      ['w1', fleetRoles.worker],
      ['l1', fleetRoles.look],
      ['a1', fleetRoles.admin],
    ])
      await server.ask(ground.url, `CREATE ROLE ${login} LOGIN IN ROLE ${role}`)
    await server.ask(ground.url, 'CREATE ROLE acme_support LOGIN')
    for (const tenant of ['acme', 'other']) {
      await directory.addTenant(tenant)
      await directory.putAccount(tenant, 'owner', account, accountSecrets)
      await directory.putMailbox(
        tenant,
        'shop',
        { ...mailbox, account: 'owner' },
        { password: `of ${tenant}` },
      )
      const key = `${tenant}/shop`
      const sql = `
        INSERT INTO message (mailbox, folder, uid, stage, present, generation, listed_at_ms) VALUES ('${key}', '', '1', 'listed', 1, 1, 1);
        INSERT INTO note VALUES ('watch ${key}', ''), ('idle ["${key}","INBOX"]', ''), ('told/account/${tenant}/owner', ''), ('login-delay/${key}', '');
        INSERT INTO mailbox (name) VALUES ('${key}'); INSERT INTO account (name) VALUES ('${tenant}/owner');
        INSERT INTO trouble (scope, name, subject, code, facts, retry, since_ms, last_seen_ms) VALUES ('mailbox', '${key}', '', 'x', '{}', 'later', 1, 1)`
      await server.ask(ground.url, sql)
    }
    await server.ask(ground.url, `INSERT INTO note VALUES ('host-logins/acme', '[]'), ('steady-clock', '1')`)
    await addOperator(journal.database, { name: 'acme_support', tenant: 'acme' })
  })
  after(() => end())

  const urlOf = (login: string): string => {
    const url = new URL(ground.url)
    url.username = login
    return url.href
  }
  const ask = (login: string, text: string) => server.ask(urlOf(login), text)
  const refused = (login: string, text: string): Promise<void> =>
    assert.rejects(ask(login, text), (error: { code?: string }) => {
      assert.equal(error.code, '42501', `${login}: ${text}`)
      return true
    })
  const listTables = async (): Promise<string[]> =>
    (
      await server.ask(ground.url, `SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`)
    ).map(({ tablename }) => String(tablename))

  it('say of every table, function and sequence whose it is', async () => {
    assert.deepEqual(await listTables(), Object.keys(tableRights).sort())
    const others = await server.ask(
      ground.url,
      `SELECT relname AS name, relowner::regrole::text AS owner FROM pg_class WHERE relnamespace = 'public'::regnamespace
         AND relkind IN ('r', 'S') AND relowner::regrole::text <> '${fleetRoles.admin}'
       UNION ALL SELECT proname, proowner::regrole::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace
         AND proowner::regrole::text <> '${fleetRoles.admin}'`,
    )
    assert.deepEqual(others, [])
    const open = await server.ask(
      ground.url,
      `SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND NOT relrowsecurity`,
    )
    assert.deepEqual(open, [])
    // Done again it changes nothing, and asks for nothing that is not there.
    assert.equal(await makeRoles(ground.fleet.journal.database), true)
  })

  it('let a worker do its work and no more', async t => {
    const worker = await ground.again({}, { database: { url: urlOf('w1'), name: 'worker' } })
    assert.equal(
      await revealPassword((await worker.directory.open('acme/shop')).mailbox.credential),
      'of acme',
    )
    const [hold] = await worker.journal.holds.take('w1', 1)
    assert.ok(hold)
    await worker.journal.journalOf(hold).setNote(`login-delay/${hold.mailbox}`, '')
    assert.ok((await worker.journal.holds.renew('w1', 10)).share > 0)
    await worker.journal.holds.leave('w1')
    for (const text of [
      `UPDATE fleet_audit SET by = 'nobody'`,
      'DELETE FROM fleet_audit',
      'TRUNCATE fleet_audit',
      `INSERT INTO fleet_audit (tenant, kind, name, act) VALUES ('acme', 'mailbox', 'shop', 'paused')`,
      'UPDATE member SET paused = true',
      `INSERT INTO member (tenant, name, account, settings) VALUES ('acme', 'x', 'owner', '{}')`,
      `UPDATE fleet_secret SET sealed = ''`,
      'DELETE FROM tenant',
      `INSERT INTO hold (mailbox) VALUES ('acme/x')`,
      'DELETE FROM hold',
      'CREATE TABLE more (x int)',
      'ALTER TABLE message ADD COLUMN x int',
      'DROP TABLE message',
      'ALTER TABLE fleet_audit DISABLE TRIGGER ALL',
      'SET ROLE hikyaku_admin',
      'CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$',
    ])
      await refused('w1', text)
    // Its mail goes on: the words are not those of a journal that nobody can write to.
    await assert.rejects(worker.directory.pause(['acme/shop']), (error: unknown) => {
      assert.ok(error instanceof Fault)
      assert.equal(error.code, 'journal.closed')
      assert.match(describeFault(error, 'en').mail, /the command alone was refused, and the workers go on/)
      assert.match(describeFault(error, 'ja').mail, /拒否されたのはそのコマンドだけ/)
      return true
    })
    // A later version's tables are not made by a worker.
    await server.ask(ground.url, 'UPDATE hikyaku_version SET version = version - 1')
    t.after(() => server.ask(ground.url, 'UPDATE hikyaku_version SET version = version + 1'))
    await assert.rejects(openPostgresJournal({ url: urlOf('w1'), name: 'worker' }), (error: unknown) => {
      assert.ok(error instanceof Fault)
      assert.equal(error.code, 'journal.older')
      return true
    })
  })

  it('show to who looks everything but secrets', async () => {
    const look = await ground.again({}, { database: { url: urlOf('l1'), name: 'look' } })
    const page = await look.directory.list({}, { most: 10 })
    assert.deepEqual(
      page.mailboxes.map(({ key, secrets }) => [key, secrets]),
      [
        ['acme/shop', ['password']],
        ['other/shop', ['password']],
      ],
    )
    assert.equal((await look.directory.accounts()).length, 2)
    assert.equal((await look.directory.tenants()).length, 2)
    assert.ok((await look.directory.audit({}, { most: 5 })).length === 5)
    assert.deepEqual(await look.journal.journal.note('login-delay/acme/shop'), '')
    for (const text of [
      'SELECT sealed FROM fleet_secret',
      'SELECT * FROM fleet_secret',
      'SELECT s FROM fleet_secret AS s',
      'SELECT to_jsonb(s) FROM fleet_secret AS s',
      'SELECT count(*) FROM fleet_renewed',
      'SELECT data_key FROM tenant',
      'COPY fleet_secret TO STDOUT',
      `UPDATE note SET value = 'x'`,
      `DELETE FROM message`,
      `UPDATE hold SET worker = 'l1'`,
    ])
      await refused('l1', text)
  })

  it('show an operator one tenant alone, whatever tenant the session says', async () => {
    const own = await ground.again({}, { database: { url: urlOf('acme_support'), name: 'operator' } })
    const columns: Readonly<Record<string, string>> = { fleet_secret: 'row(tenant, owner)', tenant: 'name' }
    const tables = Object.entries(tableRights)
    const shown = tables.flatMap(([table, { tenant }]) => (tenant === undefined ? [] : [table]))
    for (const [table, { tenant }] of tables)
      if (tenant === undefined) await refused('acme_support', `SELECT 1 FROM ${table}`)
    /** Of all that it may ask, the rows that are not its own tenant's. */
    const foreign = async (before: string): Promise<unknown[]> => {
      const each = shown.map(
        table =>
          `SELECT '${table}' AS place, ${columns[table] ?? 'to_jsonb(t)'}::text AS text FROM public.${table} AS t`,
      )
      const rows = await ask('acme_support', `${before}; ${each.join(' UNION ALL ')}`)
      return rows.filter(({ text }) => /other|host-logins|steady-clock/.test(String(text)))
    }
    assert.deepEqual(
      (await own.directory.list({}, { most: 10 })).mailboxes.map(({ key }) => key),
      ['acme/shop'],
    )
    for (const [table, count] of [
      ['message', 1],
      ['note', 4],
      ['mailbox', 1],
      ['account', 1],
      ['trouble', 1],
      ['tally', 1],
      ['hold', 1],
      ['tenant', 1],
      ['member', 1],
    ] as const) {
      const rows = await ask('acme_support', `SELECT count(*)::int AS count FROM ${table}`)
      assert.deepEqual(rows, [{ count }], table)
    }
    for (const before of [
      'SELECT 1',
      `SET hikyaku.tenant = 'other'`,
      `SET hikyaku.tenant = ''`,
      'RESET hikyaku.tenant',
      `SET hikyaku.tenant = 'acme'' OR ''1''=''1'`,
      `CREATE TEMP TABLE tenant_operator (role text, tenant text); INSERT INTO tenant_operator VALUES ('acme_support', 'other'); SET search_path = pg_temp, public; SET hikyaku.tenant = 'other'`,
    ])
      assert.deepEqual(await foreign(before), [], before)
    await refused('acme_support', 'SET row_security = off; SELECT key FROM member')
    // With another tenant's name it sees nothing, not even its own.
    assert.deepEqual(await ask('acme_support', `SET hikyaku.tenant = 'other'; SELECT key FROM member`), [])
    for (const text of [
      'SELECT sealed FROM fleet_secret',
      'SELECT data_key FROM tenant',
      `UPDATE member SET settings = '{}'`,
      `UPDATE member SET tenant = 'acme' WHERE tenant = 'other'`,
      `INSERT INTO tenant_operator VALUES ('acme_support', 'other')`,
      `UPDATE message SET folder = 'x'`,
      'DELETE FROM fleet_audit',
      `SET SESSION AUTHORIZATION fleet`,
    ])
      await refused('acme_support', text)
    await assert.rejects(own.directory.pause(['other/shop']), { code: 'fleet.unknown' })
    assert.deepEqual(await own.directory.pause(['acme/shop']), ['acme/shop'])
    const [row] = await ground.fleet.directory.audit({}, { most: 1 })
    assert.deepEqual([row?.role, row?.act], ['acme_support', 'paused'])
    assert.deepEqual(await own.directory.resume(['acme/shop']), ['acme/shop'])
    await ask('acme_support', `UPDATE member SET paused = true WHERE tenant = 'other'`)
    assert.equal(
      (await ground.fleet.directory.list({ tenant: 'other' }, { most: 1 })).mailboxes[0]?.isPaused,
      false,
    )
    const removed = { name: 'acme_support', tenant: 'acme' }
    assert.deepEqual((await removeOperator(ground.fleet.journal.database, removed)).tenants, ['acme'])
    await refused('acme_support', 'SELECT key FROM member')
  })

  it('let nobody change the audit, the owner of the tables neither', async () => {
    for (const text of [`UPDATE fleet_audit SET by = 'x'`, 'DELETE FROM fleet_audit', 'TRUNCATE fleet_audit'])
      await refused('a1', text)
    const admin = await ground.again({}, { database: { url: urlOf('a1'), name: 'admin' } })
    assert.equal(await admin.directory.addTenant('third'), true)
    assert.equal((await admin.directory.audit({}, { most: 1 }))[0]?.role, 'a1')
  })
})
