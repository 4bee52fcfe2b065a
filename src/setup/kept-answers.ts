/**
 * The answers of a set-up that was left, in the state directory. No secret is among them, not even one that was typed
 * at the wrong question: what was typed for the login is kept only once the login has worked.
 */
import { join } from 'node:path'
import { removeFile } from '../base/durable-file.ts'
import type { Language } from '../base/language.ts'
import { readPrivate, writePrivate } from '../base/private-file.ts'
import type { Answers } from './asker.ts'

/** 1 could hold a password that was typed as a user name. */
const version = 2

/** Questions whose answers mean something only at the moment when they are asked. */
const notKept = new Set([
  'language',
  'resume',
  'correct',
  'certificate',
  'other-domain',
  'oauth-only',
  'pasted-url',
  'trap',
  'is-yours',
  'what',
  'pull',
  'service',
  'retry-google',
  'keep-password',
])

/** A password fits them, too, and stands beside them in the panel. */
const provedByLogin = new Set(['host', 'user'])

export interface KeptAnswers {
  readonly answers: Answers
  /** In which they were given; undefined where none were kept. */
  readonly language: Language | undefined
  /** Written at once: the owner may leave by closing the window. What a login has to prove waits for it. */
  keep(id: string, answer: string, language: Language): Promise<void>
  /** What is never kept from now on, whatever question it is typed at. */
  noteSecret(secret: string): void
  /** The login has worked with what was typed for it. */
  keepProved(): Promise<void>
  /** All of them, so that other answers begin anew. */
  forget(): Promise<void>
}

/** A file that is damaged or of another version is as good as none: it holds nothing that cannot be asked again. */
export async function readKeptAnswers(stateDir: string, env: NodeJS.ProcessEnv): Promise<KeptAnswers> {
  const file = join(stateDir, 'setup.json')
  const octets = await readPrivate(file, env).catch(() => undefined)
  const read = parse(octets?.toString('utf8'))
  const kept = new Map(Object.entries(read.answers))
  const waiting = new Map<string, string>()
  const secrets = new Set<string>()
  let { language } = read
  let last: Promise<void> = Promise.resolve()
  const isSecret = (answer: string): boolean => secrets.has(answer.trim())
  const write = (): Promise<void> => {
    const answers = Object.fromEntries(kept)
    const octets = Buffer.from(`${JSON.stringify({ version, language, answers }, undefined, 2)}\n`)
    // One after the other, or an older list could be renamed over a newer one.
    last = last.catch(() => {}).then(() => writePrivate(file, octets))
    return last
  }
  return {
    answers: read.answers,
    language,
    keep: (id, answer, spoken) => {
      if (notKept.has(id) || isSecret(answer)) return last
      language = spoken
      // Nobody chose an address, or a part of it, as a secret.
      if (!provedByLogin.has(id) || isPartOf(kept.get('address'), answer)) {
        kept.set(id, answer)
        return write()
      }
      waiting.set(id, answer)
      return kept.delete(id) ? write() : last
    },
    noteSecret: secret => void secrets.add(secret.trim()),
    keepProved: () => {
      if (waiting.size === 0) return last
      for (const [id, answer] of waiting) if (!isSecret(answer)) kept.set(id, answer)
      waiting.clear()
      return write()
    },
    forget: async () => {
      kept.clear()
      waiting.clear()
      await last.catch(() => {})
      try {
        removeFile(file)
      } catch {
        // It holds nothing that cannot be asked again.
      }
    },
  }
}

const isPartOf = (address: string | undefined, answer: string): boolean =>
  answer === address || answer === address?.split('@')[0]

function parse(text: string | undefined): Pick<KeptAnswers, 'answers' | 'language'> {
  try {
    const json = JSON.parse(text ?? '{}') as { version?: unknown; language?: unknown; answers?: unknown }
    if (json.version !== version || typeof json.answers !== 'object' || json.answers === null)
      return { answers: {}, language: undefined }
    const answers = Object.fromEntries(
      Object.entries(json.answers).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    )
    return { answers, language: json.language === 'en' || json.language === 'ja' ? json.language : undefined }
  } catch {
    return { answers: {}, language: undefined }
  }
}
