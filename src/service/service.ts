/** What a service definition is made of; systemd.ts, launchd.ts and task-scheduler.ts turn it into text. */

/** `daemon`: one process that stays (IDLE, seconds). `timer`: a pull every minute or so, nothing in between. */
export type ServiceMode = 'daemon' | 'timer'

export interface ServiceOptions {
  readonly mode: ServiceMode
  /** `system`: starts with the machine, before anybody logs in. `user`: belongs to one user. */
  readonly scope: 'system' | 'user'
  /** Absolute paths of Node and of hikyaku's cli.js (or cli.ts). */
  readonly nodeFile: string
  readonly cliFile: string
  /** The journal's folder, absolute. A system unit without it gets /var/lib/hikyaku from systemd. */
  readonly stateDir?: string | undefined
  /** config.yaml, absolute. */
  readonly configFile?: string | undefined
  /** systemd: a file of NAME=value lines, absolute; need not exist. */
  readonly envFile?: string | undefined
  /** systemd: the sealed file's key, handed over as a credential that only this service can read. */
  readonly keyFile?: string | undefined
  /** systemd, system: an existing user; without it systemd makes one that lives as long as the service. */
  readonly user?: string | undefined
  /** systemd, user: whether the kernel lets users make namespaces, which most of the sandbox needs there. */
  readonly userNamespaces?: boolean | undefined
  /** systemd, system: the machine's name servers, as addresses: they stay reachable whatever else is denied. */
  readonly nameServers?: readonly string[] | undefined
  /** Timer: pause between the end of one pull and the next, seconds. */
  readonly everySeconds?: number | undefined
  /** systemd: the unit belongs to the package, and says so. */
  readonly packaged?: boolean | undefined
  /** launchd and Windows: where the output goes, absolute. */
  readonly logFile?: string | undefined
}

/** One file of a service definition: its name below the folder of the manager, and its text. */
export interface ServiceFile {
  readonly name: string
  /** Another folder than the manager's: what is there already. */
  readonly folder?: string
  readonly text: string
}

export const usualEverySeconds = 60
