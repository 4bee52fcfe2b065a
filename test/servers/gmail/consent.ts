/**
 * The page on which the owner consents, in plain HTML: account, one check box a scope, Allow and Cancel.
 * Ids for a browser test: `#account-<email>` radios, `#scope-<last part>` boxes, `#select-all`, `#allow`, `#cancel`.
 *
 * As Google's: several scopes are asked for one by one and start unticked; a single one has no box; a desktop
 * client may come back to a loopback address only (RFC 8252 section 7.3: any port, any path).
 */
import { type Answer, html, Refusal } from './envelope.ts'
import { type OAuth, type OAuthClient, scopeUrl } from './oauth.ts'

export interface ConsentPage {
  readonly get: (query: URLSearchParams) => Answer
  readonly post: (form: URLSearchParams) => Answer
}

const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`)

const refuse = (error: string, text: string): Refusal =>
  new Refusal(html(400, `Access blocked: Error 400: ${error}`, escapeHtml(text)))

/** Asked for without a box: whoever signs in at all gives these. */
const isIdentity = (scope: string): boolean =>
  /^(?:openid|email|https:\/\/www\.googleapis\.com\/auth\/userinfo\.email)$/.test(scope)

const carried = [
  'client_id',
  'redirect_uri',
  'response_type',
  'scope',
  'state',
  'code_challenge',
  'code_challenge_method',
  'access_type',
  'prompt',
]

export interface ConsentRequest {
  readonly client: OAuthClient
  readonly redirectUri: string
  readonly scopes: readonly string[]
  readonly challenge: string | undefined
}

/** Checks an authorization request as Google does before it shows anything. */
function check(oauth: OAuth, query: URLSearchParams): ConsentRequest {
  const client = oauth.clients.find(({ id }) => id === query.get('client_id'))
  if (client === undefined)
    throw new Refusal(
      html(401, 'Access blocked: Error 401: invalid_client', 'The OAuth client was not found.'),
    )
  if (query.get('response_type') !== 'code') throw refuse('invalid_request', 'response_type must be code')
  const redirectUri = query.get('redirect_uri') ?? ''
  if (redirectUri.startsWith('urn:ietf:wg:oauth:2.0:oob'))
    throw refuse('invalid_request', 'The out-of-band (OOB) flow has been blocked.')
  const loopback = /^http:\/\/(?:127\.0\.0\.1|\[::1\]|localhost)(?::\d+)?(?:\/[^#]*)?$/.test(redirectUri)
  if (client.type === 'web' || !loopback)
    throw refuse(
      'redirect_uri_mismatch',
      `The redirect URI in the request, ${redirectUri}, is not registered.`,
    )
  const scopes = (query.get('scope') ?? '').split(' ').filter(Boolean)
  if (scopes.length === 0) throw refuse('invalid_request', 'Missing required parameter: scope')
  const unknown = scopes.filter(
    scope =>
      !isIdentity(scope) &&
      !/^https:\/\/(?:mail\.google\.com\/|www\.googleapis\.com\/auth\/[a-z.]+)$/.test(scope),
  )
  if (unknown.length > 0)
    throw refuse('invalid_scope', `Some requested scopes were invalid: ${unknown.join(' ')}`)
  const challenge = query.get('code_challenge') ?? undefined
  if (challenge !== undefined && query.get('code_challenge_method') !== 'S256')
    throw refuse('invalid_request', 'This stand-in takes code_challenge_method=S256 only')
  if (challenge !== undefined && !/^[A-Za-z0-9\-_]{43}$/.test(challenge))
    throw refuse('invalid_request', 'code_challenge is not a SHA-256 in base64url')
  return { client, redirectUri, scopes, challenge }
}

export function consentPage(oauth: OAuth, accounts: () => readonly string[]): ConsentPage {
  return {
    get: query => {
      const scopes = check(oauth, query).scopes.filter(scope => !isIdentity(scope))
      const hint = query.get('login_hint')
      const hidden = carried
        .flatMap(name => {
          const value = query.get(name)
          return value === null ? [] : [`<input type=hidden name="${name}" value="${escapeHtml(value)}">`]
        })
        .join('\n')
      const people = accounts()
        .map((email, index) => {
          const checked = email === hint || (hint === null && index === 0) ? ' checked' : ''
          return `<p><label><input type=radio name=account id="account-${escapeHtml(email)}" value="${escapeHtml(email)}"${checked}> ${escapeHtml(email)}</label>`
        })
        .join('\n')
      const boxes = scopes
        .map(scope => {
          const short = scope.slice(scope.lastIndexOf('/', scope.length - 2) + 1).replace(/\/$/, '')
          if (scopes.length === 1)
            return `<p>${escapeHtml(short)}<input type=hidden name=granted value="${escapeHtml(scope)}">`
          return `<p><label><input type=checkbox name=granted id="scope-${escapeHtml(short)}" value="${escapeHtml(scope)}"> ${escapeHtml(short)}</label>`
        })
        .join('\n')
      const all =
        scopes.length > 1
          ? `<p><label><input type=checkbox id=select-all onchange="for (const box of document.getElementsByName('granted')) box.checked = this.checked"> Select all</label>`
          : ''
      const page = html(
        200,
        'Sign in - stand-in for Google Accounts',
        'hikyaku wants access to your Google Account',
      )
      const form = `<form method=post>\n${hidden}\n${people}\n${all}\n${boxes}\n<p><button id=cancel name=decision value=cancel>Cancel</button> <button id=allow name=decision value=allow>Allow</button>\n</form>\n`
      return { ...page, body: Buffer.from(page.body.toString().replace('</html>', `${form}</html>`)) }
    },
    post: form => {
      const { client, redirectUri, scopes, challenge } = check(oauth, form)
      const back = new URL(redirectUri)
      const state = form.get('state')
      if (state !== null) back.searchParams.set('state', state)
      const account = accounts().find(email => email === form.get('account'))
      if (form.get('decision') !== 'allow' || account === undefined)
        back.searchParams.set('error', 'access_denied')
      else {
        const ticked = form.getAll('granted').filter(scope => scopes.includes(scope) && !isIdentity(scope))
        // By their long names, and in an order of Google's own.
        const granted = [...ticked, ...new Set(scopes.filter(isIdentity).map(scopeUrl))].reverse()
        if (ticked.length === 0) back.searchParams.set('error', 'access_denied')
        else {
          // A second consent brings a refresh token only where prompt=consent asks for it.
          const again =
            oauth.hasGrant(account, client.id) && !(form.get('prompt') ?? '').split(' ').includes('consent')
          const offline = form.get('access_type') === 'offline' && !again
          const code = oauth.issueCode({
            clientId: client.id,
            redirectUri,
            challenge,
            account,
            scopes: granted,
            offline,
          })
          back.searchParams.set('code', code)
          back.searchParams.set('scope', granted.join(' '))
        }
      }
      return {
        status: 302,
        headers: { location: back.href, 'cache-control': 'no-store' },
        body: Buffer.alloc(0),
      }
    },
  }
}
