/**
 * uploadType=resumable: a session, then PUTs. https://developers.google.com/workspace/gmail/api/guides/uploads
 * Chunks are multiples of 256 KiB but the last; 308 with `Range` says what has arrived; `bytes *\/N` asks.
 */
import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { type Answer, badRequest, empty, gmailError, malformed, Refusal } from './envelope.ts'
import { type Intake, type ReadMetadata, type TakeMessage, wholeBody } from './intake.ts'
import { Octets, type Spool } from './octets.ts'

const chunkOctets = 256 * 1024

interface Session {
  readonly data: Octets
  readonly metadata: Record<string, unknown>
  readonly totalOctets: number | undefined
  readonly take: TakeMessage
  /** The answer once the message is complete; a later PUT or query gets it again. */
  done: Answer | undefined
}

export interface ResumableRules {
  /** Whether `Range` reads `bytes=0-N` or `0-N`: Google has sent both. */
  bytesPrefix: boolean
}

export class ResumableUploads {
  readonly rules: ResumableRules
  readonly #spool: Spool
  readonly #sessions = new Map<string, Session>()
  #goneStatus: 404 | 410 = 404

  constructor(spool: Spool, rules: ResumableRules) {
    this.#spool = spool
    this.rules = rules
  }

  /** Test helper: all sessions are gone. */
  expireAll(status: 404 | 410): void {
    for (const session of this.#sessions.values()) if (session.done === undefined) session.data.discard()
    this.#sessions.clear()
    this.#goneStatus = status
  }

  /** POST that opens a session; `allow` throws where the caller may not. */
  open(
    request: IncomingMessage,
    url: URL,
    limitOctets: number,
    allow: () => void,
    readMetadata: ReadMetadata,
    take: TakeMessage,
  ): Intake {
    return wholeBody(this.#spool, 1024 * 1024, body => {
      allow()
      const type = String(request.headers['x-upload-content-type'] ?? 'message/rfc822')
      if (!type.startsWith('message/'))
        throw malformed(`Media type '${type}' is not supported. Valid media types: [message/*]`)
      const length = request.headers['x-upload-content-length']
      const totalOctets = length === undefined ? undefined : Number(length)
      if (totalOctets !== undefined && !(Number.isSafeInteger(totalOctets) && totalOctets >= 0))
        throw malformed('Invalid X-Upload-Content-Length')
      if (totalOctets !== undefined && totalOctets > limitOctets)
        throw new Refusal(gmailError(413, 'uploadTooLarge', 'Upload size limit exceeded'))
      const metadata = body.length === 0 ? {} : readMetadata(body)
      const id = `AH${randomBytes(24).toString('base64url')}`
      this.#sessions.set(id, { data: new Octets(this.#spool), metadata, totalOctets, take, done: undefined })
      const location = new URL(url)
      location.searchParams.set('upload_id', id)
      return empty(200, { location: location.href, 'x-guploader-uploadid': id })
    })
  }

  /** PUT of a chunk, of everything, or a question for the state. */
  put(request: IncomingMessage, id: string): Intake {
    const session = this.#sessions.get(id)
    if (session === undefined) return refuse(new Refusal(empty(this.#goneStatus)))
    const done = session.done
    if (done !== undefined) return { write: () => undefined, finish: () => done, abandon: () => undefined }

    const range = request.headers['content-range']
    const asked = /^bytes \*\/(\d+|\*)$/.exec(range ?? '')
    if (asked !== null)
      return { write: () => undefined, finish: () => this.#state(session), abandon: () => undefined }

    const parsed = range === undefined ? undefined : /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(range)
    if (parsed === null) return refuse(malformed('Invalid Content-Range header'))
    const first = Number(parsed?.[1] ?? 0)
    const last = parsed === undefined ? undefined : Number(parsed[2])
    const total = parsed === undefined || parsed[3] === '*' ? session.totalOctets : Number(parsed[3])
    if (session.totalOctets !== undefined && total !== session.totalOctets)
      return refuse(malformed('The total size differs from the X-Upload-Content-Length'))
    if (first > session.data.length)
      return refuse(
        badRequest(
          `Invalid request.  According to the Content-Range header, the upload offset is ${first} byte(s), which exceeds already uploaded size of ${session.data.length} byte(s).`,
        ),
      )
    const final = last === undefined || (parsed?.[3] !== '*' && last + 1 === Number(parsed?.[3]))
    if (!final && (last + 1 - first) % chunkOctets !== 0)
      return refuse(malformed(`Chunks must be multiples of ${chunkOctets} octets, but the last.`))

    let at = first
    return {
      write: chunk => {
        // What has arrived already is passed over.
        const known = Math.max(0, Math.min(chunk.length, session.data.length - at))
        at += chunk.length
        session.data.append(chunk.subarray(known))
      },
      finish: () => {
        if (last !== undefined && at !== last + 1)
          throw malformed('The body differs in length from its Content-Range')
        if (!final) return this.#state(session)
        if (total !== undefined && session.data.length !== total)
          throw malformed('The upload differs in length from what was announced')
        this.#sessions.delete(id) // a refused message leaves no session behind
        session.done = session.take(session.data, session.metadata)
        this.#sessions.set(id, session)
        return session.done
      },
      // A connection lost in the middle: whole 256 KiB blocks were kept.
      abandon: () => session.data.truncate(session.data.length - (session.data.length % chunkOctets)),
    }
  }

  #state(session: Session): Answer {
    if (session.done !== undefined) return session.done
    const prefix = this.rules.bytesPrefix ? 'bytes=' : ''
    return empty(308, session.data.length === 0 ? {} : { range: `${prefix}0-${session.data.length - 1}` })
  }
}

export function refuse(refusal: Refusal): Intake {
  const finish = (): never => {
    throw refusal
  }
  return { write: () => undefined, finish, abandon: () => undefined }
}
