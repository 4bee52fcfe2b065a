/**
 * Kubernetes' own names, held against a manifest: as kubeconform does it with -strict, but without its download. Values are
 * judged by the validators that `kubernetes-models` made from Kubernetes' OpenAPI; that no field has a name which
 * Kubernetes does not know is the compiler's to say, by the types from the same source.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string }
}

const placeOf = ({ apiVersion, kind }: Manifest): string => `kubernetes-models/${apiVersion}/${kind}`

/** What the values break, or undefined. */
export async function faultOf(manifest: Manifest): Promise<string | undefined> {
  const models = await import(placeOf(manifest))
  try {
    new models[manifest.kind](manifest).validate()
    return undefined
  } catch (thrown) {
    return `${manifest.kind} ${manifest.metadata.name}: ${(thrown as Error).message}`
  }
}

/** What the compiler says of fields that are not there, and of types; '' where all is well. */
export function compileManifests(manifests: readonly Manifest[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'hikyaku-manifests-'))
  try {
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
    const lines = manifests.map((manifest, at) => {
      const { kind } = manifest
      return [
        `import type { I${kind} as Type${at} } from '${placeOf(manifest)}'`,
        `export const manifest${at}: Type${at} = ${JSON.stringify(manifest, null, 1)}`,
      ].join('\n')
    })
    writeFileSync(join(folder, 'manifests.ts'), lines.join('\n'))
    const options = {
      compilerOptions: {
        ...{ strict: true, noEmit: true, skipLibCheck: true, types: [] },
        ...{ target: 'es2023', module: 'nodenext', moduleResolution: 'nodenext', preserveSymlinks: true },
      },
      files: ['manifests.ts'],
    }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(options))
    const ran = spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder], {
      encoding: 'utf8',
    })
    return ran.status === 0 ? '' : ran.stdout + ran.stderr || `tsc ended with ${ran.status}`
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
