import type { Socket } from 'node:net'

/**
 * Ends a connection by RST. One whose own end is under way is closed instead: Node's reset of such a socket closes nothing,
 * and its process then waits for that handle for ever when it ends, with all of a processor (js-libp2p pull request 3597).
 * @param socket what was written to
 * @param plain what lies below it, where that is TLS
 */
export function resetConnection(socket: Socket, plain: Socket = socket): void {
  if (socket.writableEnded || plain.writableEnded) plain.destroy()
  else plain.resetAndDestroy()
}
