/** Another user of this machine, as a real process: user and group 65534. For tests that run as root. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'

export const nobody = 65_534
export const needsRoot =
  process.geteuid?.() === 0 ? {} : { skip: 'only root may start another user’s process' }

const asNobody = { uid: nobody, gid: nobody, cwd: '/', env: { PATH: process.env.PATH } } as const

/** Runs JavaScript as nobody. @returns what it printed; throws what it died of */
export function runAsNobody(code: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', code, ...args], {
    ...asNobody,
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(stderr)
  return stdout
}

/** The names below `folder` (or the file itself) that nobody can open for reading. */
export function readableByNobody(...paths: string[]): string[] {
  const code = `
    const fs = require('node:fs'), path = require('node:path'), out = []
    const look = at => {
      try { if (fs.lstatSync(at).isDirectory()) { for (const name of fs.readdirSync(at)) look(path.join(at, name)); out.push(at) }
            else { fs.closeSync(fs.openSync(at, 'r')); out.push(at) } } catch {}
    }
    process.argv.slice(1).forEach(look); console.log(JSON.stringify(out))`
  return JSON.parse(runAsNobody(code, ...paths)) as string[]
}

/**
 * A process of nobody that turns every temporary file it sees in `folder` into a link to `target`, as fast as it can.
 * @returns what tells how many it caught so far, and what ends it
 */
export async function startSwapper(
  folder: string,
  target: string,
): Promise<{ readonly caught: () => Promise<number>; readonly end: () => Promise<void> }> {
  const code = `
    const fs = require('node:fs'), [folder, target] = process.argv.slice(1)
    process.chdir(folder); let caught = 0, turns = 0
    process.on('message', () => process.send(caught))
    const turn = () => {
      for (let i = 0; i < 200; i++)
        for (const name of fs.readdirSync('.'))
          if (/\\.(tmp|new)$/.test(name))
            try { fs.unlinkSync(name); fs.symlinkSync(target, name); caught++ } catch {}
      if (turns++ === 0) process.send('ready')
      setImmediate(turn)
    }
    turn()`
  const child = spawn(process.execPath, ['-e', code, folder, target], {
    ...asNobody,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  await once(child, 'message')
  return {
    async caught() {
      child.send('caught')
      const [caught] = (await once(child, 'message')) as [number]
      return caught
    },
    async end() {
      const exit = once(child, 'exit')
      child.kill('SIGKILL')
      await exit
    },
  }
}
