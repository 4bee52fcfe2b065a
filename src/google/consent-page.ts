/**
 * What the browser shows when it comes back from a provider: fixed pages, in both languages, that hold nothing of the
 * request. They load nothing, run nothing and are not kept.
 */
const makeEn = (provider: string) => ({
  done: `${provider} has answered. You can close this window and go back to the terminal.`,
  declined: 'Access was not granted. Nothing was changed. Go back to the terminal to try again.',
  stranger:
    'This address does not belong to the sign-in that is waiting now. Go back to the terminal and open the link shown there.',
  leads: `This address leads to the page of ${provider}.`,
  used: 'This address was used already, by you or by somebody else on this computer. The sign-in begins anew: go back to the terminal.',
  absent: 'There is nothing here.',
})

type PageWords = ReturnType<typeof makeEn>

const makeJa = (provider: string): PageWords => ({
  done: `${provider} から応答がありました。このウィンドウを閉じて、ターミナルに戻ってください。`,
  declined:
    'アクセスは許可されませんでした。何も変更されていません。ターミナルに戻って、もう一度お試しください。',
  stranger:
    'このアドレスは、いま待っているログインのものではありません。ターミナルに戻り、表示されているリンクを開いてください。',
  leads: `このアドレスは ${provider} のページに移動するためのものです。`,
  used: 'このアドレスは、あなた、またはこのコンピューターのほかの人によって、すでに使われています。ログインをやり直しますので、ターミナルに戻ってください。',
  absent: 'ここには何もありません。',
})

const makePage = (title: string, en: string, ja: string): Buffer =>
  Buffer.from(`<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>hikyaku - ${title}</title></head>
<body>
<h1>hikyaku</h1>
<p id="en">${en}</p>
<p id="ja" lang="ja">${ja}</p>
</body>
</html>
`)

const titles = (provider: string): Readonly<Record<keyof PageWords, string>> => ({
  done: 'signed in',
  declined: 'not allowed',
  stranger: 'not this sign-in',
  leads: `to ${provider}`,
  used: 'already used',
  absent: 'not found',
})

/** @param provider a name or a host: it needs no escaping */
export function makePages(provider: string): Readonly<Record<keyof PageWords, Buffer>> {
  const [en, ja, title] = [makeEn(provider), makeJa(provider), titles(provider)]
  const page = (text: keyof PageWords): Buffer => makePage(title[text], en[text], ja[text])
  return {
    done: page('done'),
    declined: page('declined'),
    stranger: page('stranger'),
    leads: page('leads'),
    used: page('used'),
    absent: page('absent'),
  }
}

export const pageHeaders: Readonly<Record<string, string>> = {
  'Content-Type': 'text/html; charset=utf-8',
  'Cache-Control': 'no-store',
  'Content-Security-Policy':
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  Connection: 'close',
}
