/** The faults that the IMAP stand-in plays on demand. */

/** Text in which `{tag}` stands for the command's tag; each piece is sent as it is, line ends included. */
export type Pieces = readonly (string | Buffer)[]

/** What happens at a command instead of, or around, its proper answer. */
export type ImapPlay =
  /** Nothing is said any more, nothing is closed. */
  | { readonly do: 'silence' }
  /** TCP RST. */
  | { readonly do: 'reset' }
  /** FIN without a word. */
  | { readonly do: 'end' }
  | { readonly do: 'bye'; readonly text: string }
  /** This and nothing else; the command is not carried out. */
  | { readonly do: 'answer'; readonly pieces: Pieces }
  /** Untagged lines in front of the proper answer. */
  | { readonly do: 'before'; readonly pieces: Pieces }
  /** Untagged rows after the proper ones, in front of the tagged line. */
  | { readonly do: 'after'; readonly pieces: Pieces }
  /** The proper answer up to octet `at` of its first literal (or of itself), then the end. */
  | {
      readonly do: 'cut'
      readonly of: 'literal' | 'answer'
      readonly at: number
      readonly ending: 'reset' | 'end' | 'silence'
    }
  /** A FETCH row whose body is wrong. */
  | { readonly do: 'body'; readonly as: BodyFault }
  /** The answer dribbles: `octets` at a time, `everyMs` apart. */
  | { readonly do: 'trickle'; readonly octets: number; readonly everyMs: number }

export type BodyFault =
  | 'nil'
  | 'quoted-empty'
  | 'zero'
  /** A row with UID and without BODY[]. */
  | 'none'
  /** `FETCH ()`, as Zimbra answers. */
  | 'empty-row'
  /** OK and no row at all. */
  | 'no-row'
  /** The octets of this message under another UID. */
  | 'wrong-uid'
  /** The octets of this message under the UID behind it, whose own row comes too. */
  | 'next-uid'
  /** The row twice. */
  | 'twice'
  /** A quoted string where a literal belongs. */
  | 'quoted'
  /** literal8 (RFC 3516 section 4.1). */
  | 'literal8'

export interface ImapMoment {
  /** 'greeting', or the command's name in upper case, `UID FETCH` and the like as one; 'DONE' while idling. */
  readonly verb: string
  /** The line without the tag. */
  readonly text: string
  /** Number of the connection, from 1. */
  readonly session: number
  readonly folder: string | undefined
}

export interface ImapFaults {
  /** Asked at every moment; the first thing it returns is played. */
  at?: (moment: ImapMoment) => ImapPlay | undefined
  /** The first line, without CRLF. */
  greeting?: string
  /** Octets sent in the same packet as the OK to STARTTLS. */
  injectedAfterStarttls?: string
  /** Capabilities after login, where they differ. */
  capabilitiesAfterLogin?: readonly string[]
  /** IDLE is accepted and then nothing is ever pushed. */
  mutePushes?: boolean
  /** NOTIFY is accepted, and of the folders that are not selected nothing is told. */
  muteOthers?: boolean
  /** BODY[]<a.b> is answered by the whole BODY[]. */
  ignorePartial?: boolean
  /** A partial FETCH gives at most so many octets. */
  capPartial?: number
  /** RFC822.SIZE as the server would have it. */
  size?: (octets: number) => number | undefined
  /** COPY is answered without COPYUID (RFC 4315 section 3), though UIDPLUS is announced. */
  noCopyUid?: boolean
  /** What is wrong with the body of one message, however it is asked for. */
  bodyOf?: (uid: number) => BodyFault | undefined
  /** FETCH rows from the last to the first. */
  reversedRows?: boolean
  /** UID SEARCH gives only the first so many. */
  capSearch?: number
  /** SELECT and EXAMINE answer [READ-ONLY], STORE and EXPUNGE answer NO. */
  readOnly?: boolean
}

/** Whether a command opens a folder: the client examines one that it may not select. */
export const isOpening = (verb: string): boolean => verb === 'SELECT' || verb === 'EXAMINE'

/** Whether a command asks for octets of this message, by itself or among others. */
export function asksForBody(text: string, uid: number): boolean {
  const [, set = ''] = /^UID FETCH ([\d:,]+) .*BODY\.PEEK\[\]/i.exec(text) ?? []
  return set.split(',').some(range => {
    const [from = 0, to = from] = range.split(':').map(Number)
    return from <= uid && uid <= to
  })
}
