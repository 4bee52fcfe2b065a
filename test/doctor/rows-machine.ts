/** Set-ups in which this machine or its settings are broken. */
import { execFile } from 'node:child_process'
import { chmod, mkdir, open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { promisify } from 'node:util'
import { PlayedClock } from '../servers/in-process.ts'
import { until } from '../servers/until.ts'
import { installUnit, quietMachine } from './harness.ts'
import type { Row } from './rows.ts'

const run = promisify(execFile)

export const machineRows: readonly Row[] = [
  {
    title: 'Node.js is too old',
    check: 'node',
    code: 'node.too-old',
    exitCode: 78,
    breaks: () => ({ given: { nodeVersion: '20.11.1' } }),
    says: /22\.13/,
  },
  {
    title: 'the environment tells Node.js to believe any certificate',
    check: 'node',
    code: 'environment.unverified',
    warning: true,
    exitCode: 0,
    breaks: () => ({ env: { NODE_TLS_REJECT_UNAUTHORIZED: '0' } }),
    says: /NODE_TLS_REJECT_UNAUTHORIZED=0/,
  },
  {
    title: 'the environment names more authorities',
    check: 'node',
    code: 'environment.authorities',
    warning: true,
    exitCode: 0,
    breaks: () => ({ env: { NODE_EXTRA_CA_CERTS: '/tmp/\u202Eproxy.pem' } }),
    says: /NODE_EXTRA_CA_CERTS=\/tmp\/\\u\{202e\}proxy\.pem/,
  },
  {
    title: 'the environment asks for the keys of TLS',
    check: 'node',
    code: 'environment.key-log',
    warning: true,
    exitCode: 0,
    breaks: () => ({ env: { SSLKEYLOGFILE: '/tmp/keys' } }),
    says: /SSLKEYLOGFILE=\/tmp\/keys/,
  },
  {
    title: 'the environment gives Node.js options',
    check: 'node',
    code: 'environment.options',
    warning: true,
    exitCode: 0,
    breaks: () => ({ env: { NODE_OPTIONS: '--tls-keylog=/tmp/keys' } }),
    says: /NODE_OPTIONS=--tls-keylog=\/tmp\/keys/,
  },
  {
    title: 'a variable is missing',
    check: 'configuration',
    code: 'config.missing',
    exitCode: 78,
    breaks: () => ({ env: { MAIL_HOST: undefined } }),
    says: /MAIL_HOST/,
  },
  {
    title: 'the password is missing',
    check: 'secrets',
    code: 'config.missing-secret',
    exitCode: 78,
    breaks: () => ({ env: { MAIL_PASSWORD: undefined } }),
    says: /MAIL_PASSWORD/,
  },
  {
    title: 'other users can read the file with the password',
    check: 'secrets',
    code: 'config.open-file',
    exitCode: 78,
    async breaks(world) {
      const file = join(world.folder, 'password')
      await writeFile(file, 'correct horse battery\n', { mode: 0o644 })
      await chmod(file, 0o644)
      return { env: { MAIL_PASSWORD: undefined, MAIL_PASSWORD_FILE: file } }
    },
    says: /chmod 600/,
  },
  {
    title: 'a file with authorities is missing',
    check: 'secrets',
    code: 'config.file',
    exitCode: 78,
    breaks: world => ({ env: { MAIL_CA_FILE: join(world.folder, 'none.pem') } }),
    says: /MAIL_CA_FILE/,
  },
  {
    title: 'other users can read the key of the page',
    check: 'secrets',
    code: 'config.open-file',
    exitCode: 78,
    async breaks(world, { good }) {
      const file = join(world.folder, 'page.key')
      await writeFile(file, good.key, { mode: 0o644 })
      await chmod(file, 0o644)
      return {
        env: {
          DASHBOARD: '127.0.0.1:8737',
          DASHBOARD_CERTIFICATE_FILE: good.certFile,
          DASHBOARD_KEY_FILE: file,
        },
      }
    },
    says: /DASHBOARD_KEY_FILE.*chmod 600/,
  },
  {
    title: 'the certificate of the page has ended',
    check: 'configuration',
    code: 'dashboard.certificate-ending',
    warning: true,
    exitCode: 0,
    breaks: (_world, { expired }) => ({
      env: {
        DASHBOARD: '127.0.0.1:8737',
        DASHBOARD_CERTIFICATE_FILE: expired.certFile,
        DASHBOARD_KEY_FILE: expired.keyFile,
      },
    }),
    says: /has ended/,
  },
  {
    title: 'other computers can read the metrics',
    check: 'configuration',
    code: 'metrics.open',
    warning: true,
    exitCode: 0,
    breaks: () => ({ env: { METRICS: '0.0.0.0:9464' } }),
    says: /METRICS=0\.0\.0\.0:9464/,
  },
  {
    title: 'the disk is full',
    check: 'state',
    code: 'state.disk-full',
    exitCode: 75,
    async breaks(world) {
      const stateDir = join(world.folder, 'small')
      await mkdir(stateDir, { mode: 0o700 })
      const env = { STATE_DIR: stateDir }
      try {
        await run('mount', ['-t', 'tmpfs', '-o', 'size=64k,mode=700', 'hikyaku-test', stateDir])
      } catch {
        // Without the right to mount: the same by the room that is told.
        return { env, given: { room: async () => ({ freeOctets: 0, freeFiles: 5 }) } }
      }
      const handle = await open(join(stateDir, 'filler'), 'w')
      await handle.write(Buffer.alloc(64 * 1024)).catch(() => {})
      await handle.close()
      return { env, undo: [() => run('umount', [stateDir])] }
    },
  },
  {
    title: 'other users can look into the data folder',
    check: 'state',
    code: 'state.open',
    warning: true,
    exitCode: 0,
    async breaks(world) {
      await mkdir(world.stateDir)
      await chmod(world.stateDir, 0o755)
      return {}
    },
  },
  {
    title: 'the journal is damaged',
    check: 'journal',
    code: 'journal.damaged',
    exitCode: 78,
    async breaks(world) {
      await world.run(['pull'])
      const handle = await open(join(world.stateDir, 'journal.sqlite'), 'r+')
      await handle.write(Buffer.alloc(8192, 0xa5), 0, 8192, 4096)
      await handle.close()
      return {}
    },
  },
  {
    title: 'the journal was written by a newer hikyaku',
    check: 'journal',
    code: 'journal.newer',
    exitCode: 78,
    async breaks(world) {
      await world.run(['pull'])
      const database = new DatabaseSync(join(world.stateDir, 'journal.sqlite'))
      database.exec('PRAGMA user_version = 999')
      database.close()
      return {}
    },
  },
  {
    title: 'the journal has vanished',
    check: 'journal',
    code: 'journal.missing',
    exitCode: 78,
    async breaks(world) {
      await mkdir(world.stateDir, { mode: 0o700 })
      await writeFile(join(world.stateDir, 'journal.made'), '')
      return {}
    },
  },
  {
    title: 'a second instance holds the data folder, and the service cannot start',
    check: 'instance',
    code: 'state.second-instance',
    exitCode: 75,
    async breaks(world) {
      await installUnit(world)
      const running = world.start(['run'])
      await until(() => world.source.pop3?.ledger.logins.length === 1, 'the first pull')
      await until(() => world.source.pop3?.openConnections() === 0, 'the end of the first pull')
      const said = 'ActiveState=failed\nSubState=failed\nResult=exit-code\nExecMainStatus=75'
      const undo = async (): Promise<void> => {
        running.kill('SIGKILL')
        await running.ended
      }
      return { given: { machine: quietMachine(join(world.folder, 'root'), said) }, undo: [undo] }
    },
  },
  {
    title: 'the service is installed and does not run',
    check: 'service',
    code: 'service.stopped',
    exitCode: 69,
    async breaks(world) {
      await installUnit(world)
      const said = 'ActiveState=inactive\nUnitFileState=disabled'
      return { given: { machine: quietMachine(join(world.folder, 'root'), said) } }
    },
  },
  {
    title: 'the clock is a day slow',
    check: 'clock',
    code: 'clock.off',
    exitCode: 78,
    breaks() {
      const clock = new PlayedClock()
      clock.offsetMs = -86_400_000
      return { given: { clock } }
    },
    says: /1 day slow/,
  },
]
