/** The rows of mail hosts held against what these hosts are known to say, over real sockets. */
import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { systemClock } from '../../src/base/clock.ts'
import { Fault } from '../../src/base/fault.ts'
import { domainOf, userNameFor } from '../../src/discovery/discover.ts'
import { presetById, userFormOf } from '../../src/discovery/presets.ts'
import { lookInto } from '../../src/setup/folders.ts'
import { ungated } from '../../src/source/source.ts'
import { mail } from '../faults/harness.ts'
import { type ImapServer, startImapServer } from '../servers/imap-server.ts'
import { faultOf, mailboxOf, never, octetsOf, password, rig } from '../source/imap-harness.ts'
import { rejectsWith, serve, sourceFor } from '../source/pop3-helpers.ts'
import { type Dialogue, dialogues } from './dialogues.ts'

const words = (text: string | undefined) => text?.split(' ')

/** A stand-in that speaks as the host does. */
function speakAs(t: TestContext, { user, greeting, capabilities, afterLogin }: Dialogue) {
  const after = words(afterLogin)
  return rig(t, {
    users: { [user]: password },
    mailbox: { user },
    folders: { INBOX: [mail('a')] },
    ...(capabilities !== undefined && { capabilities: words(capabilities) ?? [] }),
    faults: {
      ...(greeting !== undefined && { greeting }),
      ...(after !== undefined && { capabilitiesAfterLogin: after }),
    },
  })
}

for (const dialogue of dialogues) {
  const { host, address, user, folders = [], refusals, afterLogin, capabilities, pages } = dialogue
  const preset = presetById(host) ?? assert.fail(host)
  describe(`${host}, as it is known to speak`, () => {
    test('takes the user name that its row makes of an address', () => {
      assert.equal(userNameFor(address, userFormOf(preset, domainOf(address) ?? '')), user)
      assert.ok(pages.every(page => URL.canParse(page)))
    })

    test('lets in, and gives a message as it is, whatever else it announces', async t => {
      const { open, server } = await speakAs(t, dialogue)
      const session = await open()
      const { entries } = await session.list('INBOX', () => false, never)
      assert.deepEqual(await octetsOf(session, entries[0] ?? assert.fail()), mail('a'))
      assert.equal(server.ledger.logins.length, 1)
      const known = afterLogin ?? capabilities
      if (known !== undefined) assert.equal(session.abilities.canDelete, known.split(' ').includes('UIDPLUS'))
    })

    if (folders.length > 0)
      test('has its folders taken for what they are', async t => {
        const server: ImapServer = await startImapServer({
          users: { [user]: password },
          ...(capabilities !== undefined && { capabilities: words(capabilities) ?? [] }),
        })
        t.after(() => server.stop())
        for (const [name, attributes] of folders)
          (server.folder(name) ?? server.create(name)).uses = words(attributes)?.filter(Boolean) ?? []
        const mailbox = { ...mailboxOf({ port: server.port }), user }
        const context = { clock: systemClock, signal: never, gateOf: async () => ungated }
        const seen = (await lookInto(mailbox, context, preset)).folders
        assert.deepEqual(
          folders.map(([name]) => [name, seen.find(folder => folder.name === name)?.use]),
          folders.map(([name, , use]) => [name, use]),
        )
      })

    for (const [protocol, line, code] of refusals)
      test(`refuses by "${line}" over ${protocol}, which is ${code}, once`, async t => {
        if (protocol === 'pop3') {
          const server = await serve(t, { faults: { login: line } })
          await rejectsWith(code, sourceFor(server).open(never))
          assert.equal(server.ledger.failedLogins.length, 1)
          return
        }
        const { source, server } = await rig(t, {
          mailbox: { user },
          ...(capabilities !== undefined && { capabilities: words(capabilities) ?? [] }),
          faults: {
            at: ({ verb }) =>
              verb === 'LOGIN' || verb === 'AUTHENTICATE'
                ? { do: 'answer', pieces: [`{tag} ${line}\r\n`] }
                : undefined,
          },
        })
        const fault = await faultOf(source.open(never), code)
        assert.ok(fault instanceof Fault && fault.loginRefused, 'and it counts')
        const tries = server.ledger.commands.filter(({ text }) => /^(LOGIN|AUTHENTICATE)/.test(text))
        assert.equal(tries.length, 1)
      })
  })
}
