/** The style sheet and the scripts, as files of their own: the content security policy allows nothing else. */

/** Colours have a contrast of 4.5:1 and more in both schemes (WCAG 2.2, 1.4.3). */
export const style = `:root {
  color-scheme: light dark;
  --paper: #ffffff; --sheet: #f5f6f7; --ink: #1c1f23; --faint: #545b64; --line: #d5d9de;
  --link: #0b57a4; --good: #11683a; --warn: #8a4b00; --bad: #a61b1b; --button: #0b57a4; --button-ink: #ffffff;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #15181b; --sheet: #1e2226; --ink: #e8eaed; --faint: #a9b1ba; --line: #3a4047;
    --link: #8ec1ff; --good: #7fd6a4; --warn: #f2b766; --bad: #ff9d96; --button: #8ec1ff; --button-ink: #0d1a28;
  }
}
*, *::before, *::after { box-sizing: border-box; }
html { background: var(--paper); color: var(--ink); font: 100%/1.6 system-ui, "Hiragino Sans", "Noto Sans JP", "Noto Sans CJK JP", "Yu Gothic UI", sans-serif; }
html, body { margin: 0; }
body > header, main, footer { max-width: 62rem; margin: 0 auto; padding: 0 1rem; }
body > header { display: flex; flex-wrap: wrap; align-items: center; gap: .25rem 2rem; padding-block: .75rem; border-bottom: 1px solid var(--line); }
.name { margin: 0; font-weight: 700; letter-spacing: .02em; }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem .5rem; margin: 0; padding: 0; list-style: none; }
nav a { display: block; padding: .35rem .6rem; border-radius: .35rem; text-decoration: none; }
nav a[aria-current] { background: var(--sheet); color: var(--ink); font-weight: 600; }
a { color: var(--link); }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; border-radius: .2rem; }
main:focus { outline: none; }
/* While a page is still coming, each cell of a table and each field moves those before it: nobody reads it before it is whole. */
.whole:not(:has(+ footer)) { visibility: hidden; }
.skip { position: absolute; left: -99rem; }
.skip:focus { left: 1rem; top: .5rem; padding: .5rem; background: var(--paper); }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
h1 { margin: 1.5rem 0 1rem; font-size: 1.45rem; line-height: 1.35; }
h2 { margin: 2rem 0 .75rem; font-size: 1.1rem; }
h3 { margin: 0 0 .5rem; font-size: 1rem; }
h1, h2, h3, p, dd, blockquote, td { overflow-wrap: anywhere; }
.good { color: var(--good); } .warn { color: var(--warn); } .bad { color: var(--bad); }
.notice { margin: 1rem 0 0; padding: .6rem .9rem; border-left: .3rem solid var(--good); background: var(--sheet); }
.block { margin: 0 0 1rem; padding: 1rem; border: 1px solid var(--line); border-radius: .5rem; background: var(--sheet); }
.trouble { border-left: .3rem solid var(--bad); }
.block p { margin: .35rem 0; }
.block .next { font-weight: 600; }
.faint { color: var(--faint); }
.block blockquote { margin: .35rem 0; padding-left: .8rem; border-left: 2px solid var(--line); color: var(--faint); }
dl { display: grid; grid-template-columns: minmax(6.5rem, 10rem) 1fr; gap: .2rem 1rem; margin: 0; }
dt { color: var(--faint); } dd { margin: 0; }
/* The line of how long mail was on the way. */
.spark { display: block; max-width: 100%; height: 2rem; }
.spark polyline { fill: none; stroke: var(--link); stroke-width: 1.5; stroke-linejoin: round; }
.spark circle { fill: var(--link); }
form { margin: 0; }
.acts { display: flex; flex-wrap: wrap; gap: .5rem; margin-top: .9rem; }
a.act { display: inline-flex; align-items: center; min-height: 2.75rem; padding: .4rem 1.1rem; border: 1px solid var(--line); border-radius: .4rem; text-decoration: none; }
#aside { margin-top: 1rem; }
.settings th code { background: none; padding: 0; }
.choices { margin: 0 0 1rem; padding: 0; border: 0; }
.choices legend { padding: 0; font-weight: 600; }
.choice { display: flex; align-items: baseline; gap: .6rem; margin: .6rem 0; }
.detail { flex-wrap: wrap; }
.choice input[type="radio"] { flex: none; width: 1.5rem; height: 1.5rem; margin: 0; align-self: center; }
.choice input:not([type="radio"]) { font: inherit; min-height: 2.75rem; max-width: 100%; padding: .3rem .5rem; border: 1px solid var(--faint); border-radius: .3rem; background: var(--paper); color: var(--ink); }
button { font: inherit; min-height: 2.75rem; padding: .4rem 1.1rem; border-radius: .4rem; cursor: pointer; }
button.main { border: 1px solid var(--button); background: var(--button); color: var(--button-ink); font-weight: 600; }
button.quiet { border: 1px solid var(--line); background: transparent; color: var(--faint); }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: .5rem; }
table { width: 100%; border-collapse: collapse; font-size: .95rem; }
th, td { padding: .45rem .7rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
tbody tr:last-child > * { border-bottom: 0; }
thead th { background: var(--sheet); color: var(--faint); font-weight: 600; white-space: nowrap; }
tbody th { font-weight: 400; }
td.folder { min-width: 4.5rem; }
.block ul { margin: .35rem 0; padding-left: 1.2rem; }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
time { white-space: nowrap; }
.pager { display: flex; flex-wrap: wrap; gap: 1.5rem; margin: 1rem 0; padding: 0; list-style: none; }
code { padding: .05rem .3rem; border-radius: .25rem; background: var(--line); font-family: ui-monospace, "SFMono-Regular", Consolas, monospace, monospace; font-size: .92em; overflow-wrap: anywhere; }
footer { padding-block: 2rem; }
/* Forms that ask. */
.search { margin: 1rem 0; padding: .5rem 1rem; border: 1px solid var(--line); border-radius: .5rem; background: var(--sheet); }
.search summary { min-height: 1.9rem; font-weight: 600; cursor: pointer; }
.fields { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: .2rem 1rem; align-items: end; }
.field { margin: .3rem 0; min-width: 0; }
.field label { display: block; color: var(--faint); font-size: .92em; }
.field input, .field select { width: 100%; min-height: 2.75rem; padding: .3rem .6rem; border: 1px solid var(--faint); border-radius: .4rem; background: var(--paper); color: var(--ink); font: inherit; }
.buttons { display: flex; flex-wrap: wrap; align-items: center; gap: 1rem; }
/* Mail: rows on a wide screen, cards on a narrow one. */
body.messages > header, body.messages > main, body.messages > footer { max-width: 78rem; }
.mail { border: 1px solid var(--line); font-size: .92rem; }
.mail th { min-width: 6.2rem; } .mail th.number { min-width: 0; }
.mail .about { min-width: 16rem; }
.mail time { white-space: normal; }
.result { display: block; }
/* What forwarding would have lost: a pattern for each kind beside its colour. */
figure { margin: 1rem 0; }
.patterns { position: absolute; }
pattern .lost { fill: var(--bad); } pattern .possiblyLost, pattern .spam { fill: var(--warn); }
.edge { stroke: var(--faint); stroke-width: 1; }
.legend, .bars { margin: .5rem 0; padding: 0; list-style: none; }
.legend { display: flex; flex-wrap: wrap; gap: .3rem 1.5rem; }
.legend svg { vertical-align: -.1rem; }
.bars li { display: grid; grid-template-columns: minmax(8rem, 16rem) 1fr 3.5rem; gap: .75rem; align-items: center; padding: .15rem 0; }
.bar-name { overflow-wrap: anywhere; }
.bar-sum { text-align: right; font-variant-numeric: tabular-nums; }
@media (max-width: 72rem) {
  .mail thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .mail, .mail tbody { display: block; border: 0; }
  .mail tr { display: grid; grid-template-columns: repeat(auto-fill, minmax(7.5rem, 1fr)); gap: .3rem 1rem; margin: 0 0 .8rem; padding: .7rem .9rem; border: 1px solid var(--line); border-radius: .5rem; }
  .mail tr > * { display: block; padding: 0; border: 0; text-align: left; min-width: 0; }
  .mail tr > .about, .mail tr > th { grid-column: 1 / -1; min-width: 0; }
  .mail td.none { display: none; }
  .mail td:not(.about)::before { content: attr(data-label); display: block; color: var(--faint); font-size: .88em; }
}
@media (max-width: 40rem) {
  /* On a line of its own from the first of its links, so that none moves it there. */
  nav { flex-basis: 100%; }
  nav ul { flex-wrap: wrap; }
  .bars li { grid-template-columns: 1fr 3.5rem; }
  .bar-name { grid-column: 1 / -1; }
  h1 { font-size: 1.2rem; }
  dl { grid-template-columns: 7.2rem 1fr; gap: .25rem .6rem; }
  tbody time { white-space: normal; }
  table { font-size: .9rem; }
  th, td { padding: .4rem .3rem; }
  thead th { white-space: normal; }
}
`

