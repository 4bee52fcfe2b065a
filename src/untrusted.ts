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
