/**
 * Preloaded into a real worker (node --import): its connections come from the loopback address in FROM_ADDRESS, so that the
 * log of the mail server says which process it was. It changes nothing else. Nothing in src/ knows of it.
 */
import { Socket } from 'node:net'

const localAddress = process.env.FROM_ADDRESS ?? ''
const prototype = Socket.prototype as unknown as { connect(...given: unknown[]): Socket }
const connect = prototype.connect

const isTcp = (options: object): boolean =>
  'port' in options && (!('path' in options) || options.path === undefined || options.path === null)

prototype.connect = function connectFrom(this: Socket, ...given: unknown[]): Socket {
  const [first, second, ...rest] = given
  // As net.connect hands it on: options and listener in one array, with a mark that must stay.
  if (Array.isArray(first) && typeof first[0] === 'object' && isTcp(first[0])) {
    first[0] = { ...first[0], localAddress }
    return connect.apply(this, given)
  }
  if (typeof first === 'number') {
    const hasHost = typeof second === 'string'
    const options = { port: first, ...(hasHost && { host: second }), localAddress }
    return connect.apply(this, [options, ...(hasHost ? rest : [second, ...rest])])
  }
  if (typeof first === 'object' && first !== null && !Array.isArray(first) && isTcp(first))
    return connect.apply(this, [{ ...first, localAddress }, second, ...rest])
  return connect.apply(this, given)
}
