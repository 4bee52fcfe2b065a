/**
 * Certificates made at test time by openssl, so that no private key is kept in the repository and none expires
 * under us: one authority and what a client must tell apart.
 */
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { program } from './local.ts'
import { requireServer } from './required.ts'

const run = promisify(execFile)

/** PEM texts and the files that hold them. */
export interface Certificate {
  readonly cert: string
  readonly key: string
  readonly certFile: string
  readonly keyFile: string
}

export interface Certificates {
  /** The authority that signed all but `selfSigned`; give `ca.certFile` to MAIL_CA_FILE, `ca.cert` to tls. */
  readonly ca: Certificate
  /** For localhost, 127.0.0.1 and ::1. */
  readonly good: Certificate
  /** Valid, but for mail.example.invalid. */
  readonly wrongName: Certificate
  /** For localhost, ended in 2020. */
  readonly expired: Certificate
  /** For localhost, signed by nobody else. */
  readonly selfSigned: Certificate
}

const here = 'DNS:localhost,IP:127.0.0.1,IP:::1'

export const opensslMissing = (): string | undefined =>
  program('openssl') === undefined ? 'openssl is not installed' : undefined

/** The `skip` option for what needs certificates; see requireServer. */
export const needsOpenssl = (): false | string => requireServer('openssl', opensslMissing())

/**
 * Makes all of them in `dir` (created where missing); about 200 ms. Needs openssl on the PATH.
 * @param names for which the good one holds, too
 */
export async function makeCertificates(dir: string, names: readonly string[] = []): Promise<Certificates> {
  await mkdir(dir, { recursive: true })
  const openssl = (...args: string[]): Promise<unknown> => run('openssl', args, { cwd: dir })
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  // `openssl ca` is the one command that sets both ends of the validity in every OpenSSL since 1.1.
  await writeFile(
    join(dir, 'ca.cnf'),
    [
      '[req]\ndistinguished_name=name\n[name]',
      '[authority]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign',
      'subjectKeyIdentifier=hash',
      `[self]\nsubjectAltName=${here}\nbasicConstraints=critical,CA:FALSE`,
      '[ca]\ndefault_ca=test',
      '[test]\ndatabase=index.txt\nnew_certs_dir=.\nrand_serial=yes\nunique_subject=no\ndefault_md=sha256',
      'policy=any\ncopy_extensions=copy\nemail_in_dn=no',
      '[any]\ncommonName=supplied\n',
    ].join('\n'),
  )
  await writeFile(join(dir, 'index.txt'), '')
  const serial = `0x${randomBytes(8).toString('hex')}`
  await openssl(
    ...['req', '-x509', '-config', 'ca.cnf', '-extensions', 'authority', ...newKey, '-days', '30'],
    ...['-set_serial', serial, '-subj', '/CN=hikyaku test authority', '-keyout', 'ca.key', '-out', 'ca.pem'],
  )
  await openssl(
    ...['req', '-x509', '-config', 'ca.cnf', '-extensions', 'self', ...newKey, '-days', '30'],
    ...['-subj', '/CN=localhost', '-keyout', 'selfSigned.key', '-out', 'selfSigned.pem'],
  )
  const sign = async (name: string, commonName: string, alt: string, from: string, to: string) => {
    await openssl(
      ...['req', '-new', '-config', 'ca.cnf', ...newKey, '-subj', `/CN=${commonName}`],
      ...['-addext', `subjectAltName=${alt}`, '-keyout', `${name}.key`, '-out', `${name}.csr`],
    )
    await openssl(
      ...['ca', '-batch', '-notext', '-config', 'ca.cnf', '-cert', 'ca.pem', '-keyfile', 'ca.key'],
      ...['-startdate', from, '-enddate', to, '-in', `${name}.csr`, '-out', `${name}.pem`],
    )
  }
  // One after the other: `openssl ca` keeps its index in a file.
  const alsoFor = [here, ...names.map(name => `DNS:${name}`)].join(',')
  await sign('good', 'localhost', alsoFor, '20200101000000Z', '20990101000000Z')
  await sign(
    'wrongName',
    'mail.example.invalid',
    'DNS:mail.example.invalid',
    '20200101000000Z',
    '20990101000000Z',
  )
  await sign('expired', 'localhost', here, '20190101000000Z', '20200101000000Z')
  const load = async (name: string): Promise<Certificate> => {
    const certFile = join(dir, `${name}.pem`)
    const keyFile = join(dir, `${name}.key`)
    return { cert: await readFile(certFile, 'utf8'), key: await readFile(keyFile, 'utf8'), certFile, keyFile }
  }
  const [ca, good, wrongName, expired, selfSigned] = await Promise.all([
    load('ca'),
    load('good'),
    load('wrongName'),
    load('expired'),
    load('selfSigned'),
  ])
  return { ca, good, wrongName, expired, selfSigned }
}
