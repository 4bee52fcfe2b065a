/** The sign-in of a mailbox is forgotten here; where its provider takes one back, it is taken back first. */

import type { MailboxConfig, OAuthCredential } from '../config/config.ts'
import { makeOAuthDestination } from '../config/destinations.ts'
import { vaultNames } from '../config/load.ts'
import type { Place } from '../config/place.ts'
import { revokeConsent } from '../google/consent-exchange.ts'
import type { OpenedVault } from '../vault/open-vault.ts'

export type SignedInMailbox = MailboxConfig & { readonly credential: OAuthCredential }

/** @returns those of the configuration by these names */
export function findSignedIn(
  { config }: Pick<Place, 'config'>,
  names: readonly string[],
): readonly SignedInMailbox[] {
  return (config?.mailboxes ?? []).flatMap(mailbox => {
    const { name, credential } = mailbox
    return names.includes(name) && credential.kind === 'oauth' ? [{ ...mailbox, credential }] : []
  })
}

/**
 * Deletes all that the vault has of it. Microsoft has no address at which a program could take one sign-in back; there it
 * is withdrawn on the pages of the account.
 * @returns what a variable or a file still holds
 * @throws Fault of Google's revocation, of the vault
 */
export async function forgetSignIn(
  { name, server, credential }: SignedInMailbox,
  vault: OpenedVault,
  revokeUrl: string,
): Promise<{ readonly outcome: 'signed-out' | 'revoked' | 'nothing'; readonly inVariable: boolean }> {
  const { provider, endpoints, grant } = credential
  const destination = makeOAuthDestination(server, endpoints.tokenUrl)
  const token = await vault.getFor(vaultNames.mailRefreshToken(name), destination, 'refuse')
  const given =
    grant.kind === 'user' ? await grant.refreshToken.secret.reveal().catch(() => undefined) : undefined
  // Google first: what is forgotten here and lives on there is the worse half.
  if (provider === 'google')
    for (const held of new Set([token, given]))
      if (held !== undefined) await revokeConsent(held, revokeUrl, AbortSignal.timeout(60_000))
  const names = [vaultNames.mailRefreshToken, vaultNames.mailClientSecret, vaultNames.renewedToken]
  for (const nameOf of names) await vault.delete(nameOf(name))
  const isNothing = token === undefined && given === undefined
  const outcome = provider === 'google' ? 'revoked' : 'signed-out'
  return { outcome: isNothing ? 'nothing' : outcome, inVariable: given !== undefined }
}
