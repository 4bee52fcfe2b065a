/**
 * Reads the little of XML that autoconfig files need: elements, attributes, text and the five named and numeric
 * references. No document types, hence no entities and nothing fetched. Anything else is refused as a whole.
 */
export interface Element {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: readonly Element[]
  /** Text directly inside, trimmed. */
  readonly text: string
}

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

function withoutReferences(text: string): string {
  return text.replace(/&(#x[0-9a-f]{1,6}|#\d{1,7}|\w+);/gi, (whole, body: string) => {
    if (!body.startsWith('#')) return named[body] ?? whole
    const code = /^#x/i.test(body) ? Number.parseInt(body.slice(2), 16) : Number.parseInt(body.slice(1), 10)
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole
  })
}

interface Open {
  readonly name: string
  readonly attributes: Record<string, string>
  readonly children: Element[]
  text: string
}

/** At most: nesting, and elements in the whole. */
const deepest = 20
const most = 2_000

/** @returns the root element, or undefined where the text is not XML that we read */
export function parseXml(text: string): Element | undefined {
  const token =
    /<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<!\[CDATA\[([\s\S]*?)\]\]>|<\/([\w:.-]+)\s*>|<([\w:.-]+)((?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|([^<]+)|([\s\S])/gy
  const stack: Open[] = [{ name: '', attributes: {}, children: [], text: '' }]
  let count = 0
  for (const match of text.replace(/^\uFEFF/, '').matchAll(token)) {
    const [, cdata, close, open, attributeText, selfClosing, characters, stray] = match
    const top = stack.at(-1)
    if (top === undefined || stray !== undefined) return undefined
    if (characters !== undefined) top.text += withoutReferences(characters)
    else if (cdata !== undefined) top.text += cdata
    else if (open !== undefined) {
      count += 1
      if (count > most || stack.length > deepest) return undefined
      const attributes: Record<string, string> = Object.create(null)
      for (const [, name = '', double, single] of (attributeText ?? '').matchAll(
        /([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g,
      ))
        attributes[name] = withoutReferences(double ?? single ?? '')
      const element: Open = { name: open, attributes, children: [], text: '' }
      if (selfClosing) top.children.push(element)
      else stack.push(element)
    } else if (close !== undefined) {
      const done = stack.pop()
      const parent = stack.at(-1)
      if (done === undefined || parent === undefined || done.name !== close) return undefined
      parent.children.push({ ...done, text: done.text.trim() })
    }
  }
  const [bottom] = stack
  if (stack.length !== 1 || bottom === undefined || bottom.children.length !== 1) return undefined
  return bottom.text.trim() === '' ? bottom.children[0] : undefined
}

export const childrenOf = (element: Element | undefined, name: string): readonly Element[] =>
  element?.children.filter(child => child.name === name) ?? []

export const textOf = (element: Element, name: string): string | undefined =>
  childrenOf(element, name)[0]?.text
