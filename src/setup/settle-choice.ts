/**
 * Another choice of what is done at the source, written as the set-up writes: into the YAML file, which is read by the
 * reader of `run` before it takes the old one's place. Where something else decides it (a variable) nothing is written,
 * since it would change nothing.
 */
import { Fault } from '../base/fault.ts'
import type { AfterImport } from '../config/config.ts'
import { editYaml } from '../config/edit-yaml.ts'
import type { Origin, SettingInForce, SettingsInForce } from '../config/in-force.ts'
import { readConfig } from '../config/load.ts'
import { writeAfterImport } from '../config/writers.ts'
import { readConfigurationText, replaceConfiguration } from './save.ts'

/** Of a mailbox: the setting, as it stands there. */
export const findSettleChoice = ({ parts }: SettingsInForce, mailbox: string): SettingInForce | undefined =>
  parts
    .find(({ part, name }) => part === 'mailbox' && name === mailbox)
    ?.settings.find(({ key }) => key === 'afterImport')

/** Whether it can be written into the YAML file so that it holds. */
export const isChosenInFile = ({ file }: SettingsInForce, { from }: Origin): boolean =>
  file !== undefined && (from === 'yaml' || from === 'default')

/**
 * @param env of the process, with which the file is read
 * @returns the setting as it stands now; undefined: something else decides it, and nothing was written
 * @throws ConfigFault where the choice does not go with the rest; Fault state.read-only or state.io with `file`
 */
export async function writeSettleChoice(
  file: string,
  env: NodeJS.ProcessEnv,
  mailbox: string,
  choice: AfterImport,
): Promise<SettingInForce | undefined> {
  const options = { env, cwd: process.cwd(), file, needSecrets: false } as const
  const { config, inForce } = await readConfig(options)
  const before = findSettleChoice(inForce, mailbox)
  const at = config.mailboxes.findIndex(({ name }) => name === mailbox)
  if (before === undefined || at < 0 || !isChosenInFile(inForce, before.origin)) return undefined
  const text = editYaml(await readConfigurationText(file), '')
  text.set(['mailboxes', at, 'afterImport'], writeAfterImport(choice))
  await replaceConfiguration({ configFile: file, env }, text.toString())
  const after = findSettleChoice((await readConfig(options)).inForce, mailbox)
  if (after?.value !== writeAfterImport(choice))
    throw new Fault('bug', { facts: { what: `afterImport of ${mailbox} is not what was written` } })
  return after
}
