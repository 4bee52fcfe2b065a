/** What was put into the mailboxes, and when: the sender's side of the account. */
import { sha256 } from '../../test/servers/source-server.ts'
import { sampleMail } from '../sandbox/mail.ts'
import type { Box, MailHost } from './mail-host.ts'

export interface Put {
  readonly serial: number
  readonly box: Box
  readonly sha256: string
  /** When it was in the mailbox. */
  readonly atMs: number
}

export class MailBook {
  readonly puts: Put[] = []
  readonly #byDigest = new Map<string, Put>()
  readonly #byMessageId = new Map<string, Put>()
  readonly #host: MailHost

  constructor(host: MailHost) {
    this.#host = host
  }

  /** One message more, different from all others. */
  async deliver(box: Box): Promise<void> {
    const serial = this.puts.length
    const octets = sampleMail(serial)
    const digest = sha256(octets)
    await this.#host.deliver(box, octets)
    const put: Put = { serial, box, sha256: digest, atMs: Date.now() }
    this.puts.push(put)
    this.#byDigest.set(digest, put)
    const [, messageId = ''] = /^Message-ID: (<[^>]+>)/m.exec(octets.toString('latin1')) ?? []
    this.#byMessageId.set(messageId, put)
  }

  ofDigest(digest: string): Put | undefined {
    return this.#byDigest.get(digest)
  }

  ofMessageId(messageId: string): Put | undefined {
    return this.#byMessageId.get(messageId)
  }

  /** As they were put. */
  octetsOf({ serial }: Put): Buffer {
    return sampleMail(serial)
  }
}
