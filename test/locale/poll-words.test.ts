/** How often a server without IDLE is asked: what the set-up and doctor say is what the code does. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { doctorWords } from '../../src/doctor/words.ts'
import { setupWords } from '../../src/setup/words.ts'
import { usualImapDeadlines } from '../../src/source/imap-deadlines.ts'

test('the set-up and doctor say in both languages after how many seconds it is asked again', () => {
  const seconds = usualImapDeadlines.poll / 1000
  for (const language of ['en', 'ja'] as const)
    for (const words of [doctorWords[language].noIdle.next, setupWords[language].login.worked('imap', false)])
      assert.match(words, new RegExp(language === 'en' ? `every ${seconds} seconds` : `${seconds} 秒ごと`))
})
