/** A private session bus and, where wanted, a real GNOME Keyring on it: started by pid, ended by pid. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'

/** Whether all these programs are on the PATH. */
export async function installed(...programs: string[]): Promise<boolean> {
  const folders = (process.env.PATH ?? '').split(delimiter)
  const finds = programs.map(program => Promise.any(folders.map(folder => access(join(folder, program)))))
  return Promise.all(finds).then(
    () => true,
    () => false,
  )
}

// No service directories: nothing is started that this test did not start.
const busConfig = (
  folder: string,
): string => `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:dir=${folder}</listen>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>
  </policy>
</busconfig>
`

export interface SessionBus {
  /** Environment for programs on this bus, with a home of their own. */
  readonly env: NodeJS.ProcessEnv
  readonly home: string
  /** Starts GNOME Keyring: unlocked with this password (a new key ring is made), or locked. */
  startKeyring(password?: string): Promise<() => Promise<void>>
  stop(): Promise<void>
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const closed = once(child, 'exit')
  child.kill('SIGKILL')
  await closed
}

export async function startSessionBus(): Promise<SessionBus> {
  const home = await mkdtemp(join(tmpdir(), 'hikyaku-bus-'))
  const config = join(home, 'bus.conf')
  await writeFile(config, busConfig(home))
  const children: ChildProcess[] = []
  const bus = spawn('dbus-daemon', [`--config-file=${config}`, '--nofork', '--print-address'], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { PATH: process.env.PATH, HOME: home },
  })
  children.push(bus)
  const [line] = (await once(bus.stdout, 'data', { signal: AbortSignal.timeout(20_000) })) as [Buffer]
  const env: NodeJS.ProcessEnv = {
    PATH: process.env.PATH,
    HOME: home,
    XDG_RUNTIME_DIR: join(home, 'run'),
    XDG_DATA_HOME: join(home, 'data'),
    DBUS_SESSION_BUS_ADDRESS: line.toString().trim(),
  }
  await mkdir(join(home, 'run'), { mode: 0o700 })
  return {
    env,
    home,
    startKeyring: async password => {
      const how = password === undefined ? ['--start'] : ['--unlock']
      const keyring = spawn('gnome-keyring-daemon', ['--foreground', '--components=secrets', ...how], {
        stdio: ['pipe', 'ignore', 'ignore'],
        env,
      })
      children.push(keyring)
      keyring.stdin.end(password ?? '')
      await once(keyring, 'spawn') // it takes its name on the bus a little later: callers try again
      return () => end(keyring)
    },
    stop: async () => {
      for (const child of children.reverse()) await end(child)
      await rm(home, { recursive: true, force: true })
    },
  }
}
