/** Writes XML property lists: https://www.apple.com/DTDs/PropertyList-1.0.dtd */

export type PlistValue =
  | string
  | number
  | boolean
  | readonly PlistValue[]
  | { readonly [key: string]: PlistValue | undefined }

function escaped(text: string): string {
  // XML 1.0 section 2.2: control characters cannot be written at all, not even as references.
  if (/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u.test(text))
    throw new RangeError('a value with control characters cannot stand in a property list')
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('\r', '&#13;')
}

function element(value: PlistValue, indent: string): string {
  if (typeof value === 'string') return `${indent}<string>${escaped(value)}</string>`
  if (typeof value === 'boolean') return `${indent}<${value}/>`
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new RangeError('only whole numbers')
    return `${indent}<integer>${value}</integer>`
  }
  const inner = `${indent}  `
  if (Array.isArray(value)) {
    return [
      `${indent}<array>`,
      ...value.map((item: PlistValue) => element(item, inner)),
      `${indent}</array>`,
    ].join('\n')
  }
  const pairs = Object.entries(value).flatMap(([key, item]) =>
    item === undefined ? [] : [`${inner}<key>${escaped(key)}</key>`, element(item, inner)],
  )
  return [`${indent}<dict>`, ...pairs, `${indent}</dict>`].join('\n')
}

export function plist(value: PlistValue): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
${element(value, '')}
</plist>
`
}
