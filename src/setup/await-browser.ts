/** A page of a provider: opened in the browser of this machine, or anywhere with the address pasted back. */
import { Fault } from '../base/fault.ts'
import { describeReason } from '../locale/reasons.ts'
import type { SetupContext } from './context.ts'

/** What waits for the browser to come back. */
export interface AwaitedBrowser<T> {
  readonly url: string
  readonly oneTimeUrl: string
  wait(signal: AbortSignal): Promise<T>
  /** @throws Fault usage.invalid for an address that does not do */
  acceptPasted(text: string): Promise<T>
  isPartOfUrl(text: string): boolean
  close(): Promise<void>
}

export interface BrowserWords {
  readonly opened: string
  readonly notOpened: string
  readonly paste: string
  readonly pasteHere: string
}

/** How long the last page can be had, ms. */
const lastPageMs = 1_000

/** @throws what waiting and pasting throw; the signal's reason */
export async function awaitBrowser<T>(
  context: SetupContext,
  awaited: AwaitedBrowser<T>,
  mayOpen: boolean,
  own: BrowserWords,
): Promise<T> {
  const { asker, words, signal, language } = context
  try {
    context.plain('')
    context.plain(awaited.url)
    const opened = mayOpen && (await context.openBrowser(awaited.oneTimeUrl))
    asker.tell('note', opened ? own.opened : own.notOpened)
    const arrived = new AbortController()
    const redirect = awaited
      .wait(signal)
      .then(
        result => ({ result }),
        (thrown: unknown) => ({ thrown }),
      )
      .finally(() => arrived.abort())
    for (;;) {
      const pasted = await asker.text({
        id: 'pasted-url',
        message: opened ? own.paste : own.pasteHere,
        partial: typed => (awaited.isPartOfUrl(typed) ? words.google.pasteMore : undefined),
        // The provider's code stands in it.
        isSecret: () => true,
        until: arrived.signal,
      })
      try {
        if (!arrived.signal.aborted) return await awaited.acceptPasted(pasted)
      } catch (thrown) {
        if (!(thrown instanceof Fault) || thrown.code !== 'usage.invalid') throw thrown
        asker.tell('bad', words.google.pasteWrong(describeReason(String(thrown.facts.reason), language)))
        continue
      }
      const came = await redirect
      if ('thrown' in came) throw came.thrown
      return came.result
    }
  } finally {
    // The browser is still on its way to the page that says "go back to the terminal".
    const closing = setTimeout(() => void awaited.close(), lastPageMs)
    signal.addEventListener('abort', () => {
      clearTimeout(closing)
      void awaited.close()
    })
  }
}
