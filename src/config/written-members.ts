/** The accounts and mailboxes of a configuration as a fleet keeps them: settings as in YAML, and secrets by their keys. */
import type { Secret } from '../base/secret.ts'
import type { SettledPart } from './in-force.ts'
import { memberSecretNames } from './load-member.ts'
import type { SecretPlace } from './load-secrets.ts'
import { accountSettings, mailboxSettings, makeYamlKey, secretKeys } from './settings.ts'

export interface WrittenMember {
  readonly part: 'account' | 'mailbox'
  readonly name: string
  /** As in YAML, without the name; paths are absolute, and a mailbox names its account. */
  readonly settings: Readonly<Record<string, unknown>>
  /** Those that must be there. */
  readonly secrets: readonly { readonly key: string; readonly secret: Secret }[]
}

const tables = { account: accountSettings, mailbox: mailboxSettings } as const
const secretFiles = new Set(secretKeys.map(key => makeYamlKey(key, { secret: true })))

export function listWrittenMembers(
  parts: readonly SettledPart[],
  places: readonly { readonly place: SecretPlace; readonly secret: Secret }[],
): readonly WrittenMember[] {
  return parts.flatMap(({ part, name, source, values }) => {
    if ((part !== 'account' && part !== 'mailbox') || name === undefined) return []
    const paths = new Set(
      Object.entries(tables[part]).flatMap(([key, setting]) =>
        setting.path ? [makeYamlKey(key, setting)] : [],
      ),
    )
    const written = Object.entries(source.values).flatMap(([key, value]) => {
      if (key === 'name' || value == null || secretFiles.has(key)) return []
      return [[key, paths.has(key) && typeof value === 'string' ? source.path(key, value.trim()) : value]]
    })
    const names: Readonly<Record<string, (owner: string) => string>> = memberSecretNames[part]
    const secrets = Object.entries(names).flatMap(([key, nameOf]) => {
      const found = places.find(({ place }) => place.vaultName === nameOf(name))
      return found === undefined ? [] : [{ key, secret: found.secret }]
    })
    const account = part === 'mailbox' ? { account: values.account } : {}
    return [{ part, name, settings: { ...Object.fromEntries(written), ...account }, secrets }]
  })
}
