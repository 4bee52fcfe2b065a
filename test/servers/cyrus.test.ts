/** hikyaku on a real Cyrus. It takes no mail with bare LF or NUL. */
import { cyrusMissing, startCyrus } from './cyrus.ts'
import { describeServer, password } from './describe-server.ts'

const bareNewlines = /NO Message contains bare newlines$/
const nulCharacters = /NO Message contains NUL characters$/

describeServer({
  name: 'Cyrus',
  missing: cyrusMissing(),
  protocols: ['pop3', 'imap'],
  start: users => startCyrus(users, password),
  refuses: {
    'dot-after-lf': bareNewlines,
    'bare-lf': bareNewlines,
    'all-lf': bareNewlines,
    nul: nulCharacters,
    'nul-first': nulCharacters,
  },
})
