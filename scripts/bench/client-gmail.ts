/** The clients that upload: ours, and Google's own as its documentation shows it (multipart, from a stream). */
import { Agent, request } from 'node:http'
import { Readable } from 'node:stream'
import { gmail as googleGmail } from '@googleapis/gmail'
import { OAuth2Client } from 'google-auth-library'
import { systemClock } from '../../src/base/clock.ts'
import { isOfApi } from '../../src/config/config.ts'
import { makeGmail } from '../../src/gmail/google.ts'
import type { RawMessage } from '../../src/message/message.ts'
import { guardLoopback } from '../../test/servers/gmail/loopback-guard.ts'
import type { ClientResult, ClientWork } from './client-work.ts'
import { digestOf } from './measure.ts'
import { inParallel } from './parallel.ts'

/** As many as Gmail takes from one user without complaint. */
const inFlight = 3

/** Messages that differ, made one at a time, so that memory shows what the client needs. */
function messageOf(serial: number, octets: number): Buffer {
  const head = `From: a@example.jp\r\nSubject: ${serial}\r\nMessage-ID: <${serial}.${octets}@bench.example>\r\n\r\n`
  return Buffer.alloc(octets, `${head}${'0123456789abcdef'.repeat(4)}\r\n`)
}

/** @param sha256 taken as the message was retrieved, which is no part of an upload */
const rawOf = (octets: Buffer, sha256: string): RawMessage => ({
  octets: octets.length,
  sha256,
  async *chunks() {
    for (let at = 0; at < octets.length; at += 65_536) yield octets.subarray(at, at + 65_536)
  },
  header: async () => octets.subarray(0, octets.indexOf('\r\n\r\n') + 4),
  discard: async () => {},
})

/** Ten to warm the connections and the code up, then the ones that count. */
async function timed(
  { messages, octets }: ClientWork,
  upload: (message: Buffer, sha256: string) => Promise<void>,
): Promise<ClientResult> {
  const warm = Array.from({ length: 10 }, (_, serial) => serial)
  await inParallel(inFlight, warm, serial => {
    const message = messageOf(serial, 10_000)
    return upload(message, digestOf(message))
  })
  const digests: string[] = []
  const start = performance.now()
  const serials = Array.from({ length: messages }, (_, n) => n + warm.length)
  await inParallel(inFlight, serials, async serial => {
    const message = messageOf(serial, octets)
    const sha256 = digestOf(message)
    await upload(message, sha256)
    digests.push(sha256)
  })
  return { digests, ms: performance.now() - start, hung: 0 }
}

/**
 * A request of node:http and nothing else: no retry, no pace, no digest, no check of what came back but its status. The
 * same labels in the same multipart form as the others, so that the other side has the same work.
 */
export async function uploadRaw(work: ClientWork): Promise<ClientResult> {
  const url = new URL(
    'upload/gmail/v1/users/me/messages/import?uploadType=multipart',
    work.config.endpoints.apiRoot,
  )
  const head = Buffer.from(
    '--bench\r\nContent-Type: application/json\r\n\r\n{"labelIds":["INBOX","UNREAD"]}\r\n' +
      '--bench\r\nContent-Type: message/rfc822\r\n\r\n',
  )
  const end = Buffer.from('\r\n--bench--\r\n')
  const agent = new Agent({ keepAlive: true, maxSockets: inFlight })
  const result = await timed(
    work,
    message =>
      new Promise((resolve, reject) => {
        const headers = {
          authorization: `Bearer ${process.env.BENCH_ACCESS_TOKEN}`,
          'content-type': 'multipart/related; boundary=bench',
          'content-length': head.length + message.length + end.length,
        }
        const sent = request(url, { method: 'POST', agent, headers }, response => {
          response.resume().once('end', () => {
            if (response.statusCode === 200) resolve()
            else reject(new Error(`status ${response.statusCode}`))
          })
        })
        sent.once('error', reject)
        sent.write(head)
        sent.write(message)
        sent.end(end)
      }),
  )
  agent.destroy()
  return result
}

export async function uploadOurs(work: ClientWork): Promise<ClientResult> {
  const [account] = work.config.accounts
  if (account === undefined || !isOfApi(account)) throw new Error('no account in the variables')
  const gmail = makeGmail({ account, endpoints: work.config.endpoints, clock: systemClock })
  const never = new AbortController().signal
  const asked = {
    labelIds: ['INBOX', 'UNREAD'],
    internalDateSource: 'dateHeader',
    neverMarkSpam: false,
    processForCalendar: false,
    method: 'import',
  } as const
  const result = await timed(work, async (message, sha256) => {
    await gmail.import(rawOf(message, sha256), asked, never)
  })
  await gmail.close()
  return result
}

export async function uploadGoogle(work: ClientWork): Promise<ClientResult> {
  guardLoopback()
  const [account] = work.config.accounts
  if (account?.credential.kind !== 'user') throw new Error('no account in the variables')
  const { clientId, clientSecret, refreshToken } = account.credential
  const { apiRoot, tokenUrl } = work.config.endpoints
  const auth = new OAuth2Client({
    clientId,
    clientSecret: await clientSecret.reveal(),
    endpoints: { oauth2TokenUrl: tokenUrl },
  })
  auth.setCredentials({ refresh_token: await refreshToken.reveal() })
  const api = googleGmail({ version: 'v1', auth })
  return timed(work, async (message, sha256) => {
    const media = { mimeType: 'message/rfc822', body: Readable.from(rawOf(message, sha256).chunks()) }
    const requestBody = { labelIds: ['INBOX', 'UNREAD'] }
    // rootUrl of the constructor is ignored for uploads.
    await api.users.messages.import(
      { userId: 'me', requestBody, media },
      { rootUrl: `${apiRoot}/`, retry: false },
    )
  })
}
