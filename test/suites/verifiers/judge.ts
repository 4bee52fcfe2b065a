/**
 * Runs other people's verifiers (judge.py, judge.pl), each over a whole batch in one process, and holds what they say
 * against what we say. A disagreement is explained in a table, or it fails the test.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Zone } from '../../authentication/world.ts'

/** Debian's own: what is first in the path may be another one, without Debian's modules. */
const programs = {
  py: '/usr/bin/python3',
  pl: '/usr/bin/perl',
} as const

const verifiers = {
  dkimpy: ['py', 'dkimpy'],
  'dkimpy, ARC': ['py', 'dkimpy-arc'],
  OpenDKIM: ['py', 'opendkim'],
  'Mail::DKIM': ['pl', 'dkim'],
  'Mail::DKIM, ARC': ['pl', 'arc'],
  OpenDMARC: ['py', 'opendmarc'],
  authres: ['py', 'authres'],
  pyspf: ['py', 'pyspf'],
} as const

export type Verifier = keyof typeof verifiers

/** What the named verifiers want for, or undefined. */
export function missingVerifiers(): string | undefined {
  const wanted = [
    [
      programs.py,
      '-c',
      'import ctypes, authres, dkim, spf; ctypes.CDLL("libopendkim.so.11"); ctypes.CDLL("libopendmarc.so.2")',
    ],
    [programs.pl, '-MMail::DKIM::ARC::Verifier', '-e', '1'],
  ] as const
  for (const [program, ...args] of wanted) {
    const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' })
    if (status !== 0) return `of other verifiers something is missing: ${stderr?.trim().split('\n').at(-1)}`
  }
  return undefined
}

/** What the verifier says of each case, in their order. */
export function judge(verifier: Verifier, cases: readonly unknown[]): readonly unknown[] {
  const [language, name] = verifiers[verifier]
  const program = fileURLToPath(new URL(`judge.${language}`, import.meta.url))
  const { status, stdout, stderr } = spawnSync(programs[language], [program, name], {
    input: JSON.stringify(cases),
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    timeout: 60_000,
  })
  if (status !== 0) throw new Error(`${verifier} broke off: ${stderr}`)
  const verdicts = JSON.parse(stdout) as unknown[]
  if (verdicts.length !== cases.length) throw new Error(`${verifier} left cases out`)
  return verdicts
}

/** A signed message as judge.py and judge.pl take it. */
export function toCase({ message, zone }: { message: Buffer; zone: Zone }): unknown {
  const records = Object.entries(zone).flatMap(([name, { TXT: texts }]) =>
    texts === undefined ? [] : [[name, [texts[0]].flat()] as const],
  )
  return { message: message.toString('base64'), records: Object.fromEntries(records) }
}

/** Why one verifier says something else than we do of some cases. */
export interface Explanation {
  readonly verifier: Verifier
  /** Names of cases. */
  readonly cases: readonly string[]
  readonly why: string
}

/**
 * @returns a line for each disagreement that is not explained, and for each explanation of one that is none (any more)
 */
export function findUnexplained(
  verifier: Verifier,
  explanations: readonly Explanation[],
  verdicts: readonly { readonly name: string; readonly ours: string; readonly theirs: string }[],
): string[] {
  const explained = new Set(
    explanations.filter(explanation => explanation.verifier === verifier).flatMap(({ cases }) => cases),
  )
  const lines = verdicts.flatMap(({ name, ours, theirs }) => {
    const isExplained = explained.delete(name)
    if (ours === theirs) return isExplained ? [`${verifier}: ${name}: no disagreement to explain`] : []
    return isExplained ? [] : [`${verifier}: ${name}: ${theirs}, and we say ${ours}`]
  })
  return [...lines, ...[...explained].map(name => `${verifier}: ${name}: no such case`)]
}
