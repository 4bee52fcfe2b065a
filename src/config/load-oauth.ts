/** The credential of a mailbox that is logged in to with access tokens, from what was checked. */
import { createHash } from 'node:crypto'
import { Fault } from '../base/fault.ts'
import { isGivenTwice, readGivenSecret } from '../base/given-secret.ts'
import { type Destination, type KeptSecret, Secret } from '../base/secret.ts'
import type { OAuthCredential, ServerConfig } from './config.ts'
import { makeOAuthDestination } from './destinations.ts'
import { type Context, makeSecretOf } from './load-context.ts'
import { checkKeyFile } from './load-rules.ts'
import { makeSecret, refuseGivenTwice, type SecretPlace } from './load-secrets.ts'
import type { Part } from './load-written.ts'
import type { OAuthClientProof, OAuthEndpoints, OAuthGrant } from './mail-credential.ts'
import { oauthSettings } from './settings/oauth.ts'
import type { Values } from './settings/setting.ts'
import type { mailboxSettings } from './settings.ts'
import { vaultNames } from './vault-names.ts'

type MailboxValues = Partial<Values<typeof mailboxSettings>>
/** What is in the credential stands nowhere else. */
export function withoutOAuth<V extends object>(values: V): Omit<V, keyof typeof oauthSettings> {
  const kept = Object.entries(values).filter(([key]) => !Object.hasOwn(oauthSettings, key))
  return Object.fromEntries(kept) as Omit<V, keyof typeof oauthSettings>
}

/** What is asked for of Microsoft, by the protocols of the mailbox. */
function microsoftScopes({ protocol, idlePort, oauthGrant }: MailboxValues): readonly string[] {
  if (oauthGrant === 'app') return ['https://outlook.office365.com/.default']
  const names = [
    ...(protocol === 'pop3' ? ['POP'] : []),
    ...(protocol === 'imap' || idlePort !== undefined ? ['IMAP'] : []),
  ]
  return [...names.map(name => `https://outlook.office.com/${name}.AccessAsUser.All`), 'offline_access']
}

/** https://developers.google.com/workspace/gmail/imap/xoauth2-protocol */
const googleScopes = ['https://mail.google.com/'] as const

const words: readonly string[] = ['common', 'consumers', 'organizations']

/** Endpoints and scopes, by the provider. */
export function makeOAuthTarget(
  values: MailboxValues,
  { endpoints, microsoftLoginRoot }: Pick<Context, 'endpoints' | 'microsoftLoginRoot'>,
): { readonly endpoints: OAuthEndpoints; readonly scopes: readonly string[] } | undefined {
  const { oauthProvider = 'microsoft', oauthTenant = 'common' } = values
  if (oauthProvider === 'microsoft') {
    const root = `${microsoftLoginRoot}/${oauthTenant}/oauth2/v2.0`
    return {
      endpoints: {
        tokenUrl: `${root}/token`,
        deviceUrl: `${root}/devicecode`,
        authUrl: `${root}/authorize`,
      },
      scopes: microsoftScopes(values),
    }
  }
  if (oauthProvider === 'google') {
    const { tokenUrl, authUrl } = endpoints
    // Google's device code is for few scopes, of which mail is none.
    return { endpoints: { tokenUrl, authUrl, deviceUrl: undefined }, scopes: googleScopes }
  }
  const { oauthTokenUrl: tokenUrl, oauthDeviceUrl: deviceUrl, oauthAuthUrl: authUrl, oauthScope } = values
  if (tokenUrl === undefined || oauthScope === undefined) return undefined
  return { endpoints: { tokenUrl, deviceUrl, authUrl }, scopes: oauthScope.split(' ') }
}

