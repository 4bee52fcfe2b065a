/** The clients that upload: ours, and Google's own as its documentation shows it (multipart, from a stream). */
import { Agent, request } from 'node:http'
import { Readable } from 'node:stream'
import { gmail as googleGmail } from '@googleapis/gmail'
import { OAuth2Client } from 'google-auth-library'
import { systemClock } from '../../src/base/clock.ts'
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

const rawOf = (octets: Buffer): RawMessage => ({
  octets: octets.length,
  sha256: digestOf(octets),
  async *chunks() {
    for (let at = 0; at < octets.length; at += 65_536) yield octets.subarray(at, at + 65_536)
  },
  header: async () => octets.subarray(0, octets.indexOf('\r\n\r\n') + 4),
  discard: async () => {},
})

/** Ten to warm the connections and the code up, then the ones that count. */
async function timed(
  { messages, octets }: ClientWork,
  upload: (message: Buffer) => Promise<void>,
): Promise<ClientResult> {
  const warm = Array.from({ length: 10 }, (_, serial) => serial)
  await inParallel(inFlight, warm, serial => upload(messageOf(serial, 10_000)))
  const digests: string[] = []
  const start = performance.now()
  const serials = Array.from({ length: messages }, (_, n) => n + warm.length)
  await inParallel(inFlight, serials, async serial => {
    const message = messageOf(serial, octets)
    await upload(message)
    digests.push(digestOf(message))
  })
  return { digests, ms: performance.now() - start, hung: 0 }
}

/** A request of node:http and nothing else: no retry, no pace, no check of what came back but its status. */
export async function uploadRaw(work: ClientWork): Promise<ClientResult> {
  const url = new URL(
    'upload/gmail/v1/users/me/messages/import?uploadType=media',
    work.config.endpoints.apiRoot,
  )
  const agent = new Agent({ keepAlive: true, maxSockets: inFlight })
  const result = await timed(
    work,
    message =>
      new Promise((resolve, reject) => {
        const headers = {
          authorization: `Bearer ${process.env.BENCH_ACCESS_TOKEN}`,
          'content-type': 'message/rfc822',
          'content-length': message.length,
        }
        const sent = request(url, { method: 'POST', agent, headers }, response => {
          response.resume().once('end', () => {
            if (response.statusCode === 200) resolve()
            else reject(new Error(`status ${response.statusCode}`))
          })
        })
        sent.once('error', reject).end(message)
      }),
  )
  agent.destroy()
  return result
}

export async function uploadOurs(work: ClientWork): Promise<ClientResult> {
  const [account] = work.config.accounts
  if (account === undefined) throw new Error('no account in the variables')
  const gmail = makeGmail({ account, endpoints: work.config.endpoints, clock: systemClock })
  const never = new AbortController().signal
  const asked = {
    labelIds: ['INBOX', 'UNREAD'],
    internalDateSource: 'dateHeader',
    neverMarkSpam: false,
    processForCalendar: false,
    method: 'import',
  } as const
  const result = await timed(work, async message => {
    await gmail.import(rawOf(message), asked, never)
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
  return timed(work, async message => {
    const media = { mimeType: 'message/rfc822', body: Readable.from(rawOf(message).chunks()) }
    const requestBody = { labelIds: ['INBOX', 'UNREAD'] }
    // rootUrl of the constructor is ignored for uploads.
    await api.users.messages.import(
      { userId: 'me', requestBody, media },
      { rootUrl: `${apiRoot}/`, retry: false },
    )
  })
}
