/**
 * Secrets in the operating system's keychain: macOS Keychain, Windows Credential Manager, and on Linux the
 * desktop's Secret Service (GNOME Keyring, KWallet) over the session bus, never the kernel's key ring.
 *
 * Every operation has a deadline; a keychain that is not there is told apart from a secret that is not in it.
 */
import { spawn } from 'node:child_process'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Fault, type FaultCode } from '../base/fault.ts'
import type { KeychainAnswer, KeychainRequest } from './keychain-child.ts'
import type { Vault } from './vault.ts'

export interface KeychainOptions {
  /** The name that the owner sees in the keychain's own window. */
  readonly service: string
  /** Environment of the process: on Linux DBUS_SESSION_BUS_ADDRESS and XDG_RUNTIME_DIR lead to the bus. */
  readonly env?: NodeJS.ProcessEnv
  /**
   * Longest wait for one operation, ms. A locked key ring on a desktop asks its user for the password
   * meanwhile; nobody answers on a server.
   */
  readonly deadlineMs?: number
}

/** Why the keychain gave nothing; stands in the fault's `reason`. */
export type KeychainReason = 'no-bus' | 'no-service' | 'locked' | 'timeout' | 'failed'

/** Sorts the library's words; what is not recognised stays `failed` and keeps its words. */
export function keychainReason(words: string): KeychainReason {
  if (/locked|dismissed|prompt|InteractionNotAllowed|user interaction/i.test(words)) return 'locked'
  if (/no result found|ServiceUnknown|not provided by any|NameHasNoOwner/i.test(words)) return 'no-service'
  if (/DBus error|autolaunch|connect to socket|DBUS_SESSION_BUS_ADDRESS|zbus/i.test(words)) return 'no-bus'
  return 'failed'
}

const childFile = fileURLToPath(
  new URL(`./keychain-child${extname(fileURLToPath(import.meta.url))}`, import.meta.url),
)

/** The reading side of a child must not inherit test-runner or inspector options of its parent. */
const nodeOptions = process.execArgv.filter(option => /strip-types/.test(option))

function ask(request: KeychainRequest, env: NodeJS.ProcessEnv, deadlineMs: number): Promise<KeychainAnswer> {
  return new Promise(resolve => {
    const child = spawn(process.execPath, [...nodeOptions, '--no-warnings', childFile], {
      env: { ...env, NODE_OPTIONS: '' },
      stdio: ['pipe', 'pipe', 'ignore'],
      timeout: deadlineMs,
      killSignal: 'SIGKILL',
    })
    const chunks: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.stdin.on('error', () => {}) // it ended early: `close` tells the rest
    child.on('error', error => resolve({ ok: false, words: error.message }))
    child.on('close', (_code, signal) => {
      if (signal === 'SIGKILL') return resolve({ ok: false, words: 'timeout' })
      try {
        resolve(JSON.parse(Buffer.concat(chunks).toString('utf8')) as KeychainAnswer)
      } catch {
        resolve({ ok: false, words: 'the keychain library ended without an answer' })
      }
    })
    child.stdin.end(JSON.stringify(request))
  })
}

/**
 * @returns a vault whose methods throw Fault secret.unreadable (get) or secret.not-kept (set, delete), with
 * `reason` (KeychainReason), `what: 'keychain'` and `words` (the library's own)
 */
export function keychainVault(options: KeychainOptions): Vault {
  const env = options.env ?? process.env
  const deadlineMs = options.deadlineMs ?? 15_000
  // One at a time: a key ring that waits for its user must not collect a heap of processes.
  let turn: Promise<unknown> = Promise.resolve()

  async function operate(code: FaultCode, request: Omit<KeychainRequest, 'service'>): Promise<string | null> {
    const mine = turn.then(() => ask({ ...request, service: options.service }, env, deadlineMs))
    turn = mine
    const answer = await mine
    if (answer.ok) return answer.secret
    const reason = answer.words === 'timeout' ? 'timeout' : keychainReason(answer.words)
    throw new Fault(code, { facts: { what: 'keychain', reason, words: answer.words } })
  }

  return {
    kind: 'keychain',
    get: async name => (await operate('secret.unreadable', { op: 'get', name })) ?? undefined,
    set: async (name, secret) => {
      await operate('secret.not-kept', { op: 'set', name, secret })
    },
    delete: async name => {
      await operate('secret.not-kept', { op: 'delete', name })
    },
  }
}

/**
 * Whether secrets can be kept in the keychain here and now, by keeping one and taking it away again: a locked
 * or half-installed Secret Service answers questions about absent secrets as if all were well.
 * @returns undefined where it works, else the reason
 */
export async function probeKeychain(vault: Vault): Promise<KeychainReason | undefined> {
  const name = 'hikyaku-probe'
  try {
    await vault.set(name, 'probe')
    const kept = await vault.get(name)
    await vault.delete(name)
    return kept === 'probe' ? undefined : 'failed'
  } catch (thrown) {
    if (!(thrown instanceof Fault)) throw thrown
    return thrown.facts.reason as KeychainReason
  }
}
