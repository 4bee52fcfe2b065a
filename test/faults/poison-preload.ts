/**
 * Preloaded into a real hikyaku process (node --import): ends it by SIGKILL as soon as the octets of HIKYAKU_POISON
 * come in (`in`: while a message is read) or go out (`out`: while it is uploaded). Nothing in src/ knows of it.
 */
import { Socket } from 'node:net'

const [way, text] = (process.env.HIKYAKU_POISON ?? '').split(':')

const judge = (chunk: unknown): void => {
  if (text === undefined || (typeof chunk !== 'string' && !(chunk instanceof Uint8Array))) return
  if (Buffer.from(chunk as string).includes(text)) process.kill(process.pid, 'SIGKILL')
}

if (way === 'in') {
  const push = Socket.prototype.push
  Socket.prototype.push = function (this: Socket, chunk: unknown, encoding?: BufferEncoding): boolean {
    judge(chunk)
    return push.call(this, chunk, encoding)
  } as typeof Socket.prototype.push
}
if (way === 'out') {
  const write = Socket.prototype.write as (this: Socket, ...args: unknown[]) => boolean
  Socket.prototype.write = function (this: Socket, ...args: unknown[]): boolean {
    judge(args[0])
    return write.apply(this, args)
  } as typeof Socket.prototype.write
}
