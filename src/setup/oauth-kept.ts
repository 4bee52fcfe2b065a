/** The sign-in of a mailbox that is configured, with what the vault has for it: the place is read without the vault. */
import { Fault } from '../base/fault.ts'
import { Secret } from '../base/secret.ts'
import type { MailboxConfig, OAuthCredential } from '../config/config.ts'
import { makeOAuthDestination } from '../config/destinations.ts'
import { vaultNames } from '../config/load.ts'
import type { SetupContext } from './context.ts'
import { unlessElsewhere } from './unless-elsewhere.ts'

/**
 * @param credential of the mailbox
 * @returns the same, whose secrets come from where they are given, else from the vault
 */
export function useVault(
  { vault }: Pick<SetupContext, 'vault'>,
  { name, server }: Pick<MailboxConfig, 'name' | 'server'>,
  credential: OAuthCredential,
): OAuthCredential {
  const { proof, grant, endpoints } = credential
  const destination = makeOAuthDestination(server, endpoints.tokenUrl)
  const withVault = (given: Secret, vaultName: string): Secret =>
    new Secret(async () => {
      const known =
        (await given.reveal().catch(() => undefined)) ??
        (await vault.getFor(vaultName, destination, 'refuse').catch(unlessElsewhere))
      if (known !== undefined) return known
      throw new Fault('secret.missing', { facts: { name: vaultName } })
    }, given.givenBy)
  const token = vaultNames.mailRefreshToken(name)
  return {
    ...credential,
    proof:
      proof.kind === 'secret'
        ? { ...proof, secret: withVault(proof.secret, vaultNames.mailClientSecret(name)) }
        : proof,
    grant:
      grant.kind === 'user'
        ? {
            kind: 'user',
            refreshToken: {
              secret: withVault(grant.refreshToken.secret, token),
              replace: async (value, instead) => {
                const kept = await vault.getFor(token, destination, 'refuse').catch(unlessElsewhere)
                if (kept === instead) await vault.setFor(token, value, destination)
              },
            },
          }
        : grant,
  }
}

/** Keeps what a sign-in brought, for this mailbox and these addresses alone. */
export async function keepSignIn(
  { vault }: Pick<SetupContext, 'vault'>,
  { name, server }: Pick<MailboxConfig, 'name' | 'server'>,
  { endpoints }: Pick<OAuthCredential, 'endpoints'>,
  secrets: { readonly refreshToken: string | undefined; readonly clientSecret: string | undefined },
): Promise<void> {
  const destination = makeOAuthDestination(server, endpoints.tokenUrl)
  const { refreshToken, clientSecret } = secrets
  if (clientSecret !== undefined)
    await vault.setFor(vaultNames.mailClientSecret(name), clientSecret, destination)
  if (refreshToken !== undefined)
    await vault.setFor(vaultNames.mailRefreshToken(name), refreshToken, destination)
}
