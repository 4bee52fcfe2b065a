/** Where `hikyaku run` listens: for its owner's browser, and for monitoring programs. Nowhere unless it is set. */
import { readIpAddress, readListenAddress, readOrigin, readText } from '../readers.ts'
import { writeListenAddress } from '../writers.ts'
import { optional } from './setting.ts'

export const pageSettings = {
  dashboard: optional({
    variable: 'DASHBOARD',
    read: readIpAddress,
    write: writeListenAddress,
    about: {
      en: 'Where `hikyaku run` shows its page: an IP address and a port of this computer itself; of others only with a certificate or behind a reverse proxy (docs/dashboard.md). `hikyaku dashboard` opens it.',
      ja: '`hikyaku run` が状態のページを表示する、このコンピューター自身の IP アドレスとポート番号。ほかのコンピューターから使うには、証明書かリバースプロキシが必要です（docs/dashboard.ja.md）。`hikyaku dashboard` で開きます。',
    },
    otherwise: { en: 'no page', ja: 'ページなし' },
    example: '127.0.0.1:8737',
  }),
  dashboardOrigin: optional({
    variable: 'DASHBOARD_ORIGIN',
    read: readOrigin,
    about: {
      en: 'How browsers reach the page through a reverse proxy with TLS: `https://` and a name. The page then answers to this name alone.',
      ja: 'TLS を受け持つリバースプロキシを通してブラウザーがページを開く URL（`https://` と名前）。ページはこの名前にだけ答えます。',
    },
    otherwise: { en: 'no proxy', ja: 'プロキシなし' },
    example: 'https://hikyaku.example.jp',
  }),
  dashboardCertificateFile: optional({
    variable: 'DASHBOARD_CERTIFICATE_FILE',
    read: readText,
    path: true,
    about: {
      en: 'PEM file with the certificate of the page (and those between it and its authority): the page is then `https://` itself. A renewed one is taken up by itself.',
      ja: 'ページの証明書（中間証明書を含む）の PEM ファイル。指定するとページ自体が `https://` になります。更新された証明書は自動で読み直します。',
    },
    otherwise: { en: 'no TLS', ja: 'TLS なし' },
    example: '/etc/hikyaku/page.pem',
  }),
  dashboardKeyFile: optional({
    variable: 'DASHBOARD_KEY_FILE',
    read: readText,
    path: true,
    about: {
      en: 'PEM file with the private key of that certificate, which no other user may read.',
      ja: 'その証明書の秘密鍵の PEM ファイル。ほかのユーザーが読めないようにします。',
    },
    example: '/etc/hikyaku/page.key',
  }),
}

export const metricsSettings = {
  metrics: optional({
    variable: 'METRICS',
    read: readListenAddress,
    write: writeListenAddress,
    about: {
      en: 'Where `hikyaku run` answers monitoring programs: `/healthz`, `/readyz`, `/livez` and `/metrics` (docs/monitoring.md). Whoever reaches it can read the names of your mailboxes, so it stays on this computer.',
      ja: '`hikyaku run` が監視プログラムに答えるアドレス: `/healthz`、`/readyz`、`/livez`、`/metrics`（docs/monitoring.ja.md）。接続できる人はメールボックスの名前を読めるため、このコンピューターのアドレスにします。',
    },
    otherwise: { en: 'nowhere', ja: '答えない' },
    example: '127.0.0.1:9464',
  }),
}
