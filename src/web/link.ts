/**
 * The one-time link of `hikyaku dashboard`. The command writes what the link holds, as a digest and for a few minutes,
 * into the data folder, which no other user of this computer can read; whoever serves the page takes it up once.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { readPrivate, writePrivate } from '../base/private-file.ts'

/** How long a link can be used, ms. */
export const linkLivesMs = 5 * 60_000

const linkFile = 'dashboard-link.json'
/** Leads a browser to the link, which therefore never stands among a program's arguments. */
const doorFile = 'dashboard-open.html'

interface WaitingLink {
  readonly sha256: string
  readonly endsAtMs: number
}

const digestOf = (token: string): string => createHash('sha256').update(token, 'latin1').digest('hex')

/** @returns the token, 256 random bits @throws Fault secret.not-kept, state.exposed */
export async function writeLink(stateDir: string, nowMs: number): Promise<string> {
  const token = randomBytes(32).toString('base64url')
  const link: WaitingLink = { sha256: digestOf(token), endsAtMs: nowMs + linkLivesMs }
  await writePrivate(join(stateDir, linkFile), Buffer.from(JSON.stringify(link)))
  return token
}

/** @returns the path of a page of mode 0600 that leads to the link */
export async function writeDoor(stateDir: string, url: string): Promise<string> {
  const file = join(stateDir, doorFile)
  const page = `<!DOCTYPE html><meta charset="utf-8"><title>hikyaku</title><meta name="referrer" content="no-referrer"><meta http-equiv="refresh" content="0; url=${url}"><a href="${url}">hikyaku</a>\n`
  await writePrivate(file, Buffer.from(page))
  return file
}

/** The browser has come in, or never will. */
export const removeDoor = (stateDir: string): void => rmSync(join(stateDir, doorFile), { force: true })

export function removeLink(stateDir: string): void {
  for (const file of [linkFile, doorFile]) rmSync(join(stateDir, file), { force: true })
}

async function readLink(stateDir: string): Promise<WaitingLink | undefined> {
  const octets = await readPrivate(join(stateDir, linkFile), {})
  if (octets === undefined) return undefined
  try {
    const { sha256, endsAtMs } = JSON.parse(octets.toString('utf8'))
    return typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256) && Number.isFinite(endsAtMs)
      ? { sha256, endsAtMs }
      : undefined
  } catch {
    return undefined
  }
}

/**
 * Takes the link up where this is its token: it is used then, whatever comes of it.
 * @throws Fault secret.unreadable where others could read the file
 */
export async function takeLink(stateDir: string, token: string, nowMs: number): Promise<boolean> {
  const link = await readLink(stateDir)
  if (link === undefined) return false
  // A clock that was put back must not make a link that lives for years.
  const isAlive = link.endsAtMs > nowMs && link.endsAtMs <= nowMs + linkLivesMs
  const isIts = timingSafeEqual(Buffer.from(digestOf(token), 'hex'), Buffer.from(link.sha256, 'hex'))
  if (!isIts) return false
  try {
    // Not by force: of two at the same moment the second finds it gone.
    rmSync(join(stateDir, linkFile))
  } catch {
    return false
  }
  rmSync(join(stateDir, doorFile), { force: true })
  return isAlive
}

/** What only one who can read the data folder can say of the waiting link; tells nothing of the link itself. */
export async function proveLink(stateDir: string): Promise<string | undefined> {
  const link = await readLink(stateDir)
  return link === undefined ? undefined : proofOf(link.sha256)
}

/** The same, from the token: what `hikyaku dashboard` expects to hear before it shows the link. */
export const expectProof = (token: string): string => proofOf(digestOf(token))

const proofOf = (sha256: string): string =>
  createHmac('sha256', Buffer.from(sha256, 'hex')).update('hikyaku dashboard').digest('hex')
