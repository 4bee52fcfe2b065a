/** フリートのディレクトリ: 名前と、パスワードなどを開く鍵。 */
import { lookUp } from '../../base/look-up.ts'
import type { Facts } from '../facts.ts'
import type { FaultTexts } from '../fault-texts.ts'
import { describeReason } from '../reasons.ts'
import { because, stopped, text } from './phrases-ja.ts'

const nothingDone = '何も変更していません。メールにも何もしていません。'
const kinds: Readonly<Record<string, string>> = {
  tenant: 'テナント',
  account: 'Gmail アカウント',
  mailbox: 'メールボックス',
  operator: 'オペレーター',
  login: 'PostgreSQL のユーザー',
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
      '`hikyaku fleet list` で一覧を表示できます。ちょうど削除されたところなら、操作は不要です。',
    ),
  'fleet.in-use': f =>
    text(
      `${kind(f)}${name(f)}は使用中なので変更できません${f.with('by', by => `（${by}）`)}。`,
      nothingDone,
      f.get('reason') === 'changing'
        ? '今変更されているか、ワーカーの処理がまだ終わっていません。1 分ほどたってから、もう一度実行してください。'
        : f.get('what') === 'account'
          ? '先にメールボックスを別のアカウントに移してください。'
          : f.get('what') === 'login'
            ? 'オペレーターより強い権限があるか、別の人が作ったユーザーです。別の名前にしてください。'
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
  'fleet.worker-twice': f =>
    text(
      `同じ名前${name(f)}のワーカーが、このフリートですでに動いています。`,
      'その間、このワーカーはメールボックスを受け持ちません。もう 1 つのワーカーは取り込みを続け、メールは失われません。',
      `ワーカーごとに別の名前を ${f.setting('WORKER_NAME')} に指定するか、この設定を省いてください。強制終了して起動し直したときは、10 秒以内に自動で受け持ちを始めます。`,
    ),
  'fleet.secret-unfit': f =>
    text(
      `暗号化されたパスワードなどを開けません${name(f)}${because(f)}。データベースの別の場所から写されたか、壊れています。どこにも送信していません。`,
      stopped,
      '入力し直してください。データベースを手作業で変更した心当たりがなければ、ほかに誰が変更できるか確かめてください。',
    ),
  'fleet.may-not': f =>
    text(
      `${f.setting('FLEET_DATABASE')} のユーザー${name(f)}には、オペレーターを表示・変更する権限がありません。`,
      nothingDone,
      '`hikyaku fleet init` を実行したユーザーなど、ロールを作成でき、`hikyaku_admin` に属するユーザーで実行するか、PostgreSQL の管理者に依頼してください。',
    ),
  'fleet.import-file': f =>
    text(
      `ファイルを読み込めません${f.with('file', file => `（${file}）`)}。${whyNot(f)}。`,
      nothingDone,
      nextFor(f),
    ),
}

/** CSV ファイルを受け付けない理由。`name` は列の名前。 */
function whyNot(f: Facts): string {
  const column = f.with('name', given => `「${given}」`)
  switch (f.get('reason')) {
    case 'shift-jis':
      return '文字コードが Shift_JIS です（Excel の「CSV（コンマ区切り）」で保存したファイルなど）'
    case 'utf-16':
      return '文字コードが UTF-16 です（Excel の「Unicode テキスト」で保存したファイルなど）'
    case 'semicolons':
      return '列がセミコロンで区切られています'
    case 'tabs':
      return '列がタブで区切られています'
    case 'header':
      return '列の名前を書いた 1 行目を読み取れません'
    case 'unknown':
      return `1 行目は列の名前にしますが、その ${f.or('column', '1')} 列目は使える名前ではありません${f.with('meant', meant => `（「${meant}」のことですか）`)}`
    case 'twice':
      return `列${column}が 2 つあります`
    case 'missing':
      return `必要な列${column}がありません`
    default:
      return `理由は「${describeReason(f.or('reason', 'EIO'), 'ja')}」です`
  }
}

function nextFor(f: Facts): string {
  switch (f.get('reason')) {
    case 'shift-jis':
    case 'utf-16':
    case 'not-utf-8':
      return 'UTF-8 で保存し直してください。Excel では「名前を付けて保存」で「CSV UTF-8（コンマ区切り）」、LibreOffice では文字エンコーディング「Unicode (UTF-8)」を選ぶか、`iconv -f CP932 -t UTF-8 元.csv > 新.csv` を実行してください。'
    case 'permissions':
      return `パスワードの列があるファイルです。\`${f.or('command', 'chmod 600')}\` を実行してください。`
    case 'semicolons':
    case 'tabs':
      return '列をカンマで区切って保存してください。'
    case 'header':
    case 'unknown':
    case 'twice':
    case 'missing':
    case 'empty':
      return '1 行目は列の名前です。host と user は必須です。ほかの列は docs/commands.ja.md にあります。'
    default:
      return 'パスと、ファイルを読む権限を確かめてください。'
  }
}
