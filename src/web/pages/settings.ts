/** The settings in force, each with its value and where it comes from, as `config show` has them. No secret is read. */
import { html } from 'hono/html'
import { printable } from '../../base/untrusted.ts'
import {
  isShown,
  nameSettingInForce,
  type SettingInForce,
  type SettingsInForce,
} from '../../config/in-force.ts'
import { configWordsFor } from '../../config/in-force-words.ts'
import { layOut, type Markup, type Reader, sentence } from '../layout.ts'
import type { Session } from '../sessions.ts'
import { actLink } from './troubles.ts'

/** Of a value, characters: a list of folders may be long. */
const longestValue = 2000
/** Mailboxes and accounts that are shown. */
const mostParts = 400

export function settingsPage(
  reader: Reader,
  session: Session,
  inForce: SettingsInForce,
  notice: string | undefined,
): Markup {
  const { own, language } = reader
  const words = configWordsFor(language)
  const { file } = inForce
  const parts = inForce.parts
    .map(part => ({ ...part, settings: part.settings.filter(isShown) }))
    .filter(({ settings }) => settings.length > 0)
  return layOut(reader, session, {
    title: own.settings,
    at: 'settings',
    notice,
    isLive: false,
    content: html`<h1>${own.settings}</h1>
<p>${words.file(file === undefined ? undefined : printable(file, 300))}</p>
<p class="faint">${own.settingsSecrets}</p>
${parts.slice(0, mostParts).map(({ part, name, settings }, at) => {
  const heading = part === 'start' ? own.settingsStart : words.part[part](printable(name ?? '', 100))
  return html`<div>
<h2 id="part-${at}">${heading}</h2>
${part === 'mailbox' && name !== undefined ? html`<p class="acts">${actLink(`settle?${new URLSearchParams({ mailbox: name })}`, own.changeSettle)}</p>` : ''}
<div class="scroll" role="region" aria-labelledby="part-${at}" tabindex="0"><table class="settings">
<thead><tr><th scope="col">${own.setting}</th><th scope="col">${own.value}</th><th scope="col">${own.from}</th></tr></thead>
<tbody>${settings.map(
    entry => html`<tr>
<th scope="row"><code>${nameSettingInForce(entry, inForce)}</code></th>
<td>${sayValue(reader, entry)}</td>
<td>${words.origin(entry.origin, file !== undefined)}</td>
</tr>
`,
  )}</tbody></table></div>
</div>`
})}`,
  })
}

/** Of a secret whether it is there, as far as anybody knows before it is used. */
function sayValue({ own, language }: Reader, { setting, value, origin }: SettingInForce): Markup | string {
  if (setting.secret) {
    if (origin.from === 'vault') return own.inVault
    return origin.from === 'default' ? own.notSet : own.isSet
  }
  if (value !== undefined && value !== '') return printable(value, longestValue)
  const usual = setting.otherwise?.[language]
  return usual === undefined ? '–' : html`<span class="faint">${sentence(usual)}</span>`
}
