/** The head of a request. */

/**
 * Every name and its value, in turns: as a list node:http puts them together at once, and not when the body is to leave.
 * @param octets of the body
 */
export function listHeaders(
  method: 'GET' | 'POST',
  url: URL,
  headers: Readonly<Record<string, string>>,
  octets: number,
): readonly string[] {
  const { username, password } = url
  const user = [username, password].map(decodeURIComponent).join(':')
  return Object.entries({
    Host: url.host,
    ...(user === ':' ? {} : { Authorization: `Basic ${Buffer.from(user).toString('base64')}` }),
    ...headers,
    ...(method === 'POST' ? { 'Content-Length': String(octets) } : {}),
  }).flat()
}
