/**
 * The soak's weather: in a storm each step of each server meets a fault with the given probability. A step is one
 * line of POP3, one command of IMAP, one request to Gmail or to Google's token endpoint.
 */
import type { Fault, LedgerEntry } from '../../test/servers/gmail/gmail-server.ts'
import { presets } from '../../test/servers/gmail/gmail-server.ts'
import type { ImapMoment, ImapPlay } from '../../test/servers/imap-server.ts'
import type { Fate, LineEvent } from '../../test/servers/pop3-maildrop.ts'
import { between, pick, type Random } from './random.ts'

type Named<T> = readonly [name: string, fault: T]

export class Weather {
  stormy = false
  /** Whether silence may be played: only where somebody lets time pass quickly. */
  patient = true
  /** Set by a fault that is waited out; the soak then lets time pass quickly. */
  waiting = false
  steps = 0
  stormySteps = 0
  readonly played = new Map<string, number>()
  readonly #random: Random
  readonly #rate: number

  constructor(random: Random, rate: number) {
    this.#random = random
    this.#rate = rate
  }

  get faults(): number {
    return [...this.played.values()].reduce((sum, count) => sum + count, 0)
  }

  #strikes(): boolean {
    this.steps += 1
    if (!this.stormy) return false
    this.stormySteps += 1
    return this.#random() < this.#rate
  }

  #play<T>([name, fault]: Named<T>): T {
    this.played.set(name, (this.played.get(name) ?? 0) + 1)
    return fault
  }

  /** Now and then the fault is silence, which costs the client a whole deadline. */
  #silent(): boolean {
    if (!this.patient || this.#random() >= 0.03) return false
    this.waiting = true
    return true
  }

  pop3(event: LineEvent): Fate {
    if (!this.#strikes()) return undefined
    const { verb } = event
    if (this.#silent()) {
      if (verb !== 'RETR') return this.#play<Fate>(['pop3 silence', 'silence'])
      return this.#play<Fate>([
        'pop3 RETR half, then silence',
        { answer: '+OK\r\nSubject: torn\r\n', after: 'silence' },
      ])
    }
    const cut: readonly Named<Fate>[] = [
      [`pop3 ${verb} reset`, 'rst'],
      [`pop3 ${verb} end`, 'fin'],
    ]
    const say = (text: string): Named<Fate> => [`pop3 ${verb} ${text}`, { answer: `${text}\r\n` }]
    switch (verb) {
      case 'CONNECT':
        return this.#play(pick(this.#random, [...cut, say('-ERR [SYS/TEMP] come back later')]))
      case 'USER':
      case 'PASS':
      case 'AUTH':
        return this.#play(
          pick(this.#random, [
            ...cut,
            say('-ERR [IN-USE] maildrop is locked'),
            say('-ERR [SYS/TEMP] no database'),
            say('-ERR [AUTH] authentication failed'),
          ]),
        )
      case 'UIDL':
      case 'LIST': {
        const empty: Named<Fate> = [`pop3 ${verb} empty`, { answer: '+OK\r\n.\r\n' }]
        return this.#play(pick(this.#random, [...cut, say('-ERR cannot list'), empty]))
      }
      case 'RETR': {
        // Another text each time: a server that says the same wrong thing twice is believed.
        const short = `+OK\r\nSubject: cut ${this.#random()}\r\n\r\nand no more\r\n.\r\n`
        return this.#play(
          pick(this.#random, [
            ...cut,
            say('-ERR cannot read it now'),
            ['pop3 RETR short', { answer: short }] as Named<Fate>,
          ]),
        )
      }
      case 'QUIT':
        return this.#play(
          pick(this.#random, [
            ...cut,
            say('-ERR some messages were not deleted'),
            ['pop3 QUIT done, then reset', { after: 'rst' }] as Named<Fate>,
          ]),
        )
      default:
        return this.#play(pick(this.#random, [...cut, say('-ERR not now')]))
    }
  }

  imap(moment: ImapMoment): ImapPlay | undefined {
    if (!this.#strikes()) return undefined
    if (this.#silent()) return this.#play<ImapPlay>(['imap silence', { do: 'silence' }])
    const { verb } = moment
    const cut: readonly Named<ImapPlay>[] = [
      [`imap ${verb} reset`, { do: 'reset' }],
      [`imap ${verb} end`, { do: 'end' }],
      [`imap ${verb} bye`, { do: 'bye', text: 'overloaded' }],
    ]
    const say = (text: string): Named<ImapPlay> => [
      `imap ${verb} ${text}`,
      { do: 'answer', pieces: [`{tag} ${text}\r\n`] },
    ]
    /** Carried out, and the answer is lost: what a client cannot tell from a failure. */
    const lost: Named<ImapPlay> = [
      `imap ${verb} done, then reset`,
      { do: 'cut', of: 'answer', at: 0, ending: 'reset' },
    ]
    switch (verb) {
      case 'GREETING':
        return this.#play(pick(this.#random, cut))
      case 'LOGIN':
      case 'AUTHENTICATE':
        return this.#play(
          pick(this.#random, [
            ...cut,
            say('NO [UNAVAILABLE] no database'),
            say('NO [AUTHENTICATIONFAILED] failed'),
          ]),
        )
      case 'UID FETCH': {
        const at = between(this.#random, 1, 300)
        const bodies = (['nil', 'none', 'empty-row', 'no-row', 'zero'] as const).map(
          (as): Named<ImapPlay> => [`imap UID FETCH body ${as}`, { do: 'body', as }],
        )
        return this.#play(
          pick(this.#random, [
            ...cut,
            say('NO cannot read it now'),
            ['imap UID FETCH cut', { do: 'cut', of: 'literal', at, ending: 'reset' }] as Named<ImapPlay>,
            ...bodies,
          ]),
        )
      }
      case 'UID MOVE':
      case 'UID EXPUNGE':
      case 'UID STORE':
        return this.#play(pick(this.#random, [...cut, say('NO not now'), lost]))
      default:
        return this.#play(pick(this.#random, [...cut, say('NO not now')]))
    }
  }

  gmail(entry: LedgerEntry): Fault | undefined {
    if (!this.#strikes()) return undefined
    switch (entry.endpoint) {
      case 'import':
        return this.#play(this.#importFault())
      case 'token':
        return this.#play(
          pick<Named<Fault>>(this.#random, [
            ['token 503', presets.status(503)],
            ['token reset', presets.reset('after-body')],
            ['token invalid_grant', presets.invalidGrant()],
            ['token portal', presets.captivePortal()],
          ]),
        )
      default:
        return this.#play(
          pick<Named<Fault>>(this.#random, [
            [`${entry.endpoint} 503`, presets.status(503)],
            [`${entry.endpoint} 401`, presets.unauthorizedAnswer()],
            [`${entry.endpoint} reset`, presets.reset('before-body')],
          ]),
        )
    }
  }

  #importFault(): Named<Fault> {
    const chosen = pick<Named<Fault>>(this.#random, [
      ['import reset before the body', presets.reset('before-body')],
      ['import reset in the body', presets.reset('mid-body', 100)],
      ['import reset after the body', presets.reset('after-body')],
      ['import done, then reset', presets.reset('after-accept')],
      ['import done, then end', presets.close('after-accept')],
      ['import 500', presets.status(500)],
      ['import 503 page', presets.status(503, 'html')],
      ['import done, then 503', presets.acceptedThen(503)],
      ['import 401', presets.unauthorizedAnswer()],
      ['import 429 until', presets.rateLimited('user-rate')],
      ['import 429', presets.rateLimited('exhausted-429')],
      ['import 429 concurrent', presets.rateLimited('concurrent-429')],
      ['import 400 bare', presets.refused('Bad Request')],
      ['import 400 with a reason', presets.refused('Invalid From header')],
      ['import full', presets.storageFull('drive-403')],
      ['import 200 cut', presets.unusable('cut-json')],
      ['import 200 empty', presets.unusable('empty')],
      ['import 200 without id', presets.unusable('no-id')],
      ['import portal', presets.captivePortal()],
      ['import answer cut', { kind: 'cut-answer', afterOctets: 10, reset: true }],
      ['import slow', { kind: 'slow', ms: 30 }],
    ])
    if (!chosen[0].includes('429')) return chosen
    if (!this.patient) return ['import 503', presets.status(503)]
    this.waiting = true
    return chosen
  }
}
