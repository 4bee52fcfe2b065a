/** Parts of the set-up on the page of a running daemon: a new password, a new permission, and who may not. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { setupWords } from '../../src/setup/words.ts'
import { pageSetupWords } from '../../src/web/setup/words.ts'
import { type DovecotServer, dovecotMissing, startDovecot } from '../servers/dovecot.ts'
import { hikyaku, type Running, startHikyaku } from '../servers/hikyaku.ts'
import { freePorts, keepOutput } from '../servers/local.ts'
import { requireServer } from '../servers/required.ts'
import { until } from '../servers/until.ts'
import { answerOf } from '../servers/world.ts'
import { address, owner, password, type SetupWorld, startSetupWorld } from '../setup/world.ts'
import { ask, formToken, postOf } from './page.ts'
import { enter, plain } from './set-up-visit.ts'

const changed = 'another battery staple'
const words = setupWords.en
const passwordField = /type="password"/

describe('the set-up on the page of a daemon', { skip: requireServer('dovecot', dovecotMissing()) }, () => {
  let dovecot: DovecotServer
  let world: SetupWorld
  let daemon: Running
  let page: string
  let env: Readonly<Record<string, string>>
  const newLink = async (): Promise<string> => {
    const ended = await hikyaku(['dashboard', '--json'], { env, cwd: world.home })
    return String(answerOf(ended).url)
  }
  before(async () => {
    dovecot = await startDovecot({ users: { [address]: password } })
    world = await startSetupWorld('good', dovecot)
    world.gmail.oauth.rules.testing = false
    await writeFile(join(world.home, 'token'), world.gmail.grant(owner), { mode: 0o600 })
    const [port] = await freePorts(1)
    page = `127.0.0.1:${port}`
    env = { ...world.env, DASHBOARD: page, SCHEDULE: '0 0 1 1 *', ALERT_MAIL: 'no' }
    const server = ['--host', '127.0.0.1', '--port', String(dovecot.ports.imaps), '--protocol', 'imap']
    const google = ['--gmail-account', owner, '--client-file', 'client.json', '--refresh-token-file', 'token']
    const login = ['--address', address, '--user', address, '--password-file', 'password']
    const ended = await hikyaku(['setup', 'mailbox', '--yes', '--json', ...server, ...login, ...google], {
      env: world.env,
      cwd: world.home,
    })
    assert.equal(ended.code, 0, ended.stderr)
    daemon = startHikyaku(['run'], { env, cwd: world.home })
    await until(() => daemon.stderr().includes(`http://${page}`), 'the page is open')
  })
  after(async () => {
    daemon?.kill('SIGKILL')
    await daemon?.ended
    await world?.stop()
    await dovecot?.stop()
  })

  it('takes a new password of the mailbox that the address names, shows a wrong one, and the daemon uses it', async () => {
    await dovecot.changePassword(address, changed)
    const visit = await enter(await newLink())
    await visit.open(`${visit.home}setup/password?mailbox=${encodeURIComponent(address)}`)
    assert.match(visit.path(), /\/setup\/at\/[\w-]{12}\/$/)
    await visit.shows(passwordField)
    await visit.send({ answer: 'a wrong one' })
    await visit.sees('refused')
    await visit.shows(passwordField)
    await visit.send({ answer: changed })
    await visit.sees(pageSetupWords.en.ended.changed)
    assert.ok(plain((await visit.open(visit.path())).text).includes(plain(words.password.goesOn)))
    await world.deliver('', 'after the change')
    await until(() => world.gmail.messages(owner).length > 0, 'the daemon uses it')
    for (const secret of ['a wrong one', changed]) {
      assert.ok(!visit.everything().includes(secret))
      assert.ok(!daemon.stderr().includes(secret))
    }
    // What is over is begun anew.
    await visit.open(`${visit.home}setup/password`)
    await visit.shows(passwordField)
    await visit.send({ do: 'leave' })
    await visit.sees(pageSetupWords.en.ended.left)
    assert.ok(!(await readFile(world.configFile, 'utf8')).includes(changed))
  })

  it('says before the first question that a service may not write its settings, as systemd keeps it', {
    skip: requireServer('unshare', process.getuid?.() === 0),
  }, async () => {
    daemon.kill('SIGTERM')
    await daemon.ended
    const folder = dirname(world.configFile)
    // What ProtectSystem=strict and ProtectHome=read-only do (systemd.exec(5)).
    const readOnly = `mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && shift && exec "$@"`
    const cli = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))
    const { PATH = '' } = process.env
    const child = spawn(
      'unshare',
      ['-m', 'bash', '-c', readOnly, 'bash', folder, process.execPath, cli, 'run'],
      { env: { PATH, HIKYAKU_LANG: 'en', ...env }, cwd: world.home, stdio: ['ignore', 'pipe', 'pipe'] },
    )
    const { stderr } = keepOutput(child)
    try {
      await until(() => stderr().includes(`http://${page}`), 'the page is open')
      const visit = await enter(await newLink())
      await visit.open(`${visit.home}setup/mailbox`)
      await visit.sees('hikyaku setup --browser')
      await visit.sees(pageSetupWords.en.ended.nothing)
      // A new password is possible.
      await visit.open(`${visit.home}setup/password`)
      await visit.shows(passwordField)
      await visit.send({ do: 'leave' })
    } finally {
      child.kill('SIGTERM')
      await once(child, 'close')
    }
    daemon = startHikyaku(['run'], { env, cwd: world.home })
    await until(() => daemon.stderr().includes(`http://${page}`), 'the page is open')
  })

  it('goes on with one set-up at a time, and begins another by the owner’s word', async () => {
    const visit = await enter(await newLink(), 'ja')
    await visit.open(`${visit.home}setup/password`)
    const first = visit.path()
    await visit.open(`${visit.home}setup/password`)
    assert.equal(visit.path(), first, 'a reload begins nothing')
    const other = await visit.open(`${visit.home}setup/google?account=${owner}`)
    assert.match(other.text, new RegExp(pageSetupWords.ja.another))
    await visit.send({ account: owner })
    await visit.sees(setupWords.ja.way.question)
    await visit.send({ answer: 'import' })
    await visit.sees(setupWords.ja.google.consent(false).split('\n')[0] ?? '?')
    assert.equal((await visit.ask(first)).status, 404)
    await visit.send({ do: 'leave' })
  })

  it('lets nobody in without the session, takes no form of another origin, and none without its token', async () => {
    const visit = await enter(await newLink())
    await visit.open(`${visit.home}setup/password`)
    for (const path of [`${visit.home}setup/password`, `${visit.home}setup/everything`, visit.path()]) {
      const stranger = await ask(page, path)
      assert.equal(stranger.status, 403)
      assert.ok(!stranger.text.includes('name="answer"'))
    }
    const { text } = await visit.shows(passwordField)
    const number = /name="number" value="(\d+)"/.exec(text)?.[1] ?? ''
    const fields = { answer: changed, number, form: formToken(text) }
    const evil = postOf('http://evil.example', fields)
    assert.equal((await visit.ask(visit.path(), evil)).status, 403)
    const bare = postOf(`http://${page}`, { answer: changed, number, form: 'x'.repeat(43) })
    assert.equal((await visit.ask(visit.path(), bare)).status, 403)
    const large = postOf(`http://${page}`, { ...fields, answer: 'x'.repeat(20_000) })
    assert.equal((await visit.ask(visit.path(), large)).status, 413)
    const still = await visit.open(visit.path())
    assert.match(still.text, /type="password"/, 'nothing was answered')
    await visit.send({ do: 'leave' })
  })
})
