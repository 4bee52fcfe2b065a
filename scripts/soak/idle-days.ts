/** The days of the week that the watch has to live through, each with its weather, its bound and its logins. */
import type { DovecotServer } from '../../test/servers/dovecot.ts'
import type { PlayedTime } from './played-time.ts'
import { fairWeather, type ProxyWeather, type WeatherProxy } from './weather-proxy.ts'

/** What a day may do. */
export interface Stage {
  readonly dovecot: DovecotServer
  readonly proxy: WeatherProxy
  readonly time: PlayedTime
  /** An hour, or less where the days are short. */
  readonly hourMs: number
  /** Lets time pass, ms. */
  pass(ms: number): Promise<void>
  /** Waits for work of others, in real time. */
  meanwhile<T>(work: Promise<T>): Promise<T>
  /** A new mail. @param fromMs when its clock begins to run, from now, ms */
  deliver(folder?: string, fromMs?: number): Promise<void>
}

export interface Day {
  readonly name: string
  readonly weather: ProxyWeather
  /** How often `round` is played in a whole day. */
  readonly rounds: number
  round(stage: Stage, at: number): Promise<void>
  /** From the delivery (or from when it can be had) until Gmail has it, ms. */
  readonly boundMs: number
  /** @param hours that were played @param rounds that were played */
  mostLogins(hours: number, rounds: number): number
}

const minute = 60_000
const hour = 60 * minute
const second = 1000

/** Mail at a moment that is no multiple of anything. */
async function mailNowAndThen(stage: Stage, at: number): Promise<void> {
  await stage.pass(2 * stage.hourMs + ((at * 7919) % 5000) * second)
  await stage.deliver(at % 3 === 2 ? 'Junk' : 'INBOX')
  await stage.pass(stage.hourMs)
}

export const days: readonly Day[] = [
  {
    name: 'fair weather',
    weather: fairWeather,
    rounds: 6,
    round: mailNowAndThen,
    boundMs: 15 * second,
    mostLogins: hours => 1 + Math.floor(hours / 24),
  },
  {
    name: 'Dovecot is restarted, and away for a while',
    weather: fairWeather,
    rounds: 6,
    async round(stage, at) {
      await stage.pass(2 * stage.hourMs)
      const awayMs = [0, 3 * minute, 40 * minute][at % 3] ?? 0
      stage.proxy.weather.isDown = true
      // A process of Dovecot that serves somebody without TLS outlives its master.
      stage.proxy.drop()
      await stage.meanwhile(stage.dovecot.restart())
      await stage.deliver('INBOX', awayMs)
      await stage.pass(awayMs)
      stage.proxy.weather.isDown = false
      await stage.pass(stage.hourMs)
      await stage.deliver()
      await stage.pass(stage.hourMs)
    },
    boundMs: 16 * minute,
    mostLogins: (_, rounds) => 2 * rounds,
  },
  {
    name: 'connections become half-open',
    weather: fairWeather,
    rounds: 6,
    async round(stage, at) {
      await stage.pass(2 * stage.hourMs + at * 97 * second)
      stage.proxy.freeze()
      await stage.pass(((at * 41) % 120) * second)
      await stage.deliver()
      await stage.pass(stage.hourMs)
      await stage.deliver()
      await stage.pass(stage.hourMs)
    },
    boundMs: 5.5 * minute,
    mostLogins: (_, rounds) => 2 * rounds,
  },
  {
    name: 'the server says goodbye after 29 minutes',
    weather: { ...fairWeather, ageMs: 29 * minute },
    rounds: 4,
    round: mailNowAndThen,
    boundMs: 30 * second,
    mostLogins: hours => Math.ceil((hours * 60) / 29) + 4,
  },
  {
    name: 'the server ends each IDLE after a minute by itself',
    weather: { ...fairWeather, idleMs: minute },
    rounds: 4,
    round: mailNowAndThen,
    boundMs: 15 * second,
    mostLogins: hours => 1 + Math.ceil(hours / 24),
  },
  {
    name: 'DONE is answered after 20 s',
    weather: { ...fairWeather, lateDoneMs: 20 * second },
    rounds: 4,
    round: mailNowAndThen,
    boundMs: 90 * second,
    mostLogins: () => 3,
  },
  {
    name: 'IDLE is accepted and nothing ever told',
    weather: { ...fairWeather, mute: 'all' },
    rounds: 6,
    round: mailNowAndThen,
    boundMs: 3 * minute,
    mostLogins: hours => 1 + Math.ceil(hours / 24),
  },
  {
    name: 'the machine sleeps, and its connections are dead when it wakes',
    weather: fairWeather,
    rounds: 3,
    async round(stage, at) {
      await stage.pass(stage.hourMs)
      stage.proxy.freeze()
      stage.time.sleepMachine((5 + at) * hour)
      await stage.deliver()
      await stage.pass(stage.hourMs)
    },
    boundMs: 2 * minute,
    mostLogins: (_, rounds) => 2 * rounds + 1,
  },
]
