/** Values as an owner writes them: what readers.ts and mail-readers.ts read. */
import { formatDuration } from './duration.ts'
import type { AfterImport, FolderConfig, StartFrom } from './mail-readers.ts'
import type { ListenAddress } from './readers.ts'

export function writeAfterImport(after: AfterImport): string {
  if (after.do === 'move') return `move:${after.folder}`
  if (after.do === 'delete' && after.afterMs > 0) return `delete-after:${formatDuration(after.afterMs)}`
  return after.do
}

/** A date in local time. */
export function writeStartFrom(start: StartFrom): string {
  if (start.from !== 'date') return start.from
  const date = new Date(start.atMs)
  const twoDigits = (value: number): string => String(value).padStart(2, '0')
  return `${date.getFullYear()}-${twoDigits(date.getMonth() + 1)}-${twoDigits(date.getDate())}`
}

function writeFolder({ name, to, labels }: FolderConfig): string {
  const place = to === (labels.length > 0 ? 'label' : 'inbox') ? [] : [to]
  const options = [...place, ...labels.map(label => `label=${quoteFor(label)}`)]
  return [quoteFor(name || 'INBOX'), ...options].join(':')
}

export function writeFolders(folders: readonly FolderConfig[]): string {
  return folders.map(writeFolder).join(',')
}

/** As readListenAddress reads it, and as it stands in a URL. */
export const writeListenAddress = ({ host, port }: ListenAddress): string =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`

/** In quotation marks where the text holds what parts it from others. */
export function quoteFor(text: string, parting = /[,:"']/): string {
  if (!parting.test(text)) return text
  return text.includes('"') ? `'${text}'` : `"${text}"`
}

/** yes and no, a list with commas, and everything else as it is. */
export function writeValue(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  return Array.isArray(value) ? value.map(item => quoteFor(String(item), /[,"']/)).join(',') : String(value)
}
