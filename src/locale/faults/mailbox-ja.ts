/** 元のメールボックスの 1 通のメールと、メールボックス全体。 */
import type { FaultTexts } from '../fault-texts.ts'
import { said, server, stays, text } from './phrases-ja.ts'

export const ja: FaultTexts<'books' | 'mailbox' | 'message'> = {
  'books.broken': f =>
    text(
      `メールの数が合いません${f.with('missing', n => `（${f.or('listed', '?')} 通のうち ${n.replace('-', '')} 通が${n.startsWith('-') ? '多く数えられています' : '確認できません'}）`)}。`,
      'Gmail に取り込んでいないメールを削除することはありません。取り込みは続きます。',
      '`hikyaku compare` で Gmail にあるものとないものを確認し、hikyaku の不具合としてご報告ください。',
    ),
  'mailbox.unattended': f =>
    text(
      `このメールボックスを確認する処理が動いていません。サービスは停止中で、${f.with('since', since => `${since} 以降`) || 'まだ一度も'}確認されていません。`,
      'メールは失われません。新着メールは元のメールボックスで待っています。',
      '`hikyaku service install`（または `hikyaku service install --timer`）でサービスを登録するか、`hikyaku run` で起動してください。登録済みの場合は、`hikyaku service status` で動いていない理由を確認できます。',
    ),
  'mailbox.time-limit': () =>
    text(
      'このメールボックスの処理が始まらないうちに、制限時間（`--time-limit`）になりました。',
      'メールは失われません。元のメールボックスで待っていて、次回の取り込みでもう一度試します。',
      '続く場合は制限時間を長くしてください。`hikyaku doctor` で、どこに時間がかかっているかを確認できます。',
    ),
  // メール 1 通
  'message.gone': () =>
    text(
      '受け取る前に、メールが元のメールボックスからなくなりました。',
      'ほかのメールソフトや Web メールで削除または移動されたようです。このメールは Gmail に取り込まれていません。',
      '心当たりがない場合は、同じメールボックスからメールを削除するメールソフトがないか、ごみ箱に入っていないかをご確認ください。',
    ),
  'message.listed-only': f =>
    text(
      `${server(f)}は、一覧にあるメールを「存在しない」と答えています。${said(f)}`,
      'このメールは Gmail に取り込まれていません。削除もしません。ほかのメールの取り込みは続きます。',
      'サーバー会社の Web メールでご確認ください。メールがある場合は、サーバー会社にメールボックスの索引の修復をご依頼のうえ、`hikyaku retry` を実行してください。ない場合、操作は不要です。',
    ),
  'message.short': f =>
    text(
      `元のサーバーから届いたメールが、予告されたサイズより小さいものでした${f.with('octets', n => `（${n} バイト${f.with('announced', all => `、予告 ${all} バイト`)}）`)}。`,
      stays,
      '操作は不要です。もう一度受け取ります。解消しない場合は、サーバー会社の Web メールでご確認ください。',
    ),
  'message.empty': () =>
    text(
      '元のサーバーから、中身が空のメールが届きました。',
      stays,
      '操作は不要です。もう一度受け取ります。解消しない場合は、サーバー会社の Web メールでご確認ください。',
    ),
  'message.not-retrieved': f =>
    text(
      `元のサーバーからメールを受け取れませんでした。${said(f)}`,
      stays,
      '操作は不要です。もう一度受け取ります。',
    ),
  'message.over-announced': f =>
    text(
      `元のサーバーから届いたメールが、予告されたサイズを大きく超えました${f.with('octets', n => `（${n} バイト以上${f.with('announced', all => `、予告 ${all} バイト`)}）`)}。接続を切断しました。`,
      stays,
      '操作は不要です。もう一度受け取ります。解消しない場合は、サーバー会社の Web メールでご確認ください。',
    ),
  'message.too-large': f =>
    text(
      `メールのサイズが Gmail の上限を超えています${f.with('octets', n => `（${n} バイト）`)}。`,
      stays,
      'サーバー会社の Web メールで開き、添付ファイルを保存してください。',
    ),
  'message.poison': f =>
    text(
      `${f.with('id', id => `メール ${id} `) || '同じメール'}の処理中に、hikyaku が ${f.or('ends', '2')} 回続けて突然終了しました。`,
      `このメールは取り込まずに、元のメールボックスに残します。${f.get('ends') === '4' ? '1 時間後に一度だけ自動で再試行します。' : ''}ほかのメールの取り込みは続きます。`,
      '停電や強制終了が原因であれば、`hikyaku retry` ですぐに再試行できます。それ以外の場合はサーバー会社の Web メールで読み、その時刻のログを添えてご報告ください。このメールが原因の可能性があります。',
    ),
}
