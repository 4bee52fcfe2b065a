/**
 * Pictures of where to click at Google, drawn by us, by the question that they stand beside. The labels are Google's own
 * (docs/google-cloud.md); a page with more than these parts is drawn with these alone.
 */
import { html } from 'hono/html'
import type { Language } from '../../base/language.ts'
import type { Markup } from '../layout.ts'
import { drawPage, type Picture, type Row } from './drawing.ts'
import { pageSetupWords } from './words.ts'

const console_ = 'console.cloud.google.com'

interface Labels {
  readonly projectName: string
  readonly create: string
  readonly created: string
  readonly selectProject: string
  readonly gmailApi: string
  readonly enable: string
  readonly start: string
  readonly appName: string
  readonly supportEmail: string
  readonly yourAddress: string
  readonly next: string
  readonly audience: string
  readonly external: string
  readonly contact: string
  readonly agree: string
  readonly proceed: string
  readonly status: string
  readonly testing: string
  readonly publish: string
  readonly confirm: string
  readonly clientType: string
  readonly desktop: string
  readonly name: string
  readonly madeClient: string
  readonly download: string
  readonly unverified: string
  readonly advanced: string
  readonly goTo: string
  readonly wants: string
  readonly addMail: string
  readonly labels: string
}

const google: Readonly<Record<Language, Labels>> = {
  en: {
    projectName: 'Project name',
    create: 'Create',
    created: 'Create Project: hikyaku',
    selectProject: 'Select project',
    gmailApi: 'Gmail API',
    enable: 'Enable',
    start: 'Get started',
    appName: 'App name',
    supportEmail: 'User support email',
    yourAddress: 'your Gmail address',
    next: 'Next',
    audience: 'Audience',
    external: 'External',
    contact: 'Contact email',
    agree: 'I agree',
    proceed: 'Continue',
    status: 'Publishing status',
    testing: 'Testing',
    publish: 'Publish app',
    confirm: 'Confirm',
    clientType: 'Application type',
    desktop: 'Desktop app',
    name: 'Name',
    madeClient: 'OAuth client created',
    download: 'Download JSON',
    unverified: 'Google hasn’t verified this app',
    advanced: 'Advanced',
    goTo: 'Go to hikyaku (unsafe)',
    wants: 'hikyaku wants access',
    addMail: 'Add emails into your Gmail mailbox',
    labels: 'See and edit your email labels',
  },
  ja: {
    projectName: 'プロジェクト名',
    create: '作成',
    created: 'プロジェクト「hikyaku」の作成',
    selectProject: 'プロジェクトを選択',
    gmailApi: 'Gmail API',
    enable: '有効にする',
    start: '開始',
    appName: 'アプリ名',
    supportEmail: 'ユーザー サポートメール',
    yourAddress: 'ご自分の Gmail アドレス',
    next: '次へ',
    audience: '対象',
    external: '外部',
    contact: '連絡先メールアドレス',
    agree: '同意します',
    proceed: '続行',
    status: '公開ステータス',
    testing: 'テスト中',
    publish: 'アプリを公開',
    confirm: '確認',
    clientType: 'アプリケーションの種類',
    desktop: 'デスクトップ アプリ',
    name: '名前',
    madeClient: 'OAuth クライアントを作成しました',
    download: 'JSON をダウンロード',
    unverified: 'このアプリは確認されていません',
    advanced: '詳細',
    goTo: 'hikyaku（安全ではないページ）に移動',
    wants: 'hikyaku がアクセスを求めています',
    addMail: 'メールの追加',
    labels: 'ラベルの表示と編集',
  },
}

type Pictures = (labels: Labels) => readonly Picture[]

const pictures: Readonly<Record<string, Pictures>> = {
  'google-step-1': l => [
    {
      address: `${console_}/projectcreate`,
      rows: [
        { field: l.projectName, value: 'hikyaku' },
        { button: l.create, press: 1 },
        { text: l.created },
        { link: l.selectProject, press: 2 },
      ],
    },
  ],
  'google-step-2': l => [
    {
      address: `${console_}/apis/library/…`,
      rows: [{ chip: 'hikyaku' }, { title: l.gmailApi }, { button: l.enable, press: 1 }],
    },
  ],
  'google-step-3': l => [
    {
      address: `${console_}/auth/overview`,
      rows: [
        { chip: 'hikyaku' },
        { button: l.start, press: 1 },
        { field: l.appName, value: 'hikyaku' },
        { field: l.supportEmail, value: l.yourAddress },
        { button: l.next, press: 2 },
        { text: l.audience },
        { box: l.external, kind: 'radio', press: 3 },
        { button: l.next, press: 4 },
        { field: l.contact, value: l.yourAddress },
        { button: l.next, press: 5 },
        { box: l.agree, kind: 'check', press: 6 },
        { button: l.proceed, press: 7 },
        { button: l.create, press: 8 },
      ],
    },
  ],
  'google-step-4': l => [
    {
      address: `${console_}/auth/audience`,
      rows: [
        { chip: 'hikyaku' },
        { title: l.status },
        { text: l.testing },
        { button: l.publish, press: 1 },
        { button: l.confirm, press: 2 },
      ],
    },
  ],
  'google-step-5': l => [
    {
      address: `${console_}/auth/clients/create`,
      rows: [
        { chip: 'hikyaku' },
        { field: l.clientType, value: l.desktop },
        { field: l.name, value: 'hikyaku' },
        { button: l.create, press: 1 },
        { title: l.madeClient },
        { button: l.download, press: 2 },
      ],
    },
  ],
  'google-consent': l => [
    {
      address: 'accounts.google.com',
      rows: [{ title: l.unverified }, { link: l.advanced, press: 1 }, { link: l.goTo, press: 2 }],
    },
    {
      address: 'accounts.google.com',
      rows: [
        { title: l.wants },
        { box: l.addMail, kind: 'check', press: 3 },
        { box: l.labels, kind: 'check', press: 4 },
        { button: l.proceed, press: 5 },
      ],
    },
  ],
}

/** What is pressed, in order, for those who do not see the picture. */
function describe(rows: readonly Row[]): string {
  return rows
    .flatMap(row => {
      if (!('press' in row) || row.press === undefined) return []
      const label = 'button' in row ? row.button : 'link' in row ? row.link : row.box
      return [`${row.press}. ${label}`]
    })
    .join(', ')
}

/** @param id of the question @returns nothing where there is no picture for it */
export function drawPicture(id: string, language: Language): Markup | '' {
  const drawn = pictures[id]?.(google[language])
  if (drawn === undefined) return ''
  const { picture: title } = pageSetupWords[language]
  return html`<div class="pictures">${drawn.map(picture => drawPage(picture, `${title}: ${describe(picture.rows)}`))}</div>`
}
