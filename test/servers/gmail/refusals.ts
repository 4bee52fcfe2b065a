/**
 * What makes Gmail refuse a message on import: the From header and executable attachments. A simple reading on
 * purpose: it must refuse the clear cases and leave the rest alone.
 */

export interface HeaderFacts {
  readonly from: readonly string[]
  readonly messageId: string | undefined
  readonly date: string | undefined
  readonly references: readonly string[]
}

/** Reads the header section (RFC 5322 section 2.1), bare LF tolerated as Gmail does; values unfolded, as latin1. */
export function readHeader(head: Buffer): HeaderFacts {
  const text = head.toString('latin1')
  const end = /\r?\n\r?\n/.exec(text)
  const section = (text.startsWith('\r\n') || text.startsWith('\n') ? '' : text.slice(0, end?.index)).replace(
    /\r?\n(?=[ \t])/g,
    '',
  )
  const values = (name: string): string[] =>
    section
      .split(/\r?\n/)
      .filter(line => line.slice(0, line.indexOf(':')).trimEnd().toLowerCase() === name)
      .map(line => line.slice(line.indexOf(':') + 1).trim())
  return {
    from: values('from'),
    messageId:
      /<([^<>]+)>/.exec(values('message-id')[0] ?? '')?.[1] ?? (values('message-id')[0] || undefined),
    date: values('date')[0],
    references: [
      ...[...values('references'), ...values('in-reply-to')].join(' ').matchAll(/<([^<>]+)>/g),
    ].flatMap(found => found[1] ?? []),
  }
}

/** Gmail's words for a From that it does not take, or undefined. */
export function refusedFrom(from: readonly string[]): string | undefined {
  const only = from[0]
  if (from.length !== 1 || only === undefined) return "Expected a single 'From' header"
  // Quoted strings and comments may hold anything (RFC 5322 sections 3.2.2 and 3.2.4).
  const bare = only.replace(/"(?:[^"\\]|\\.)*"/g, 'q').replace(/\((?:[^()\\]|\\.)*\)/g, '')
  const address = /^[^<>]*<\s*(?:@[^:<>]+:)?[^\s<>@]+@[^\s<>@,;]+\s*>\s*$|^\s*[^\s<>@,;:]+@[^\s<>@,;:]+\s*$/
  // One address that can be read is enough: an unquoted comma in a name is not a clear case.
  return bare.split(',').some(mailbox => address.test(mailbox)) ? undefined : 'Invalid From header'
}

/** https://support.google.com/mail/answer/6590: names that Gmail blocks. */
const executable =
  /\.(?:ade|adp|apk|appx|appxbundle|bat|cab|chm|cmd|com|cpl|dll|dmg|ex|ex_|exe|hta|ins|isp|iso|jar|js|jse|lib|lnk|mde|msc|msi|msix|msixbundle|msp|mst|nsh|pif|ps1|scr|sct|shb|sys|vb|vbe|vbs|vhd|vxd|wsc|wsf|wsh|xll)"?\s*(?:;|$)/i

const windowOctets = 4096

/** Whether a Content-Type or Content-Disposition line anywhere in the message names an executable. */
export function hasExecutable(chunks: Iterable<Buffer>): boolean {
  let tail = '\n'
  for (const chunk of chunks) {
    const text = tail + chunk.toString('latin1')
    for (const found of text.matchAll(
      /\ncontent-(?:type|disposition):([^\r\n]*(?:\r?\n[ \t][^\r\n]*)*)(?=\r|\n)/gi,
    )) {
      const names = (found[1] ?? '')
        .replace(/\r?\n/g, ' ')
        .matchAll(/(?:file)?name\*?=\s*("(?:[^"\\]|\\.)*"|[^\s;]+)/gi)
      for (const name of names) if (executable.test(name[1] ?? '')) return true
    }
    tail = text.slice(-windowOctets)
  }
  return false
}
