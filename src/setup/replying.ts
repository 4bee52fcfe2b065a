/** How to answer from an address whose mail is now read in Gmail: hikyaku itself sends nothing. */
import { printable } from '../base/untrusted.ts'
import { domainOf } from '../discovery/discover.ts'
import { fillHost, type PresetServer } from '../discovery/presets.ts'
import type { SetupContext } from './context.ts'
import type { ProvedMailbox } from './mailbox.ts'

/**
 * The host's sending server for this mailbox.
 * @returns undefined where it is not known, and where the login worked at a server that is not the host's: what stands
 *   in its row need not hold for that one
 */
export function findSendingServer({ address, server }: ProvedMailbox): PresetServer | undefined {
  const { preset, host } = server
  if (preset?.smtp === undefined || preset.password === 'oauth-only') return undefined
  const domain = domainOf(address) ?? ''
  const own = preset.ownServer?.test(host) === true ? host : undefined
  const receiving = [preset.imap, preset.pop3].flatMap(known => known ?? [])
  if (own === undefined && !receiving.some(known => fillHost(known, domain, own) === host)) return undefined
  const sending = fillHost(preset.smtp, domain, own)
  return sending === undefined ? undefined : { ...preset.smtp, host: sending }
}

/** Says it as the last thing of the set-up. */
export function tellReplying({ asker, words }: SetupContext, mailbox: ProvedMailbox): void {
  const { address, server } = mailbox
  const sending = findSendingServer(mailbox)
  asker.tell(
    'info',
    words.replying(
      printable(address),
      sending && { ...sending, host: printable(sending.host) },
      server.preset?.id,
    ),
  )
}
