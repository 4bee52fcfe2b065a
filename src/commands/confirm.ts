import { createInterface } from 'node:readline/promises'
import type { Invocation } from './invocation.ts'

/** Asks on the terminal; anything but a clear yes is a no. */
export async function confirm(invocation: Invocation, question: string): Promise<boolean> {
  const reader = createInterface({ input: invocation.stdin, output: invocation.stderr })
  try {
    const answer = await reader.question(`${question} [y/N] `)
    return /^(y|yes|はい)$/i.test(answer.trim())
  } finally {
    reader.close()
  }
}
