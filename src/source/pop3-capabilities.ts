/** What CAPA says (RFC 2449 section 5). */

export class Capabilities {
  /** The lines as announced, upper case, without lines that are no capability. */
  readonly lines: readonly string[]
  /** False where the server has no CAPA or is not asked: then nothing can be ruled out. */
  readonly known: boolean

  constructor(lines: readonly string[] | undefined) {
    this.known = lines !== undefined
    this.lines = (lines ?? [])
      .map(line => line.trim().toUpperCase())
      // RFC 2449 section 3: capability names are printable and begin with what a keyword begins with.
      .filter(line => /^[A-Z0-9][\x21-\x7e]*( [\x20-\x7e]*)?$/.test(line))
  }

  has(name: string): boolean {
    return this.lines.some(line => line === name || line.startsWith(`${name} `))
  }

  /** The words behind the name: SASL's mechanisms, LOGIN-DELAY's seconds. */
  parameters(name: string): readonly string[] {
    const line = this.lines.find(each => each.startsWith(`${name} `))
    return line === undefined ? [] : line.split(/ +/).slice(1)
  }

  /** RFC 2449 section 6.5; undefined without a sane one. */
  get loginDelayMs(): number | undefined {
    const [seconds = ''] = this.parameters('LOGIN-DELAY')
    return /^[0-9]{1,6}$/.test(seconds) ? Number(seconds) * 1000 : undefined
  }

  /** RFC 2449 section 6.7: with EXPIRE 0 a message may go by being read, so none is read before its row is written. */
  get mayGoByReading(): boolean {
    return this.parameters('EXPIRE')[0] === '0'
  }
}
