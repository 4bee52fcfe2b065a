/** The pages that the owner acts from: how it stands, what is set aside, which settings hold. */
import type { Hono } from 'hono'
import type { AfterImport, Config } from '../config/config.ts'
import type { SettingInForce, SettingsInForce } from '../config/in-force.ts'
import type { Journal } from '../journal/journal.ts'
import { readStanding, type Standing } from '../status/standing.ts'
import type { Admission } from './admission.ts'
import { type Quota, readBacklog } from './backlog.ts'
import { makeReader } from './layout.ts'
import { addOwnerActs, readNotice } from './owner-acts.ts'
import { asidePage, readAside, readAsidePlace } from './pages/aside.ts'
import type { MailboxLife } from './pages/mailbox.ts'
import { overviewPage } from './pages/overview.ts'
import { settingsPage } from './pages/settings.ts'
import { addSettleRoutes } from './settle-routes.ts'

export interface OwnerParts {
  readonly config: Pick<Config, 'mailboxes' | 'accounts' | 'language'>
  readonly journal: Journal
  readonly inForce: SettingsInForce
  /**
   * Writes another choice of what is done at the source, and has it hold from the next pull on.
   * @returns the setting as it stands now; undefined: something else decides it, and nothing was changed
   */
  changeSettle(mailbox: string, choice: AfterImport): Promise<SettingInForce | undefined>
  /** Of the accounts, by their names. */
  readonly quotas: ReadonlyMap<string, { readonly quota: Quota }>
  nowMs(): number
}

/** Pages that are asked for at once are made of one look at the journal. */
const standingLivesMs = 300

interface Look {
  readonly standing: Standing
  readonly lives: readonly MailboxLife[]
}

export function addOwnerPages(app: Hono, parts: OwnerParts, admission: Admission): void {
  const { config, journal, quotas, nowMs } = parts
  const settings = { inForce: parts.inForce }
  const { letIn, readerOf } = admission
  const looks = shareFor(standingLivesMs, async (): Promise<Look> => {
    const { format } = makeReader(config.language).words
    const standing = await readStanding(config, journal, true, nowMs(), format.instant)
    const lives = standing.mailboxes.map(async (status): Promise<MailboxLife> => {
      const quota = findQuota(quotas.get(status.account)?.quota)
      const schedule = config.mailboxes.find(({ name }) => name === status.mailbox)?.schedule
      return { status, schedule, quota, backlog: await readBacklog(journal, status, quota, nowMs()) }
    })
    return { standing, lives: await Promise.all(lives) }
  })
  // Behind what the owner has done every page is of a look that knows of it.
  app.post('/:home/*', async (_c, next) => {
    await next()
    looks.forget()
  })
  app.get(
    '/:home/',
    letIn(async (c, session) => {
      const reader = readerOf(c)
      const notice = readNotice(reader, config, c.req.query())
      const look = await looks.ask()
      return c.html(overviewPage(reader, session, { ...look, nowMs: nowMs(), notice }))
    }),
  )
  app.get(
    '/:home/aside',
    letIn(async (c, session) => {
      const reader = readerOf(c)
      const { mailbox, before } = c.req.query()
      const names = config.mailboxes.map(({ name }) => name)
      const view = await readAside(journal, names, mailbox, readAsidePlace(before))
      const notice = readNotice(reader, config, c.req.query())
      return c.html(asidePage(reader, session, view, nowMs(), notice))
    }),
  )
  app.get(
    '/:home/settings',
    letIn((c, session) => {
      const reader = readerOf(c)
      return c.html(
        settingsPage(reader, session, settings.inForce, readNotice(reader, config, c.req.query())),
      )
    }),
  )
  addSettleRoutes(app, parts, settings, admission)
  addOwnerActs(app, parts, admission)
}

/** Where an import costs nothing there is no quota. */
const findQuota = (quota: Quota | undefined): Quota | undefined =>
  quota !== undefined && quota.perImport > 0 && Number.isFinite(quota.perMinute) ? quota : undefined

/** One look for all who ask within so many ms, until it is to be forgotten. */
function shareFor<T>(
  ms: number,
  look: () => Promise<T>,
): { readonly ask: () => Promise<T>; readonly forget: () => void } {
  let latest: { readonly atMs: number; readonly answer: Promise<T> } | undefined
  return {
    ask() {
      const atMs = performance.now()
      if (latest === undefined || atMs - latest.atMs >= ms) latest = { atMs, answer: look() }
      return latest.answer
    },
    forget() {
      latest = undefined
    },
  }
}
