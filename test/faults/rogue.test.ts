/**
 * Servers that answer without end or ask for memory. Each plays beside an innocent mailbox of the same process, a real
 * `hikyaku run`: what it sent is counted by itself, memory by the kernel, and the innocent mail by Gmail's stand-in.
 */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type GmailServer, startGmailServer } from '../servers/gmail/gmail-server.ts'
import { endOf, startHikyaku } from '../servers/hikyaku.ts'
import { asksForBody } from '../servers/imap-faults.ts'
import { startPop3Server } from '../servers/pop3-server.ts'
import { startFairWatch } from '../servers/processor.ts'
import {
  type Answer,
  goodMailOf,
  imapRogue,
  pop3Rogue,
  type Rogue,
  repeated,
  startRogueServer,
} from '../servers/rogue-server.ts'
import { sha256 } from '../servers/source-server.ts'
import { until } from '../servers/until.ts'
import { mail } from './harness.ts'

const account = 'owner@example.test'
const mib = 1024 * 1024
let gmail: GmailServer

before(async () => {
  gmail = await startGmailServer({ accounts: [account] })
})
after(() => gmail.close())

interface Bounds {
  /** What the rogue may be rid of until its fault is told, MiB: of each session nearly 4 lie in the kernel's buffers. */
  readonly mostMiB: number
  /** The codes that tell it; undefined where the mail comes all the same and there is nothing to tell. */
  readonly told?: RegExp
  /** Whether the rogue's own good message must come all the same. */
  readonly good?: boolean
}

interface Line {
  readonly code?: string
  readonly mailbox?: string
}

const linesOf = (text: string): readonly Line[] =>
  text.split('\n').flatMap(line => {
    try {
      return [JSON.parse(line) as Line]
    } catch {
      return []
    }
  })

function rogueTest(
  row: 'G4' | 'G5',
  what: string,
  rogue: Rogue,
  { mostMiB, told, good = false }: Bounds,
): void {
  const protocol = row === 'G4' ? 'pop3' : 'imap'
  test(`${row}: ${what} is dropped, told, and no other mailbox notices`, async t => {
    const goodSha256 = sha256(Buffer.from(goodMailOf(2)))
    const goodCount = () => gmail.accepted.filter(message => message.sha256 === goodSha256).length
    const before = goodCount()
    const server = await startRogueServer(protocol, rogue)
    const innocent = await startPop3Server({ users: { owner: 'secret' } })
    const folder = await mkdtemp(join(tmpdir(), 'hikyaku-rogue-'))
    const reach = (port: number) => `host: 127.0.0.1, port: ${port}, security: none, user: owner, verify: no`
    const yaml = `
stateDir: state
alertMail: no
accounts:
  - { name: one, address: ${account}, clientId: ${gmail.client.id}, unitsPerMinute: 1200000 }
mailboxes:
  - { name: rogue, account: one, protocol: ${protocol}, ${reach(server.port)}, schedule: '* * * * * *' }
  - { name: innocent, account: one, protocol: pop3, ${reach(innocent.port)}, schedule: '* * * * * *' }
`
    await writeFile(join(folder, 'hikyaku.yaml'), yaml)
    const env = {
      HIKYAKU_CONFIG: 'hikyaku.yaml',
      HIKYAKU_VAULT: 'environment',
      LOG_FORMAT: 'json',
      GMAIL_API_ROOT: gmail.url,
      GOOGLE_AUTH_URL: gmail.authUrl,
      GOOGLE_TOKEN_URL: gmail.tokenUrl,
      GOOGLE_REVOKE_URL: gmail.revokeUrl,
      START_FROM: 'all',
      MAILBOX_ROGUE_PASSWORD: 'secret',
      MAILBOX_INNOCENT_PASSWORD: 'secret',
      GOOGLE_ONE_CLIENT_SECRET: gmail.client.secret ?? '',
      GOOGLE_ONE_REFRESH_TOKEN: gmail.grant(account),
    }
    const daemon = startHikyaku(['run'], { env, cwd: folder })
    t.after(async () => {
      daemon.kill('SIGKILL')
      await endOf(daemon)
      await server.close()
      await innocent.close()
      await rm(folder, { recursive: true, force: true })
    })
    await until(() => server.flooded() > 0, `the rogue is asked: ${daemon.stderr()}`, 30_000)
    const fairMs = await startFairWatch(daemon.pid)
    const beganMs = performance.now()
    const octets = mail(`innocent-${server.port}`)
    innocent.deliver(octets)
    const isThere = () => gmail.stored(account).has(sha256(octets))
    await until(isThere, `the innocent mail is in Gmail: ${daemon.stderr()}`, 30_000)
    const wallSeconds = (performance.now() - beganMs) / 1000
    const seconds = (await fairMs()) / 1000
    const isTold = () =>
      told === undefined || linesOf(daemon.stderr()).some(line => told.test(line.code ?? ''))
    await until(isTold, `it is told: ${daemon.stderr()}`, 30_000)
    const sentMiB = server.flooded() / mib
    if (good) await until(() => goodCount() > before, `its good message comes: ${daemon.stderr()}`, 30_000)
    const status = await readFile(`/proc/${daemon.pid}/status`, 'utf8')
    const peakMiB = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024
    t.diagnostic(
      `${sentMiB.toFixed(2)} MiB sent, peak ${peakMiB.toFixed(0)} MiB, innocent after ${seconds.toFixed(2)} s (${wallSeconds.toFixed(2)} by the clock)`,
    )
    assert.ok(sentMiB <= mostMiB, `${sentMiB} MiB were sent`)
    assert.ok(peakMiB < 256, `${peakMiB} MiB of memory`)
    assert.ok(seconds < 5, `the innocent mail took ${seconds} s`)
  })
}

