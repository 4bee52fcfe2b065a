/**
 * imapflow as this project uses it: the IMAP grammar (parser, compiler, login mechanisms) on one connection that
 * we opened. Its message-level methods are not used: they log a refusal and answer `false`, answer `undefined`
 * in a wrong state, retry a throttled FETCH by themselves, and expunge plainly without UIDPLUS. Commands go
 * through `exec`, which rejects with the server's own answer. `exec` and `write` exist in every release but are
 * left out of its types, hence the declarations here and the exact version in package.json.
 */

import type { Socket } from 'node:net'
import type { Writable } from 'node:stream'
import type { ImapResponse } from 'imapflow'
import { ImapFlow } from './imapflow.ts'
import type { LoginSecret } from './sasl-token.ts'

export type CommandWord =
  | {
      /** TEXT is written as it is. */
      readonly type: 'ATOM' | 'SEQUENCE' | 'STRING' | 'LITERAL' | 'TEXT'
      readonly value: string
      /** Kept out of imapflow's own log. */
      readonly sensitive?: boolean
    }
  | {
      readonly type: 'ATOM'
      readonly value: string
      readonly section: readonly CommandWord[]
      readonly partial?: readonly number[]
    }
  | readonly CommandWord[]

export type Untagged = (response: ImapResponse) => Promise<void>

export interface ExecOptions {
  /** Takes untagged responses of these names while the command runs. */
  readonly untagged?: Readonly<Record<string, Untagged>>
  /** Called at a continuation request (`+`). */
  readonly onPlusTag?: (response?: ImapResponse) => Promise<void>
  /** Called when the command's line was written. */
  readonly onSend?: () => void
}

export interface Executed {
  readonly response: ImapResponse
  /** Lets the reader go on; must be called, and before the next command is awaited. */
  next(): void
}

/** What `exec` rejects with: the tagged refusal's parts, or a code where the connection ended. */
export interface ExecError extends Error {
  readonly code?: string
  readonly responseStatus?: string
  readonly responseText?: string
  readonly response?: ImapResponse
  /** The words of the BYE that came before. */
  readonly reason?: string
  readonly throttleReset?: number
  readonly serverResponseCode?: string
  readonly authenticationFailed?: boolean
  /** The challenge in which a server says why it takes no token (RFC 7628 section 3.2.2), as JSON.parse read it. */
  readonly oauthError?: unknown
}

type Exec = (
  command: string,
  attributes: readonly CommandWord[] | false,
  options?: ExecOptions,
) => Promise<Executed>

export class ImapClient extends ImapFlow {
  declare exec: Exec
  declare write: (line: string) => void
  declare currentRequest: { readonly command: string } | false
  /** What takes an untagged response, or a response code, whichever command is on its way. */
  declare untaggedHandlers: Record<string, Untagged>
  declare sectionHandlers: Record<string, () => void>
  /** Takes what the server sends. */
  declare streamer: Writable
  declare writeSocket: Socket

  declare run: (command: string, ...rest: readonly unknown[]) => Promise<unknown>

  /** Whether a login was asked for and not let in so far. */
  loginSent = false
  /** How it was asked for, where by a token. */
  tokenMechanism: string | undefined

  /** Whether the server said farewell (RFC 9051 section 7.1.5). */
  get saidBye(): boolean {
    return typeof this.byeReason === 'string'
  }

  /** Its words, where it had any: the others are imapflow's own. */
  get byeWords(): string | undefined {
    const words = this.byeReason
    return typeof words === 'string' && words !== 'Server closed connection' ? words : undefined
  }

  /**
   * Sees each command of imapflow's own login. RFC 3501 section 4.3: a quoted string holds seven-bit characters and
   * no line break; anything else is a literal, which imapflow makes of a STRING only where it is told to.
   */
  watchLogin({ user, secret }: Pick<ClientOptions, 'user' | 'secret'>): void {
    const exec: Exec = this.exec.bind(this)
    this.exec = (command, attributes, options) => {
      if (command !== 'LOGIN' && command !== 'AUTHENTICATE') return exec(command, attributes, options)
      this.loginSent = true
      const words = attributes === false ? attributes : attributes.map(asLiteral)
      const isPlain = command === 'AUTHENTICATE' && words !== false && isAtom(words[0], 'PLAIN')
      // RFC 4959: the first answer goes along where the server can take it; one that asks nevertheless is told again.
      if (isPlain && this.capabilities.has('SASL-IR')) {
        const answer = Buffer.from(`\0${user}\0${secret.value}`).toString('base64')
        words.push({ type: 'ATOM', value: answer, sensitive: true })
      }
      if (secret.kind === 'token' && words !== false && words[0] !== undefined && 'type' in words[0])
        this.tokenMechanism = words[0].value
      const asked = secret.kind === 'token' ? this.#sayAgain(words, options) : options
      return exec(command, words, asked).then(executed => {
        this.loginSent = false
        return executed
      })
    }
  }

