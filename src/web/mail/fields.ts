/** The fields of the forms that ask for mail. */
import { html } from 'hono/html'
import { printable } from '../../base/untrusted.ts'
import type { Markup, Reader } from '../layout.ts'
import { mailWords } from './words.ts'

export const field = (name: string, label: string, input: Markup): Markup =>
  html`<div class="field"><label for="ask-${name}">${label}</label>${input}</div>`

/** @param options each a value, and what is read of it */
export const selectField = (
  name: string,
  label: string,
  options: readonly (readonly [value: string, text: string])[],
  chosen: string,
): Markup =>
  field(
    name,
    label,
    html`<select id="ask-${name}" name="${name}">${options.map(([value, text]) => html`<option value="${value}"${value === chosen ? html` selected` : ''}>${text}</option>`)}</select>`,
  )

/** @param chosen '' for all */
export function mailboxField({ language }: Reader, names: readonly string[], chosen: string): Markup {
  const words = mailWords[language]
  const each = names.map((name): readonly [string, string] => [name, printable(name, 60)])
  return selectField('mailbox', words.mailbox, [['', words.anyMailbox], ...each], chosen)
}
