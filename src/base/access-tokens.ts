/** Access tokens, as a port between who keeps them (oauth/) and who logs in with them (source/). */

/** Access tokens of one mailbox (RFC 6749 section 1.4), for SASL XOAUTH2 and OAUTHBEARER (RFC 7628). */
export interface AccessTokens {
  /**
   * A token that is good for at least a minute; one that is about to end is renewed beside.
   * @param refused this one was refused by the mail server: another one is asked for at once
   * @throws Fault oauth.*, secret.*; the signal's reason
   */
  get(signal: AbortSignal, refused?: string): Promise<string>
}
