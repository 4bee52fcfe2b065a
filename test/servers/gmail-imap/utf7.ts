/** Modified UTF-7 (RFC 3501 section 5.1.3), written from the text of the RFC. */

export const toUtf7 = (name: string): string =>
  name.replace(/&|[^\x20-\x7e]+/g, run =>
    run === '&'
      ? '&-'
      : `&${Buffer.from(run, 'utf16le').swap16().toString('base64').replace(/=+$/, '').replaceAll('/', ',')}-`,
  )

export const fromUtf7 = (written: string): string =>
  written.replace(/&([^-]*)-/g, (_all, base64: string) => {
    if (base64 === '') return '&'
    const octets = Buffer.from(base64.replaceAll(',', '/'), 'base64')
    return octets
      .subarray(0, octets.length - (octets.length % 2))
      .swap16()
      .toString('utf16le')
  })
