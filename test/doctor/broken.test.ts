/** Broken set-ups, each with the cause that doctor has to name. At the end they are printed as a table. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { networkInterfaces, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { alignTable } from '../../src/base/text-width.ts'
import { type Certificates, makeCertificates, needsOpenssl } from '../servers/certificates.ts'
import { startWorld } from '../servers/world.ts'
import { diagnosed, snapshot } from './harness.ts'
import type { Row } from './rows.ts'
import { googleRows } from './rows-google.ts'
import { machineRows } from './rows-machine.ts'
import { sourceRows } from './rows-source.ts'

const message = Buffer.from(
  'From: a@example.test\r\nMessage-ID: <1@example.test>\r\nSubject: x\r\n\r\nhi\r\n',
)
const hasIpv6 = Object.values(networkInterfaces()).some(all => all?.some(({ address }) => address === '::1'))
let certificates: Certificates
const results: string[][] = []

describe('doctor names the cause of a broken set-up, and nothing else', { skip: needsOpenssl() }, () => {
  before(async () => {
    certificates = await makeCertificates(await mkdtemp(join(tmpdir(), 'hikyaku-doctor-certificates-')))
  })
  after(async () => {
    await rm(dirname(certificates.ca.certFile), { recursive: true, force: true })
    const heads = ['set-up', 'blamed', 'cause', 'exit', 'ms']
    console.log(`\n${alignTable([heads, ...results], { right: [3, 4] })}\n${results.length} set-ups`)
  })
  for (const row of [...machineRows, ...sourceRows, ...googleRows]) {
    const skip = row.ipv6 === true && !hasIpv6 ? 'no ::1 here' : false
    test(row.title, { skip }, async t => {
      const world = await startWorld({ protocol: 'pop3', ...row.world })
      const undone: (() => Promise<unknown>)[] = [() => world.stop()]
      t.after(async () => {
        for (const undo of undone.reverse()) await undo()
      })
      await world.source.deliver(message)
      const { env = {}, given = {}, undo = [] } = await row.breaks(world, certificates)
      undone.push(...undo)
      // A daemon that runs writes into its journal at any time.
      const look = async (): Promise<readonly string[]> =>
        (await snapshot(world.folder)).filter(line => row.check !== 'instance' || !/-(wal|shm) /.test(line))
      const before = await look()
      const uploads = world.gmail.accepted.length
      const logins = (): number => {
        const { pop3, imap } = world.source
        const failed = pop3?.ledger.failedLogins.length ?? 0
        return (
          (pop3?.ledger.logins.length ?? 0) + failed + (imap?.ledger.commands.filter(isLogin).length ?? 0)
        )
      }
      const loginsBefore = logins()
      const began = performance.now()
      const told = await diagnosed(world, { env, given })
      const ms = Math.round(performance.now() - began)
      const shown = JSON.stringify(
        told.lines.filter(({ verdict }) => verdict !== 'ok'),
        null,
        1,
      )

      const named = told.lines.find(({ check, code }) => check === row.check && code === row.code)
      assert.ok(named, `${row.check} does not say ${row.code}:\n${shown}`)
      assert.equal(named.verdict, row.warning === true ? 'warning' : 'bad', shown)
      assert.notEqual(named.next, '')
      if (row.says !== undefined) assert.match(`${named.what} ${named.next}`, row.says)
      // The cause comes first, and nothing that works is blamed.
      assert.equal(told.cause, row.warning === true ? null : row.code, shown)
      assert.ok(
        told.lines.every(
          line => line.verdict !== 'bad' || line.code === row.code || isConsequence(row, line.check),
        ),
        shown,
      )
      assert.equal(told.exitCode, row.exitCode, shown)
      assert.equal(told.noNetwork, false)
      // Nothing was changed anywhere.
      assert.deepEqual(await look(), before)
      assert.equal(world.gmail.accepted.length, uploads)
      assert.equal(world.source.pop3?.ledger.deleted.length ?? 0, 0)
      assert.ok(logins() - loginsBefore <= 1, `${logins() - loginsBefore} logins`)
      results.push([row.title, row.check, named.code, String(told.exitCode), String(ms)])
    })
  }
})

const isLogin = ({ text }: { readonly text: string }): boolean => text === 'LOGIN' || text === 'AUTHENTICATE'

/** A second instance is why the service does not run. */
const isConsequence = (row: Row, check: string): boolean =>
  row.code === 'state.second-instance' && check === 'service'
