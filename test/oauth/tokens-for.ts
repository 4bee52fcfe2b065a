/** What the tests of a mailbox's access tokens share: the stand-in, a clock that stands still, a place for the token. */
import type { TestContext } from 'node:test'
import { Fault, type FaultCode } from '../../src/base/fault.ts'
import { type KeptSecret, Secret } from '../../src/base/secret.ts'
import type { OAuthSettings } from '../../src/oauth/settings.ts'
import { makeOAuthTokens, type OAuthTokens } from '../../src/oauth/tokens.ts'
import { type FakeClock, makeFakeClock } from '../gmail/fake-clock.ts'
import { faultOf as anyFaultOf } from '../gmail/scripted.ts'
import {
  type IdentityOptions,
  type IdentityServer,
  startIdentityServer,
} from '../servers/identity/identity-server.ts'

export const user = 'taro@contoso.example'
export const imapScope = 'https://outlook.office.com/IMAP.AccessAsUser.All'

/** A place for one refresh token, as a vault is one. */
export class Place implements KeptSecret {
  value: string
  /** What was put here, in order. */
  readonly kept: string[] = []
  /** Refuses to keep while set. */
  closed: Fault | undefined
  readonly secret = new Secret(async () => {
    if (this.value === '') throw new Fault('secret.missing')
    return this.value
  })
  constructor(value: string) {
    this.value = value
  }
  async replace(value: string, instead: string): Promise<void> {
    if (this.closed !== undefined) throw this.closed
    if (this.value !== instead) return
    this.value = value
    this.kept.push(value)
  }
}

export interface Rig {
  readonly identity: IdentityServer
  readonly place: Place
  readonly clock: FakeClock
  readonly settings: OAuthSettings
  readonly tokens: OAuthTokens
  /** As another process makes them. */
  makeTokens(): OAuthTokens
}

export async function startIdentity(t: TestContext, options: IdentityOptions = {}): Promise<IdentityServer> {
  const identity = await startIdentityServer(options)
  t.after(() => identity.close())
  return identity
}

/** How often a token was asked for. */
export const asked = ({ ledger }: IdentityServer): number =>
  ledger.filter(({ path }) => path.endsWith('/token')).length

export function settingsAt(
  { root, app, tenant }: IdentityServer,
  own: Partial<OAuthSettings> = {},
  of = tenant,
): OAuthSettings {
  const base = `${root}/${of}/oauth2/v2.0`
  return {
    provider: 'microsoft',
    endpoints: { tokenUrl: `${base}/token`, deviceUrl: `${base}/devicecode`, authUrl: `${base}/authorize` },
    scopes: [imapScope, 'offline_access'],
    clientId: app.clientId,
    proof: { kind: 'public' },
    grant: { kind: 'app' },
    ...own,
  }
}

/** Tokens of a user who has signed in, all on one clock. */
export async function rig(
  t: TestContext,
  options: IdentityOptions = {},
  own: Partial<OAuthSettings> = {},
): Promise<Rig> {
  const clock = makeFakeClock(Date.now())
  const identity = await startIdentity(t, { nowMs: clock.nowMs, ...options })
  const place = new Place(identity.grantTo(user))
  const settings = settingsAt(identity, { grant: { kind: 'user', refreshToken: place }, ...own })
  const makeTokens = (): OAuthTokens => {
    const tokens = makeOAuthTokens({ settings, clock, random: () => 0 })
    t.after(() => tokens.close())
    return tokens
  }
  return { identity, place, clock, settings, tokens: makeTokens(), makeTokens }
}

export const never = new AbortController().signal

/** The fault that it ends in. */
export async function faultOf(work: Promise<unknown>, code: FaultCode): Promise<Fault> {
  const fault = await anyFaultOf(work)
  if (fault.code === code) return fault
  throw new Error(`${code} was expected, and not ${fault.code}`, { cause: fault })
}
