/** The JSON key of a service account, as Google gives it out: a private key. */

/** @returns whose it is @throws where it is another file; with a word of it, perhaps, so that nobody shows what is thrown */
export function readServiceAccountEmail(text: string): string {
  const { type, private_key: key, client_email: email } = JSON.parse(text) as Record<string, unknown>
  if (type === 'service_account' && typeof key === 'string' && typeof email === 'string') return email
  throw new TypeError('no key of a service account')
}
