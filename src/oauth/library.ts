/**
 * oauth4webapi, as it is used here: it frames a request of a sign-in, our own exchange carries it (deadlines, bounds, no
 * redirect, nothing repeated), and the answer is read where all are (token-answer.ts). Loaded with the first sign-in.
 */
import type * as Library from 'oauth4webapi'
import type { HttpAnswer } from '../base/http.ts'
import { proveClient } from './client-proof.ts'
import { postForm } from './exchange.ts'
import type { OAuthClient } from './settings.ts'

export interface Framing {
  readonly library: typeof Library
  readonly server: Library.AuthorizationServer
  readonly client: Library.Client
  /** Who asks, as the settings have it. */
  readonly authentication: Library.ClientAuth
  readonly options: {
    readonly [Library.customFetch]: (url: string, request: { body: URLSearchParams }) => Promise<Response>
    readonly [Library.allowInsecureRequests]: true
  }
}

export interface Carried {
  readonly answer: HttpAnswer
  readonly url: URL
  /** What was sent and must not stand in a fault. */
  readonly secrets: readonly string[]
}

/** Where a client's requests go. */
function describeServer({ endpoints }: OAuthClient): Library.AuthorizationServer {
  const { tokenUrl, deviceUrl, authUrl } = endpoints
  return {
    issuer: new URL(tokenUrl).origin,
    token_endpoint: tokenUrl,
    ...(deviceUrl === undefined ? {} : { device_authorization_endpoint: deviceUrl }),
    ...(authUrl === undefined ? {} : { authorization_endpoint: authUrl }),
  }
}

/** The library's request was taken from it: it gets no answer. */
class Taken extends Error {}

/**
 * @param frame makes the library's one request
 * @throws Fault oauth.unreachable, oauth.not-provider, secret.*; the signal's reason
 */
export async function carryFramed(
  settings: OAuthClient,
  nowMs: number,
  signal: AbortSignal,
  frame: (framing: Framing) => Promise<unknown>,
): Promise<Carried> {
  const library = await import('oauth4webapi')
  const proved = await proveClient(settings, nowMs)
  let taken: { readonly url: URL; readonly form: URLSearchParams } | undefined
  try {
    await frame({
      ...{ library, server: describeServer(settings), client: { client_id: settings.clientId } },
      authentication: (_server, _client, form) => {
        for (const [name, value] of proved.form) form.set(name, value)
      },
      options: {
        [library.customFetch]: async (url, { body }) => {
          taken = { url: new URL(url), form: body }
          throw new Taken()
        },
        // Our exchange goes without TLS to this computer only.
        [library.allowInsecureRequests]: true,
      },
    })
  } catch (thrown) {
    if (!(thrown instanceof Taken) || taken === undefined) throw thrown
  }
  if (taken === undefined) throw new Error('the request was not framed')
  const { url, form } = taken
  const secrets = ['code', 'code_verifier', 'device_code'].flatMap(name => form.get(name) ?? [])
  const answer = await postForm(url, form, signal)
  return { answer, url, secrets: [...proved.secrets, ...secrets] }
}
