/** What is sent as the proof of a login. */
import { Fault } from '../base/fault.ts'
import type { LoginCredential } from './settings.ts'

/** @throws Fault secret.missing, secret.unreadable; source.login-method where tokens are the way in */
export async function readPassword({
  credential,
}: {
  readonly credential: LoginCredential
}): Promise<string> {
  if (credential.kind === 'password') return credential.password.reveal()
  throw new Fault('source.login-method', { facts: { words: 'OAuth' } })
}
