/** よく使う 2 つのルール。words-ja.ts の一部。 */
import type { SetupWords } from './words-en.ts'

export const rules: SetupWords['rules'] = {
  recipients:
    '複数のアドレス宛てのメールがあります。Gmail でアドレスごとのラベルを付けるものを選んでください',
  senders: '次の差出人からのメールが多くあります。取り込まずにサーバーに残すものを選んでください',
  messages: count => `最新のうち ${count} 通`,
}
