import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Fault } from '../../src/base/fault.ts'
import { keychainReason, keychainVault, probeKeychain } from '../../src/vault/keychain.ts'
import type { Vault } from '../../src/vault/vault.ts'
import { requireServer } from '../servers/required.ts'
import { installed, type SessionBus, startSessionBus } from './session-bus.ts'

async function faultOf(promise: Promise<unknown>): Promise<Fault> {
  const thrown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  )
  assert.ok(thrown instanceof Fault, `expected a Fault, got ${thrown}`)
  return thrown
}

/** Tries until the key ring has taken its name on the bus. */
async function untilKept(vault: Vault, name: string, secret: string): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await vault.set(name, secret)
    } catch (thrown) {
      if (tries === 100) throw thrown
    }
  }
}

const linux = process.platform === 'linux'

describe('the keychain without a Secret Service', { skip: linux ? false : 'Linux only' }, () => {
  it('says within a second or so that there is no session bus', async () => {
    const vault = keychainVault({ service: 'hikyaku test', env: { PATH: process.env.PATH } })
    const fault = await faultOf(vault.get('mail-password'))
    assert.equal(fault.code, 'secret.unreadable')
    assert.equal(fault.facts.reason, 'no-bus')
    assert.equal((await faultOf(vault.set('mail-password', 'geheim'))).code, 'secret.not-kept')
  })

  it('says no bus for an address where nobody listens, and never shows the secret', async () => {
    const env = { PATH: process.env.PATH, DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent/hikyaku' }
    const fault = await faultOf(keychainVault({ service: 'hikyaku test', env }).set('a', 'tora-no-maki'))
    assert.equal(fault.facts.reason, 'no-bus')
    assert.ok(!JSON.stringify([fault.facts, fault.message, String(fault.cause)]).includes('tora'))
  })

  it('gives up on a bus that accepts and stays silent, with the event loop free meanwhile', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hikyaku-mute-'))
    const sockets: Socket[] = []
    const server = createServer(socket => sockets.push(socket.resume().on('error', () => {})))
    await new Promise<void>(resolve => server.listen(join(folder, 'bus'), resolve))
    const env = { PATH: process.env.PATH, DBUS_SESSION_BUS_ADDRESS: `unix:path=${join(folder, 'bus')}` }
    let ticks = 0
    const ticking = setInterval(() => {
      ticks += 1
    }, 20)
    const mute = keychainVault({ service: 'hikyaku test', env, deadlineMs: 500 })
    // A process that others kept from its processor is asked again.
    for (let tries = 0; tries < 10 && ticks <= 3; tries += 1) {
      ticks = 0
      assert.equal((await faultOf(mute.get('a'))).facts.reason, 'timeout')
    }
    clearInterval(ticking)
    assert.ok(ticks > 3, `the event loop ran ${ticks} times`)
    for (const socket of sockets) socket.destroy()
    await new Promise(resolve => server.close(resolve))
    await rm(folder, { recursive: true })
  })

  it('puts what it does not recognise under failed', () => {
    assert.equal(keychainReason('the moon is full'), 'failed')
  })
})

const skip = linux
  ? requireServer('gnome-keyring', await installed('dbus-daemon', 'gnome-keyring-daemon'))
  : 'Linux only'

describe('the keychain on a real GNOME Keyring', { skip }, () => {
  let bus: SessionBus
  let vault: Vault
  before(async () => {
    bus = await startSessionBus()
    vault = keychainVault({ service: 'hikyaku test', env: bus.env })
  })
  after(() => bus.stop())

  it('says no service on a bus without a key ring', async () => {
    assert.equal(await probeKeychain(vault), 'no-service')
  })

  it('keeps, gives back, replaces and deletes, and keeps secrets apart by service', async () => {
    const stop = await bus.startKeyring('open sesame')
    await untilKept(vault, 'mail-password', 'パスワード "1" \n')
    assert.equal(await probeKeychain(vault), undefined)
    assert.equal(await vault.get('mail-password'), 'パスワード "1" \n')
    await vault.set('mail-password', 'second')
    assert.equal(await vault.get('mail-password'), 'second')
    const other = keychainVault({ service: 'hikyaku other', env: bus.env })
    assert.equal(await other.get('mail-password'), undefined)
    await vault.delete('absent')
    await vault.set('short-lived', 'x')
    await vault.delete('short-lived')
    assert.equal(await vault.get('short-lived'), undefined)
    await stop()
  })

  it('says locked for a locked key ring instead of "no secret"', async () => {
    const stop = await bus.startKeyring()
    let fault = await faultOf(vault.get('mail-password'))
    for (let tries = 1; fault.facts.reason === 'no-service' && tries < 100; tries += 1)
      fault = await faultOf(vault.get('mail-password'))
    assert.equal(fault.code, 'secret.unreadable')
    assert.equal(fault.facts.reason, 'locked', String(fault.facts.words))
    assert.equal(await probeKeychain(vault), 'locked')
    await stop()
  })
})
