/** Who is asked: the person at a terminal, or nobody. */
import type { Readable, Writable } from 'node:stream'
import { askNobody } from './ask-nobody.ts'
import type { Asker } from './asker.ts'
import type { SetupWords } from './words.ts'

export interface Streams {
  readonly stdin: Readable & { readonly isTTY?: boolean }
  readonly stderr: Writable & { readonly isTTY?: boolean }
}

/**
 * @param yes nobody is asked: the usual answers are taken
 * @param spoken in the language of the moment: the owner may choose another one
 */
export async function chooseAsker(
  { stdin, stderr }: Streams,
  yes: boolean,
  spoken: { readonly words: SetupWords },
): Promise<Asker> {
  if (yes || stdin.isTTY !== true || stderr.isTTY !== true) return askNobody(stderr, yes, spoken.words)
  const { askTerminal } = await import('./ask-terminal.ts')
  return askTerminal({ input: stdin, output: stderr }, spoken)
}
