/**
 * An IMAP server's weather: a proxy that reads what client and server say, so that it knows who owes an answer, and can
 * fall silent with every connection left open, answer DONE late, keep back what is told, and end connections.
 */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface ProxyWeather {
  /** New connections are ended at once, and so were all others. */
  isDown: boolean
  /** What comes behind DONE waits for so long, ms. */
  lateDoneMs: number
  /** The server tells of no mail: while it idles; or at all, but to SELECT and EXAMINE. */
  mute: 'no' | 'idle' | 'all'
  /** It says goodbye to a connection that is so old, ms, as the next IDLE begins or during it. */
  ageMs: number
  /** It ends each IDLE by itself after so long, ms. */
  idleMs: number
}

export const fairWeather: ProxyWeather = {
  isDown: false,
  lateDoneMs: 0,
  mute: 'no',
  ageMs: Number.POSITIVE_INFINITY,
  idleMs: Number.POSITIVE_INFINITY,
}

/** Lines with their literals, as octets come. */
class Lines {
  #held = Buffer.alloc(0)
  #from = 0
  readonly #take: (line: Buffer) => void

  constructor(take: (line: Buffer) => void) {
    this.#take = take
  }

  push(chunk: Buffer): void {
    this.#held = Buffer.concat([this.#held, chunk])
    for (;;) {
      const end = this.#held.indexOf('\r\n', this.#from)
      if (end < 0) return
      const literal = /\{(\d+)\+?\}$/.exec(this.#held.subarray(Math.max(0, end - 20), end).toString('latin1'))
      if (literal !== null) {
        this.#from = end + 2 + Number(literal[1])
        if (this.#held.length < this.#from) return
        continue
      }
      const line = this.#held.subarray(0, end + 2)
      this.#held = this.#held.subarray(end + 2)
      this.#from = 0
      this.#take(line)
    }
  }
}

class Passage {
  readonly #client: Socket
  readonly #upstream: Socket
  readonly #weather: ProxyWeather
  readonly #onLine: (who: 'client' | 'server', line: string) => void
  readonly #beforeIdle: () => Promise<void> | undefined
  readonly #owed = new Map<string, string>()
  readonly #bornMs = Date.now()
  #idling: string | undefined
  #idleEnd: NodeJS.Timeout | undefined
  #endedIdle = false
  #isGreeted = false
  #held: Buffer[] | undefined
  /** It has said goodbye and waits for the client to go. */
  #isLeaving = false
  isFrozen = false

  constructor(
    client: Socket,
    upstream: Socket,
    weather: ProxyWeather,
    onLine: (who: 'client' | 'server', line: string) => void,
    beforeIdle: () => Promise<void> | undefined,
  ) {
    this.#client = client
    this.#upstream = upstream
    this.#weather = weather
    this.#onLine = onLine
    this.#beforeIdle = beforeIdle
    const said = new Lines(line => this.#said(line))
    const told = new Lines(line => this.#told(line))
    client.on('data', chunk => {
      if (!this.isFrozen) said.push(chunk)
    })
    upstream.on('data', chunk => {
      if (!this.isFrozen) told.push(chunk)
    })
  }

  /** Whether an answer is on its way that the weather does not hold back. */
  get isOwed(): boolean {
    if (this.isFrozen || this.#client.destroyed) return false
    if (this.#isLeaving || !this.#isGreeted) return true
    if (this.#held !== undefined) return false
    return [...this.#owed].some(([tag]) => tag !== this.#idling)
  }

  get isIdling(): boolean {
    return this.#idling !== undefined && !this.isFrozen
  }

  /** Neither end hears of the other any more, and nobody is told. */
  freeze(): void {
    this.isFrozen = true
  }

  destroy(): void {
    clearTimeout(this.#idleEnd)
    this.#client.destroy()
    this.#upstream.destroy()
  }

  #said(line: Buffer): void {
    const text = line.toString('latin1').trimEnd()
    this.#onLine('client', text)
    if (text === 'DONE') {
      clearTimeout(this.#idleEnd)
      this.#idling = undefined
      if (this.#endedIdle) {
        this.#endedIdle = false
        return
      }
      const { lateDoneMs } = this.#weather
      if (lateDoneMs > 0) this.#hold(lateDoneMs)
      this.#upstream.write(line)
      return
    }
    const [tag = '', verb = ''] = text.split(' ')
    this.#endedIdle = false
    this.#owed.set(tag, verb === 'UID' ? text.split(' ').slice(1, 3).join(' ') : verb)
    const goOn = (): void => {
      if (verb === 'IDLE' && Date.now() - this.#bornMs > this.#weather.ageMs) this.#sayGoodbye()
      else this.#upstream.write(line)
    }
    const held = verb === 'IDLE' ? this.#beforeIdle() : undefined
    if (held === undefined) goOn()
    else void held.then(goOn)
  }

  #told(line: Buffer): void {
    this.#isGreeted = true
    const text = line.subarray(0, 200).toString('latin1')
    if (this.#isKeptBack(text)) return
    const [tag = ''] = text.split(' ')
    const verb = this.#owed.get(tag)
    if (verb !== undefined) {
      this.#owed.delete(tag)
      if (this.#idling === tag) this.#idling = undefined
    }
    if (tag === '+') {
      const idle = [...this.#owed].find(([, asked]) => asked === 'IDLE')
      if (idle !== undefined) this.#beginIdle(idle[0])
    }
    this.#onLine('server', text.trimEnd())
    if (this.#held === undefined) this.#client.write(line)
    else this.#held.push(line)
  }

  #isKeptBack(text: string): boolean {
    const { mute } = this.#weather
    if (mute === 'no' || !/^\* \d+ (EXISTS|RECENT)/.test(text)) return false
    if (mute === 'idle') return this.#idling !== undefined
    const asked = [...this.#owed.values()].at(-1) ?? ''
    return !/^(SELECT|EXAMINE)$/.test(asked)
  }

  #beginIdle(tag: string): void {
    this.#idling = tag
    const { idleMs, ageMs } = this.#weather
    const ends = Math.min(idleMs, this.#bornMs + ageMs - Date.now())
    if (ends > 30 * 60_000) return
    this.#idleEnd = setTimeout(() => {
      if (this.isFrozen) return
      if (idleMs <= this.#bornMs + ageMs - Date.now()) {
        // The server ends it by itself: RFC 2177 lets it only hang up, some do this.
        this.#endedIdle = true
        this.#idling = undefined
        this.#upstream.write('DONE\r\n')
      } else this.#sayGoodbye()
    }, ends)
  }

  #sayGoodbye(): void {
    this.#isLeaving = true
    this.#client.end('* BYE Autologout; idle for too long\r\n')
    this.#upstream.destroy()
  }

  #hold(ms: number): void {
    this.#held ??= []
    const held = this.#held
    setTimeout(() => {
      if (this.#held !== held) return
      this.#held = undefined
      for (const line of held) this.#client.write(line)
    }, ms)
  }
}

export class WeatherProxy {
  readonly weather: ProxyWeather = { ...fairWeather }
  readonly #server
  readonly #passages = new Set<Passage>()
  #port = 0
  /** Logins that were sent, and how often mail was told of to somebody who idles. */
  logins = 0
  told = 0
  /** Lines that went through. */
  lines = 0
  onLine: ((who: 'client' | 'server', line: string) => void) | undefined
  /** The next IDLE reaches the server when this is done. */
  beforeNextIdle: (() => Promise<void>) | undefined

  /** @param port of the server behind it, on 127.0.0.1 */
  constructor(port: number) {
    this.#server = createServer({ noDelay: true }, client => {
      client.on('error', () => {})
      if (this.weather.isDown) {
        client.destroy()
        return
      }
      const upstream = connect({ port, host: '127.0.0.1', noDelay: true })
      const beforeIdle = (): Promise<void> | undefined => {
        const work = this.beforeNextIdle
        this.beforeNextIdle = undefined
        return work?.()
      }
      const passage = new Passage(
        client,
        upstream,
        this.weather,
        (who, line) => this.#note(who, line),
        beforeIdle,
      )
      this.#passages.add(passage)
      upstream.on('error', () => {})
      client.on('close', () => {
        this.#passages.delete(passage)
        upstream.destroy()
      })
      upstream.on('close', () => {
        if (!passage.isFrozen) client.destroy()
      })
    })
  }

  #note(who: 'client' | 'server', line: string): void {
    this.lines += 1
    if (who === 'client' && /^\S+ (LOGIN|AUTHENTICATE)/.test(line)) this.logins += 1
    if (who === 'server' && /^\* (\d+ EXISTS|STATUS)/.test(line)) this.told += 1
    this.onLine?.(who, line)
  }

  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    this.#port = (this.#server.address() as AddressInfo).port
    return this.#port
  }

  get isOwed(): boolean {
    return [...this.#passages].some(passage => passage.isOwed)
  }

  /** Whether there is a connection that lives. */
  get isConnected(): boolean {
    return [...this.#passages].some(passage => !passage.isFrozen)
  }

  /** Whether somebody idles on a connection that lives. */
  get isIdling(): boolean {
    return [...this.#passages].some(passage => passage.isIdling)
  }

  /** All connections of now are half-open from here on; new ones are as good as ever. */
  freeze(): void {
    for (const passage of this.#passages) passage.freeze()
  }

  /** All connections of now are ended. */
  drop(): void {
    for (const passage of this.#passages) passage.destroy()
  }

  async close(): Promise<void> {
    this.drop()
    this.#server.close()
    await once(this.#server, 'close')
  }
}
