/** The directory of a fleet, on a real PostgreSQL: what is put, found, paused, moved and told. */
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { after, before, describe, it, type TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { Fault } from '../../src/base/fault.ts'
import { ConfigFault } from '../../src/base/problem.ts'
import type { MailboxConfig } from '../../src/config/config.ts'
import { revealPassword } from '../../src/config/mail-credential.ts'
import type { Fleet } from '../../src/fleet/open-fleet.ts'
import { describeFault } from '../../src/locale/locale.ts'
import { describeProblem } from '../../src/locale/problems.ts'
import { type PostgresServer, postgresMissing, startPostgres } from '../servers/postgres.ts'
import { requireServer } from '../servers/required.ts'
import { account, accountSecrets, type FleetGround, mailbox, makeFleetGround } from './fleet-helpers.ts'

const skip = requireServer('postgresql', postgresMissing())

describe('the directory of a fleet', { concurrency: true, skip }, () => {
  let server: PostgresServer
  before(async () => {
    server = await startPostgres({ fsync: 'off' })
  })
  after(() => server.stop())

  const ground = (t: TestContext): Promise<FleetGround> => makeFleetGround(t, server)
  const withShop = async (t: TestContext): Promise<FleetGround> => {
    const made = await ground(t)
    const { directory } = made.fleet
    await directory.addTenant('main')
    await directory.putAccount('main', 'owner', account, accountSecrets)
    await directory.putMailbox('main', 'shop', { ...mailbox, account: 'owner' }, { password: 'first' })
    return made
  }
  const withCode =
    (code: string) =>
    (thrown: unknown): boolean =>
      thrown instanceof Fault && thrown.code === code
  const problemsOf = async (work: Promise<unknown>): Promise<readonly string[]> => {
    const thrown: unknown = await work.then(
      () => undefined,
      (error: unknown) => error,
    )
    if (!(thrown instanceof ConfigFault)) throw thrown ?? new Error('nothing was refused')
    return thrown.problems.map(problem => describeProblem(problem, 'en'))
  }
  const cloud = {
    ...{ ...mailbox, host: 'outlook.office365.com', account: 'owner' },
    ...{ auth: 'oauth', oauthProvider: 'microsoft', oauthClientId: 'a-client' },
  }
  const tokenOf = async ({ directory }: Fleet, key: string) => {
    const { credential } = (await directory.open(key)).mailbox
    assert.ok(credential.kind === 'oauth' && credential.grant.kind === 'user')
    return credential.grant.refreshToken
  }
  const passwordOf = ({ credential }: MailboxConfig): Promise<string | undefined> =>
    revealPassword(credential)

  it('keeps a mailbox with its account, offers it to workers, and opens it with its secrets', async t => {
    const { fleet, again } = await withShop(t)
    const { holds } = fleet.journal
    assert.deepEqual(await holds.count(), { held: new Map(), free: 1 })
    const { mailbox: opened, accounts } = await (await again()).directory.open('main/shop')
    assert.equal(opened.name, 'main/shop')
    assert.equal(opened.account, 'main/owner')
    assert.equal(opened.server.port, 993)
    assert.equal(await passwordOf(opened), 'first')
    const [owner] = accounts
    assert.ok(owner?.credential.kind === 'user')
    assert.equal(owner.name, 'main/owner')
    assert.equal(await owner.credential.refreshToken.reveal(), '1//one')
    // A changed password reaches who opened the mailbox before.
    const { directory } = fleet
    assert.equal(
      await directory.putMailbox('main', 'shop', { ...mailbox, account: 'owner' }, { password: 'second' }),
      'changed',
    )
    assert.equal(await passwordOf(opened), 'second')
    assert.equal(
      await directory.putMailbox('main', 'shop', { ...mailbox, account: 'owner' }, { password: 'second' }),
      'unchanged',
    )
    const [row] = (await directory.list({}, { most: 10 })).mailboxes
    assert.deepEqual(
      [row?.key, row?.account, row?.secrets, row?.isPaused],
      ['main/shop', 'owner', ['password'], false],
    )
    assert.deepEqual(await directory.tenants(), [{ name: 'main', mailboxes: 1, paused: 0, accounts: 1 }])
  })

  it('refuses what a wrong YAML is refused for, in the same words, and writes nothing of it', async t => {
    const { fleet } = await withShop(t)
    const { directory } = fleet
    const put = (settings: object, secrets: Record<string, string> = { password: 'x' }) =>
      directory.putMailbox('main', 'more', { ...mailbox, account: 'owner', ...settings }, secrets)
    assert.match(
      (await problemsOf(put({ port: 70_000, prot: 'x' }))).join('\n'),
      /mailboxes\[main\/more\]\.port.*\n.*prot/,
    )
    assert.match((await problemsOf(put({ account: 'nobody' }))).join('\n'), /account.*owner/)
    assert.match((await problemsOf(put({ password: 'x' }))).join('\n'), /password.*beside the settings/)
    assert.match(
      (await problemsOf(put({ passwordFile: '/etc/shadow' }))).join('\n'),
      /passwordFile.*beside the settings/,
    )
    assert.match((await problemsOf(put({}, {}))).join('\n'), /password.*missing/)
    assert.match((await problemsOf(put({}, { password: 'x', clientSecret: 'y' }))).join('\n'), /clientSecret/)
    assert.match((await problemsOf(put({ name: 'other' }))).join('\n'), /name/)
    await assert.rejects(directory.putMailbox('main', 'UP', mailbox, {}), withCode('fleet.name'))
    await assert.rejects(directory.putMailbox('nobody', 'a', mailbox, {}), withCode('fleet.unknown'))
    assert.equal((await directory.list({}, { most: 10 })).mailboxes.length, 1)
  })

  it('withdraws the hold with a pause and offers it with a resumption, in the same transaction', async t => {
    const { fleet } = await withShop(t)
    const { holds } = fleet.journal
    const [held] = await holds.take('worker', 1)
    assert.equal(held?.mailbox, 'main/shop')
    assert.deepEqual(await fleet.directory.pause(['main/shop']), ['main/shop'])
    // Its worker may write down what it has begun, and is told to give it back; nobody else takes it.
    assert.deepEqual((await holds.renew('worker', 10)).withdrawn, ['main/shop'])
    assert.ok(held)
    await fleet.journal.journalOf(held).setNote('login-delay main/shop', '1')
    await holds.release('worker', ['main/shop'])
    assert.deepEqual(await holds.take('worker', 1), [])
    await assert.rejects(fleet.directory.resume(['main/shop', 'main/none']), withCode('fleet.unknown'))
    assert.deepEqual(await holds.count(), { held: new Map(), free: 0 })
    assert.deepEqual(await fleet.directory.resume(['main/shop']), ['main/shop'])
    assert.deepEqual(await holds.count(), { held: new Map(), free: 1 })
    const [again] = await holds.take('worker', 1)
    assert.ok(again)
    await fleet.directory.remove(['main/shop'])
    // So it is with one that is removed.
    assert.deepEqual((await holds.renew('worker', 10)).withdrawn, ['main/shop'])
    await fleet.journal.journalOf(again).setNote('login-delay main/shop', '1')
    await holds.release('worker', ['main/shop'])
    assert.deepEqual(await holds.take('worker', 1), [])
    assert.deepEqual(await holds.count(), { held: new Map(), free: 0 })
    await assert.rejects(fleet.directory.open('main/shop'), withCode('fleet.unknown'))
  })

  it('moves a mailbox to another tenant with its secrets and all that the journal knows of it', async t => {
    const { fleet, url } = await withShop(t)
    const { directory, journal } = fleet
    await directory.addTenant('other')
    const refused: unknown = await directory
      .move('main/shop', { tenant: 'other' })
      .catch((error: unknown) => error)
    assert.ok(refused instanceof ConfigFault)
    const { what, mail, next } = describeFault(refused, 'en')
    assert.match(
      what,
      /^The settings of other\/shop are not right:\n- mailboxes\[other\/shop\]\.account .*tenant other has no Gmail account/,
    )
    assert.match(what, /`hikyaku fleet add --tenant other --gmail-account/)
    assert.match(mail, /^Nothing was changed\./)
    assert.doesNotMatch(next, /\.env|start/)
    await directory.putAccount('other', 'owner', account, accountSecrets)
    await journal.journal.setNote('login-delay main/shop', '7')
    await journal.journal.setNote('idle ["main/shop","INBOX"]', 'tells')
    await journal.journal.setNote('breaker main/shop', 'of an account by that name')
    const suspect = (mailbox: string): string => JSON.stringify([mailbox, 'INBOX', '7'])
    const underWay = (mailbox: string): string => {
      const key = suspect(mailbox)
      return JSON.stringify({
        ...{ by: '', many: [key], alone: [], ends: { [key]: ['a'] }, condemned: [] },
        leftUntilMs: { [key]: 5 },
      })
    }
    const logins = (mailbox: string): string =>
      JSON.stringify([
        [1, mailbox],
        [2, ''],
        [3, 'main/shop2'],
      ])
    await journal.journal.setNote('under-way main/shop', underWay('main/shop'))
    await journal.journal.setNote('paused main/shop', '{"main/shop":{"sinceMs":9}}')
    await journal.journal.setNote('host-logins/hostgator', logins('main/shop'))
    await journal.journal.setNote('host-logins/hostgator@far', logins('main/shop'))
    await journal.journal.setNote('host-logins/xserver main/shop', '[[1,"main/shop"]]')
    await journal.journal.setNote('under-way main/shop2', underWay('main/shop2'))
    await server.ask(
      url,
      `INSERT INTO message (mailbox, folder, uid, stage, present, generation, listed_at_ms) VALUES ('main/shop', '', '1', 'listed', 1, 1, 1)`,
    )
    const [held] = await journal.holds.take('worker', 1)
    assert.equal(await directory.move('main/shop', { tenant: 'other' }), 'other/shop')
    assert.ok(held)
    await assert.rejects(
      journal.journalOf(held).setNote('login-delay main/shop', '1'),
      withCode('journal.not-held'),
    )
    assert.equal(await journal.journal.note('login-delay other/shop'), '7')
    assert.equal(await journal.journal.note('idle ["other/shop","INBOX"]'), 'tells')
    assert.equal(await journal.journal.note('breaker main/shop'), 'of an account by that name')
    for (const [key, value] of [
      ['under-way other/shop', underWay('other/shop')],
      ['paused other/shop', '{"other/shop":{"sinceMs":9}}'],
      ['host-logins/hostgator', logins('other/shop')],
      ['host-logins/hostgator@far', logins('other/shop')],
      ['host-logins/xserver other/shop', '[[1,"other/shop"]]'],
      ['under-way main/shop2', underWay('main/shop2')],
    ] as const)
      assert.equal(await journal.journal.note(key), value, key)
    const named = await server.ask(url, `SELECT key FROM note WHERE (key || value) ~ 'main/shop([^2]|$)'`)
    assert.deepEqual(named, [{ key: 'breaker main/shop' }])
    assert.deepEqual(await server.ask(url, 'SELECT mailbox FROM message'), [{ mailbox: 'other/shop' }])
    assert.equal(await passwordOf((await directory.open('other/shop')).mailbox), 'first')
    await directory.putMailbox('main', 'shop', { ...mailbox, account: 'owner' }, { password: 'x' })
    await assert.rejects(directory.move('main/shop', { tenant: 'other' }), withCode('fleet.in-use'))
    await assert.rejects(directory.removeAccount('main', 'owner'), withCode('fleet.in-use'))
  })

  it('gives a secret to no other server and no other mailbox than it was kept for', async t => {
    const { fleet, url } = await withShop(t)
    const { directory } = fleet
    await directory.putMailbox(
      'main',
      'thief',
      { ...mailbox, host: 'thief.example', account: 'owner' },
      { password: 'own' },
    )
    // By the directory's own door.
    await assert.rejects(
      directory.putMailbox('main', 'shop', { ...mailbox, host: 'thief.example', account: 'owner' }, {}),
      withCode('secret.other-destination'),
    )
    // By hand in the database: the settings' server, the row's mailbox, and the destination beside it.
    const opened = (await directory.open('main/shop')).mailbox
    await server.ask(
      url,
      `UPDATE member SET settings = settings || '{"host":"thief.example"}' WHERE name = 'shop'`,
    )
    const { credential } = (await directory.open('main/shop')).mailbox
    assert.ok(credential.kind === 'password')
    await assert.rejects(credential.password.reveal(), withCode('secret.other-destination'))
    assert.equal(await passwordOf(opened), 'first')
    const copyRow = `UPDATE fleet_secret SET sealed = (SELECT sealed FROM fleet_secret WHERE owner = 'shop') WHERE owner = 'thief'`
    await server.ask(url, copyRow)
    const stolen = (await directory.open('main/thief')).mailbox.credential
    assert.ok(stolen.kind === 'password')
    await assert.rejects(stolen.password.reveal(), withCode('fleet.secret-unfit'))
    await server.ask(
      url,
      `UPDATE fleet_secret SET destination = (SELECT destination FROM fleet_secret WHERE owner = 'thief') WHERE owner = 'shop'`,
    )
    await assert.rejects(credential.password.reveal(), withCode('fleet.secret-unfit'))
    // What cannot be opened is entered again.
    assert.equal(
      await directory.putMailbox('main', 'shop', { ...mailbox, account: 'owner' }, { password: 'again' }),
      'changed',
    )
    assert.equal(await passwordOf((await directory.open('main/shop')).mailbox), 'again')
  })

  it('holds no secret in clear, and tells a lost key and a wrong one', async t => {
    const { fleet, url, keyFile, again } = await withShop(t)
    const tables = ['tenant', 'fleet_account', 'member', 'fleet_secret', 'fleet_audit']
    const rows = await Promise.all(tables.map(table => server.ask(url, `SELECT * FROM ${table}`)))
    const text = JSON.stringify(rows)
    for (const secret of ['first', ...Object.values(accountSecrets)])
      for (const shape of [
        secret,
        Buffer.from(secret).toString('base64url'),
        Buffer.from(secret).toString('hex'),
      ])
        assert.ok(!text.includes(shape), shape)
    const lost = await again({}, { keyFile: `${keyFile}.gone` })
    const { credential } = (await lost.directory.open('main/shop')).mailbox
    assert.ok(credential.kind === 'password')
    await assert.rejects(credential.password.reveal(), withCode('fleet.no-key'))
    await writeFile(`${keyFile}.gone`, Buffer.alloc(32, 7).toString('base64'), { mode: 0o600 })
    await assert.rejects(credential.password.reveal(), (thrown: unknown) => {
      assert.ok(thrown instanceof Fault)
      assert.equal(thrown.code, 'fleet.other-key')
      assert.equal(thrown.facts.name, 'main')
      return true
    })
    assert.equal(await passwordOf((await fleet.directory.open('main/shop')).mailbox), 'first')
  })

  it('exchanges the fleet key without touching a secret', async t => {
    const { fleet, url, keyFile, again } = await withShop(t)
    const secretRows = () => server.ask(url, 'SELECT * FROM fleet_secret ORDER BY owner, key')
    const before = await secretRows()
    const older = await readFile(keyFile, 'utf8')
    await writeFile(keyFile, `${Buffer.alloc(32, 9).toString('base64')}\n${older}`, { mode: 0o600 })
    const { directory } = await again()
    assert.equal(await passwordOf((await directory.open('main/shop')).mailbox), 'first')
    assert.deepEqual(await directory.rewrap(), { count: 1, refused: [] })
    assert.deepEqual(await directory.rewrap(), { count: 0, refused: [] })
    assert.deepEqual(await secretRows(), before)
    // Who runs on with the older key opens what it opened before; who comes with the new one alone opens all.
    assert.equal(await passwordOf((await fleet.directory.open('main/shop')).mailbox), 'first')
    await writeFile(keyFile, Buffer.alloc(32, 9).toString('base64'), { mode: 0o600 })
    assert.equal(await passwordOf((await (await again()).directory.open('main/shop')).mailbox), 'first')
    await writeFile(keyFile, older, { mode: 0o600 })
    const { credential } = (await (await again()).directory.open('main/shop')).mailbox
    assert.ok(credential.kind === 'password')
    await assert.rejects(credential.password.reveal(), withCode('fleet.other-key'))
    const [row] = await directory.audit({}, { most: 1 })
    assert.deepEqual([row?.kind, row?.act, row?.tenant], ['key', 'changed', 'main'])
  })

  it('tells of changes within a second, also by a change of the account, and after the connection was lost', async t => {
    const { fleet, again, url } = await withShop(t)
    const watcher = await again()
    const told: string[] = []
    const faults: unknown[] = []
    const end = watcher.directory.watch(
      keys => told.push(...keys),
      fault => faults.push(fault),
    )
    t.after(end)
    const until = async (seen: () => boolean, what: string): Promise<void> => {
      for (let tries = 0; tries < 400; tries += 1) {
        if (seen()) return
        await pause(25)
      }
      assert.fail(`${what}: ${told.join(' ')}`)
    }
    const listeners = () =>
      server.ask(
        url,
        `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'`,
      )
    for (let tries = 0; tries < 400 && (await listeners()).length === 0; tries += 1) await pause(25)
    await fleet.directory.pause(['main/shop'])
    await until(() => told.includes('main/shop'), 'a pause is told')
    told.length = 0
    await fleet.directory.putAccount('main', 'owner', { ...account, unitsPerMinute: 15_000 }, {})
    await until(() => told.includes('main/shop'), 'a change of the account is told')
    told.length = 0
    await server.ask(url, `SELECT pg_terminate_backend(${String((await listeners())[0]?.pid)})`)
    await fleet.directory.resume(['main/shop'])
    await until(() => told.includes('main/shop') && faults.length > 0, 'what nobody heard is found')
  })

  it('writes down who changed what, and never a secret', async t => {
    const { again } = await withShop(t)
    const { directory } = await again({ by: 'Hanako (support)' })
    await directory.putMailbox(
      'main',
      'shop',
      { ...mailbox, account: 'owner', port: 1993 },
      { password: 'third' },
    )
    await directory.pause(['main/shop'])
    const rows = await directory.audit({ tenant: 'main' }, { most: 3 })
    assert.deepEqual(
      rows.map(({ role, by, kind, name, act, keys }) => [role, by, kind, name, act, keys]),
      [
        ['fleet', 'Hanako (support)', 'mailbox', 'shop', 'paused', []],
        ['fleet', 'Hanako (support)', 'mailbox', 'shop', 'changed', ['password']],
        ['fleet', 'Hanako (support)', 'mailbox', 'shop', 'changed', ['port']],
      ],
    )
    const all = await directory.audit({}, { most: 100 })
    assert.deepEqual(
      all.slice(3).map(({ kind, name, act }) => `${kind} ${name} ${act}`),
      [
        'mailbox shop changed',
        'mailbox shop added',
        'account owner changed',
        'account owner changed',
        'account owner added',
        'tenant main added',
      ],
    )
  })

  it('keeps what a provider gave in the place of a secret, until another one is given', async t => {
    const { fleet, again } = await withShop(t)
    await fleet.directory.putMailbox('main', 'cloud', cloud, { oauthRefreshToken: 'token-1' })
    const grantOf = async () => tokenOf(await again(), 'main/cloud')
    const token = await grantOf()
    await token.replace('token-2', 'token-1')
    assert.equal(await (await grantOf()).secret.reveal(), 'token-2')
    await token.replace('token-3', 'token-2')
    assert.equal(await (await grantOf()).secret.reveal(), 'token-3')
    await fleet.directory.putMailbox('main', 'cloud', cloud, { oauthRefreshToken: 'token-9' })
    assert.equal(await token.secret.reveal(), 'token-9')
  })

  it('moves a mailbox with the newest of what a provider gave, or says that it could not', async t => {
    const { fleet, url } = await withShop(t)
    const { directory, journal } = fleet
    await directory.addTenant('other')
    await directory.putAccount('other', 'owner', account, accountSecrets)
    await directory.putMailbox('main', 'cloud', cloud, { oauthRefreshToken: 'token-1' })
    await directory.pause(['main/shop'])
    const { holds } = journal
    await holds.renew('worker', 5)
    assert.equal((await holds.take('worker', 5)).length, 1)
    const renewing = setInterval(() => void holds.renew('worker', 5).catch(() => {}), 500)
    t.after(() => clearInterval(renewing))
    const token = await tokenOf(fleet, 'main/cloud')
    // A worker that is there and does not end keeps it, with what it may still be given.
    await assert.rejects(directory.move('main/cloud', { tenant: 'other' }), withCode('fleet.in-use'))
    assert.equal((await directory.list({ keys: ['main/cloud'] }, { most: 1 })).mailboxes[0]?.isPaused, false)
    // It is given another while the move waits for it.
    const moving = directory.move('main/cloud', { tenant: 'other' })
    const isPaused = () => server.ask(url, "SELECT 1 FROM member WHERE name = 'cloud' AND paused")
    while ((await isPaused()).length === 0) await pause(5)
    await token.replace('token-2', 'token-1')
    await holds.release('worker', ['main/cloud'])
    assert.equal(await moving, 'other/cloud')
    assert.equal(await (await tokenOf(fleet, 'other/cloud')).secret.reveal(), 'token-2')
    await assert.rejects(token.replace('token-3', 'token-2'), withCode('secret.missing'))
  })

  it('loses none of what a provider gave that was kept, whenever it is moved', async t => {
    const { fleet } = await withShop(t)
    const { directory } = fleet
    await directory.addTenant('other')
    await directory.putAccount('other', 'owner', account, accountSecrets)
    await directory.putMailbox('main', 'cloud', cloud, { oauthRefreshToken: 'token-0' })
    let newest = 'token-0'
    for (let round = 0; round < 20; round += 1) {
      const [from = '', to = ''] = round % 2 === 0 ? ['main', 'other'] : ['other', 'main']
      const token = await tokenOf(fleet, `${from}/cloud`)
      const moving = directory.move(`${from}/cloud`, { tenant: to })
      let isOver = false
      for (let n = 0; !isOver; n += 1) {
        const next = `token-${round}-${n}`
        const isKept = await token.replace(next, newest).then(
          () => true,
          () => false,
        )
        if (isKept) newest = next
        isOver = !isKept || (await Promise.race([moving.catch(() => {}).then(() => true), pause(1, false)]))
      }
      const isMoved = await moving.then(
        () => true,
        thrown => !withCode('fleet.in-use')(thrown),
      )
      const place = isMoved ? to : from
      assert.equal(await (await tokenOf(fleet, `${place}/cloud`)).secret.reveal(), newest, `round ${round}`)
      if (!isMoved) round -= 1
    }
  })
})
