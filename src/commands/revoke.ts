/** `hikyaku revoke [account]`: takes the permission back at Google, and deletes it here. */

import { exitCodes, Fault } from '../base/fault.ts'
import { decideFirstUse, makeGoogleDestination } from '../config/destinations.ts'
import { vaultNames } from '../config/load.ts'
import { findPlace } from '../config/place.ts'
import { revokeConsent } from '../google/consent-exchange.ts'
import { setupWords } from '../setup/words.ts'
import { openVault } from '../vault/open-vault.ts'
import { nothingSetUp, tellNotes } from './configuration.ts'
import { confirm } from './confirm.ts'
import { type Invocation, runAnswering, writeJson, writeLine } from './invocation.ts'
import { findSignedIn, forgetSignIn } from './revoke-mailbox.ts'

type Outcome =
  | 'revoked'
  | 'already-ended'
  | 'nothing'
  | 'service-account'
  | 'app-password'
  | 'declined'
  | 'signed-out'

/** @param accounts names; empty: all of the configuration */
export async function revokeCommand(
  invocation: Invocation,
  { accounts, yes }: { readonly accounts: readonly string[]; readonly yes: boolean },
): Promise<number> {
  const words = setupWords[invocation.language].revoke
  return runAnswering(invocation, async () => {
    const { config, configFile, stateDir, env, endpoints, byOwnersFile, notes } = await findPlace(
      invocation.env,
      invocation.cwd,
    )
    tellNotes(invocation, notes)
    if (config === undefined) throw nothingSetUp(invocation.env, configFile)
    const known = config.accounts
    const mailboxes = findSignedIn({ config }, accounts)
    const unknown = accounts.find(name => ![...known, ...mailboxes].some(one => one.name === name))
    if (unknown !== undefined) {
      const names = known.map(({ name }) => name).join(', ') || '–'
      throw new Fault('usage.invalid', { facts: { what: words.unknown(unknown, names) } })
    }
    if (!yes && (invocation.json || invocation.stdin.isTTY !== true))
      throw new Fault('usage.invalid', { facts: { what: words.needsYes } })
    const vault = await openVault({ stateDir, env })
    const results: { account: string; outcome: Outcome; inVariable: boolean }[] = []
    for (const mailbox of mailboxes) {
      const { name } = mailbox
      const isAsked = yes || (await confirm(invocation, words.mailboxQuestion(name)))
      const { outcome, inVariable } = isAsked
        ? await forgetSignIn(mailbox, vault, endpoints.revokeUrl)
        : ({ outcome: 'declined', inVariable: false } as const)
      results.push({ account: name, outcome, inVariable })
    }
    for (const { name, address, credential } of known) {
      if (accounts.length > 0 && !accounts.includes(name)) continue
      const result = (outcome: Outcome, inVariable = false): void => {
        results.push({ account: name, outcome, inVariable })
      }
      if (credential.kind === 'service-account') {
        result('service-account')
        continue
      }
      if (credential.kind === 'app-password') {
        // No program can end one at Google.
        if (!yes && !(await confirm(invocation, words.question(address)))) result('declined')
        else {
          await vault.delete(vaultNames.appPassword(name))
          result('app-password', credential.password.givenBy !== undefined)
        }
        continue
      }
      const vaultName = vaultNames.refreshToken(name)
      const google = makeGoogleDestination(endpoints)
      const inVault = await vault.getFor(vaultName, google, decideFirstUse(google, byOwnersFile))
      // From a variable or a file, which only the owner can remove.
      const elsewhere = await credential.refreshToken.reveal().catch(() => undefined)
      const tokens = [...new Set([inVault, elsewhere])].filter(token => token !== undefined)
      if (tokens.length === 0) {
        result('nothing')
        continue
      }
      if (!yes && !(await confirm(invocation, words.question(address)))) {
        result('declined')
        continue
      }
      let outcome: Outcome = 'already-ended'
      // Google first: a permission that is forgotten here and lives on there is the worse half.
      for (const token of tokens)
        if ((await revokeConsent(token, endpoints.revokeUrl, AbortSignal.timeout(60_000))) === 'revoked')
          outcome = 'revoked'
      if (inVault !== undefined) {
        await vault.delete(vaultName)
        await vault.delete(vaultNames.identity(name))
      }
      result(outcome, elsewhere !== undefined)
    }
    if (invocation.json) writeJson(invocation, { ok: true, exitCode: exitCodes.ok, accounts: results })
    else
      for (const { account, outcome, inVariable } of results) {
        const say: Partial<Record<Outcome, (name: string) => string>> = {
          revoked: words.revoked,
          'already-ended': words.alreadyEnded,
          nothing: words.nothing,
          'signed-out': words.signedOut,
          'service-account': words.serviceAccount,
          'app-password': words.appPassword,
        }
        const line = say[outcome]?.(account)
        if (line !== undefined) writeLine(invocation, line)
        if (inVariable)
          writeLine(invocation, outcome === 'app-password' ? words.appPasswordInVariable : words.inVariable)
      }
    return exitCodes.ok
  })
}
