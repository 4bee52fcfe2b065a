/** The configuration in force as names and values, for the log at start and for `doctor`. Secrets are not read. */
import type { AfterImport, Config, FolderConfig, MailboxConfig, StartFrom } from './config.ts'
import { formatDuration } from './duration.ts'

export type Setting = readonly [name: string, value: string]

export function describeAfterImport(after: AfterImport): string {
  if (after.do === 'move') return `move:${after.folder}`
  if (after.do === 'delete' && after.afterMs > 0) return `delete-after:${formatDuration(after.afterMs)}`
  return after.do
}

/** A date in local time, as the owner wrote it. */
export function describeStartFrom(start: StartFrom): string {
  if (start.from !== 'date') return start.from
  const date = new Date(start.atMs)
  const two = (value: number): string => String(value).padStart(2, '0')
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
}

function describeFolder({ name, to, labels }: FolderConfig): string {
  const shown = /[,:"]/.test(name) ? `"${name}"` : name || 'INBOX'
  return [shown, to, ...labels.map(label => `label=${label}`)].join(':')
}

/** One mailbox: everything but the password. */
export function describeMailbox(mailbox: MailboxConfig): readonly Setting[] {
  const { server } = mailbox
  const list = (items: readonly string[]): string => items.join(', ')
  const settings: readonly (readonly [string, string | boolean | undefined])[] = [
    ['protocol', mailbox.protocol],
    ['server', `${server.host}:${server.port} (${server.security})`],
    ['caFile', server.caFile],
    ['certSha256', server.pinnedSha256],
    ['user', mailbox.user],
    ['password', String(mailbox.password)],
    ['folders', mailbox.folders.map(describeFolder).join(', ')],
    ['account', mailbox.account],
    ['labels', list(mailbox.labels)],
    ['archive', mailbox.archive],
    ['neverMarkSpam', mailbox.neverMarkSpam],
    ['processForCalendar', mailbox.processForCalendar],
    ['internalDateSource', mailbox.internalDateSource],
    ['afterImport', describeAfterImport(mailbox.afterImport)],
    ['startFrom', describeStartFrom(mailbox.startFrom)],
    ['schedule', mailbox.schedule],
    ['whenOutcomeUnknown', mailbox.whenOutcomeUnknown],
    ['whenRefused', mailbox.whenRefused],
    ['verify', mailbox.verify],
    ['forwardingAddress', mailbox.forwardingAddress],
    ['authservIds', list(mailbox.authservIds)],
  ]
  return settings
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([name, value]) => [name, typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value)])
}

/** What concerns the whole program. */
export function describeTop(config: Config): readonly Setting[] {
  const { alerts, endpoints, log } = config
  return [
    ['stateDir', config.stateDir],
    ['logLevel', log.level],
    ['logFormat', log.format],
    ['language', config.language],
    ['dnsServers', config.dnsServers.join(', ')],
    ['alertAfterMinutes', String(alerts.afterMinutes)],
    ['alertMail', alerts.mail ? 'yes' : 'no'],
    ['alertWebhook', alerts.webhook === undefined ? 'no' : String(alerts.webhook)],
    ['alertPing', alerts.ping === undefined ? 'no' : String(alerts.ping)],
    ['gmailApiRoot', endpoints.apiRoot],
  ]
}
