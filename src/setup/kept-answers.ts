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
  'keep-sign-in',
  'after-sign-in',
  'odd-password',
  'google-consent',
])

/** A password fits them, too, and stands beside them in the panel. */
const provedByLogin = new Set(['host', 'user'])

export interface KeptAnswers {
  readonly answers: Answers
  /** Those that the owner went back over before leaving: to be offered, not taken. */
  readonly offered: Answers
  /** In which they were given; undefined where none were kept. */
  readonly language: Language | undefined
  /** Written at once: the owner may leave by closing the window. What a login has to prove waits for it. */
  keep(id: string, answer: string, language: Language): Promise<void>
  /** What is never kept from now on, whatever question it is typed at; where it was kept already, it is taken away. */
  noteSecret(secret: string): Promise<void>
  /** The owner went back over these questions. */
  setAside(ids: readonly string[]): Promise<void>
  /** The owner goes on from the answers of last time. */
  takeUp(): Promise<void>
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
  const aside = new Map(Object.entries(read.offered))
  const waiting = new Map<string, string>()
  const secrets = new Set<string>()
  let { language } = read
  let last: Promise<void> = Promise.resolve()
  /** An address that was typed just now: a password may look like one. It is kept once the owner goes on with it. */
  let unproved: string | undefined
  const isSecret = (answer: string): boolean => secrets.has(answer.trim())
  const clear = (): void => {
    for (const answers of [kept, waiting, aside]) answers.clear()
    unproved = undefined
  }
  const write = (): Promise<void> => {
    const answers = Object.fromEntries(kept)
    const offered = aside.size === 0 ? undefined : Object.fromEntries(aside)
    const octets = Buffer.from(`${JSON.stringify({ version, language, answers, offered }, undefined, 2)}\n`)
    // One after the other, or an older list could be renamed over a newer one.
    last = last.catch(() => {}).then(() => writePrivate(file, octets))
    return last
  }
  return {
    ...read,
    keep: (id, answer, spoken) => {
      if (notKept.has(id) || isSecret(answer)) return last
      language = spoken
      const before = kept.get(id) ?? aside.get(id)
      aside.delete(id)
      if (id === 'address') {
        // Another mailbox: what was answered for the other one holds no longer.
        if (before !== undefined && before !== answer) clear()
        unproved = answer
        return before === undefined || before === kept.get(id) ? last : write()
      }
      if (unproved !== undefined) {
        // The owner went on with it.
        if (!isSecret(unproved)) kept.set('address', unproved)
        unproved = undefined
      }
      // Nobody chose an address, or a part of it, as a secret.
      if (!provedByLogin.has(id) || isPartOf(kept.get('address'), answer)) {
        kept.set(id, answer)
        return write()
      }
      // Of last time, when a login proved it.
      if (before === answer) {
        kept.set(id, answer)
        return last
      }
      waiting.set(id, answer)
      return kept.delete(id) ? write() : last
    },
    noteSecret: secret => {
      secrets.add(secret.trim())
      const all = [kept, waiting, aside].map(answers =>
        [...answers].filter(([id, answer]) => isSecret(answer) && answers.delete(id)),
      )
      return all.flat().length > 0 ? write() : last
    },
    setAside: ids => {
      if (unproved !== undefined && ids.includes('address')) unproved = undefined
      let changed = false
      for (const id of ids) {
        const answer = kept.get(id)
        if (answer === undefined) continue
        kept.delete(id)
        aside.set(id, answer)
        changed = true
      }
      return changed ? write() : last
    },
    takeUp: () => {
      for (const [id, answer] of Object.entries(read.answers)) if (!isSecret(answer)) kept.set(id, answer)
      return write()
    },
    keepProved: () => {
      if (waiting.size === 0) return last
      for (const [id, answer] of waiting) if (!isSecret(answer)) kept.set(id, answer)
      waiting.clear()
      return write()
    },
    forget: async () => {
      clear()
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

function parse(text: string | undefined): Pick<KeptAnswers, 'answers' | 'offered' | 'language'> {
  const none = { answers: {}, offered: {}, language: undefined }
  try {
    const json = JSON.parse(text ?? '{}') as Readonly<Record<string, unknown>>
    const { answers, offered, language } = json
    if (json.version !== version || typeof answers !== 'object' || answers === null) return none
    return {
      answers: stringsOf(answers),
      offered: stringsOf(offered),
      language: language === 'en' || language === 'ja' ? language : undefined,
    }
  } catch {
    return none
  }
}

const stringsOf = (value: unknown): Answers =>
  Object.fromEntries(
    Object.entries(value ?? {}).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
