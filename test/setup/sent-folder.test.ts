/** The folder of sent mail among those that may come along. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readFolders } from '../../src/config/mail-readers.ts'
import { writeFolders } from '../../src/config/writers.ts'
import type { FolderSeen } from '../../src/setup/folders.ts'
import { chooseSentFolder, listMoreFolders } from '../../src/setup/sent-folder.ts'
import { setupWords } from '../../src/setup/words.ts'

const inbox: FolderSeen = { name: 'INBOX', use: 'inbox', byUse: undefined }
const orders: FolderSeen = { name: 'Orders', use: 'other', byUse: undefined }
const declared: FolderSeen = { name: 'Gesendet', use: 'sent', byUse: '\\Sent' }
const named: FolderSeen = { name: '送信済みトレイ', use: 'sent', byUse: undefined }

for (const language of ['en', 'ja'] as const) {
  const words = setupWords[language]
  test(`it is offered behind the others, in words that say what becomes of it (${language})`, () => {
    assert.deepEqual(listMoreFolders([inbox, orders, declared], words), [
      { value: 'Orders', label: 'Orders' },
      { value: 'Gesendet', label: words.folders.sent('Gesendet') },
    ])
    assert.deepEqual(listMoreFolders([inbox], words), [])
  })

  test(`chosen it is named by what it is for, where the server says that, and else by its name (${language})`, () => {
    const labels = [words.folders.sentLabel]
    assert.deepEqual(chooseSentFolder([inbox, declared], 'Gesendet', words), {
      ...{ name: '\\Sent', to: 'sent', labels },
    })
    assert.deepEqual(chooseSentFolder([inbox, named], named.name, words), {
      ...{ name: named.name, to: 'sent', labels },
    })
    assert.equal(chooseSentFolder([inbox, orders, declared], 'Orders', words), undefined)
  })

  test(`what the settings then say is read as it was meant (${language})`, () => {
    const chosen = chooseSentFolder([declared], 'Gesendet', words) ?? assert.fail()
    assert.deepEqual(readFolders(writeFolders([chosen])), [chosen])
  })
}

test('a use is the same in any case, and a place of sent mail has a label', () => {
  const sent = { name: '\\Sent', to: 'sent', labels: ['Sent mail'] }
  assert.deepEqual(readFolders('\\sent:sent'), [sent])
  assert.deepEqual(readFolders([{ name: '\\SENT', to: 'sent' }]), [sent])
  assert.deepEqual(readFolders('\\All:label=Old'), [{ name: '\\All', to: 'label', labels: ['Old'] }])
  assert.deepEqual(readFolders('\\Other'), [{ name: '\\Other', to: 'inbox', labels: [] }])
})
