/** フリートのディレクトリ: 名前と、パスワードなどを開く鍵。 */
import { lookUp } from '../../base/look-up.ts'
import type { Facts } from '../facts.ts'
import type { FaultTexts } from '../fault-texts.ts'
import { because, stopped, text } from './phrases-ja.ts'

const nothingDone = '何も変更していません。メールにも何もしていません。'
const kinds: Readonly<Record<string, string>> = {
  tenant: 'テナント',
  account: 'Gmail アカウント',
  mailbox: 'メールボックス',
  operator: 'オペレーター',
}
const kind = (f: Facts): string => lookUp(kinds, f.or('what', '')) ?? '項目'
const name = (f: Facts): string => f.with('name', given => `（${given}）`)

export const ja: FaultTexts<'fleet'> = {
  'fleet.name': f =>
    text(
      `${kind(f)}の名前として使えません${name(f)}。`,
      nothingDone,
      `英小文字、数字、. _ @ - を使い、英小文字か数字で始めて、${f.or('most', '128')} 文字までにしてください。メールボックスは「テナント/名前」で指定します。`,
    ),
  'fleet.unknown': f =>
    text(
      `そのような${kind(f)}はフリートにありません${name(f)}。`,
      nothingDone,
      '一覧を確かめてください。ちょうど削除されたところなら、操作は不要です。',
    ),
  'fleet.in-use': f =>
    text(
      `${kind(f)}${name(f)}は使用中なので変更できません${f.with('by', by => `（${by}）`)}。`,
      nothingDone,
      f.get('what') === 'account'
        ? '先にメールボックスを別のアカウントに移してください。'
        : '別の名前にするか、その名前のものを先に削除してください。',
    ),
  'fleet.no-key': f =>
    text(
      `フリートの鍵がありません${f.with('file', file => `（${file}）`)}。鍵がないと、フリートのデータベースにあるパスワードを開けません。`,
      stopped,
      `控えから鍵のファイルを戻し、${f.setting('FLEET_KEY_FILE')} で指定してください。控えもすべて失われた場合、パスワードは取り戻せません。新しい鍵を作り、入力し直してください。取り込み記録は暗号化していないので、そのまま使えます。`,
    ),
  'fleet.other-key': f =>
    text(
      `フリートの鍵${f.with('file', file => `（${file}）`)}が、${f.with('name', tenant => `テナント ${tenant} の`) || 'このフリートの'}パスワードなどを暗号化した鍵と違います。指定された鍵は ${f.or('key', '別のもの')}、必要な鍵は ${f.or('wanted', '別のもの')} です。`,
      stopped,
      `${f.setting('FLEET_KEY_FILE')} で正しい鍵を指定してください。鍵を交換したのなら、このコンピューターにも新しい鍵を置いて起動し直してください。`,
    ),
  'fleet.secret-unfit': f =>
    text(
      `暗号化されたパスワードなどを開けません${name(f)}${because(f)}。データベースの別の場所から写されたか、壊れています。どこにも送信していません。`,
      stopped,
      '入力し直してください。データベースを手作業で変更した心当たりがなければ、ほかに誰が変更できるか確かめてください。',
    ),
}
