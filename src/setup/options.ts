/** The options of `hikyaku setup`: one for each question, by the question's id. Small, because the help needs it. */
import type { Words } from '../locale/locale.ts'
import { normaliseAnswer } from './typed-answer.ts'

/** The question's id; the option is `--id`. */
type OptionId = keyof Words['help']['setupOptions']

export interface SetupOption {
  readonly id: OptionId
  /** What stands behind it; undefined: a switch, which means 'yes'. */
  readonly value: string | undefined
}

const values: Readonly<Record<OptionId, string | undefined>> = {
  address: '<address>',
  provider: '<id>',
  protocol: '<imap|pop3>',
  host: '<name>',
  port: '<number>',
  security: '<tls|starttls|none>',
  'ca-file': '<file>',
  'cert-sha256': '<digest>',
  user: '<name>',
  'password-file': '<file>',
  auth: '<password|oauth>',
  'oauth-client-id': '<id>',
  'oauth-client-secret-file': '<file>',
  'oauth-tenant': '<tenant>',
  'sign-in': '<code|browser|app>',
  folders: '<list>',
  spam: '<spam|label|leave>',
  'start-from': '<all|new|date>',
  'after-import': '<action>',
  labels: '<list>',
  archive: undefined,
  'gmail-account': '<address>',
  'gmail-way': '<import|append>',
  'app-password-file': '<file>',
  'client-file': '<file>',
  'service-account-file': '<file>',
  'refresh-token-file': '<file>',
  read: undefined,
  mailbox: '<name>',
  account: '<name>',
  pull: '<yes|no>',
  service: '<install|here|later>',
}

export const setupOptions: readonly SetupOption[] = (Object.keys(values) as OptionId[]).map(id => ({
  id,
  value: values[id],
}))

/** What commander gives (camelCase) as answers by question id, with the words of the configuration taken apart. */
export function answersOf(flags: Readonly<Record<string, unknown>>): Record<string, string> {
  const answers: Record<string, string> = {}
  for (const { id } of setupOptions) {
    const value = flags[id.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())]
    if (value === true) answers[id] = 'yes'
    // A folder that is named here is spelled by the server.
    else if (typeof value === 'string')
      answers[id] = normaliseAnswer(/^\s*move:/u.test(value) ? 'move-folder' : id, value)
  }
  const start = answers['start-from']
  if (start !== undefined && /^\d/.test(start)) {
    answers['start-from'] = 'date'
    answers['start-date'] = start
  }
  const [, action, rest] = /^(delete-after|move):(.+)$/u.exec(answers['after-import'] ?? '') ?? []
  if (action !== undefined && rest !== undefined) {
    answers['after-import'] = action
    if (action === 'move') answers['move-folder'] = normaliseAnswer('move-folder', rest)
    else answers['after-days'] = normaliseAnswer('after-days', rest.replace(/^(\d+)d$/, '$1'))
  }
  return answers
}