const at =
  (verb: string, answer: Answer, more: Readonly<Record<string, string>> = {}) =>
  (words: readonly string[]): Answer | undefined => {
    const line = words.join(' ').toUpperCase()
    const other = Object.entries(more).find(([begin]) => line.startsWith(begin))
    return other?.[1] ?? (line.startsWith(verb) ? answer : undefined)
  }
const flood = (text: string, begin?: string): Answer => ({ piece: repeated(text), ...(begin && { begin }) })

const overBudget = /^source\.over-budget$/
const body = 'endless body line of a message\r\n'
const noNames = { CAPA: '-ERR\r\n', UIDL: '-ERR\r\n', 'TOP 1': '-ERR\r\n', 'TOP 2': '-ERR\r\n' }

describe('G4: a POP3 server that sends without end is dropped and told', () => {
  rogueTest('G4', 'RETR without end', pop3Rogue(at('RETR 1', flood(body, '+OK\r\n'))), {
    mostMiB: 16,
    told: /^message\.over-announced$/,
    good: true,
  })
  rogueTest(
    'G4',
    'RETR without end, without UIDL and TOP',
    pop3Rogue(at('RETR 1', flood(body, '+OK\r\n'), noNames)),
    { mostMiB: 40, told: /^message\.over-announced$/, good: true },
  )
  rogueTest('G4', 'RETR of one line without end', pop3Rogue(at('RETR 1', flood('x', '+OK\r\n'))), {
    mostMiB: 16,
    told: /^message\.over-announced$/,
    good: true,
  })
  const noSizes = { LIST: '+OK\r\n1 0\r\n2 0\r\n.\r\n' }
  rogueTest(
    'G4',
    'RETR without end and without a size',
    pop3Rogue(at('RETR 1', flood(body, '+OK\r\n'), noSizes)),
    { mostMiB: 170, told: /^message\.too-large$/, good: true },
  )
  rogueTest(
    'G4',
    'TOP without end',
    pop3Rogue(at('TOP', flood('X-A: b\r\n', '+OK\r\n'), { UIDL: '-ERR\r\n' })),
    { mostMiB: 20, told: /^(message\.over-announced|source\.over-budget)$/, good: true },
  )
  rogueTest('G4', 'UIDL without end', pop3Rogue(at('UIDL', flood(`1 ${'u'.repeat(1000)}\r\n`, '+OK\r\n'))), {
    mostMiB: 16,
    told: overBudget,
  })
  const counted: Answer = {
    begin: '+OK\r\n',
    piece: serial =>
      Buffer.from(Array.from({ length: 4096 }, (_, at) => `${serial * 4096 + at + 1} 9\r\n`).join('')),
  }
  rogueTest('G4', 'LIST without end', pop3Rogue(at('LIST', counted)), { mostMiB: 34, told: overBudget })
  rogueTest('G4', 'CAPA without end', pop3Rogue(at('CAPA', flood('X-CAPABILITY\r\n', '+OK\r\n'))), {
    mostMiB: 16,
    good: true,
  })
  rogueTest(
    'G4',
    'a greeting without end',
    pop3Rogue(() => undefined, flood('+OK hello ')),
    {
      mostMiB: 16,
      told: /^source\.(protocol|over-budget)$/,
    },
  )
  rogueTest('G4', 'a login without end', pop3Rogue(at('PASS', flood('+OK welcome '))), {
    mostMiB: 16,
    told: /^source\.(protocol|over-budget)$/,
  })
})

