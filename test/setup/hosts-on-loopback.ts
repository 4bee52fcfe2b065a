/** All host names lead to servers of the test: for what a set-up does at hosts that it knows by their real names. */
import dns from 'node:dns'
import { syncBuiltinESMExports } from 'node:module'
import net from 'node:net'

/**
 * Until it is undone every name resolves to this computer, and a connection to a usual port of mail ends at the port that
 * stands for it. Nothing leaves this machine.
 * @param ports usual port to port of the test; to a usual one that is missing nobody answers
 * @returns what undoes it
 */
export function leadHostsTo(ports: Readonly<Record<number, number>>): () => void {
  const { connect } = net
  const { lookup } = dns.promises
  const usual = [110, 143, 993, 995]
  net.connect = ((options: net.TcpNetConnectOpts, ...rest: []) =>
    connect(
      usual.includes(options.port) ? { ...options, port: ports[options.port] ?? 1 } : options,
      ...rest,
    )) as typeof net.connect
  dns.promises.lookup = (async () => [{ address: '127.0.0.1', family: 4 }]) as unknown as typeof lookup
  syncBuiltinESMExports()
  return () => {
    net.connect = connect
    dns.promises.lookup = lookup
    syncBuiltinESMExports()
  }
}
