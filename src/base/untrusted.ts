/**
 * Text that came from outside (banner, UIDL, folder, subject, an error's words) made fit to be shown: control
 * characters, escape sequences, line separators, bidirectional overrides and lone surrogates become visible
 * escapes.
 * @param text any string
 * @param limit longest result in characters before escaping; longer text ends in an ellipsis
 */
export function printable(text: string, limit = 300): string {
  const cut = text.length > limit ? `${text.slice(0, limit - 1)}…` : text
  return cut.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, unit => {
    const code = unit.codePointAt(0) ?? 0
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`
  })
}

/** The same for a text of several lines: their ends stay. */
export const printableLines = (text: string): string =>
  text
    .split('\n')
    .map(line => printable(line, line.length))
    .join('\n')

/**
 * JSON (RFC 8259) whose text is as harmless on a terminal as `printable` makes it, and still means the same: what
 * JSON.stringify leaves as it is although it turns text around, hides or moves the cursor is written as an escape.
 */
export const jsonText = (value: unknown): string =>
  JSON.stringify(value).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, character =>
    // By UTF-16 units, as JSON escapes them.
    Array.from({ length: character.length }, (_, at) => {
      const unit = character.charCodeAt(at).toString(16)
      return `\\u${unit.padStart(4, '0')}`
    }).join(''),
  )
