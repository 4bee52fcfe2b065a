/**
 * What the browser shows when it comes back from Google: fixed pages, in both languages, that hold nothing of the
 * request. They load nothing, run nothing and are not kept.
 */
const en = {
  done: 'Google has answered. You can close this window and go back to the terminal.',
  declined: 'Access was not granted. Nothing was changed. Go back to the terminal to try again.',
  stranger:
    'This address does not belong to the sign-in that is waiting now. Go back to the terminal and open the link shown there.',
  leads: 'This address leads to Google’s page.',
  used: 'This address was used already, by you or by somebody else on this computer. The sign-in begins anew: go back to the terminal.',
  absent: 'There is nothing here.',
}

type PageWords = typeof en

const ja: PageWords = {
  done: 'Google から応答がありました。このウィンドウを閉じて、ターミナルに戻ってください。',
  declined:
    'アクセスは許可されませんでした。何も変更されていません。ターミナルに戻って、もう一度お試しください。',
  stranger:
    'このアドレスは、いま待っているログインのものではありません。ターミナルに戻り、表示されているリンクを開いてください。',
  leads: 'このアドレスは Google のページに移動するためのものです。',
  used: 'このアドレスは、あなた、またはこのコンピューターのほかの人によって、すでに使われています。ログインをやり直しますので、ターミナルに戻ってください。',
  absent: 'ここには何もありません。',
}

const makePage = (title: string, text: keyof PageWords): Buffer =>
  Buffer.from(`<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>hikyaku - ${title}</title></head>
<body>
<h1>hikyaku</h1>
<p id="en">${en[text]}</p>
<p id="ja" lang="ja">${ja[text]}</p>
</body>
</html>
`)

export const pages = {
  done: makePage('signed in', 'done'),
  declined: makePage('not allowed', 'declined'),
  stranger: makePage('not this sign-in', 'stranger'),
  leads: makePage('to Google', 'leads'),
  used: makePage('already used', 'used'),
  absent: makePage('not found', 'absent'),
} as const

export const pageHeaders: Readonly<Record<string, string>> = {
  'Content-Type': 'text/html; charset=utf-8',
  'Cache-Control': 'no-store',
  'Content-Security-Policy':
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  Connection: 'close',
}
