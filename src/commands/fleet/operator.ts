/** `hikyaku fleet operator add | remove | list`: logins that see one tenant of a fleet, and pause and resume its mailboxes. */
import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { exitCodes } from '../../base/fault.ts'
import { exists, writePrivate } from '../../base/private-file.ts'
import { makeScramVerifier } from '../../base/scram.ts'
import { printable } from '../../base/untrusted.ts'
import { checkName } from '../../fleet/names.ts'
import { type Invocation, writeJson, writeLine, writeParagraph, writeTable } from '../invocation.ts'
import { refuseUse } from '../usage.ts'
import { readGivenSecretFile } from './given-files.ts'
import { type Fleet, withFleet } from './with-fleet.ts'
import { fleetWords } from './words.ts'

export interface OperatorFlags {
  readonly tenant?: string
  readonly passwordFile?: string
  readonly passwordTo?: string
}

const command = 'fleet operator'

export async function fleetOperatorCommand(
  invocation: Invocation,
  act: 'add' | 'remove' | 'list',
  name: string | undefined,
  flags: OperatorFlags,
): Promise<number> {
  const own = fleetWords[invocation.language].operator
  return withFleet(invocation, 'operator', async ({ operators }) => {
    const { tenant, passwordFile, passwordTo } = flags
    if (act !== 'add' && (passwordFile ?? passwordTo) !== undefined) throw refuseUse(own.ofAdd, command)
    if (tenant !== undefined) checkName('tenant', tenant)
    if (act === 'list') return list(invocation, operators, tenant)
    if (name === undefined) throw refuseUse(own.needsName, command)
    checkName('operator', name)
    if (act === 'remove') return remove(invocation, operators, name, tenant)
    if (tenant === undefined) throw refuseUse(own.needsTenant, command)
    return add(invocation, operators, name, tenant, flags)
  })
}

type Operators = Fleet['operators']

async function add(
  invocation: Invocation,
  operators: Operators,
  name: string,
  tenant: string,
  { passwordFile, passwordTo }: OperatorFlags,
): Promise<number> {
  const own = fleetWords[invocation.language].operator
  if (passwordFile !== undefined && passwordTo !== undefined) throw refuseUse(own.oneOfBoth, command)
  const file = passwordTo === undefined ? undefined : resolve(invocation.cwd, passwordTo)
  if (file !== undefined && (await exists(file)))
    throw refuseUse(own.fileThere(printable(file, 4096)), command)
  const given = passwordFile === undefined ? undefined : await readGivenSecretFile(invocation, passwordFile)
  // What SCRAM makes of other characters, each program makes of them in its own way (RFC 4013).
  if (given !== undefined && !/^[\x21-\x7e]{12,}$/.test(given)) throw refuseUse(own.weak, command)
  const isMade = given === undefined && (file !== undefined || !(await operators.isLogin(name)))
  const password = isMade ? randomBytes(24).toString('base64url') : given
  // Before the login has it: otherwise a full disk would leave one that nobody knows.
  if (isMade && file !== undefined && password !== undefined)
    await writePrivate(file, Buffer.from(`${password}\n`))
  const verifier = password === undefined ? undefined : makeScramVerifier(password)
  const added = await operators.add(name, tenant, verifier).catch(async thrown => {
    if (isMade && file !== undefined) await rm(file, { force: true })
    throw thrown
  })
  const shown = isMade && file === undefined ? password : undefined
  const passwordIn = isMade ? file : undefined
  if (invocation.json) {
    writeJson(invocation, {
      ...{ ok: true, exitCode: exitCodes.ok, operator: name, tenant, became: added },
      ...{ password: shown ?? null, passwordFile: passwordIn ?? null },
    })
    return exitCodes.ok
  }
  writeParagraph(invocation, own.added[added](printable(name), printable(tenant)))
  if (passwordIn !== undefined) writeParagraph(invocation, own.passwordIn(printable(passwordIn, 4096)))
  if (shown !== undefined) {
    writeParagraph(invocation, own.password)
    writeLine(invocation, `  ${shown}`)
  }
  writeParagraph(invocation, own.after)
  return exitCodes.ok
}

async function remove(
  invocation: Invocation,
  operators: Operators,
  name: string,
  tenant: string | undefined,
): Promise<number> {
  const own = fleetWords[invocation.language].operator
  const { tenants, sessions, loginRemoved } = await operators.remove(name, tenant)
  if (invocation.json) {
    writeJson(invocation, {
      ...{ ok: true, exitCode: exitCodes.ok, operator: name, tenants, sessions, loginRemoved },
    })
    return exitCodes.ok
  }
  if (tenants.length > 0)
    writeParagraph(invocation, own.removed(printable(name), printable(tenants.join(', '), 300)))
  if (sessions > 0) writeParagraph(invocation, own.sessions(sessions))
  writeParagraph(invocation, loginRemoved ? own.loginRemoved : own.loginStays)
  return exitCodes.ok
}

async function list(
  invocation: Invocation,
  operators: Operators,
  tenant: string | undefined,
): Promise<number> {
  const own = fleetWords[invocation.language].operator
  const rows = await operators.list(tenant)
  if (invocation.json) {
    const shown = rows.map(({ name, ...row }) => ({ operator: name, ...row }))
    writeJson(invocation, { ok: true, exitCode: exitCodes.ok, operators: shown })
    return exitCodes.ok
  }
  if (rows.length === 0) {
    writeLine(invocation, own.none)
    return exitCodes.ok
  }
  const lines = rows.map(row => [
    printable(row.name),
    printable(row.tenant),
    row.canLogIn ? String(row.sessions) : own.cannotLogIn,
  ])
  writeTable(invocation, [own.headings, ...lines])
  return exitCodes.ok
}
