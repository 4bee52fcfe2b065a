/** A real nginx in the foreground, for one `server` block. */
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { type Daemon, loopback, privateFolder, program, removeFolder, startDaemon } from './local.ts'
import { until } from './until.ts'

export const nginxMissing = (): string | undefined =>
  program('nginx') === undefined ? 'nginx is not installed' : undefined

export interface Nginx {
  stop(): Promise<void>
}

/** @param server the block, as it stands in a manual @param port that it listens on */
export async function startNginx(server: string, port: number): Promise<Nginx> {
  const folder = await privateFolder('nginx')
  await chmod(folder, 0o755)
  await mkdir(join(folder, 'temporary'), { mode: 0o777 })
  const file = join(folder, 'nginx.conf')
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    name => `${name}_temp_path ${join(folder, 'temporary', name)};`,
  )
  await writeFile(
    file,
    `daemon off; worker_processes 1; pid ${join(folder, 'pid')}; error_log stderr warn;
events { worker_connections 128; }
http { access_log off; ${paths.join(' ')}
${server}
}
`,
  )
  const daemon: Daemon = startDaemon(program('nginx') ?? 'nginx', ['-e', 'stderr', '-c', file])
  const answers = (): Promise<boolean> =>
    new Promise(resolve => {
      const socket = connect(port, loopback)
      const end = (isThere: boolean): void => {
        socket.destroy()
        resolve(isThere)
      }
      socket.on('connect', () => end(true)).on('error', () => end(false))
    })
  await until(async () => {
    if (!daemon.alive()) throw new Error(`nginx ended: ${daemon.printed()}`)
    return answers()
  }, 'nginx answers')
  return {
    async stop() {
      await daemon.stop()
      await removeFolder(folder)
    },
  }
}
