/**
 * Mail that the owner sent by the host's own ways: one of the folders that may come along, never by itself. Where the server
 * says what the folder is for, the settings name it so, and it is found whatever it is called.
 */
import type { FolderConfig } from '../config/config.ts'
import { type FolderSeen, isMeant } from './folders.ts'
import type { SetupWords } from './words-en.ts'

type Words = Pick<SetupWords, 'folders'>

/** The folders of which nothing is known, and the one of sent mail, as choices. */
export function listMoreFolders(
  seen: readonly FolderSeen[],
  words: Words,
): readonly { readonly value: string; readonly label: string }[] {
  const sent = seen.find(({ use }) => use === 'sent')
  const others = seen.filter(({ use }) => use === 'other').map(({ name }) => ({ value: name, label: name }))
  return sent === undefined ? others : [...others, { value: sent.name, label: words.folders.sent(sent.name) }]
}

/** As the settings are to have a folder of sent mail; undefined: it is none. */
export function chooseSentFolder(
  seen: readonly FolderSeen[],
  name: string,
  words: Words,
): FolderConfig | undefined {
  const sent = seen.find(folder => folder.use === 'sent' && isMeant(folder, name))
  return sent && { name: sent.byUse ?? sent.name, to: 'sent', labels: [words.folders.sentLabel] }
}
