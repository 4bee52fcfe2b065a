/** Every host's default zone, through discovery, over a real DNS server: host, server, port, security and user name. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { userNameFor } from '../../src/discovery/discover.ts'
import { presetById, presets, userFormOf } from '../../src/discovery/presets.ts'
import { domain, lookUp } from './look-up.ts'
import { chosenByName, hostZones } from './zones.ts'

describe('discovery, by each host’s default zone', () => {
  for (const { host, preset, servers, user, oauthOnly, ...told } of hostZones)
    it(host, async () => {
      const { address = `info@${domain}` } = told
      const found = await lookUp(told)
      assert.equal(found.preset?.id, preset)
      assert.deepEqual(found.unanswered, [])
      assert.deepEqual(
        found.candidates.map(({ protocol, host, port, security }) =>
          [protocol, host, port, ...(security === 'tls' ? [] : [security])].join(' '),
        ),
        servers === '' ? [] : servers.split(', '),
      )
      for (const { confirm, unusable, userForm } of found.candidates) {
        assert.equal(confirm, undefined)
        assert.equal(unusable, oauthOnly && 'no-password')
        assert.equal(userNameFor(address, userForm), user)
      }
      if (found.preset === undefined) return
      const form = userFormOf(found.preset, address.slice(address.lastIndexOf('@') + 1))
      assert.equal(userNameFor(address, form), user)
      // Who is not given a server is asked for it in the words of the host's own panel.
      if (servers === '') assert.ok(found.preset.askHost !== undefined)
      if (user === undefined && form === 'account-name') assert.ok(found.preset.askUser !== undefined)
    })

  it('knows a zone of every host but of those that are chosen by name', () => {
    const shown = new Set(hostZones.map(({ preset }) => preset))
    assert.deepEqual(
      presets.map(({ id }) => id).filter(id => !shown.has(id)),
      chosenByName,
    )
    for (const id of chosenByName) {
      const { mx, spf, domains } = presetById(id) ?? { mx: [''], spf: [], domains: [] }
      assert.deepEqual([...mx, ...spf, ...domains], [], id)
    }
  })
})
