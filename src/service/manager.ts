/** What a service manager is to us, and its errors and files. */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { removeFile, replaceFile } from '../base/durable-file.ts'
import type { Ran } from './machine.ts'
import type { ServiceFile, ServiceOptions } from './service.ts'

/** A command of the service manager that did not work; the owner sees it with the manager's own words. */
export class ServiceCommandError extends Error {
  override readonly name = 'ServiceCommandError'
  readonly command: string
  readonly output: string
  constructor(command: readonly string[], ran: Ran) {
    super(command.join(' '))
    this.command = command.join(' ')
    this.output = ran.output
  }

  /** @param log what the service itself said last */
  withLog(log: string): ServiceCommandError {
    const output = [this.output, log].filter(Boolean).join('\n')
    return new ServiceCommandError([this.command], { code: 1, output })
  }
}

/** A file that could not be written or removed. */
export class ServiceFileError extends Error {
  override readonly name = 'ServiceFileError'
  readonly file: string
  readonly reason: string
  constructor(file: string, cause: unknown) {
    super(file, { cause })
    this.file = file
    this.reason = (cause as NodeJS.ErrnoException).code ?? String(cause)
  }
}

export interface ServiceState {
  /** The unit or label. */
  readonly name: string
  readonly state: 'running' | 'waiting' | 'not-running'
  /** The service manager's words, for `status`. */
  readonly detail: string
}

/** @returns the values that a service manager gave, as `KEY=VALUE` */
export const detailOf = (keys: readonly string[], value: (key: string) => string): string =>
  keys
    .map(key => (value(key) ? `${key}=${value(key)}` : ''))
    .filter(Boolean)
    .join(' ')

/** Another folder than the manager's says so itself. */
export const pathOf = (file: ServiceFile, folder: string): string => join(file.folder ?? folder, file.name)

/** The file is there whole or not at all; a service manager may read it at any moment. */
export async function writeWhole(file: string, content: string | Buffer): Promise<void> {
  try {
    replaceFile(file, typeof content === 'string' ? Buffer.from(content) : content, 0o644)
  } catch (thrown) {
    throw new ServiceFileError(file, thrown)
  }
}

/** @returns whether there was one */
export async function remove(file: string): Promise<boolean> {
  try {
    return removeFile(file)
  } catch (thrown) {
    throw new ServiceFileError(file, thrown)
  }
}

export const isThere = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  )

export interface Manager {
  readonly folder: string
  /** The files as they would be written, and what they add to. */
  files(options: ServiceOptions): readonly ServiceFile[]
  /** Writes, replaces the other mode, starts. @returns the files written and the name that was started */
  install(options: ServiceOptions): Promise<{ readonly files: readonly string[]; readonly name: string }>
  /** Stops and removes both modes. @returns the files removed, and the names that were only turned off, since a package brought them */
  uninstall(): Promise<{ readonly removed: readonly string[]; readonly turnedOff: readonly string[] }>
  /** What is installed; nothing where nothing is. */
  states(): Promise<readonly ServiceState[]>
  /** The command that shows the log. */
  readonly logCommand: (name: string) => string
}
