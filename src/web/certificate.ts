/** The page's own certificate and key: read when the page opens, and again when they were renewed on the disk. */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { readBounded } from '../base/bounded-file.ts'
import { Fault } from '../base/fault.ts'
import { readPrivate } from '../base/private-file.ts'
import type { ServerPair } from '../base/tls.ts'

export interface CertificateFiles {
  readonly certificateFile: string
  readonly keyFile: string
}

export const certificateLimits = { mostOctets: 1 << 20 } as const
/** A look at the files at most so often, and at least, ms. */
const lookMs = { often: 1000, seldom: 60_000 } as const

/**
 * @throws FileRefused of the certificate, Fault secret.unreadable of the key, an Error where the two do not belong together,
 * as while they are being renewed
 */
export async function readPair({ certificateFile, keyFile }: CertificateFiles): Promise<ServerPair> {
  const cert = (await readBounded(certificateFile, certificateLimits)).toString('latin1')
  const key = await readPrivate(keyFile, process.env)
  if (key === undefined) throw new Fault('secret.unreadable', { facts: { file: keyFile, reason: 'ENOENT' } })
  if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) throw new Error('key-of-another')
  return { cert, key: key.toString('latin1') }
}

export interface PairWatch {
  /** Somebody connects: a good moment to look. Waits for nothing. */
  connected(): void
  close(): void
}

export interface PairTold {
  renewed(pair: ServerPair): void
  /** Once of each state in which they cannot be used; the pair before it stays in use. */
  refused(reason: unknown): void
}

/** Looks whether the files are others by now. */
export function watchPair(files: CertificateFiles, { renewed, refused }: PairTold): PairWatch {
  let seen = describeFiles(files)
  let isLooking = false
  let lookedAtMs = performance.now()
  const look = async (): Promise<void> => {
    if (isLooking) return
    isLooking = true
    lookedAtMs = performance.now()
    try {
      const before = await seen
      const now = await describeFiles(files)
      if (now === before) return
      seen = Promise.resolve(now)
      renewed(await readPair(files))
    } catch (thrown) {
      refused(thrown)
    } finally {
      isLooking = false
    }
  }
  const timer = setInterval(look, lookMs.seldom)
  timer.unref()
  return {
    connected() {
      if (performance.now() - lookedAtMs >= lookMs.often) void look()
    },
    close: () => clearInterval(timer),
  }
}

/** Which files they are and when they were written: certbot exchanges links, others write in place. */
async function describeFiles({ certificateFile, keyFile }: CertificateFiles): Promise<string> {
  const found = await Promise.all(
    [certificateFile, keyFile].map(file =>
      stat(file).then(
        ({ ino, size, mtimeMs, ctimeMs }) => [ino, size, mtimeMs, ctimeMs],
        error => [(error as NodeJS.ErrnoException).code],
      ),
    ),
  )
  return JSON.stringify(found)
}
