/** What the set-up does by other commands once everything is saved, on a terminal and on a page. */
import { PassThrough } from 'node:stream'
import type { Invocation } from './invocation.ts'

/** @returns what stands in the answer of `--json` */
export async function pullMailbox(invocation: Invocation, mailbox: string): Promise<object> {
  const { pullCommand } = await import('./pull.ts')
  const flags = { mailboxes: [mailbox], dryRun: false, yes: true, now: true }
  if (!invocation.json) return { exitCode: await pullCommand(invocation, flags) }
  const stdout = new PassThrough()
  await pullCommand({ ...invocation, stdout }, flags)
  return JSON.parse(String(stdout.read() ?? '{}')) as object
}

/** @returns its exit code */
export async function installService(invocation: Invocation): Promise<number> {
  const { serviceCommand } = await import('./service.ts')
  const stdout = invocation.json ? new PassThrough() : invocation.stdout
  return serviceCommand({ ...invocation, json: false, stdout }, 'install')
}
