/** The files by which a fleet is started, docs/fleet/: each fits its own schema, and names nothing that is not there. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { parse, parseAllDocuments } from 'yaml'
import { dataFolder, imageUser, programFolder } from '../../scripts/package/image-root.ts'
import { readTableOf } from '../../src/commands/completion/completion.ts'
import { describeProgram } from '../../src/commands/program.ts'
import { hikyaku } from '../servers/hikyaku.ts'
import { checkCompose } from './compose-schema.ts'
import { compileManifests, faultOf, type Manifest } from './kubernetes-types.ts'

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

interface Service {
  readonly image: string
  readonly user: string
  readonly command?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly secrets?: readonly string[]
  readonly networks: readonly string[]
  readonly tmpfs: readonly string[]
  readonly read_only: boolean
  readonly cap_drop: readonly string[]
  readonly security_opt: readonly string[]
  readonly stop_grace_period?: string
  readonly healthcheck?: { readonly test: readonly string[] }
  readonly mem_limit: string
  readonly pids_limit: number
}
interface Compose {
  readonly services: Readonly<Record<string, Service>>
  readonly secrets: Readonly<Record<string, { readonly file: string }>>
  readonly networks: Readonly<Record<string, { readonly internal?: boolean } | null>>
}

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string }
}
interface Container {
  readonly image: string
  readonly args: readonly string[]
  readonly env?: readonly { readonly name: string }[]
  readonly envFrom: readonly { readonly configMapRef: { readonly name: string } }[]
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[]
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[]
  readonly readinessProbe?: Probe
  readonly livenessProbe?: Probe
}
interface Pod {
  readonly serviceAccountName: string
  readonly containers: readonly [Container]
  readonly volumes: readonly { readonly name: string; readonly secret?: { readonly secretName: string } }[]
  readonly securityContext: {
    readonly runAsUser: number
    readonly fsGroup: number
    readonly runAsNonRoot: boolean
  }
  readonly terminationGracePeriodSeconds?: number
}
interface Workload extends Manifest {
  readonly spec: { readonly template: { readonly metadata: { readonly labels: object }; readonly spec: Pod } }
}

const composeText = read('docs/fleet/compose.yaml')
const compose = parse(composeText, { merge: true }) as Compose
const manifests = parseAllDocuments(read('docs/fleet/kubernetes.yaml')).map(document => {
  assert.deepEqual([...document.errors, ...document.warnings], [])
  return document.toJS() as Manifest
})
const manifestOf = <T extends Manifest>(kind: string): T => {
  const found = manifests.find(manifest => manifest.kind === kind)
  assert.ok(found, kind)
  return found as T
}
const worker = compose.services.worker as Service
const init = compose.services.init as Service
const workloads = [manifestOf<Workload>('Deployment'), manifestOf<Workload>('Job')]
const version = JSON.parse(read('package.json')).version

/** Variables of the program that have a row in the table of settings, of which .env.example is made. */
const isKnown = (name: string): boolean =>
  name === 'TZ' || new RegExp(`^#? ?${name.replace(/_FILE$/, '(_FILE)?')}=`, 'm').test(read('.env.example'))
/** How long what is on its way gets at a stop, s (pull/upload-queue.ts), and the time to give mailboxes back. */
const graceSeconds = 10 + 10