/**
 * Brings a page up to date: when it hears of news, and once a minute, since it says how long ago things were. It takes
 * the same page that a browser without it would load, and replaces the parts that are different.
 */
export const script = `'use strict'
const load = window.fetch
const shortestMs = 400
let isAsking = false
let isNews = false
async function renew() {
  isNews = true
  if (isAsking) return
  isAsking = true
  while (isNews) {
    isNews = false
    try {
      const answer = await load(location.pathname + location.search, { redirect: 'error' })
      if (answer.status === 403) { location.reload(); return }
      if (answer.ok) show(new DOMParser().parseFromString(await answer.text(), 'text/html'))
    } catch {}
    await new Promise(resolve => setTimeout(resolve, shortestMs))
  }
  isAsking = false
}
function show(fresh) {
  const focused = document.activeElement?.id
  for (const part of document.querySelectorAll('[data-part]')) {
    const other = fresh.getElementById(part.id)
    if (other === null || other.innerHTML === part.innerHTML) continue
    count(part, other)
    part.replaceChildren(...other.childNodes)
  }
  document.title = fresh.title
  if (focused && document.activeElement?.id !== focused) document.getElementById(focused)?.focus()
}
// How many rows came is said to who does not see them: a number now and then, and never the rows.
const told = document.getElementById('told')
const toldMs = 20000
let arrived = 0
let isTelling = false
function count(part, other) {
  const known = new Set([...part.querySelectorAll('tr[id]')].map(row => row.id))
  arrived += [...other.querySelectorAll('tr[id]')].filter(row => !known.has(row.id)).length
  if (told === null || arrived === 0 || isTelling) return
  isTelling = true
  setTimeout(() => {
    told.textContent = arrived === 1 ? told.dataset.one : told.dataset.many.replace('{count}', arrived)
    arrived = 0
    setTimeout(() => { isTelling = false }, toldMs)
  }, 1000)
}
const events = new EventSource('events')
// What happened before it was listened to, or while the connection was gone, nobody tells.
events.addEventListener('open', renew)
events.addEventListener('news', renew)
setInterval(() => { if (!document.hidden) renew() }, 60000)
`

/** On a page that says what was done: takes that out of its address, so that it is not said again when it is loaded anew. */
export const noticeScript = `'use strict'
const address = new URL(location.href)
for (const name of ['done', 'count', 'of']) address.searchParams.delete(name)
history.replaceState(null, '', address)
`
