#!/usr/bin/env node
/**
 * The door, which npm links as `hikyaku`: a Node that is too old is refused in one line, in the owner's language. Written
 * so that any Node can read it, since one that meets newer syntax says SyntaxError and nothing else; hence it also has
 * its own look at the language (base/language.ts), and what needs a newer Node stands in another file.
 *
 * In a package it is npm's preinstall script as well (`--before-install`), so that nothing is installed that could not
 * start; but not under npx, which keeps such a script's words to itself and starts the door anyway. npm that asks before
 * it runs such scripts comes with a Node that is new enough.
 */
// As in cli.ts: no inspector for whoever sends this signal.
process.on('SIGUSR1', function ignore() {})

function saysJapanese(env: NodeJS.ProcessEnv): boolean {
  return /^ja(?![a-z])/i.test(env.HIKYAKU_LANG || env.LC_ALL || env.LC_MESSAGES || env.LANG || '')
}

var beforeInstall = process.argv[2] === '--before-install'
var version = process.versions.node
var major = Number(version.split('.')[0])
var minor = Number(version.split('.')[1])

var isNpx = beforeInstall && process.env.npm_command === 'exec'

if (!isNpx && (major < 22 || (major === 22 && minor < 13))) {
  console.error(
    saysJapanese(process.env)
      ? 'hikyaku には Node.js 22.13 以上が必要です（現在は ' +
          version +
          '）。' +
          (beforeInstall ? '何もインストールしていません。' : 'メールには触れていません。') +
          'https://nodejs.org から新しいものを入れてください。'
      : 'hikyaku needs Node.js 22.13 or newer, and this is ' +
          version +
          '. ' +
          (beforeInstall ? 'Nothing was installed.' : 'No mail was touched.') +
          ' Install a newer one from https://nodejs.org',
  )
  process.exit(78)
}
if (!beforeInstall) require('./start.cjs')
