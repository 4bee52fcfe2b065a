/** The options of `hikyaku fleet add`: what `hikyaku setup` asks by the same name. Small, because the help needs it. */
import type { Words } from '../../locale/locale.ts'

type OptionId = Exclude<keyof Words['help']['fleet']['options'], 'check'>

const values: Readonly<Record<OptionId, string | undefined>> = {
  name: '<name>',
  address: '<address>',
  protocol: '<imap|pop3>',
  host: '<name>',
  port: '<number>',
  security: '<tls|starttls|none>',
  'ca-file': '<file>',
  'cert-sha256': '<digest>',
  provider: '<id>',
  user: '<name>',
  'password-file': '<file>',
  account: '<name>',
  'gmail-account': '<address>',
  'service-account-file': '<file>',
  'client-file': '<file>',
  'refresh-token-file': '<file>',
  folders: '<list>',
  labels: '<list>',
  archive: undefined,
  'start-from': '<all|new|date>',
  'after-import': '<action>',
}

export const addOptions: readonly { readonly id: OptionId; readonly value: string | undefined }[] = (
  Object.keys(values) as OptionId[]
).map(id => ({ id, value: values[id] }))

/** As commander gives them: camelCase. */
export type AddFlags = Readonly<Record<string, string | boolean | undefined>>
