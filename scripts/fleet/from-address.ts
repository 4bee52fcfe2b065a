/**
 * Preloaded into a real worker (node --import): its connections to the ports in FROM_PORTS come from the loopback address in
 * FROM_ADDRESS, so that the log of the mail server says which process it was. It changes nothing else. Nothing in src/
 * knows of it.
 */
import { Socket } from 'node:net'

const { FROM_ADDRESS: localAddress, FROM_PORTS = '' } = process.env
const ports = FROM_PORTS.split(',').map(Number)
const prototype = Socket.prototype as unknown as { connect(...given: unknown[]): Socket }
const connect = prototype.connect

const isToMail = (options: unknown): options is object =>
  typeof options === 'object' && options !== null && 'port' in options && ports.includes(Number(options.port))

prototype.connect = function connectFrom(this: Socket, ...given: unknown[]): Socket {
  const [first, ...more] = given
  // As net.connect hands it on: options and listener in one array, with a mark that must stay.
  if (Array.isArray(first)) {
    if (isToMail(first[0])) first[0] = { ...first[0], localAddress }
    return connect.apply(this, given)
  }
  return connect.apply(this, isToMail(first) ? [{ ...first, localAddress }, ...more] : given)
}
