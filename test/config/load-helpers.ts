/** Folders and environments for the tests of the configuration. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { ConfigFault, type Problem } from '../../src/base/problem.ts'
import type { Secret } from '../../src/base/secret.ts'
import type { Config } from '../../src/config/config.ts'
import { type LoadOptions, loadConfig } from '../../src/config/load.ts'

export const root = await mkdtemp(join(tmpdir(), 'hikyaku-config-'))
after(() => rm(root, { recursive: true, force: true }))

/** The least that a mailbox needs. */
export const least = {
  MAIL_PROTOCOL: 'imap',
  MAIL_HOST: 'mail.example.jp',
  MAIL_USER: 'shop@example.jp',
  MAIL_PASSWORD: 'open-sesame',
  GOOGLE_CLIENT_ID: '1-a.apps.googleusercontent.com',
  GOOGLE_CLIENT_SECRET: 'client-sesame',
  GOOGLE_REFRESH_TOKEN: 'token-sesame',
}

/** A fresh folder, with this .env in it. */
export async function folder(dotEnv?: string): Promise<string> {
  const path = await mkdtemp(join(root, 'cwd-'))
  if (dotEnv !== undefined) await writeFile(join(path, '.env'), dotEnv, { mode: 0o600 })
  return path
}

export async function load(env: NodeJS.ProcessEnv, options: Partial<LoadOptions> = {}): Promise<Config> {
  const cwd = options.cwd ?? (await folder())
  return loadConfig({ platform: 'linux', home: '/home/owner', ...options, env, cwd })
}

export async function problemsOf(
  env: NodeJS.ProcessEnv,
  options: Partial<LoadOptions> = {},
): Promise<readonly Problem[]> {
  try {
    await load(env, options)
  } catch (thrown) {
    if (thrown instanceof ConfigFault) return thrown.problems
    throw thrown
  }
  return []
}

export const kinds = (problems: readonly Problem[]): string[] =>
  problems.map(problem => `${problem.at} ${problem.kind}`)

/** Of the first mailbox. */
export function passwordOf({ mailboxes }: Config): Secret | undefined {
  const credential = mailboxes[0]?.credential
  return credential?.kind === 'password' ? credential.password : undefined
}
