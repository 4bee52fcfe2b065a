/**
 * Preloaded into a real hikyaku process (node --import): writes down, one JSON line each in HIKYAKU_DURABLE, what it
 * syncs and renames, and how SQLite syncs each database by the time it is closed. It changes nothing. Nothing in
 * src/ knows of it.
 */
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { basename } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

const file = process.env.HIKYAKU_DURABLE ?? ''
const { openSync, fsyncSync, renameSync, appendFileSync, statSync } = fs
const say = (what: object): void => {
  appendFileSync(file, `${JSON.stringify(what)}\n`)
}
const names = new Map<number, string>()

fs.openSync = (path, ...more) => {
  const handle = openSync(path, ...more)
  names.set(handle, String(path))
  return handle
}
fs.fsyncSync = handle => {
  fsyncSync(handle)
  const name = names.get(handle) ?? ''
  say({ do: statSync(name).isDirectory() ? 'sync-folder' : 'sync', name: basename(name) })
}
fs.renameSync = (from, to) => {
  renameSync(from, to)
  say({ do: 'rename', name: basename(String(from)), to: basename(String(to)) })
}
syncBuiltinESMExports()

const close = DatabaseSync.prototype.close
DatabaseSync.prototype.close = function (this: DatabaseSync): void {
  const name = basename(this.location() ?? '')
  say({
    do: 'close',
    name,
    ...this.prepare('PRAGMA synchronous').get(),
    ...this.prepare('PRAGMA journal_mode').get(),
  })
  close.call(this)
}
