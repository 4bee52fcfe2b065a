/** A Gmail account as mail goes into it: rules of a mailbox may name others than its own. */
import type { Gmail } from '../gmail/gmail.ts'
import type { UploadQueue } from './upload-queue.ts'

export interface Destination {
  readonly gmail: Gmail
  readonly uploads: UploadQueue
}
