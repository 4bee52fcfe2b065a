/** A hard guard for tests: a connection to anything but loopback throws before a name is looked up. */
import { Socket } from 'node:net'

export interface LoopbackGuard {
  /** Hosts that were refused. */
  readonly refused: string[]
  remove(): void
}

const proxies = ['HTTP_PROXY', 'HTTPS_PROXY', 'http_proxy', 'https_proxy', 'ALL_PROXY', 'all_proxy']

/** Guards this whole process; also takes the proxy variables away, since Google's client obeys them on loopback too. */
export function guardLoopback(): LoopbackGuard {
  const refused: string[] = []
  for (const name of proxies) delete process.env[name]
  // node:net, node:tls, node:http and undici's fetch all connect through this method.
  const connect = Socket.prototype.connect
  const guarded = function (this: Socket, ...args: unknown[]): Socket {
    const host = hostOf(args)
    if (host !== undefined && !/^(?:127(?:\.\d+){3}|::1|localhost)$/.test(host)) {
      refused.push(host)
      throw new Error(`a test dialled ${host}`)
    }
    return Reflect.apply(connect, this, args)
  }
  Socket.prototype.connect = guarded as typeof connect
  return {
    refused,
    remove: () => {
      Socket.prototype.connect = connect
    },
  }
}

function hostOf(args: readonly unknown[]): string | undefined {
  const first = Array.isArray(args[0]) ? args[0][0] : args[0]
  if (typeof first === 'object' && first !== null) {
    if ('path' in first && typeof first.path === 'string' && !('port' in first)) return undefined // a pipe
    const host = 'host' in first ? first.host : 'hostname' in first ? first.hostname : undefined
    return typeof host === 'string' ? host : 'localhost'
  }
  return typeof args[1] === 'string' ? args[1] : 'localhost'
}
