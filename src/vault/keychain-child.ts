/**
 * One keychain operation in a process of its own. keychain.ts starts it, writes one JSON object to its standard
 * input and reads one from its standard output; the secret never stands in arguments or environment.
 *
 * Why a process: @napi-rs/keyring connects to D-Bus inside its constructor, on the calling thread and without a
 * deadline. On a bus that accepts and stays silent it would stop the whole daemon; a process can be ended.
 */
import { AsyncEntry } from '@napi-rs/keyring'

// As in cli.ts: no inspector for whoever sends this signal.
process.on('SIGUSR1', () => {})

export interface KeychainRequest {
  readonly op: 'get' | 'set' | 'delete'
  readonly service: string
  readonly name: string
  readonly secret?: string
}

export type KeychainAnswer =
  | { readonly ok: true; readonly secret: string | null }
  | { readonly ok: false; readonly words: string }

async function perform(request: KeychainRequest): Promise<string | null> {
  // Without the pin, Linux falls back without a word to the kernel's key ring, which is gone after a restart.
  const entry = new AsyncEntry(request.service, request.name, { linux: { store: 'secret-service' } })
  if (request.op === 'get') return entry.getPassword()
  if (request.op === 'set') await entry.setPassword(request.secret ?? '')
  else await entry.deletePassword()
  return null
}

async function readAll(): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

let answer: KeychainAnswer
try {
  answer = { ok: true, secret: await perform(JSON.parse(await readAll()) as KeychainRequest) }
} catch (thrown) {
  answer = { ok: false, words: thrown instanceof Error ? thrown.message : String(thrown) }
}
// The D-Bus thread of the library would keep the process alive: leave as soon as the answer is out.
process.stdout.write(JSON.stringify(answer), () => process.exit(0))
