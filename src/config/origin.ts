/** Where the value of a setting comes from, for `config show` and the log. */
export type Origin =
  /** The environment of the process. */
  | { readonly from: 'process'; readonly variable: string }
  | {
      readonly from: '.env'
      readonly variable: string
      readonly file: string
      readonly line: number | undefined
    }
  | { readonly from: 'yaml'; readonly key: string; readonly file: string; readonly line: number | undefined }
  /** Neither variable nor file: the vault is asked for this name when the secret is used. */
  | { readonly from: 'vault'; readonly name: string }
  | { readonly from: 'default' }
