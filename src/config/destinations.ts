/** Where the secrets of a configuration go to, as the vault keeps it beside them. */
import type { Destination, FirstUse } from '../base/secret.ts'
import type { GoogleEndpoints, ServerConfig } from './config.ts'
import { googleEndpoints, readImapServer } from './endpoints.ts'

export { readImapServer } from './endpoints.ts'

export function makeMailboxDestination(server: ServerConfig): Destination {
  return { kind: 'mailbox', ...reachOf(server) }
}

/** @param tokenUrl where the tokens of the mailbox come from */
export function makeOAuthDestination(server: ServerConfig, tokenUrl: string): Destination {
  return { kind: 'oauth', tokenUrl, ...reachOf(server) }
}

const reachOf = ({ host, port, security, caFile, pinnedSha256 }: ServerConfig): ServerConfig => ({
  ...{ host, port, security, caFile, pinnedSha256 },
})

type OfTokens = Pick<GoogleEndpoints, 'tokenUrl' | 'apiRoot' | 'revokeUrl'>

export function makeGoogleDestination({ tokenUrl, apiRoot, revokeUrl }: OfTokens): Destination {
  return { kind: 'google', tokenUrl, apiRoot, revokeUrl }
}

/** Where an app password goes to. */
export function makeGmailImapDestination({ imapUrl }: Pick<GoogleEndpoints, 'imapUrl'>): Destination {
  return { kind: 'mailbox', ...readImapServer(imapUrl) }
}

/**
 * What an old secret without a destination may be used for. The first use decides for good, so it must not be
 * somebody else's: only what the owner's configuration file names is believed, and Google's own addresses, which
 * nobody has to name. Neither `.env` nor the variables of a shell will do: other programs have a MAIL_HOST, too.
 * @param byOwnersFile the configuration is a YAML file that no `.env` named
 */
export function decideFirstUse(destination: Destination, byOwnersFile: boolean): FirstUse {
  const { tokenUrl, apiRoot, revokeUrl } = googleEndpoints
  const googles =
    destination.kind === 'google' &&
    destination.tokenUrl === tokenUrl &&
    destination.apiRoot === apiRoot &&
    destination.revokeUrl === revokeUrl
  return byOwnersFile || googles ? 'bind' : 'refuse'
}
