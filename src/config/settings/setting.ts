/**
 * What a setting is: its variable and its key in YAML (the name that it has in its table), how it is read, what holds
 * without it, who may say it, and its sentence in both languages. .env.example, docs/configuration*, `config show` and
 * the Config are made of these.
 */
import type { Language } from '../../base/language.ts'
import { type Reader, readText } from '../readers.ts'
import { writeValue } from '../writers.ts'

/** The same text in both languages, in Markdown. Lines are wrapped by whoever prints it. */
export type Text = Readonly<Record<Language, string>>

export interface About {
  /** What it is for. */
  readonly about: Text
  /** The values that it can have, where each needs words of its own. */
  readonly choices?: readonly { readonly value: string; readonly about: Text }[]
  /** What is to be said behind the choices. */
  readonly more?: Text
}

/** `Value` is what its reader makes, `InForce` what can hold: the same, or undefined beside it. */
export interface Setting<Value = unknown, InForce = Value> extends About {
  /** Its variable; undefined: it has a meaning among several only, so it stands in YAML alone. */
  readonly variable: string | undefined
  readonly read: Reader<Value>
  /** What holds where it is not set: nothing goes on, or a value, also one that others of its table decide. */
  readonly absent:
    | { readonly is: 'needed' }
    | { readonly is: 'value'; readonly value: InForce }
    | { readonly is: 'decided'; valueFor(others: Readonly<Record<string, unknown>>): InForce }
  /** What holds without it, where that is more than a value. */
  readonly otherwise: Text | undefined
  /** A value to show, as it is written in .env; undefined: the default is shown. */
  readonly example: string | undefined
  /** May come as NAME_FILE too (in YAML only so, as `keyFile`), and is never shown. */
  readonly secret: boolean
  /** Only the environment of the process may say it: neither `.env` nor the YAML file. */
  readonly processOnly: boolean
  /** A path, made absolute: relative to the YAML file, or to the current folder. */
  readonly path: boolean
  /** The value as an owner writes it in .env. */
  write(value: Value): string
}

export type Settings = Readonly<Record<string, Setting>>

/** What a table of settings is read to. */
export type Values<S> = {
  readonly [K in keyof S]: S[K] extends Setting<infer _Value, infer InForce> ? InForce : never
}

interface Given<Value> extends About {
  readonly variable?: string
  readonly read: Reader<Value>
  readonly path?: true
  readonly processOnly?: true
  readonly otherwise?: Text
  /** As it is written in .env, for one to see. */
  readonly example?: string
  readonly write?: (value: Value) => string
}

function makeSetting<Value, InForce>(
  given: Given<Value>,
  absent: Setting<Value, InForce>['absent'],
): Setting<Value, InForce> {
  const { variable, path = false, processOnly = false, otherwise, example, write = writeValue } = given
  const { read, about, choices, more } = given
  const words = { about, ...(choices && { choices }), ...(more && { more }) }
  return { ...words, variable, read, path, processOnly, otherwise, example, write, absent, secret: false }
}

/** Nothing goes without it. */
export function needed<T>(given: Given<T> & { readonly example: string }): Setting<T> {
  return makeSetting<T, T>(given, { is: 'needed' })
}

/** May be left out. */
export function optional<T>(given: Given<T> & { readonly example: string }): Setting<T, T | undefined> {
  return makeSetting<T, T | undefined>(given, { is: 'value', value: undefined })
}

/** Has a default. */
export function usually<T>(given: Given<T> & { readonly usual: NoInfer<T> }): Setting<T> {
  return makeSetting<T, T>(given, { is: 'value', value: given.usual })
}

/** Has a default that others of its table decide; those must be needed or have a default of their own. */
export function usuallyFor<T, Others>(
  given: Given<T> & { readonly usualFor: (others: Others) => T; readonly example: string },
): Setting<T> {
  return makeSetting<T, T>(given, {
    is: 'decided',
    valueFor: others => given.usualFor(others as Others),
  })
}

/** A value that is never shown, and that nobody reads before it is used. */
export function secret(
  given: About & { readonly variable: string; readonly example: string; readonly otherwise?: Text },
): Setting<string, undefined> {
  const absent = { is: 'value', value: undefined } as const
  return { ...makeSetting<string, undefined>({ ...given, read: readText }, absent), secret: true }
}
