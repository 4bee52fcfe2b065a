/** TCP to one address, for those who only want to know whether anybody is there. */
import { connect, isIP } from 'node:net'
import { orAbort } from './deadline.ts'

/** @returns whether it is written as an address, so that no name has to be looked up */
export const isAddress = (host: string): boolean => isIP(host) !== 0

/**
 * Connects to this address and no other, and closes the connection at once.
 * @throws the error of the socket; the signal's reason
 */
export async function touchAddress(address: string, port: number, signal: AbortSignal): Promise<void> {
  const socket = connect({ host: address, port, family: isIP(address), autoSelectFamily: false })
  const opened = new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.on('error', reject)
  })
  try {
    await orAbort(opened, signal)
  } finally {
    socket.destroy()
  }
}
