/** The answers of a set-up that was left, in the state directory. No secret is among them. */
import { join } from 'node:path'
import { removeFile } from '../base/durable-file.ts'
import { readPrivate, writePrivate } from '../base/private-file.ts'
import type { Answers } from './asker.ts'

const version = 1

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
])

export interface KeptAnswers {
  readonly answers: Answers
  /** Written at once: the owner may leave by closing the window. */
  keep(id: string, answer: string): Promise<void>
  forget(): Promise<void>
}

/** A file that is damaged or of a later version is as good as none: it holds nothing that cannot be asked again. */
export async function readKeptAnswers(stateDir: string, env: NodeJS.ProcessEnv): Promise<KeptAnswers> {
  const file = join(stateDir, 'setup.json')
  const octets = await readPrivate(file, env).catch(() => undefined)
  const answers: Record<string, string> = { ...parse(octets?.toString('utf8')) }
  let last: Promise<void> = Promise.resolve()
  return {
    answers: { ...answers },
    keep: (id, answer) => {
      if (notKept.has(id)) return last
      answers[id] = answer
      const octets = Buffer.from(`${JSON.stringify({ version, answers }, undefined, 2)}\n`)
      // One after the other, or an older list could be renamed over a newer one.
      last = last.catch(() => {}).then(() => writePrivate(file, octets))
      return last
    },
    forget: async () => {
      await last.catch(() => {})
      try {
        removeFile(file)
      } catch {
        // It holds nothing that cannot be asked again.
      }
    },
  }
}

function parse(text: string | undefined): Answers {
  try {
    const json = JSON.parse(text ?? '{}') as { version?: unknown; answers?: unknown }
    if (json.version !== version || typeof json.answers !== 'object' || json.answers === null) return {}
    return Object.fromEntries(
      Object.entries(json.answers).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    )
  } catch {
    return {}
  }
}
