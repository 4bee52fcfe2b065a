/** Every setting, in the order of .env.example: the tables of settings/ under their headings. */
import { fileVariableOf } from '../base/given-secret.ts'
import { accountSettings } from './settings/account.ts'
import { authenticationSettings } from './settings/authentication.ts'
import { fleetSettings } from './settings/fleet.ts'
import { appearanceSettings, mailboxSettings, sourceSettings, timingSettings } from './settings/mailbox.ts'
import {
  alertSettings,
  endpointSettings,
  machineSettings,
  programSettings,
  startSettings,
} from './settings/program.ts'
import type { Setting, Settings, Text } from './settings/setting.ts'

export { accountSettings, fleetSettings, mailboxSettings, programSettings, startSettings }

/** What a setting belongs to; `start` is read before or beside the configuration. */
export type PartName = 'mailbox' | 'account' | 'top' | 'start'

export const sections: readonly {
  readonly part: PartName
  readonly heading: Text
  readonly settings: Settings
}[] = [
  {
    part: 'mailbox',
    heading: { en: 'The mailbox that mail is pulled from', ja: '取り込み元のメールボックス' },
    settings: sourceSettings,
  },
  {
    part: 'account',
    heading: { en: 'The Gmail account that mail goes to', ja: '取り込み先の Gmail アカウント' },
    settings: accountSettings,
  },
  {
    part: 'mailbox',
    heading: { en: 'How the mail looks in Gmail', ja: 'Gmail での見え方' },
    settings: appearanceSettings,
  },
  { part: 'mailbox', heading: { en: 'What happens when', ja: '動作' }, settings: timingSettings },
  {
    part: 'mailbox',
    heading: {
      en: 'Authentication results (SPF, DKIM, DMARC)',
      ja: '送信ドメイン認証の結果（SPF、DKIM、DMARC）',
    },
    settings: authenticationSettings,
  },
  { part: 'top', heading: { en: 'Being told', ja: 'お知らせ' }, settings: alertSettings },
  { part: 'top', heading: { en: 'This computer', ja: 'このコンピューター' }, settings: machineSettings },
  {
    part: 'start',
    heading: { en: 'A fleet of several computers', ja: '複数台で動かすとき（フリート）' },
    settings: fleetSettings,
  },
  {
    part: 'top',
    heading: { en: 'For tests alone', ja: 'テスト専用' },
    settings: endpointSettings,
  },
  {
    part: 'start',
    heading: { en: 'Read before everything else', ja: '最初に読み込む設定' },
    settings: startSettings,
  },
]

/** A setting that has a variable. */
export interface Variable {
  readonly name: string
  readonly part: PartName
  readonly key: string
  /** May come as NAME_FILE too, and is never shown. */
  readonly secret: boolean
  /** Only the environment of the process may say it. */
  readonly processOnly: boolean
}

export const variables: readonly Variable[] = sections.flatMap(({ part, settings }) =>
  Object.entries(settings).flatMap(([key, { variable, secret, processOnly }]) =>
    variable === undefined ? [] : [{ name: variable, part, key, secret, processOnly }],
  ),
)

/** Every name that a variable can have: NAME, and NAME_FILE of a secret. */
export const variableNames: readonly string[] = variables.flatMap(({ name, secret }) =>
  secret ? [name, fileVariableOf(name)] : [name],
)

/** Keys whose values are secrets: they never stand in YAML. */
export const secretKeys: readonly string[] = variables.filter(({ secret }) => secret).map(({ key }) => key)

/** The key under which a setting stands in YAML: a secret is named by its file only. */
export function makeYamlKey(key: string, { secret }: Pick<Setting, 'secret'>): string {
  return secret ? `${key}File` : key
}
