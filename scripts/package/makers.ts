/**
 * What `npm run package` makes, one entry for each kind of package. A maker writes its files into the given folder and
 * nowhere else that lasts; it is loaded only when it is asked for.
 */
import type { Order } from './order.ts'

export interface Maker {
  /** As it is asked for: `npm run package -- NAME`. */
  readonly name: string
  /** One line for people. */
  readonly about: string
  /** @returns names of the files made, below the folder */
  make(order: Order): Promise<readonly string[]>
}

export const makers: readonly Maker[] = [
  {
    name: 'npm',
    about: 'the package for npm, with its libraries inside',
    make: async order => (await import('./npm-tarball.ts')).makeNpmTarball(order),
  },
  {
    name: 'deb',
    about: 'the Debian packages, with Node inside',
    make: async order => (await import('./deb.ts')).makeDebianPackages(order),
  },
  {
    name: 'tarball',
    about: 'program and Node in one folder, for where nothing can be installed (amd64, arm64)',
    make: async order => (await import('./tarball.ts')).makeTarballs(order),
  },
  {
    name: 'image',
    about: 'the image for Docker and its kin (amd64, arm64); needs root, buildah and mmdebstrap',
    make: async order => (await import('./image.ts')).makeImages(order),
  },
  {
    name: 'installer',
    about: 'install.sh, which fetches and checks one of these',
    make: async order => (await import('./installer.ts')).writeInstaller(order),
  },
  {
    name: 'sbom',
    about: 'the bill of materials (CycloneDX)',
    make: async order => (await import('./papers.ts')).writeSbom(order),
  },
  {
    name: 'licences',
    about: 'the licences of the libraries inside',
    make: async order => (await import('./papers.ts')).writeLicences(order),
  },
]
