/** Mail hosts: whose server is proposed, and how many logins are made there. */
import type { Mutant } from './mutant.ts'

const hostLogins = ['test/pull/host-logins.test.ts']
const recognise = ['test/discovery/recognise.test.ts']
const products = ['test/setup/products.test.ts']
const person = ['test/setup/person.test.ts']

export const hosts: readonly Mutant[] = [
  {
    from: 'return [JSON.stringify([...logins, begun]), undefined]',
    to: 'return [undefined, undefined]',
    loses: 'logins: HostGator refuses all mailboxes for an hour',
    tests: hostLogins,
    title: 'are held over a day',
  },
  {
    from: 'return apartMs * mailboxes.add(name).size',
    to: 'return apartMs',
    loses: 'fairness: the first mailbox at a host uses up what there is',
    tests: hostLogins,
    title: 'are held over a day',
  },
  {
    from: 'if (journalDir === undefined) await takeUpEarlyLogins(config, journal)',
    to: '',
    loses: 'logins: those of the set-up are forgotten by the first run',
    tests: hostLogins,
    title: 'of a set-up before there is a journal',
  },
  {
    from: 'isUnder(host, domain) || presetWithServer(host) !== undefined || isLoopback(host)',
    to: 'true',
    loses: 'the password: whoever writes into DNS names the server',
    tests: recognise,
    title: 'marks an SRV record',
  },
  {
    from: 'ownServer && evidences(names).find(({ name }) => ownServer.test(name))',
    to: 'ownServer && evidences(names).at(0)',
    loses: 'the password: any name in a record is taken for the host’s server',
    tests: recognise,
    title: 'sends nobody to a server',
  },
  {
    from: '...offered.filter(({ confirm }) => confirm === undefined),',
    to: '...offered,',
    loses: 'the password: --yes takes a server that wants the owner’s word',
    tests: person,
    title: 'uses a server outside the domain',
  },
  {
    from: "({ origin, unusable }) => origin === 'preset' && unusable === undefined",
    to: '({ unusable }) => unusable === undefined',
    loses: 'the password: it is tried at a server that somebody else named',
    tests: products,
    title: 'takes no server of another host',
  },
]
