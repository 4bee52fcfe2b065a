/** Mail that reaches a folder by another IMAP client. */
import { once } from 'node:events'
import { connect } from 'node:net'

/** Puts a mail into a folder as another client would (RFC 9051 section 6.3.12), each command behind the last answer. */
export async function appendMail(
  port: number,
  password: string,
  folder: string,
  octets: Buffer,
): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1' })
  let said = ''
  const ended = Promise.withResolvers<never>()
  const answered = async (answer: RegExp): Promise<void> => {
    while (!answer.test(said)) await Promise.race([once(socket, 'data'), ended.promise])
  }
  const fail = (cause?: unknown): void => ended.reject(new Error(`APPEND ended after: ${said}`, { cause }))
  ended.promise.catch(() => {})
  socket.on('data', chunk => {
    said += String(chunk)
  })
  socket.on('error', fail)
  socket.on('close', () => fail())
  try {
    await answered(/^\* OK/m)
    socket.write(`a LOGIN owner "${password}"\r\n`)
    await answered(/^a OK/m)
    socket.write(`b APPEND ${folder} {${octets.length}}\r\n`)
    await answered(/^\+ /m)
    socket.write(Buffer.concat([octets, Buffer.from('\r\n')]))
    await answered(/^b OK/m)
  } finally {
    socket.destroy()
  }
}
