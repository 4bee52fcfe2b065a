/** Text in XML 1.0. */

/** @throws RangeError for what XML cannot carry */
export function escapeXml(text: string): string {
  // XML 1.0 section 2.2: control characters cannot be written at all, not even as references.
  if (/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u.test(text))
    throw new RangeError('a value with control characters cannot stand in XML')
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('\r', '&#13;')
}
