/** The language that a browser asks for (RFC 9110 section 12.5.4), as far as there is a catalogue. */
import type { Language } from '../base/language.ts'

/** @param header Accept-Language @param usual where it names neither */
export function chooseBrowserLanguage(header: string | undefined, usual: Language): Language {
  const wished = (header ?? '')
    .slice(0, 500)
    .split(',')
    .map((range, place) => {
      const [, name = '', quality = '1'] = /^\s*([\w-]+|\*)\s*(?:;\s*q=([\d.]{1,5})\s*)?$/.exec(range) ?? []
      return { name: name.toLowerCase(), quality: Number(quality), place }
    })
    .filter(({ name, quality }) => quality > 0 && /^(ja|en)(-|$)/.test(name))
    .sort((a, b) => b.quality - a.quality || a.place - b.place)
  const [first] = wished
  if (first === undefined) return usual
  return first.name.startsWith('ja') ? 'ja' : 'en'
}
