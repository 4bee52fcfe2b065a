/** Which mailboxes a command of `hikyaku fleet` concerns, and whether their operator means so many. */
import { Fault } from '../../base/fault.ts'
import { printable } from '../../base/untrusted.ts'
import type { Directory } from '../../fleet/directory.ts'
import { makeKey } from '../../fleet/names.ts'
import { confirm } from '../confirm.ts'
import type { Invocation } from '../invocation.ts'
import { refuseUse } from '../usage.ts'
import { type Act, fleetWords } from './words.ts'

export interface Chosen {
  readonly keys: readonly string[]
  readonly tenant?: string | undefined
}

const mostAtOnce = 1000

/** So many are named one by one in an answer. */
export const mostNamed = 20

/** A name alone is one of the tenant, or of the usual one. */
export const keyOf = (written: string, tenant = 'main'): string =>
  written.includes('/') ? written : makeKey(tenant, written)

/**
 * @returns the keys, each once; all of the tenant where it alone is named
 * @throws Fault usage.invalid where nothing is named, or the tenant has none
 */
export async function chooseKeys(
  { language }: Invocation,
  directory: Directory,
  { keys, tenant }: Chosen,
  command: string,
): Promise<readonly string[]> {
  const own = fleetWords[language].act
  if (keys.length > 0) return [...new Set(keys.map(key => keyOf(key, tenant)))]
  if (tenant === undefined) throw refuseUse(own.needsKeys, command)
  const all: string[] = []
  for (let after: string | undefined; ; ) {
    const page = await directory.list({ tenant }, { after, most: mostAtOnce })
    all.push(...page.mailboxes.map(({ key }) => key))
    if (page.next === undefined) break
    after = page.next
  }
  if (all.length === 0)
    throw new Fault('usage.invalid', { facts: { what: own.noneOf(printable(tenant, 64)) } })
  return all
}

/** More than one is asked about. @throws Fault usage.invalid where nobody can be asked */
export async function isMeant(
  invocation: Invocation,
  act: Act,
  count: number,
  yes: boolean,
): Promise<boolean> {
  const own = fleetWords[invocation.language].act
  if (count <= 1 || yes || act === 'check-now') return true
  if (invocation.stdin.isTTY !== true) throw refuseUse(own.needsYes(count), `fleet ${act}`)
  if (await confirm(invocation, own.ask[act](count))) return true
  invocation.stderr.write(`${own.unchanged}\n`)
  return false
}

/** In parts that one transaction takes. */
export function splitKeys(keys: readonly string[]): readonly (readonly string[])[] {
  return Array.from({ length: Math.ceil(keys.length / mostAtOnce) }, (_, part) =>
    keys.slice(part * mostAtOnce, (part + 1) * mostAtOnce),
  )
}
