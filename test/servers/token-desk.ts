/** How a mail server's stand-in takes access tokens, by OAUTHBEARER (RFC 7628) and XOAUTH2: its rules and its ledger. */

export interface TokenDesk {
  /** User names by the tokens that let them in. May be changed at any time. */
  readonly owners: Map<string, string>
  /** What a token that is not taken is answered, before the refusal; undefined: nothing. */
  challenge?: string | undefined
  /** The refusal: behind NO over IMAP, the whole line over POP3. */
  refusal?: string
  /** It asks for the message with an empty challenge, also where that went along. */
  passesOver?: boolean
  /** Octets of a line behind which it hangs up. */
  longestLine?: number
  /** Every try: how, whether the message went along with the command, and the answer to the challenge. */
  readonly tries: TokenTry[]
}

export interface TokenTry {
  readonly mechanism: string
  readonly wentAlong: boolean
  readonly message: string
  readonly token: string
  readonly breaker: string | undefined
}

export const encodeJson = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64')

/** As Google says it (developers.google.com/gmail/imap/xoauth2-protocol). */
export const googleChallenge = encodeJson({
  status: '400',
  schemes: 'Bearer',
  scope: 'https://mail.google.com/',
})

export const makeTokenDesk = (
  owners: Readonly<Record<string, string>>,
  rules: Partial<TokenDesk> = {},
): TokenDesk => ({ owners: new Map(Object.entries(owners)), challenge: googleChallenge, tries: [], ...rules })

/**
 * @param initial what came with the command, '' where nothing did
 * @param ask sends a challenge and reads the answer
 */
export async function judgeToken(
  desk: TokenDesk,
  mechanism: string,
  initial: string,
  ask: (challenge: string) => Promise<string>,
): Promise<{ readonly user: string; readonly isGood: boolean }> {
  const wentAlong = initial !== ''
  const message = wentAlong && desk.passesOver !== true ? initial : await ask('')
  const fields = Buffer.from(message, 'base64').toString('utf8').split('\x01')
  const named = mechanism === 'OAUTHBEARER' ? /^n,a=(.*),$/ : /^user=(.*)$/
  const [, name = ''] = named.exec(fields[0] ?? '') ?? []
  const user = name.replaceAll('=2C', ',').replaceAll('=3D', '=')
  const bearer = fields.find(field => field.startsWith('auth=Bearer ')) ?? ''
  const token = bearer.slice('auth=Bearer '.length)
  // Both end with two of them (RFC 7628 section 3.1).
  const isWhole = fields.length >= 4 && fields.slice(-2).every(field => field === '')
  const isGood = isWhole && desk.owners.get(token) === user
  const breaker = isGood || desk.challenge === undefined ? undefined : await ask(desk.challenge)
  desk.tries.push({ mechanism, wentAlong, message, token, breaker })
  return { user, isGood }
}
