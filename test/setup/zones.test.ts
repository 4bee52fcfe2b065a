/** The set-up in front of each host's default zone: what it proposes, or asks, up to the question for the password. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { presetById } from '../../src/discovery/presets.ts'
import { setupWords } from '../../src/setup/words.ts'
import { domain, lookUp } from '../discovery/look-up.ts'
import { hostZones } from '../discovery/zones.ts'
import { leave, type Person, person, type Script, setUpWith } from './person.ts'

const root = await mkdtemp(join(tmpdir(), 'hikyaku-zones-'))
after(() => rm(root, { recursive: true, force: true }))

/** A person who takes what is proposed; and the values of the usual answers. */
function follow(script: Script): { readonly asker: Person; readonly usual: Map<string, string> } {
  const usual = new Map<string, string>()
  const asker = person(script)
  const choose: Person['choose'] = question => {
    usual.set(question.id, question.initial)
    return asker.choose(question)
  }
  return { asker: { ...asker, choose }, usual }
}

describe('the set-up, by each host’s default zone', () => {
  for (const language of ['en', 'ja'] as const) {
    const words = setupWords[language]
    for (const { host, preset: id, servers, user, oauthOnly, ...told } of hostZones) {
      it(`${language}: ${host}`, async () => {
        const preset = id === undefined ? undefined : presetById(id)
        const { address = `info@${domain}` } = told
        const script: Script =
          preset === undefined
            ? [
                ['provider', ''],
                ['protocol', leave],
              ]
            : oauthOnly
              ? [['oauth-only', leave]]
              : servers === ''
                ? [
                    ['protocol', ''],
                    ['host', leave],
                  ]
                : [
                    ['server', ''],
                    [user === undefined ? 'user' : 'password-file', leave],
                  ]
        const { asker, usual } = follow(script)
        const discover = () => lookUp(told)
        // Of its own: answers of a set-up that was left are kept.
        const cwd = await mkdtemp(join(root, 'home-'))
        const env = { HOME: cwd, STATE_DIR: join(cwd, 'state'), HIKYAKU_VAULT: 'environment' }
        await setUpWith(asker, { env, cwd }, { answers: { address } }, { discover }, language)
        const said = asker.told.map(({ text }) => text).join('\n')
        const last = asker.asked.at(-1) ?? ''
        if (preset === undefined) {
          assert.ok(said.includes(words.server.nothingFound) && said.includes(words.server.panel))
          assert.equal(usual.get('provider'), 'other')
          return
        }
        assert.ok(said.includes(words.server.known(preset.name[language])))
        if (oauthOnly) assert.ok(said.includes(words.server.oauthOnly(preset.name[language])))
        else if (servers === '') assert.equal(last, `host: ${preset.askHost?.[language]}`)
        else {
          const [first = ''] = servers.split(', ')
          assert.equal(usual.get('server'), first.endsWith(' starttls') ? first : `${first} tls`)
          if (user !== undefined) assert.ok(last.includes(user), last)
          else if (preset.askUser !== undefined) assert.equal(last, `user: ${preset.askUser[language]}`)
        }
        for (const note of preset.notes) assert.ok(said.includes(note[language]))
      })
    }
  }
})
