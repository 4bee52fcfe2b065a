/** A proposal of a server, and where it was found. */
import type { Preset, UserForm } from './presets.ts'
import type { Evidence } from './recognise.ts'

export type Origin = 'preset' | 'autoconfig' | 'well-known' | 'srv' | 'own-name' | 'ispdb'

export interface Found {
  readonly protocol: 'imap' | 'pop3'
  readonly host: string
  readonly port: number
  readonly security: 'tls' | 'starttls' | 'none'
  readonly userForm: UserForm | undefined
  readonly origin: Origin
  /** Why it cannot be used: mail and password would travel in clear; or only OAuth is taken. */
  readonly unusable: 'no-tls' | 'no-password' | undefined
  /** The host's product that this server belongs to, where it comes from a preset. */
  readonly preset: Preset | undefined
  /** What shows that it is this server. */
  readonly evidence: Evidence | undefined
  /**
   * What the owner has to confirm before a password is sent: that DNS names a server of somebody else (RFC 6186
   * section 6); that the domain's mail goes to another host than the one whose server this is.
   */
  readonly confirm: 'other-domain' | 'mx-elsewhere' | undefined
}

/** The part of `node:dns/promises` Resolver that is used. */
export interface Resolver {
  resolveMx(domain: string): Promise<readonly { readonly exchange: string; readonly priority: number }[]>
  resolveTxt(domain: string): Promise<readonly (readonly string[])[]>
  resolveSrv(name: string): Promise<
    readonly {
      readonly name: string
      readonly port: number
      readonly priority: number
      readonly weight: number
    }[]
  >
}

/** What the certificate on the IMAP port of a server says. */
export interface SeenCertificate {
  readonly names: readonly string[]
  /** It holds for the name that was asked: a login there would trust it. */
  readonly holds: boolean
}
