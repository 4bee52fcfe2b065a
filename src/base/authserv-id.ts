/** One entry of AUTHSERV_IDS: a name under which the host stamps, and what it was seen to stamp under it. */

/** What can be confirmed: the methods of Authentication-Results that count, and the field Received-SPF. */
export const confirmableMethods = ['spf', 'dkim', 'dmarc', 'arc', 'received-spf'] as const

export interface ConfirmedId {
  /** Lower case. */
  readonly id: string
  /** Undefined: the entry does not say. */
  readonly methods: ReadonlySet<string> | undefined
}

/**
 * @param text `mx.example.jp` or `mx.example.jp:spf+dkim`, any case
 * @returns words that are no method are left in; `isConfirmedId` refuses them
 */
export function readConfirmedId(text: string): ConfirmedId {
  const colon = text.lastIndexOf(':')
  const id = (colon < 0 ? text : text.slice(0, colon)).trim().toLowerCase()
  if (colon < 0) return { id, methods: undefined }
  return {
    id,
    methods: new Set(
      text
        .slice(colon + 1)
        .toLowerCase()
        .split('+')
        .map(word => word.trim()),
    ),
  }
}

const known: ReadonlySet<string> = new Set(confirmableMethods)

/** Whether it can be an entry: a name or an address without blanks, and only methods that can be confirmed. */
export function isConfirmedId(text: string): boolean {
  const { id, methods } = readConfirmedId(text)
  return /^[^\s:;,"()=]{1,255}$/u.test(id) && [...(methods ?? [])].every(method => known.has(method))
}

export const writeConfirmedId = (id: string, methods: readonly string[]): string =>
  `${id}:${methods.join('+')}`
