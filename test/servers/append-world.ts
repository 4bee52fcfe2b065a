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
