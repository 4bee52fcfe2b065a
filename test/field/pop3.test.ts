/** Public reports of people who fetch mail over POP3, replayed. The table of them is docs/field-reports.md. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { codeOf, hour, mail, minute, nameless, play } from '../faults/harness.ts'
import { countOf } from '../servers/in-process.ts'
import { sha256 } from '../servers/source-server.ts'
import { faultOf, pop3, textsOf, uploaded } from './field.ts'

// https://github.com/jstedfast/MailKit/issues/171 (poczta.o2.pl)
test('a server that says +OK and not a word more, to every command, is understood', () =>
  play({ protocol: 'pop3', more: { AFTER_IMPORT: 'delete' } }, async self => {
    await self.deliver(mail('a'), mail('b'))
    pop3(self).faults.greeting = '+OK'
    pop3(self).faults.retr = (_message, right) =>
      Buffer.concat([Buffer.from('+OK\r\n'), right.subarray(right.indexOf('\r\n') + 2)])
    assert.equal(countOf(await self.app.pull()).imported, 2)
    self.clock.pass(minute)
    countOf(await self.app.pull())
    assert.equal(pop3(self).messages.length, 0)
    await self.judge()
  }))

// https://github.com/jstedfast/MailKit/issues/1636 (outlook.office365.com, more than 20,000 messages)
test('an empty line in answer to DELE loses nothing: what was imported is deleted later, nothing twice', () =>
  play({ protocol: 'pop3', more: { AFTER_IMPORT: 'delete' } }, async self => {
    await self.deliver(mail('a'), mail('b'), mail('c'))
    let odd = 0
    pop3(self).faults.line = ({ verb }) => {
      if (verb !== 'DELE' || odd > 0) return undefined
      odd += 1
      return { answer: '\r\n' }
    }
    for (let n = 0; n < 6; n++) {
      await self.app.pull()
      self.clock.pass(hour)
    }
    assert.equal(odd, 1)
    assert.equal(self.world.gmail.accepted.length, 3)
    assert.equal(pop3(self).messages.length, 0)
    await self.judge()
  }))

// https://github.com/neomutt/neomutt/issues/1427 (Verizon) and https://github.com/jakartaee/mail-api/issues/50
for (const when of ['never', 'only after the login'] as const)
  test(`a server that announces UIDL ${when} and knows it is read by its UIDLs`, () =>
    play({ protocol: 'pop3' }, async self => {
      await self.deliver(mail('a'), nameless('b'))
      let loggedIn = false
      pop3(self).faults.line = ({ verb }) => {
        if (verb === 'CONNECT') loggedIn = false
        if (verb === 'PASS' || verb === 'AUTH') loggedIn = true
        if (verb !== 'CAPA') return undefined
        const uidl = loggedIn && when !== 'never' ? 'UIDL\r\n' : ''
        return { answer: `+OK CAPA list follows\r\nIMPLEMENTATION jpop-0.1\r\nTOP\r\nUSER\r\n${uidl}.\r\n` }
      }
      assert.equal(countOf(await self.app.pull()).imported, 2)
      assert.ok(pop3(self).ledger.commands.includes('UIDL'))
      assert.equal(countOf(await self.app.pull()).imported, 0)
      assert.equal(pop3(self).ledger.retrieved.length, 2, 'known by name: not retrieved again')
      await self.judge()
    }))

// https://github.com/hmailserver/hmailserver/pull/594
test('PASS answered "+ERR Server error" is no success and no refusal of the password: told, tried again', () =>
  play({ protocol: 'pop3' }, async self => {
    await self.deliver(mail('a'))
    const words = '+ERR Server error: Failed to fetch messages in Inbox.'
    pop3(self).faults.line = ({ verb }) =>
      verb === 'PASS' || verb === 'AUTH' ? { answer: `${words}\r\n` } : undefined
    const fault = faultOf(await self.app.pull())
    assert.notEqual(fault.code, 'source.login-refused')
    assert.notEqual(fault.retry, 'owner')
    for (const text of textsOf(fault)) assert.match(text, /Failed to fetch messages in Inbox/)
    delete pop3(self).faults.line
    self.clock.pass(hour)
    assert.equal(countOf(await self.app.pull()).imported, 1)
    await self.judge()
  }))

// https://github.com/jstedfast/MailKit/issues/856 (pop.free.fr)
test('a refused password after which the server hangs up is told as a refused password, and was sent once', () =>
  play({ protocol: 'pop3' }, async self => {
    await self.deliver(mail('a'))
    pop3(self).faults.line = ({ verb }) =>
      verb === 'PASS' || verb === 'AUTH' || verb === 'APOP'
        ? { answer: '-ERR Invalid login or password\r\n', after: 'fin' }
        : undefined
    const fault = faultOf(await self.app.pull())
    assert.equal(fault.code, 'source.login-refused')
    assert.equal(fault.exitCode, 77)
    for (const text of textsOf(fault)) assert.match(text, /Invalid login or password/)
    assert.equal(pop3(self).ledger.connections, 1)
    assert.equal(pop3(self).ledger.commands.filter(line => /^(PASS|AUTH|APOP)/.test(line)).length, 1)
  }))

// https://github.com/jstedfast/MailKit/issues/395 (a greeting with a timestamp, no APOP behind it)
test('a timestamp in the greeting of a server that knows no APOP does not keep the password from being taken', () =>
  play({ protocol: 'pop3' }, async self => {
    await self.deliver(mail('a'))
    pop3(self).faults.greeting = '+OK <16184.1473445882@mail3.example.com>'
    pop3(self).faults.line = ({ verb }) => {
      if (verb === 'CAPA') return { answer: '+OK capability list follows\r\nUSER\r\nTOP\r\nUIDL\r\n.\r\n' }
      return verb === 'APOP' ? { answer: '-ERR authorization failed\r\n', after: 'fin' } : undefined
    }
    for (let n = 0; n < 3 && self.world.gmail.accepted.length === 0; n++) {
      await self.app.pull()
      self.clock.pass(hour)
    }
    assert.equal(self.world.gmail.accepted.length, 1)
    await self.judge()
  }))

// https://github.com/jstedfast/MailKit/issues/594 and .../issues/987 (the port of another service)
test('an SMTP server at the POP3 port gets no password, and its greeting is shown', () =>
  play({ protocol: 'pop3' }, async self => {
    await self.deliver(mail('a'))
    pop3(self).faults.greeting = '220 mail.example.com Microsoft ESMTP MAIL Service ready'
    const fault = faultOf(await self.app.pull())
    assert.equal(fault.code, 'source.other-service')
    for (const text of textsOf(fault)) {
      assert.match(text, /Microsoft ESMTP MAIL Service ready/)
      assert.match(text, /MAIL_PORT/)
    }
    assert.deepEqual(pop3(self).ledger.commands, [])
  }))

// https://github.com/jorritfolmer/TA-dmarc/issues/36
test('numbers that move up when the oldest mails go name the same mails: nothing is fetched again', () =>
  play({ protocol: 'pop3' }, async self => {
    await self.deliver(mail('a'), mail('b'), nameless('c'), mail('d'))
    assert.equal(countOf(await self.app.pull()).imported, 4)
    for (const message of pop3(self).messages.slice(0, 2)) pop3(self).vanish(message)
    await self.deliver(mail('e'))
    assert.equal(countOf(await self.app.pull()).imported, 1)
    assert.equal(pop3(self).ledger.retrieved.length, 5)
    await self.judge()
  }))

// https://github.com/imapsync/imapsync/issues/24 (two warnings of a full mailbox)
for (const protocol of ['pop3', 'imap'] as const)
  test(`two mails that differ in nothing but a figure of their body, nameless and of one size, both arrive (${protocol})`, () =>
    play({ protocol }, async self => {
      const warning = (percent: number): Buffer =>
        Buffer.from(
          `From: admin@example.net\r\nSubject: quota warning\r\n\r\nYour mailbox is now ${percent}% full.\r\n`,
        )
      await self.deliver(warning(80), warning(90))
      assert.equal(countOf(await self.app.pull()).imported, 2)
      await self.deliver(warning(95))
      assert.equal(countOf(await self.app.pull()).imported, 1)
      assert.deepEqual(uploaded(self), [80, 90, 95].map(warning).map(sha256).sort())
      await self.judge()
    }))

// https://github.com/karastojko/mailio/pull/54 and https://github.com/jbostoen/itop-jb-mail-to-ticket-automation-v2/issues/253
for (const field of ['Message-ID:', 'Message-ID: <>', 'Message-ID: none', 'Message-ID: <same@example.net>'])
  test(`of several mails that all say "${field}" none leaves the source before Gmail holds its octets`, () =>
    play({ protocol: 'pop3', more: { AFTER_IMPORT: 'delete' } }, async self => {
      const put = ['a', 'b', 'c'].map(name => mail(name, 200, `${field}\r\n`))
      await self.deliver(...put)
      for (let n = 0; n < 3; n++) {
        countOf(await self.app.pull())
        self.clock.pass(hour)
      }
      // Gmail keeps the first of one Message-ID and answers with its id to the others.
      const inGmail = [...self.world.gmail.stored().keys()]
      const left = await self.world.source.stored()
      assert.deepEqual([...inGmail, ...left].sort(), put.map(sha256).sort())
      await self.judge()
    }))

// https://github.com/jstedfast/MailKit/issues/560
for (const verb of ['UIDL', 'LIST'] as const)
  test(`a ${verb} that breaks off is no list: nothing is concluded from it, nothing deleted, all comes later`, () =>
    play({ protocol: 'pop3', more: { AFTER_IMPORT: 'delete' } }, async self => {
      await self.deliver(mail('a'), mail('b'), mail('c'))
      pop3(self).faults.line = event =>
        event.verb === verb
          ? { answer: `+OK\r\n1 ${verb === 'UIDL' ? 'uidl-1' : '300'}\r\n2 `, after: 'fin' }
          : undefined
      assert.equal(codeOf(await self.app.pull()), 'source.connection-lost')
      assert.equal(pop3(self).ledger.deleted.length, 0)
      delete pop3(self).faults.line
      for (let n = 0; n < 3; n++) {
        self.clock.pass(hour)
        await self.app.pull()
      }
      assert.equal(self.world.gmail.accepted.length, 3)
      assert.equal(pop3(self).messages.length, 0)
      await self.judge()
    }))

// https://github.com/jstedfast/MailKit/issues/872 (20,437 messages)
test('a STAT that is refused does not end the pull: LIST and UIDL say what is there', () =>
  play({ protocol: 'pop3' }, async self => {
    await self.deliver(mail('a'), mail('b'))
    pop3(self).faults.line = ({ verb }) =>
      verb === 'STAT' ? { answer: '-ERR Unknown error\r\n' } : undefined
    assert.equal(countOf(await self.app.pull()).imported, 2)
    await self.judge()
  }))
