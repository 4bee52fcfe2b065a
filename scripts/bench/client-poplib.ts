/** Python's poplib as its documentation shows it: a RETR for each message of as many as it is given, lines joined again. */
import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { revealPassword } from '../../src/config/mail-credential.ts'
import type { ClientResult, ClientWork } from './client-work.ts'

const script = `
import hashlib, json, poplib, sys, time
host, port, user, password, most = json.loads(sys.stdin.read())
poplib._MAXLINE = 1 << 20
mailbox = poplib.POP3(host, port, timeout=60)
mailbox.user(user); mailbox.pass_(password)
start = time.perf_counter()
digests = []
for number in range(1, min(most, len(mailbox.list()[1])) + 1):
    octets = b"\\r\\n".join(mailbox.retr(number)[1]) + b"\\r\\n"
    digests.append(hashlib.sha256(octets).hexdigest())
print(json.dumps({"digests": digests, "ms": (time.perf_counter() - start) * 1000, "hung": 0}))
mailbox.quit()
`

export async function retrievePoplib({ config, messages }: ClientWork): Promise<ClientResult> {
  const [mailbox] = config.mailboxes
  if (mailbox === undefined) throw new Error('no mailbox in the variables')
  const { server, user, credential } = mailbox
  const child = spawn('python3', ['-c', script], {
    stdio: ['pipe', 'pipe', 'inherit'],
    timeout: 170_000,
  })
  child.stdin.end(
    JSON.stringify([server.host, server.port, user, await revealPassword(credential), messages]),
  )
  return JSON.parse(await text(child.stdout)) as ClientResult
}
