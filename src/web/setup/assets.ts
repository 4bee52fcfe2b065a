/** The set-up's own style and script; colours and the rest are those of all pages (../assets.ts). */

export const setUpStyle = `.step { max-width: 40rem; }
.step h1 { margin: 1rem 0 .75rem; }
.step h1 label { display: block; }
fieldset { margin: 0; padding: 0; border: 0; min-width: 0; }
legend { padding: 0; }
.told { margin: 1rem 0; padding: .1rem .9rem; border-left: .3rem solid var(--line); }
.told.good { border-color: var(--good); color: inherit; }
.told.warn { border-color: var(--warn); color: inherit; }
.told.bad { border-color: var(--bad); color: inherit; }
.told.answer { color: var(--faint); }
.told p, .told ul { margin: .5rem 0; }
.told ul { padding-left: 1.2rem; }
#more { margin: .25rem 0 .75rem; } #more p, #more ul { margin: .5rem 0; } #more ul { padding-left: 1.2rem; }
pre { margin: .5rem 0; padding: .5rem .7rem; overflow-x: auto; border-radius: .35rem; background: var(--sheet); font-size: .9rem; }
.choices { margin: 0; padding: 0; list-style: none; }
.choices li { display: flex; align-items: flex-start; gap: .75rem; margin: .5rem 0; padding: .6rem .8rem; border: 1px solid var(--line); border-radius: .4rem; }
.choices li:has(:checked) { border-color: var(--link); background: var(--sheet); }
.choices input { flex: none; width: 1.5rem; height: 1.5rem; margin: .05rem 0 0; accent-color: var(--link); }
.choices label { flex: 1; min-width: 0; overflow-wrap: anywhere; cursor: pointer; }
.choices label .faint { display: block; }
.question input[type="text"], .question input[type="password"], .question textarea, .question select { display: block; width: 100%; min-height: 2.75rem; padding: .5rem .7rem; font: inherit; color: var(--ink); background: var(--paper); border: 1px solid var(--faint); border-radius: .4rem; }
.question [aria-invalid] { border: 2px solid var(--bad); }
#problem { margin: .5rem 0; font-weight: 600; }
#problem p { margin: .25rem 0; }
.drop { margin: .75rem 0; padding: 1rem; border: 2px dashed var(--faint); border-radius: .5rem; }
.drop.over { border-color: var(--link); background: var(--sheet); }
.drop label, .drop input { display: block; max-width: 100%; }
.drop input { margin: .5rem 0; font: inherit; }
.drop p { margin: .25rem 0 0; }
.ways { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1.25rem 0; }
.ways button { max-width: 100%; text-align: left; }
button.other { border: 1px solid var(--faint); background: transparent; color: var(--ink); }
@media (min-width: 40rem) { .ways [value="leave"] { margin-left: auto; } }
.button { display: inline-block; min-height: 2.75rem; padding: .55rem 1.1rem; border-radius: .4rem; background: var(--button); color: var(--button-ink); font-weight: 600; text-decoration: none; overflow-wrap: anywhere; }
.pictures { display: flex; flex-wrap: wrap; gap: 1rem; margin: 1rem 0; }
.picture { display: block; max-width: 100%; height: auto; font: 14px system-ui, "Hiragino Sans", "Noto Sans JP", "Noto Sans CJK JP", sans-serif; }
.picture text { fill: var(--ink); }
.picture .soft { fill: var(--faint); } .picture .small { font-size: 12px; letter-spacing: -.01em; } .picture .strong { font-weight: 600; font-size: 15px; }
.picture .sheet { fill: var(--sheet); stroke: var(--line); } .picture .edge { stroke: var(--line); }
.picture .light { fill: var(--line); }
.picture .field { fill: var(--paper); stroke: var(--line); }
.picture .ring { fill: none; stroke: var(--link); stroke-width: 2; } .picture .dot { fill: var(--link); }
.picture .tick { fill: none; stroke: var(--link); stroke-width: 2; }
.picture .press { fill: var(--button); } .picture .press-text { fill: var(--button-ink); font-weight: 600; } .picture .link { fill: var(--link); text-decoration: underline; }
.picture .mark { fill: var(--bad); } .picture .mark-number { fill: var(--paper); font-weight: 700; font-size: 13px; }
`

/**
 * Goes on by itself where the program was waited for; takes a file that is dropped; makes the browser's way back the
 * set-up's. Without it the same page works by its buttons.
 */
export const setUpScript = `'use strict'
const step = document.getElementById('step')
let version = step.dataset.version
let isAsking = false
let isOver = 'ended' in step.dataset
const load = window.fetch
async function renew() {
  if (isAsking || isOver) return
  isAsking = true
  try {
    const answer = await load(location.pathname, { redirect: 'error' })
    if (answer.ok) show(new DOMParser().parseFromString(await answer.text(), 'text/html'))
    else if (answer.status === 403 || answer.status === 404) location.reload()
  } catch {}
  isAsking = false
}
function show(fresh) {
  const other = fresh.getElementById('step')
  if (other === null || other.dataset.version === version) return
  version = other.dataset.version
  isOver = 'ended' in other.dataset
  const waits = step.querySelector('[role=status]')
  const comes = other.querySelector('[role=status]')
  if (waits !== null && comes !== null) {
    // What is read aloud stays where it is.
    if (waits.innerHTML !== comes.innerHTML) waits.replaceChildren(...comes.childNodes)
    step.querySelector('#progress').textContent = other.querySelector('#progress').textContent
    const told = other.querySelector('#told')
    const before = step.querySelector('#told')
    if (told !== null && before === null) step.prepend(told)
    else if (told !== null && told.innerHTML !== before.innerHTML) before.replaceChildren(...told.childNodes)
  } else {
    step.replaceChildren(...other.childNodes)
    document.title = fresh.title
    begin()
    const first = step.querySelector('[autofocus]') ?? step.querySelector('h1')
    first?.focus()
  }
  if (isOver) events.close()
}
function begin() {
  const drop = document.getElementById('drop')
  if (drop === null) return
  const file = document.getElementById('file')
  const send = () => {
    const [chosen] = file.files
    const isTooLarge = chosen !== undefined && chosen.size > 12000
    file.setCustomValidity(isTooLarge ? file.dataset.tooLarge : '')
    if (chosen !== undefined) file.form.requestSubmit(document.getElementById('next'))
  }
  file.addEventListener('change', send)
  for (const name of ['dragenter', 'dragover', 'dragleave', 'drop'])
    document.body.addEventListener(name, event => {
      if (!document.body.contains(drop)) return
      event.preventDefault()
      drop.classList.toggle('over', name === 'dragenter' || name === 'dragover')
      if (name !== 'drop' || event.dataTransfer.files.length === 0) return
      file.files = event.dataTransfer.files
      send()
    })
}
begin()
const events = new EventSource('events')
events.addEventListener('open', renew)
events.addEventListener('news', renew)
if (isOver) events.close()
// The browser's way back is the question before, where there is one.
if (!isOver && history.state?.isQuestion !== true) history.pushState({ isQuestion: true }, '')
addEventListener('popstate', () => {
  const back = document.getElementById('back')
  if (back !== null) back.click()
  else history.back()
})
`