describe('the pages on a fleet', () => {
  test('name no command below `hikyaku fleet` that does not exist', async () => {
    const known = readTableOf(describeProgram('en')).commands.flatMap(({ names }) => names)
    for (const page of ['docs/fleet.md', 'docs/fleet.ja.md']) {
      const named = [
        ...new Set([...read(page).matchAll(/\bfleet ([a-z][a-z-]+)(?=[\s`])/g)].map(([, name]) => name)),
      ]
      const commands = named.filter(name => read(page).includes(`hikyaku fleet ${name}`))
      assert.ok(commands.length >= 4, page)
      for (const name of commands)
        assert.ok(known.includes(`fleet ${name}`), `${page}: hikyaku fleet ${name}`)
    }
  })
})

describe('compose.yaml of a fleet', () => {
  test('fits the schema of the Compose Specification, which finds a word that it does not know', () => {
    assert.equal(checkCompose(compose), '')
    const wrong = structuredClone(compose) as unknown as { services: { worker: Record<string, unknown> } }
    wrong.services.worker.stop_grace = '3s'
    assert.match(checkCompose(wrong), /services\/worker must NOT have additional properties/)
  })

  test('names settings, commands, secrets and networks that are there', async () => {
    for (const service of [init, worker]) {
      for (const name of Object.keys(service.environment ?? {})) assert.ok(isKnown(name), name)
      assert.deepEqual(service.image, `hikyaku:${version}`)
      const help = await hikyaku([...(service.command ?? []), '--help'], { env: {}, cwd: '/' })
      assert.equal(help.code, 0, help.stderr)
    }
    for (const { secrets = [], networks, environment = {} } of Object.values(compose.services)) {
      for (const name of secrets) assert.ok(compose.secrets[name], name)
      for (const name of networks) assert.ok(name in compose.networks, name)
      for (const [name, value] of Object.entries(environment))
        if (name.endsWith('_FILE')) assert.ok(secrets.includes(value.replace('/run/secrets/', '')), name)
    }
    const text = worker.healthcheck?.test.join(' ') ?? ''
    const [, port, path] = /127\.0\.0\.1:(\d+)(\/\w+)/.exec(text) ?? []
    assert.equal(worker.environment?.METRICS?.split(':')[1], port)
    assert.ok(read('src/web/machines.ts').includes(`case '${path}':`), path)
    assert.equal(worker.healthcheck?.test[1], `${programFolder}/node/node`)
  })

  test('gives nobody more than is needed', () => {
    for (const [name, service] of Object.entries(compose.services)) {
      assert.equal(service.read_only, true, name)
      assert.deepEqual(service.cap_drop, ['ALL'], name)
      assert.deepEqual(service.security_opt, ['no-new-privileges:true'], name)
      assert.match(service.user, /^(postgres|[1-9]\d*:[1-9]\d*)$/, name)
      assert.ok(service.mem_limit && service.pids_limit > 0, name)
    }
    assert.equal(worker.user, `${imageUser}:${imageUser}`)
    assert.ok(
      worker.tmpfs.some(entry => entry.startsWith(`${dataFolder}:`) && entry.includes(`uid=${imageUser}`)),
    )
    assert.equal(compose.networks.database?.internal, true)
    assert.deepEqual(compose.services.database?.networks, ['database'])
    assert.ok(Number.parseInt(worker.stop_grace_period ?? '', 10) >= graceSeconds)
    assert.doesNotMatch(composeText, /password[^_\n]*=|postgresql:\/\//)
  })
})

describe('kubernetes.yaml of a fleet', () => {
  test('fits the API of Kubernetes, in values and in names', async () => {
    for (const manifest of manifests) assert.equal(await faultOf(manifest), undefined)
    assert.equal(compileManifests(manifests), '')
  })

  test('and that look finds a wrong value and a name that is not there', async () => {
    const wrong = structuredClone(manifestOf<Workload>('Deployment')) as unknown as {
      spec: { template: { spec: { containers: [{ livenessProbe: Record<string, unknown> }] } } }
    } & Manifest
    const { livenessProbe } = wrong.spec.template.spec.containers[0]
    livenessProbe.perodSeconds = 3
    assert.match(compileManifests([wrong]), /'"perodSeconds"' does not exist in type 'IProbe'/)
    livenessProbe.periodSeconds = 'often'
    assert.match(String(await faultOf(wrong)), /livenessProbe\/periodSeconds must be integer/)
  })

  test('names settings, commands, secrets, ports and paths that are there', async () => {
    const { data } = manifestOf<Manifest & { data: Record<string, string> }>('ConfigMap')
    const port = Number(data.METRICS?.split(':')[1])
    for (const name of Object.keys(data)) assert.ok(isKnown(name), name)
    for (const { spec } of workloads) {
      const { containers, volumes, securityContext, serviceAccountName } = spec.template.spec
      const [container] = containers
      for (const { name } of container.env ?? []) assert.ok(isKnown(name), name)
      assert.equal(container.envFrom[0]?.configMapRef.name, manifestOf('ConfigMap').metadata.name)
      assert.equal(serviceAccountName, manifestOf('ServiceAccount').metadata.name)
      assert.equal(container.image.split('/').pop(), `hikyaku:${version}`)
      const help = await hikyaku([...container.args, '--help'], { env: {}, cwd: '/' })
      assert.equal(help.code, 0, help.stderr)
      assert.deepEqual(
        container.volumeMounts.map(({ name }) => name).sort(),
        volumes.map(({ name }) => name).sort(),
      )
      const mounted = container.volumeMounts.map(({ mountPath }) => mountPath)
      assert.ok(mounted.includes(dataFolder))
      for (const [name, value] of Object.entries(data))
        if (name.endsWith('_FILE'))
          assert.ok(
            mounted.some(place => value.startsWith(`${place}/`)),
            value,
          )
      assert.deepEqual(
        [securityContext.runAsUser, securityContext.fsGroup, securityContext.runAsNonRoot],
        [imageUser, imageUser, true],
      )
    }
    const [container] = manifestOf<Workload>('Deployment').spec.template.spec.containers
    assert.deepEqual(container.ports, [{ name: 'metrics', containerPort: port }])
    for (const probe of ['readinessProbe', 'livenessProbe'] as const) {
      const path = container[probe]?.httpGet.path
      assert.ok(read('src/web/machines.ts').includes(`case '${path}':`), path)
    }
  })

  test('selects the workers by the labels that they have, and lets them end in time', () => {
    const deployment = manifestOf<Workload>('Deployment')
    const { labels } = deployment.spec.template.metadata
    const selector = (manifest: Manifest): unknown =>
      (manifest as unknown as { spec: { selector: object } }).spec.selector
    assert.deepEqual(selector(deployment), { matchLabels: labels })
    assert.deepEqual(selector(manifestOf('PodDisruptionBudget')), { matchLabels: labels })
    assert.deepEqual(selector(manifestOf('Service')), labels)
    assert.ok((deployment.spec.template.spec.terminationGracePeriodSeconds ?? 0) >= graceSeconds)
    for (const { metadata, kind } of manifests)
      assert.equal(metadata.namespace, kind === 'Namespace' ? undefined : 'hikyaku', kind)
  })
})
