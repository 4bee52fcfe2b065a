/** The pages of a set-up, as a browser without JavaScript uses them: plain requests over real sockets. */
import assert from 'node:assert/strict'
import { until } from '../servers/until.ts'
import { type Answer, type Asked, ask, formToken, homeIn } from './page.ts'

export interface Visit {
  /** `/RANDOM/`. */
  readonly home: string
  readonly cookie: string
  ask(path: string, asked?: Asked): Promise<Answer>
  /** Follows redirects; remembers where it ends. */
  open(path: string): Promise<Answer>
  /** Sends the form of the page that was opened last, and follows. */
  send(fields: Readonly<Record<string, string | readonly string[]>>): Promise<Answer>
  /** Loads the page again until it shows this: what is asked next may take longer than an answer waits. */
  sees(text: string): Promise<Answer>
  /** The same of its markup. */
  shows(pattern: RegExp): Promise<Answer>
  /** Everything that was ever shown, and every address. */
  everything(): string
  path(): string
}

/** @param link as it is printed: `http://127.0.0.1:PORT/enter/TOKEN` */
export async function enter(link: string, language = 'en'): Promise<Visit> {
  const { host, pathname } = new URL(link)
  const seen: string[] = []
  const accept = { 'accept-language': language }
  const asked = async (path: string, more: Asked = {}): Promise<Answer> => {
    const answer = await ask(host, path, { ...more, headers: { ...accept, ...more.headers } })
    seen.push(path, answer.text, String(answer.headers.location ?? ''))
    return answer
  }
  const entered = await asked(pathname)
  assert.equal(entered.status, 200, entered.text)
  const cookie = String(entered.headers['set-cookie']).split(';')[0] ?? ''
  const home = homeIn(entered.text)
  let at = home
  let page = ''
  const withCookie = (path: string, more: Asked = {}): Promise<Answer> =>
    asked(path, { ...more, headers: { cookie, ...more.headers } })
  const follow = async (answer: Answer): Promise<Answer> => {
    let last = answer
    for (let times = 0; last.status === 303 && times < 5; times += 1) {
      at = String(last.headers.location)
      last = await withCookie(at)
    }
    page = last.text
    return last
  }
  const open = async (path: string): Promise<Answer> => {
    at = path
    return follow(await withCookie(path))
  }
  const loadUntil = async (isThere: (text: string) => boolean, what: string): Promise<Answer> => {
    let last: Answer | undefined
    await until(async () => {
      last = await open(at)
      return isThere(last.text)
    }, what).catch(cause => {
      throw new Error(`not seen: ${what}\n${plain(page).slice(-3000)}`, { cause })
    })
    return last as Answer
  }
  return {
    home,
    cookie,
    ask: withCookie,
    open,
    sees: text => loadUntil(shown => plain(shown).includes(plain(text)), text),
    shows: pattern => loadUntil(shown => pattern.test(shown), String(pattern)),
    async send(fields) {
      const number = /name="number" value="(\d+)"/.exec(page)?.[1] ?? ''
      const body = new URLSearchParams({ form: formToken(page), number })
      for (const [name, value] of Object.entries(fields))
        for (const each of [value].flat()) body.append(name, each)
      const headers = { origin: `http://${host}`, 'content-type': 'application/x-www-form-urlencoded' }
      return follow(await withCookie(at, { method: 'POST', headers, body: String(body) }))
    },
    everything: () => seen.join('\n'),
    path: () => at,
  }
}

/** Begins the whole set-up, and answers what is offered up to this question. @returns what was asked */
export async function answerAsOffered(visit: Visit, question: string): Promise<readonly string[]> {
  let page = (await visit.open(`${visit.home}setup/everything`)).text
  const asked: string[] = []
  while (!page.includes(question) && asked.length < 20) {
    await until(async () => {
      page = (await visit.open(visit.path())).text
      return page.includes('id="next"')
    }, `a question after ${asked}`)
    if (page.includes(question)) break
    asked.push(plain(/<h1[^>]*>([\s\S]*?)<\/h1>/.exec(page)?.[1] ?? ''))
    const radio = /<input(?=[^>]*type="radio")(?=[^>]*checked)[^>]*value="([^"]*)"/.exec(page)
    const field = /<input(?=[^>]*id="answer")[^>]*value="([^"]*)"/.exec(page)
    page = (await visit.send({ answer: (radio ?? field)?.[1] ?? '' })).text
  }
  return asked
}

/** The words of a page, without its markup. */
export const plain = (page: string): string =>
  page
    .replace(/<[^>]*>/g, '')
    .replace(/&quot;/g, '"')
    .replace(/&#39;/g, "'")
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&amp;/g, '&')
    .replace(/\s+/g, '')