/** @returns undefined where anything of it is wrong; what it is stands in the problems */
export async function buildOAuth(
  part: Part,
  mailbox: string,
  values: MailboxValues,
  server: ServerConfig | undefined,
  context: Context,
): Promise<OAuthCredential | undefined> {
  const { problems } = context
  const before = problems.length
  const { oauthProvider: provider = 'microsoft', oauthGrant = 'user', oauthTenant = 'common' } = values
  const { oauthServiceAccountFile: keyFile, oauthCertificateFile: certificateFile } = values
  const missing = (key: 'oauthClientId' | 'oauthTokenUrl' | 'oauthScope'): void => {
    problems.push({ at: part.place(key), kind: 'missing', example: oauthSettings[key].example ?? '' })
  }
  const needsClient = keyFile === undefined
  if (needsClient && values.oauthClientId === undefined && part.values.oauthClientId == null)
    missing('oauthClientId')
  if (provider === 'openid')
    for (const key of ['oauthTokenUrl', 'oauthScope'] as const) if (part.values[key] == null) missing(key)
  if (keyFile !== undefined) {
    if (provider !== 'google')
      problems.push({ at: part.place('oauthProvider'), kind: 'one-of', values: ['google'], given: provider })
    const problem = await checkKeyFile(part.place('oauthServiceAccountFile'), keyFile, context.env)
    if (problem !== undefined) problems.push(problem)
  } else if (oauthGrant === 'app') {
    if (provider === 'google')
      problems.push({ at: part.place('oauthGrant'), kind: 'one-of', values: ['user'], given: oauthGrant })
    if (provider === 'microsoft' && words.includes(oauthTenant))
      problems.push({
        at: part.place('oauthTenant'),
        kind: 'expected',
        what: 'own-tenant',
        given: oauthTenant,
      })
  }
  const target = makeOAuthTarget(values, context)
  const destination =
    server === undefined || target === undefined
      ? undefined
      : makeOAuthDestination(server, target.endpoints.tokenUrl)
  const proof = (): OAuthClientProof => {
    if (keyFile !== undefined) return { kind: 'public' }
    if (certificateFile !== undefined) return { kind: 'certificate', file: certificateFile }
    const isOptional = provider !== 'google' && oauthGrant === 'user'
    const name = vaultNames.mailClientSecret(mailbox)
    if (!isOptional || part.has('oauthClientSecret'))
      return {
        kind: 'secret',
        secret: makeSecretOf(part, 'oauthClientSecret', name, destination, context),
        isOptional: false,
      }
    const secret = makeSecret(part.secret('oauthClientSecret', name), destination, context)
    return { kind: 'secret', secret, isOptional }
  }
  const grant = (): OAuthGrant => {
    const { user: subject = '' } = values
    if (keyFile !== undefined) return { kind: 'service-account', keyFile, subject }
    if (oauthGrant === 'app') return { kind: 'app' }
    return { kind: 'user', refreshToken: makeRefreshToken(part, mailbox, destination, context) }
  }
  const credential = { proof: proof(), grant: grant() }
  if (target === undefined || problems.length > before) return undefined
  return { kind: 'oauth', provider, ...target, clientId: values.oauthClientId ?? '', ...credential }
}

const digestOf = (secret: string): string => createHash('sha256').update(secret).digest('base64url')

/**
 * A refresh token, which its provider replaces. What takes the place of one that a variable or a file gives is kept in the
 * vault, with whose place it takes: where the owner gives another one, that one counts.
 */
function makeRefreshToken(
  part: Part,
  mailbox: string,
  destination: Destination | undefined,
  context: Context,
): KeptSecret {
  const { env, vault, keep, onReveal, places, problems } = context
  const place: SecretPlace = part.secret('oauthRefreshToken', vaultNames.mailRefreshToken(mailbox))
  if (isGivenTwice(place)) problems.push(refuseGivenTwice(place))
  const renewedName = vaultNames.renewedToken(mailbox)
  const plain = makeSecret(place, destination, context)
  const read = async (): Promise<string> => {
    const given = await readGivenSecret(place, env)
    if (given === undefined) return plain.reveal()
    onReveal?.(given)
    const renewed = readRenewed(await vault?.(renewedName, destination).catch(() => undefined))
    return renewed?.of === digestOf(given) ? renewed.token : given
  }
  const reveal = async (): Promise<string> => {
    const token = await read()
    onReveal?.(token)
    return token
  }
  const secret = new Secret(reveal, plain.givenBy)
  places.push({ place, secret })
  return {
    secret,
    replace: async (renewed, instead) => {
      if (keep === undefined || destination === undefined)
        throw new Fault('secret.not-kept', { facts: { what: place.vaultName, reason: 'read-only' } })
      onReveal?.(renewed)
      if ((await read()) !== instead) return
      const given = await readGivenSecret(place, env)
      if (given === undefined) await keep(place.vaultName, renewed, destination)
      else await keep(renewedName, JSON.stringify({ of: digestOf(given), token: renewed }), destination)
    },
  }
}

function readRenewed(text: string | undefined): { readonly of: string; readonly token: string } | undefined {
  try {
    const { of, token } = JSON.parse(text ?? '{}') as Record<string, unknown>
    return typeof of === 'string' && typeof token === 'string' ? { of, token } : undefined
  } catch {
    return undefined
  }
}
