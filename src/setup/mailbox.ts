/** The mailbox as the set-up knows it, and as the adapters want it. */

import type { LearnedHost } from '../authentication/learn.ts'
import { Secret } from '../base/secret.ts'
import type {
  AfterImport,
  FolderConfig,
  MailboxConfig,
  MailSecurity,
  ServerConfig,
  StartFrom,
} from '../config/config.ts'
import { makeUsualMailbox } from '../config/usual-mailbox.ts'
import type { Preset, UserForm } from '../discovery/presets.ts'
import type { OAuthSignIn } from './oauth-client.ts'
import type { NewRule } from './rules-questions.ts'

export interface FoundServer {
  readonly protocol: 'imap' | 'pop3'
  readonly host: string
  readonly port: number
  readonly security: MailSecurity
  /** Undefined: only the owner knows it. */
  readonly userForm: UserForm | undefined
  readonly preset: Preset | undefined
  /** As the configuration names the host already; undefined: it does not. */
  readonly provider?: string | undefined
  readonly caFile: string | undefined
  /** SHA-256 of the certificate that the owner pinned. */
  readonly pinned: string | undefined
}

/** As a configuration has it. */
export const configuredServer = ({ host, port, security, caFile, pinned }: FoundServer): ServerConfig => ({
  host,
  port,
  security,
  caFile,
  pinnedSha256: pinned,
})

/** What a login that failed was about, as far as the owner can correct it. */
export type LoginHint = 'refused' | 'host' | 'unreachable' | 'tls' | 'method' | 'later'

/** A mailbox whose login worked. */
export interface ProvedMailbox {
  readonly address: string
  readonly server: FoundServer
  readonly user: string
  /** '' where somebody signs in. */
  readonly password: string
  readonly oauth?: OAuthSignIn | undefined
}

/** What the owner wants done with its mail. */
export interface Wishes {
  readonly folders: readonly FolderConfig[]
  readonly startFrom: StartFrom
  readonly afterImport: AfterImport
  readonly labels: readonly string[]
  readonly archive: boolean
  /** Rules before import that were chosen now; those that stand in the file stay. */
  readonly newRules: readonly NewRule[]
  /** What its mail proves about the host. */
  readonly learned: LearnedHost
}

/** For a login before anything is saved. */
export function trialMailbox(
  { address, server, user, password, oauth }: ProvedMailbox,
  folders?: readonly FolderConfig[],
): MailboxConfig {
  const { protocol, preset } = server
  const usual = makeUsualMailbox(protocol)
  return {
    ...usual,
    // As it will be known: refused logins count by it.
    name: address,
    provider: preset?.loginLimit && preset.id,
    server: configuredServer(server),
    user,
    credential: oauth?.credential ?? { kind: 'password', password: Secret.of(password) },
    folders: protocol === 'imap' ? (folders ?? usual.folders) : usual.folders,
    account: 'me',
    verify: false,
  }
}
