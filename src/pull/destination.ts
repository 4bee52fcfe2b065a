/** An account that rules of a mailbox name beside its own. */
import type { Gmail } from '../gmail/gmail.ts'
import type { UploadQueue } from './upload-queue.ts'

export interface Destination {
  readonly gmail: Gmail
  readonly uploads: UploadQueue
}
