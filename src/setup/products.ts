/**
 * A host that sells two kinds of mailboxes, which look the same from outside (Preset.alsoTry): where the first server
 * refuses, the other is tried with the same login. Each try is a login that may be counted, so each pair is made once,
 * and a server that says that it does not know the mailbox is not asked again.
 */
import type { Fault } from '../base/fault.ts'
import { type Discovery, type Found, userNameFor } from '../discovery/discover.ts'
import type { FoundServer, ProvedMailbox } from './mailbox.ts'

/** Nothing was logged in to: the next server costs nothing. */
const unreached = ['source.unknown-host', 'source.unreachable', 'source.timeout', 'source.tls-name']

/**
 * Words by which servers say that the mailbox is not theirs, as against a wrong password; most say neither, which tells
 * nothing.
 */
const notHere =
  /\b(?:no such|unknown|non-?existent|not? (?:a )?(?:local|valid)) (?:user|mailbox|account|domain)\b|\b(?:user|mailbox|account|domain) (?:does not|doesn'?t|not) (?:exist|found|hosted)\b|\bwrong (?:server|cluster|data ?cent(?:er|re))\b|\bnot hosted (?:here|on this server)\b/i

const sameServer = (
  one: Pick<Found, 'protocol' | 'host' | 'port'>,
  other: Pick<Found, 'protocol' | 'host' | 'port'>,
): boolean => one.protocol === other.protocol && one.host === other.host && one.port === other.port

export class Products {
  readonly #candidates: readonly Found[]
  readonly #notHere = new Set<Found>()
  /** Servers that had this very login. */
  #tried = new Set<Found>()
  #login = ''

  constructor({ candidates }: Pick<Discovery, 'candidates'>) {
    this.#candidates = candidates.filter(
      ({ origin, unusable }) => origin === 'preset' && unusable === undefined,
    )
  }

  /**
   * What is to be tried next with the login that was refused, of the same protocol.
   * @param address for the user name, where the other server takes another form of it
   * @returns undefined where there is nothing else, or nothing that the fault would be mended by
   */
  next(address: string, { server, user, password }: ProvedMailbox, fault: Fault): ProvedMailbox | undefined {
    const present = this.#candidates.find(candidate => sameServer(candidate, server))
    if (present === undefined) return undefined
    const login = JSON.stringify([user, password])
    if (login !== this.#login) this.#tried = new Set()
    this.#login = login
    this.#tried.add(present)
    const isRefused = fault.code === 'source.login-refused'
    if (!isRefused && !unreached.includes(fault.code)) return undefined
    if (!isRefused || notHere.test(String(fault.facts.words ?? ''))) this.#notHere.add(present)
    const other = this.#candidates.find(
      candidate =>
        candidate.protocol === server.protocol &&
        candidate.preset?.id !== present.preset?.id &&
        !this.#tried.has(candidate) &&
        !this.#notHere.has(candidate),
    )
    if (other === undefined) return undefined
    const asItsForm = userNameFor(address, other.userForm)
    const isOwnForm = user === userNameFor(address, present.userForm)
    const next = isOwnForm && asItsForm !== undefined ? asItsForm : user
    this.#login = JSON.stringify([next, password])
    return { address, server: withTrust(other, server), user: next, password }
  }

  /** Where a corrected login is tried first: not where the mailbox is known not to be. */
  again(server: FoundServer): FoundServer {
    const present = this.#candidates.find(candidate => sameServer(candidate, server))
    if (present === undefined || !this.#notHere.has(present)) return server
    const other = this.#candidates.find(
      candidate => candidate.protocol === server.protocol && !this.#notHere.has(candidate),
    )
    return other === undefined ? server : withTrust(other, server)
  }
}

/** A pin is for one server's certificate alone. */
const withTrust = (found: Found, { caFile, preset }: FoundServer): FoundServer => ({
  ...found,
  preset: found.preset ?? preset,
  caFile,
  pinned: undefined,
})