const foreign = `* 9 FETCH (UID 999 BODY[]<0> {${20 * mib}}\r\n`
const literal: Answer = {
  piece: serial =>
    Buffer.from(serial % 321 === 0 ? `${serial === 0 ? '' : ')\r\n'}${foreign}` : 'x'.repeat(65_536)),
}
const isBody = (answer: Answer) => (words: readonly string[]) =>
  asksForBody(words.join(' '), 1) ? answer : undefined
describe('G5: an IMAP server that answers without end or asks for memory is dropped and told', () => {
  rogueTest('G5', 'literals of other messages', imapRogue(isBody(literal)), {
    mostMiB: 16,
    told: /^(message\.not-retrieved|source\.over-budget)$/,
    good: true,
  })
  rogueTest(
    'G5',
    'a literal of 99,999,999,999 octets',
    imapRogue(isBody(flood('x', '* 1 FETCH (UID 1 BODY[]<0> {99999999999}\r\n'))),
    {
      mostMiB: 16,
      told: /^message\.not-retrieved$/,
      good: true,
    },
  )
  rogueTest('G5', 'FETCH rows without end', imapRogue(isBody(flood('* 2 FETCH (UID 2 FLAGS ())\r\n'))), {
    mostMiB: 16,
    told: overBudget,
    good: true,
  })
  const search = (answer: Answer) => at('UID SEARCH', answer)
  rogueTest('G5', 'SEARCH numbers without end', imapRogue(search(flood('123456789 ', '* SEARCH '))), {
    mostMiB: 16,
    told: overBudget,
  })
  rogueTest('G5', 'SEARCH lines without end', imapRogue(search(flood('* SEARCH 1 2\r\n'))), {
    mostMiB: 16,
    told: overBudget,
  })
  rogueTest('G5', 'brackets without end', imapRogue(search(flood('(', '* 1 FETCH '))), {
    mostMiB: 16,
    told: overBudget,
  })
  rogueTest('G5', 'a line without end', imapRogue(at('SELECT', flood('x', '* OK '))), {
    mostMiB: 16,
    told: overBudget,
  })
  const listRow = `* LIST () "/" "${'f'.repeat(200)}"\r\n`
  rogueTest(
    'G5',
    'LIST rows without end',
    imapRogue((words, tag) =>
      words[0] === 'SELECT' ? `${tag} NO no such folder\r\n` : at('LIST', flood(listRow))(words),
    ),
    { mostMiB: 10, told: overBudget },
  )
  rogueTest(
    'G5',
    'CAPABILITY without end',
    imapRogue(at('CAPABILITY', flood('* CAPABILITY IMAP4rev1 X\r\n'))),
    {
      mostMiB: 16,
      told: overBudget,
    },
  )
  rogueTest('G5', 'BYE without end', imapRogue(at('LOGIN', flood('* BYE go away\r\n'))), {
    mostMiB: 16,
    told: /^source\./,
  })
  rogueTest(
    'G5',
    'a greeting without end',
    imapRogue(() => undefined, flood('* OK hello ')),
    {
      mostMiB: 16,
      told: /^source\.(protocol|over-budget)$/,
    },
  )
  rogueTest(
    'G5',
    'rows before the login',
    imapRogue(() => undefined, flood('* 3 EXISTS\r\n', '* OK hi\r\n')),
    {
      mostMiB: 16,
      told: overBudget,
    },
  )
  rogueTest(
    'G5',
    'IDLE that tells without end',
    imapRogue(at('IDLE', flood('* 3 EXISTS\r\n* 3 EXPUNGE\r\n', '+ go\r\n'))),
    {
      mostMiB: 40,
      told: overBudget,
    },
  )
})
