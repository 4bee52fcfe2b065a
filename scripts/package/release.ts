/** What must hold before a release is made: everybody can find where it is from, and it is of a commit. */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { fillInRepository, readRepository } from '../repository.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** @returns what stands against a release of this version, each with what to do; none where it may be made */
export async function findReleaseObstacles(version: string): Promise<string[]> {
  const git = async (...args: string[]): Promise<string> =>
    (await promisify(execFile)('git', args, { cwd: root })).stdout.trim()
  const obstacles: string[] = []
  const changes = await git('status', '--porcelain')
  if (changes !== '') obstacles.push(`There are changes that are in no commit:\n${changes}`)
  if ((await readRepository()) === undefined)
    obstacles.push(`package.json has no \`repository\`. Fill it in once: ${fillInRepository}`)
  for (const name of ['CHANGELOG.md', 'CHANGELOG.ja.md'])
    obstacles.push(...findGaps(name, await readFile(join(root, name), 'utf8'), version))
  const tags = (await git('tag', '--points-at', 'HEAD')).split('\n')
  if (!tags.includes(`v${version}`))
    obstacles.push(`This commit has no tag v${version}: git tag --annotate v${version}`)
  return obstacles
}

/** Whoever reads of this version finds all that is in it, and nothing waits above it for the next one. */
function findGaps(name: string, changelog: string, version: string): string[] {
  const parts = changelog.split(/^## /m).slice(1)
  const linesBelow = (heading: RegExp): string | undefined =>
    parts
      .find(part => heading.test(part))
      ?.replace(/^.*\n/, '')
      .trim()
  const own = linesBelow(new RegExp(`^${version.replaceAll('.', '\\.')} \\(\\d{4}-\\d{2}-\\d{2}\\)\\n`))
  const waiting = linesBelow(/^(Unreleased|未公開)\n/)
  return [
    ...(own ? [] : [`${name} has no heading \`## ${version} (DATE)\` with lines below it.`]),
    ...(waiting
      ? [`${name} has lines under its first heading that belong under \`## ${version} (DATE)\`.`]
      : []),
  ]
}
