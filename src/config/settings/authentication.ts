/** The settings of a mailbox that decide whose authentication results are believed. */
import { readAuthservIds, readHosts } from '../mail-readers.ts'
import { readBoolean, readForwarder } from '../readers.ts'
import { optional, usually } from './setting.ts'

/** Authentication results. */
export const authenticationSettings = {
  verify: usually({
    variable: 'VERIFY',
    read: readBoolean,
    about: {
      en: '`yes`: check each message ourselves as well, beside its import, and keep the results for `hikyaku inspect`. Needs DNS; never delays an import and never changes a message. `no`: only read what the host wrote.',
      ja: '`yes`: 取り込みと並行して hikyaku 自身でも検証し、結果を `hikyaku inspect` 用に残します。DNS を使います。取り込みを遅らせることも、メールを変えることもありません。`no`: サーバーが書いた結果を読むだけです。',
    },
    usual: true,
  }),
  forwardingAddress: optional({
    variable: 'FORWARDING_ADDRESS',
    read: readForwarder,
    about: {
      en: 'The machine that your hosting company’s forwarding would send to Gmail from: an IP address or a server name; for the forecast in `hikyaku inspect` of what forwarding would have done.',
      ja: 'ご契約先の転送機能が Gmail への送信に使うサーバーの IP アドレスかサーバー名。転送していたらどうなったかを `hikyaku inspect` で予測するのに使います。',
    },
    otherwise: {
      en: '`MAIL_HOST` itself, also with an e-mail address',
      ja: '`MAIL_HOST`（メールアドレスを指定したときも同じ）',
    },
    example: 'sv123.example.jp',
  }),
  authservIds: usually({
    variable: 'AUTHSERV_IDS',
    read: readAuthservIds,
    about: {
      en: 'Names under which your hosting company writes its own results (the first word of Authentication-Results), each with what it writes on every message: `spf`, `dkim`, `dmarc`, `arc`, `received-spf`; with commas. Needed only where it writes them below its own Received line. `hikyaku setup` fills it in from your mail. A name alone is believed for its first line only.',
      ja: 'ご契約先のサーバーが検証結果を書くときの名前（Authentication-Results の最初の語）と、すべてのメールに書く項目（`spf`、`dkim`、`dmarc`、`arc`、`received-spf`）。カンマで区切ります。必要なのは、サーバー自身の Received 行より下に結果が書かれる場合だけです。`hikyaku setup` が届いているメールから調べて書き込みます。項目を書かない場合は、その名前の最初の行だけを信用します。',
    },
    usual: [],
    otherwise: { en: 'only what place or queue id proves', ja: '位置か受付番号で証明できる行だけ' },
    example: 'mx.example.jp:spf+dkim+dmarc',
  }),
  receivingServers: usually({
    variable: 'RECEIVING_SERVERS',
    read: readHosts,
    about: {
      en: 'Your hosting company’s machines through which mail passes before it reaches your mailbox, by exact name or IP address, with commas: what they wrote into the header is then believed too. `hikyaku setup` fills it in from your mail; name no others.',
      ja: 'メールがメールボックスに届くまでに通る、ご契約先の会社内のサーバー。正確な名前か IP アドレスをカンマで区切ります。これらが書いた行も信用します。`hikyaku setup` が届いているメールから調べて書き込みます。それ以外の名前は書かないでください。',
    },
    usual: [],
    otherwise: { en: 'only the last machine', ja: '最後のサーバーだけ' },
    example: 'mx1.example.jp',
  }),
}
