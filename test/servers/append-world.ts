/** A world (world.ts) whose account goes by an app password: beside the stand-in for the API stands one for Gmail's IMAP. */
import {
  type GmailImapOptions,
  type GmailImapServer,
  startGmailImap,
} from './gmail-imap/gmail-imap-server.ts'
import { startWorld, type World, type WorldOptions } from './world.ts'

export interface AppendWorld extends World {
  readonly imap: GmailImapServer
}

/** The variables of an account by an app password. */
const appendEnv = ({ user, password, url }: Pick<GmailImapServer, 'user' | 'password' | 'url'>) => ({
  GMAIL_WAY: 'append',
  GMAIL_ACCOUNT: user,
  GMAIL_APP_PASSWORD: password,
  GMAIL_IMAP_URL: url,
})

export async function startAppendWorld(
  options: WorldOptions & { readonly imap?: GmailImapOptions },
): Promise<AppendWorld> {
  const imap = await startGmailImap(options.imap)
  const world = await startWorld({ ...options, env: { ...appendEnv(imap), ...options.env } })
  return {
    ...world,
    imap,
    async stop() {
      await world.stop()
      await imap.stop()
      if (imap.bugs.length > 0) throw new Error(`the protocol was broken: ${imap.bugs.join('; ')}`)
    },
  }
}

/** What Gmail took in, whichever way it went: its own books. */
interface Books {
  /** Copies of each message, by digest. */
  stored(): ReadonlyMap<string, number>
  /** Every message that was taken in, also one that was merged into another. */
  readonly accepted: readonly { readonly sha256: string; readonly atMs: number }[]
  readonly bugs: readonly unknown[]
}

/** Gmail merges by Message-ID what comes by import; what comes by APPEND it does not. */
export const booksOf = (world: World): Books => {
  if (!('imap' in world)) return world.gmail
  const { imap } = world as AppendWorld
  return { stored: () => imap.stored(), accepted: imap.ledger.appended, bugs: imap.bugs }
}
