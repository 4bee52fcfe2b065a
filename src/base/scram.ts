/**
 * What a server keeps of a password that it knows by SCRAM-SHA-256 (RFC 5803 section 3, RFC 7677), so that the password
 * itself goes to no server: PostgreSQL takes it in the password's place (postgresql.org/docs/15/catalog-pg-authid.html).
 */
import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'

/** RFC 7677 section 4: at least so many. */
const iterations = 4096
const octets = 32

/** @param password in US-ASCII without control characters, which RFC 4013 (SASLprep) leaves as it is */
export function makeScramVerifier(password: string, salt: Buffer = randomBytes(16)): string {
  const salted = pbkdf2Sync(password, salt, iterations, octets, 'sha256')
  const hmac = (text: string): Buffer => createHmac('sha256', salted).update(text).digest()
  const storedKey = createHash('sha256').update(hmac('Client Key')).digest('base64')
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${storedKey}:${hmac('Server Key').toString('base64')}`
}