  /** imapflow takes any challenge behind a token for the server's refusal, also that of one that passed over the token. */
  #sayAgain(
    words: readonly CommandWord[] | false,
    options: ExecOptions | undefined,
  ): ExecOptions | undefined {
    const sent = words !== false && words[1] !== undefined && 'type' in words[1] ? words[1].value : undefined
    const onPlusTag = options?.onPlusTag
    if (sent === undefined || onPlusTag === undefined) return options
    let isFirst = true
    return {
      ...options,
      onPlusTag: async response => {
        const isEmpty = (response?.attributes?.[0]?.value ?? '') === ''
        if (isFirst && isEmpty) this.write(sent)
        else await onPlusTag(response)
        isFirst = false
      },
    }
  }

  /**
   * Leaves out of imapflow's greeting what costs a round trip and is not needed: NAMESPACE (imap-target.ts asks for it
   * where a folder is to be made), and the first of two IDs. Some hosts let nobody in who does not say it; they want it
   * behind the login.
   */
  shortenGreeting(): void {
    const run = this.run.bind(this)
    this.run = async (command, ...rest) => {
      if (command === 'NAMESPACE' || (command === 'ID' && !this.authenticated)) return undefined
      return run(command, ...rest)
    }
  }

  /**
   * Ends the IDLE that is under way, if one is, and asks the next thing in the same packet: what follows DONE (RFC 2177
   * section 3) is an ordinary command.
   */
  writeBehindDone(lines: string): void {
    this.write(this.#isIdling ? `DONE\r\n${lines}` : lines)
  }

  /** Ends the IDLE that is under way, if one is. */
  writeDone(): void {
    if (this.#isIdling) this.write('DONE')
  }

  get #isIdling(): boolean {
    return this.currentRequest !== false && this.currentRequest.command === 'IDLE'
  }

  /**
   * imapflow parks its reader for up to five minutes at "Request is throttled. Suggested Backoff Time": the fault
   * would come as a time-out. When to try again is the daemon's decision, so the wait is none.
   */
  throttleWait(): Promise<boolean> {
    return Promise.resolve(false)
  }
}

const isAtom = (word: CommandWord | undefined, value: string): boolean =>
  word !== undefined && 'type' in word && word.type === 'ATOM' && word.value === value

function asLiteral(word: CommandWord): CommandWord {
  if (!('type' in word) || word.type !== 'STRING' || /^[\x01-\x09\x0b\x0c\x0e-\x7f]*$/.test(word.value))
    return word
  return { ...word, type: 'LITERAL' }
}

export interface ClientOptions {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly secret: LoginSecret
}

/** The longest literal taken into memory: a server that ignores the partial FETCH sends the message whole. */
export const longestLiteral = 24 * 1024 * 1024

/**
 * A client on a socket that is connected and, where wanted, already under TLS; the greeting must be readable on
 * it. Nothing is sent before `connect()`.
 */
export function makeImapClient(socket: Socket, options: ClientOptions): ImapClient {
  const { secret } = options
  const client = new ImapClient({
    host: options.host,
    port: options.port,
    // TLS is settled before the socket comes here: imapflow must not negotiate it again.
    secure: false,
    doSTARTTLS: false,
    auth: { user: options.user, [secret.kind === 'token' ? 'accessToken' : 'pass']: secret.value },
    transport: {
      connect: (_where, onConnect) => {
        setImmediate(onConnect)
        return socket
      },
    },
    logger: false,
    clientInfo: { name: 'hikyaku', version: '', vendor: '', 'support-url': '' },
    disableAutoIdle: true,
    disableCompression: true,
    disableBinary: true,
    disableAutoEnable: true,
    disableIMAP4rev2: true,
    // The deadlines are ours; these only have to be longer.
    connectionTimeout: 600_000,
    greetingTimeout: 600_000,
    socketTimeout: 3_600_000,
    maxLiteralSize: longestLiteral,
    // The meter (imap-meter.ts) holds each command to less.
    maxLineLength: 2 * 1024 * 1024,
    maxResponseSize: longestLiteral + 2 * 1024 * 1024,
    maxResponseTokens: 10_000,
  })
  client.watchLogin(options)
  client.shortenGreeting()
  return client
}
