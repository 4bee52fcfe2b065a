/** A proposal of a server, and where it was found. */
import type { UserForm } from './presets.ts'

export type Origin = 'preset' | 'autoconfig' | 'well-known' | 'srv' | 'ispdb'

export interface Found {
  readonly protocol: 'imap' | 'pop3'
  readonly host: string
  readonly port: number
  readonly security: 'tls' | 'starttls' | 'none'
  readonly userForm: UserForm | undefined
  readonly origin: Origin
  /** Why it cannot be used: mail and password would travel in clear; or only OAuth is taken. */
  readonly unusable: 'no-tls' | 'no-password' | undefined
}
