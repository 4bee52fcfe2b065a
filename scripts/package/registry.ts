/**
 * An npm registry on loopback (verdaccio), which holds hikyaku alone and asks npm's own for every other package. It is
 * large, so it is no dependency of the workshop: it is fetched once, into the cache that packages are made with.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePorts } from '../../test/servers/local.ts'
import { packageCache } from './node-binary.ts'

const run = promisify(execFile)
const version = '6.10.4'
const cache = join(packageCache, `verdaccio-${version}`)

export interface Registry {
  readonly url: string
  /** A file of npm's settings that may publish there. */
  readonly npmrc: string
  stop(): Promise<void>
}

/** @param folder what it stores goes there */
export async function startRegistry(folder: string): Promise<Registry> {
  await installVerdaccio()
  const [port = 0] = await freePorts(1)
  const url = `http://127.0.0.1:${port}/`
  const settings = [
    `storage: ${join(folder, 'storage')}`,
    'web: { enable: false }',
    `auth: { htpasswd: { file: ${join(folder, 'htpasswd')}, max_users: -1 } }`,
    'uplinks: { npmjs: { url: "https://registry.npmjs.org/", timeout: 60s } }',
    'packages:',
    '  hikyaku: { access: $all, publish: $all }',
    "  '**': { access: $all, proxy: npmjs }",
    // The libraries are inside: 8 MB, and a third more in base64.
    'max_body_size: 50mb',
    'log: { type: stdout, format: pretty, level: warn }',
  ]
  await mkdir(folder, { recursive: true })
  const file = join(folder, 'verdaccio.yaml')
  await writeFile(file, `${settings.join('\n')}\n`)
  const npmrc = join(folder, 'npmrc')
  // npm publishes nowhere without a token; this registry believes any.
  await writeFile(npmrc, `registry=${url}\n//127.0.0.1:${port}/:_authToken=any\n`)
  const program = join(cache, 'node_modules/verdaccio/bin/verdaccio')
  const child = spawn(process.execPath, [program, '--config', file, '--listen', `127.0.0.1:${port}`], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  await answers(`${url}-/ping`, child)
  return {
    url,
    npmrc,
    stop: async () => {
      const ended = once(child, 'exit')
      if (child.kill('SIGTERM')) await ended
    },
  }
}

async function installVerdaccio(): Promise<void> {
  if (existsSync(cache)) return
  const fresh = `${cache}.${process.pid}`
  await mkdir(fresh, { recursive: true })
  // node-fetch is asked for by a tag that not every mirror of the registry knows; this is what the tag names.
  const manifest = {
    private: true,
    dependencies: { verdaccio: version },
    overrides: { 'node-fetch': '2.7.0' },
  }
  await writeFile(join(fresh, 'package.json'), JSON.stringify(manifest))
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  await run('npm', ['install', ...quiet], { cwd: fresh })
  await rename(fresh, cache).catch(() => rm(fresh, { recursive: true, force: true }))
}

/** @throws with what the child said, where it ended or did not answer in half a minute */
async function answers(url: string, child: ChildProcess): Promise<void> {
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
  for (let i = 0; i < 150 && child.exitCode === null; i++) {
    const answer = await fetch(url).catch(() => undefined)
    if (answer?.ok === true) return
    await new Promise(resolve => setTimeout(resolve, 200))
  }
  child.kill('SIGKILL')
  throw new Error(`the registry does not answer\n${said}`)
}
