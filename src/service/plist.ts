/** Writes XML property lists: https://www.apple.com/DTDs/PropertyList-1.0.dtd */
import { escapeXml } from './xml.ts'

export type PlistValue =
  | string
  | number
  | boolean
  | readonly PlistValue[]
  | { readonly [key: string]: PlistValue | undefined }

function element(value: PlistValue, indent: string): string {
  if (typeof value === 'string') return `${indent}<string>${escapeXml(value)}</string>`
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
    item === undefined ? [] : [`${inner}<key>${escapeXml(key)}</key>`, element(item, inner)],
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
