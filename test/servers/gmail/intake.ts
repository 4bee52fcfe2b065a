/** How a request's body is taken in, chunk by chunk; each form of request has its own. */
import { type Answer, badRequest, malformed, Refusal, tooLarge } from './envelope.ts'
import { boundaryOf, MalformedMultipart, MultipartReader } from './multipart.ts'
import { Octets, type Spool } from './octets.ts'

export interface Intake {
  /** May throw a Refusal: the rest of the body is then of no interest. */
  write(chunk: Buffer): void
  /** The body came whole: does what was asked and says what to answer. May throw a Refusal. */
  finish(): Answer
  /** The body was cut short. */
  abandon(): void
}

/** A small body, handed over as a Buffer. */
export function wholeBody(spool: Spool, limitOctets: number, finish: (body: Buffer) => Answer): Intake {
  const data = new Octets(spool)
  return {
    write: chunk => {
      if (data.length + chunk.length > limitOctets) throw new Refusal(tooLarge(), true)
      data.append(chunk)
    },
    finish: () => {
      const body = data.read()
      data.discard()
      return finish(body)
    },
    abandon: () => data.discard(),
  }
}

/** Parses a JSON object out of octets, or throws Google's 400. */
export function parseJson(body: Buffer): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch {
    throw malformed('Invalid JSON payload received.')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw malformed('Invalid JSON payload received.')
  return { ...value }
}

export const mediaType = (contentType: string | undefined): string =>
  (contentType ?? '').split(';')[0]?.trim().toLowerCase() ?? ''

function mustBeMessage(contentType: string | undefined): void {
  const type = mediaType(contentType)
  if (!type.startsWith('message/'))
    throw malformed(`Media type '${type}' is not supported. Valid media types: [message/*]`)
}

/** The JSON of an upload as an object that is as Google describes it; throws where it is not. */
export type ReadMetadata = (body: Buffer) => Record<string, unknown>

/** Called with the message's octets, its metadata, and whether it is stored: throws or answers. */
export type TakeMessage = (data: Octets, metadata: Record<string, unknown>) => Answer

/** users.messages.import without an upload: `raw` in JSON, base64url. */
export function jsonUpload(
  spool: Spool,
  limitOctets: number,
  contentType: string | undefined,
  readMetadata: ReadMetadata,
  take: TakeMessage,
): Intake {
  return wholeBody(spool, Math.ceil(limitOctets * 1.34) + 65_536, body => {
    if (mediaType(contentType) !== 'application/json') throw malformed('Content-Type is not application/json')
    const metadata = readMetadata(body)
    const data = new Octets(spool)
    data.append(Buffer.from(String(metadata.raw ?? ''), 'base64url'))
    return take(data, metadata)
  })
}

/** uploadType=media: the body is the message. */
export function mediaUpload(
  spool: Spool,
  limitOctets: number,
  contentType: string | undefined,
  take: TakeMessage,
): Intake {
  const data = new Octets(spool)
  return {
    write: chunk => {
      if (data.length + chunk.length > limitOctets) throw new Refusal(tooLarge(), true)
      data.append(chunk)
    },
    finish: () => {
      mustBeMessage(contentType)
      return take(data, {})
    },
    abandon: () => data.discard(),
  }
}

const metadataLimitOctets = 1024 * 1024

/** uploadType=multipart: a JSON part, then the message. */
export function multipartUpload(
  spool: Spool,
  limitOctets: number,
  contentType: string | undefined,
  readMetadata: ReadMetadata,
  take: TakeMessage,
): Intake {
  const metadata = new Octets(spool)
  const data = new Octets(spool)
  // What is wrong is said at the end: Google reads the body first, too.
  let wrong: Refusal | undefined
  const blame = (work: () => void): void => {
    if (wrong !== undefined) return
    try {
      work()
    } catch (error) {
      if (error instanceof Refusal && error.close) throw error
      if (error instanceof MalformedMultipart)
        wrong = malformed(`Malformed multipart body: ${error.message}.`)
      else if (error instanceof Refusal) wrong = error
      else throw error
    }
  }
  const boundary = mediaType(contentType) === 'multipart/related' ? boundaryOf(contentType ?? '') : undefined
  if (boundary === undefined) wrong = malformed('Malformed multipart body: no multipart/related boundary.')
  const reader = new MultipartReader(boundary ?? 'none', {
    start: (part, headers) => {
      const encoding = headers.get('content-transfer-encoding')?.toLowerCase()
      if (encoding !== undefined && !['7bit', '8bit', 'binary'].includes(encoding))
        throw badRequest(`Content-Transfer-Encoding ${encoding} is not taken by this stand-in`)
      if (part === 0 && mediaType(headers.get('content-type')) !== 'application/json')
        throw malformed('Malformed multipart body: the first part is not application/json.')
      if (part === 1) mustBeMessage(headers.get('content-type'))
      if (part > 1) throw malformed('Malformed multipart body: more than two parts.')
    },
    data: (part, octets) => {
      const into = part === 0 ? metadata : data
      if (into.length + octets.length > (part === 0 ? metadataLimitOctets : limitOctets))
        throw new Refusal(tooLarge(), true)
      into.append(octets)
    },
  })
  const discard = (): void => {
    metadata.discard()
    data.discard()
  }
  return {
    write: chunk => blame(() => reader.write(chunk)),
    finish: () => {
      blame(() => {
        if (reader.end() !== 2) throw malformed('Malformed multipart body: two parts are needed.')
      })
      const json = metadata.read()
      metadata.discard()
      try {
        if (wrong !== undefined) throw wrong
        return take(data, readMetadata(json))
      } catch (error) {
        data.discard()
        throw error
      }
    },
    abandon: discard,
  }
}
