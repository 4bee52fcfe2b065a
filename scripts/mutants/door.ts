// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the places are code
/** The door: configuration, secrets and where they go, TLS, files, the log. */
import type { Mutant } from './mutant.ts'

const log = ['test/log/log.test.ts']
const answers = ['test/gmail/answers.test.ts']
const env = ['test/config/load-env.test.ts']
const secrets = ['test/config/load-secrets.test.ts']
const destination = ['test/vault/destination.test.ts']
const sealed = ['test/vault/sealed-file.test.ts']
const environment = ['test/vault/environment.test.ts']
const tls = ['test/faults/tls.test.ts']
const files = ['test/files/hostile-files.test.ts']

export const door: readonly Mutant[] = [
  {
    from: '/\\bBearer\\s+\\S+/gi',
    to: '/\\bBearer!/gi',
    loses: 'an access token of unknown form, in a log',
    tests: answers,
    title: 'each form of a credential is masked',
  },
  {
    from: '\\bya29\\.[\\w.-]+|',
    to: '',
    loses: 'an access token, in a log',
    tests: answers,
    title: 'each form of a credential is masked',
  },
  {
    from: '\\b1\\/\\/[\\w-]{10,}|',
    to: '',
    loses: 'a refresh token, in a log',
    tests: answers,
    title: 'each form of a credential is masked',
  },
  {
    from: '\\bGOCSPX-[\\w-]+|',
    to: '',
    loses: 'a client secret, in a log',
    tests: answers,
    title: 'each form of a credential is masked',
  },
  {
    from: 'cutOctets(maskCredentials(maskSecrets(text, secrets)), mostOctets)',
    to: 'cutOctets(maskCredentials(secrets.length < 0 ? maskSecrets(text, secrets) : text), mostOctets)',
    loses: 'a credential of unknown form that a token server echoes, in a log',
    tests: ['test/google/token.test.ts'],
    title: 'gives',
  },
  {
    from: '.sort((a, b) => b.length - a.length)',
    to: '',
    loses: 'the tail of a longer secret, in a log',
    tests: log,
    title: 'a secret that begins with another one is masked to its end',
  },
  {
    from: 'for (const before of [0, 1, 2]) {',
    to: 'for (const before of [0]) {',
    loses: 'a password in SASL PLAIN, in a log',
    tests: log,
    title: 'a hidden secret is masked wherever and however it stands',
  },
  {
    from: 'JSON.stringify(secret).slice(1, -1), percentEncoded(secret)])',
    to: 'percentEncoded(secret)])',
    loses: 'a password with a quotation mark, in a log',
    tests: log,
  },
  {
    from: 'JSON.stringify(secret).slice(1, -1), percentEncoded(secret)])',
    to: 'JSON.stringify(secret).slice(1, -1)])',
    loses: 'a secret in an address, in a log',
    tests: log,
  },
  {
    from: "typeof value === 'string' ? mask.apply(value) : value,",
    to: 'value,',
    loses: 'half a secret, in a log, where a long fact is cut',
    tests: log,
    title: 'a secret longer than a line is masked before the line is cut',
  },
  {
    from: 'return cut.replace(/[\\p{Cc}\\p{Cf}\\p{Cs}\\p{Zl}\\p{Zp}]/gu, unit => {',
    to: 'return cut.replace(/[\\p{Cc}]/gu, unit => {',
    loses: 'the terminal: text that turns itself around',
    tests: ['test/base/untrusted.test.ts'],
  },
  {
    from: 'rejectUnauthorized: true, // Said here',
    to: '// Said here',
    loses: 'everything: NODE_TLS_REJECT_UNAUTHORIZED is obeyed',
    tests: tls,
    title: 'a certificate that is selfSigned gets no word',
  },
  {
    from: "minVersion: tls.DEFAULT_MIN_VERSION === 'TLSv1.3' ? 'TLSv1.3' : 'TLSv1.2',",
    to: '',
    loses: 'everything: --tls-min-v1.0 is obeyed',
    tests: tls,
  },
  {
    from: 'ciphers: constants.defaultCoreCipherList,',
    to: '',
    loses: 'everything: --tls-cipher-list with @SECLEVEL=0 is obeyed',
    tests: tls,
  },
  {
    from: "if (digestCertificate(socket) === server.pinnedSha256.replaceAll(':', '').toLowerCase()) return undefined",
    to: 'return undefined',
    loses: 'the password: any certificate passes where one is pinned',
    tests: ['test/source/pop3-tls.test.ts'],
    title: 'is accepted when pinned, and no other is',
  },
  {
    from: "if (afterClearText && socket.readableLength > 0) throw new Fault('source.tls-injection', { facts: where })",
    to: '',
    loses: 'commands of somebody on the way',
    tests: ['test/source/pop3-tls.test.ts'],
    survives:
      'octets that lie there are not read by TLS and break the handshake, which is told as an injection as well',
  },
  {
    from: 'socket, host, // RFC 6066 section 3: no IP address in server_name. servername:',
    to: 'socket, // RFC 6066\n servername:',
    loses: 'the password: a certificate for any name passes',
    tests: ['test/source/pop3-tls.test.ts', 'test/faults/tls.test.ts'],
  },
  {
    from: 'plainHost(kept.host) === plainHost(wanted.host) &&',
    to: '',
    loses: 'the password, to another host',
    tests: destination,
  },
  {
    from: 'kept.port === wanted.port &&',
    to: '',
    loses: 'the password, to another port',
    tests: destination,
  },
  {
    from: 'kept.security === wanted.security &&',
    to: '',
    loses: 'the password, in clear text',
    tests: destination,
  },
  {
    from: '(wanted.caFile === undefined || wanted.caFile === kept.caFile) &&',
    to: '',
    loses: 'the password, to whom another authority vouches for',
    tests: destination,
  },
  {
    from: 'plainUrl(kept.tokenUrl) === plainUrl(wanted.tokenUrl) &&',
    to: '',
    loses: 'the refresh token, to another server',
    tests: destination,
  },
  {
    from: 'if (isFor(destination, wanted)) return secret',
    to: 'return secret',
    loses: 'the password, to any server that a stray .env names',
    tests: ['test/vault/destination.test.ts', 'test/faults/stray-settings.test.ts'],
  },
  {
    from: "if (firstUse === 'refuse')",
    to: 'if (false)',
    loses: 'an old password, to any server that a stray .env names',
    tests: destination,
    title: 'an old secret is bound at its first use',
  },
  {
    from: "keyId !== keyIdOf(key)) throw unreadable('wrong-key')",
    to: "keyId === '') throw unreadable('wrong-key')",
    loses: 'the word that the key is another one',
    tests: sealed,
    title: 'refuses a wrong key',
  },
  {
    from: 'authTagLength: 16, // else Node takes a tag cut down to four octets',
    to: '',
    loses: 'the seal: a tag of four octets is enough',
    tests: sealed,
    title: 'refuses a shortened authentication tag',
  },
  {
    from: "if (typeof sealed.version === 'number' && sealed.version > version) throw unreadable('newer')",
    to: '',
    loses: 'the word that the file is of a later version',
    tests: sealed,
    title: 'refuses a file of a later version',
  },
  {
    from: "process.platform !== 'win32' && (stats.mode & 0o077) !== 0 && !isMountedForUs(file, env)",
    to: 'false',
    loses: 'a secret that others may read is used in silence',
    tests: environment,
    title: 'says what is wrong with a named file',
  },
  {
    from: '(stats.mode & 0o077) !== 0 && !isMountedForUs(file, env)',
    to: '(found.mode & 0o007) !== 0 && !isMountedForUs(file, env)',
    loses: 'a secret that a group may read is used in silence',
    tests: [...environment, ...secrets, ...sealed],
  },
  {
    from: "const octets = await readPrivate(file, env) const text = octets?.toString('utf8')",
    to: "const { readFile } = await import('node:fs/promises'); const octets = await readFile(file).catch(() => undefined); const text = octets?.toString('utf8')",
    loses: 'a secret that others may read is used in silence, where a variable names it',
    tests: secrets,
    title: 'a secret file that others can read',
  },
  {
    from: 'text.length <= mostChars && !/\\p{Cc}/u.test(text)',
    to: 'true',
    loses: 'a private key, sent as a password to whoever a stray setting names',
    tests: ['test/faults/stray-settings.test.ts', 'test/config/load-secrets.test.ts'],
  },
  {
    from: 'if (file === undefined) return value if (value !== undefined) {',
    to: 'if (file === undefined) return value; if (false) {',
    loses: 'the word which of two secrets is used',
    tests: environment,
  },
  {
    from: "if (security === 'none' && host !== undefined && !isLoopback(host)) {",
    to: 'if (false) {',
    loses: 'the word at the door that a password would travel in clear text',
    tests: env,
    title: 'an unencrypted connection is allowed to this computer only',
  },
  {
    from: "url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))",
    to: '/^https?:$/.test(url.protocol)',
    loses: 'tokens and mail, in clear text',
    tests: env,
    title: "Google's endpoints are https",
  },
  {
    from: 'if (given === usual || isThisComputer(new URL(given).hostname)) return []',
    to: 'return []',
    loses: 'tokens and mail, to whoever a variable names as Google',
    tests: env,
    title: 'an endpoint beyond this computer needs the switch',
  },
  {
    from: "problems.push({ at: place('afterImport'), kind: 'move-into-pulled', folder: into })",
    to: '',
    loses: 'copies without end: mail is moved to where it is pulled from',
    tests: env,
    title: 'after the import: keep, delete at once',
  },
  {
    from: 'return Object.freeze(value)',
    to: 'return value',
    loses: 'that nothing changes the configuration',
    tests: secrets,
    title: 'the configuration cannot be changed',
  },
  {
    from: 'onReveal?.(value)',
    to: '',
    loses: 'a password that is changed while we run, in a log',
    tests: secrets,
    title: 'whoever hides secrets from the log',
  },
  {
    from: 'O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode)',
    to: 'O_WRONLY | O_CREAT, mode)',
    loses: 'a file of another, through a link that a neighbour laid',
    tests: files,
    survives: 'the name holds 64 random bits, so no neighbour can lay a link there: a belt beside the braces',
  },
  {
    from: 'fchmodSync(handle, mode) // whatever the umask took or a default ACL gave',
    to: '',
    loses: 'the mode of a file, under an odd umask',
    tests: ['test/base/durable-file.test.ts'],
  },
  {
    from: 'finally { seteuid(0) setegid(gid)',
    to: 'finally { setegid(gid)',
    loses: "root's rights, after a step in another's folder",
    tests: files,
  },
  {
    from: "if (open && index < steps.length - 1) throw exposed(path, 'everybody'",
    to: "if (index < 0) throw exposed(path, 'everybody'",
    loses: "root's files, in a folder that everybody may exchange",
    tests: files,
  },
  {
    from: 'if (asRootFor !== undefined) refuseOpened(file, asRootFor)',
    to: '',
    loses: "root's files: SQLite opens what a neighbour's link leads to",
    tests: files,
    survives:
      'a link that is laid between two system calls cannot be played; refuseForeign sees one that lies there',
  },
  {
    from: 'const isOfMany = (mode & 0o1000) !== 0 ||',
    to: 'const isOfMany =',
    loses: 'the machine: /tmp is closed to everybody else',
    tests: ['test/files/hostile-files.test.ts'],
  },
  {
    from: "opened.exec('BEGIN EXCLUSIVE')",
    to: '',
    loses: 'two instances at once',
    tests: ['test/journal/file.test.ts', 'test/faults/crash.test.ts'],
    title: 'instance',
  },
  {
    from: "if (octets > mostOctets) throw new FileRefused('too-large')",
    to: '',
    loses: 'memory: a file without end is read',
    tests: ['test/base/bounded-file.test.ts', 'test/faults/stray-settings.test.ts'],
  },
]
