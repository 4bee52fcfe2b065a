/**
 * What can be wrong with a configuration, as data: where it stands, what was expected, what was given. The
 * sentences are made in locale/problems.ts. A secret's value never gets in here.
 */
import { Fault } from './fault.ts'
import type { Language } from './language.ts'

interface At {
  /** The variable (`MAIL_PORT`) or the place in the YAML file (`mailboxes[0].port`). */
  readonly at: string
  /** What was written there; absent for secrets and where nothing was. */
  readonly given?: string | undefined
  /** Of the YAML file, where that says more than the place. */
  readonly line?: number | undefined
}

/** Expectations that need nothing but a name. */
export type Expected =
  | 'boolean'
  | 'host'
  | 'port'
  | 'email'
  | 'url'
  | 'web-url'
  | 'ip-address'
  | 'origin'
  | 'sha256'
  | 'dns-servers'
  | 'authserv-ids'
  | 'after-import'
  | 'start-from'
  | 'schedule'
  | 'folders'
  | 'text'
  | 'list'
  | 'mapping'
  | 'language'
  | 'label'
  | 'listen-address'
  | 'tenant'
  | 'own-tenant'
  | 'scopes'
  | 'address-pattern'
  | 'list-pattern'
  | 'header-pattern'
  | 'flag-pattern'
  | 'octets'
  | 'worker-name'

export type Problem = At &
  (
    | { readonly kind: 'missing'; readonly example: string }
    | { readonly kind: 'missing-secret'; readonly variable: string; readonly vaultName: string }
    | { readonly kind: 'expected'; readonly what: Expected }
    | { readonly kind: 'one-of'; readonly values: readonly string[] }
    | { readonly kind: 'number'; readonly least: number; readonly most: number }
    | { readonly kind: 'unknown'; readonly suggestion: string | undefined }
    | { readonly kind: 'not-loopback' }
    | { readonly kind: 'move-needs-imap' }
    | { readonly kind: 'move-into-pulled'; readonly folder: string }
    | { readonly kind: 'folders-need-imap' }
    | { readonly kind: 'mail-loop'; readonly account: string }
    | { readonly kind: 'mail-loop-unknown' }
    | { readonly kind: 'twice'; readonly what: string }
    | { readonly kind: 'no-such-account'; readonly accounts: readonly string[] }
    /** Of a fleet. */
    | { readonly kind: 'tenant-without-account'; readonly tenant: string }
    | { readonly kind: 'both'; readonly other: string }
    | { readonly kind: 'two-sources'; readonly file: string }
    | { readonly kind: 'subject-needed' }
    | { readonly kind: 'address-needed' }
    | { readonly kind: 'secret-in-yaml'; readonly instead: string; readonly vaultName: string | undefined }
    /** In a fleet's directory secrets are given beside the settings. */
    | { readonly kind: 'secret-apart' }
    | { readonly kind: 'secret-not-given' }
    | { readonly kind: 'file'; readonly file: string; readonly reason: string }
    | { readonly kind: 'foreign-file'; readonly file: string }
    | { readonly kind: 'writable-file'; readonly file: string; readonly command: string }
    | { readonly kind: 'dot-env-ignored'; readonly file: string }
    /** `variable` is the name to be used, where `at` is not it. */
    | { readonly kind: 'process-only'; readonly variable?: string }
    | { readonly kind: 'endpoint-elsewhere' }
    | { readonly kind: 'not-pem'; readonly file: string }
    | { readonly kind: 'not-a-key-file'; readonly file: string }
    | { readonly kind: 'open-to-others'; readonly ways: readonly string[]; readonly origin: string }
    | { readonly kind: 'needs'; readonly other: string }
    | { readonly kind: 'not-a-private-key'; readonly file: string }
    | { readonly kind: 'key-of-another'; readonly certificate: string }
    | { readonly kind: 'nameless-certificate'; readonly other: string }
    | { readonly kind: 'open-file'; readonly file: string; readonly command: string }
    | { readonly kind: 'hash' }
    | { readonly kind: 'unclosed' }
    | { readonly kind: 'no-home' }
    | { readonly kind: 'empty-file'; readonly file: string }
    | { readonly kind: 'too-many'; readonly most: number }
    | { readonly kind: 'rule-without-condition' }
    | { readonly kind: 'rule-of-everything' }
    | { readonly kind: 'rule-leaves'; readonly other: string }
    /** Not wrong, but of no use. */
    | { readonly kind: 'rule-never'; readonly by: string }
    | { readonly kind: 'rule-needs-imap' }
    | { readonly kind: 'rule-folder'; readonly folder: string }
    | { readonly kind: 'yaml'; readonly line: number; readonly column: number; readonly reason: string }
  )

/** `config.invalid` with every problem found; `facts.problems` names their places, one a line. */
export class ConfigFault extends Fault {
  readonly problems: readonly Problem[]
  /** The language that the settings ask for, as far as they could be read. */
  readonly language: Language
  /** Where a file was looked for, where nothing at all is set up. */
  readonly notSetUp: string | undefined

  /** @param member TENANT/NAME, where they are of one member of a fleet, and of no file */
  constructor(problems: readonly Problem[], language: Language = 'en', notSetUp?: string, member?: string) {
    const places = problems.map(({ at }) => at).join('\n')
    super('config.invalid', { facts: { problems: places, ...(member !== undefined && { member }) } })
    this.problems = problems
    this.language = language
    this.notSetUp = notSetUp
  }
}
