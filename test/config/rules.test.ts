/** Rules as owners write them: what the manuals show is right, and what is wrong is told with its line and a remedy. */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ConfigFault, type Problem } from '../../src/base/problem.ts'
import type { RuleConfig } from '../../src/config/config.ts'
import { loadConfig } from '../../src/config/load.ts'
import { describeProblem } from '../../src/locale/problems.ts'

const head = `accounts:
  - { name: main, address: owner@gmail.com, clientId: abc }
  - { name: taro, address: taro@gmail.com, clientId: abc }
  - { name: hanako, address: hanako@gmail.com, clientId: abc }
`
const mailbox = `mailboxes:
  - protocol: imap
    host: mail.example.jp
    user: catchall@example.jp
    account: main
    folders: INBOX,Junk:spam
`

interface Loaded {
  readonly rules: readonly RuleConfig[]
  readonly notes: readonly Problem[]
  readonly problems: readonly Problem[]
}

async function load(text: string): Promise<Loaded> {
  const folder = await mkdtemp(join(tmpdir(), 'hikyaku-rules-'))
  const notes: Problem[] = []
  try {
    const file = join(folder, 'c.yaml')
    await writeFile(file, text)
    const env = { HOME: folder, STATE_DIR: folder }
    const onNote = (note: Problem): void => void notes.push(note)
    const { mailboxes } = await loadConfig({ env, cwd: folder, file, needSecrets: false, onNote })
    return { rules: mailboxes.flatMap(({ rules }) => rules), notes, problems: [] }
  } catch (thrown) {
    if (!(thrown instanceof ConfigFault)) throw thrown
    return { rules: [], notes, problems: thrown.problems }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const withRules = (...lines: readonly string[]): string =>
  `${head}${mailbox}    rules:\n${lines.map(line => `      - ${line}\n`).join('')}`

test('every example of docs/rules.md and its Japanese sister is read, without a note', async () => {
  for (const name of ['rules.md', 'rules.ja.md']) {
    const page = await readFile(new URL(`../../docs/${name}`, import.meta.url), 'utf8')
    const blocks = [...page.matchAll(/```yaml\n(.*?)```/gs)].map(([, block = '']) => block)
    assert.ok(blocks.length >= 6, name)
    for (const block of blocks) {
      const indented = block.replace(/^(?=.)/gm, '    ')
      const { rules, notes, problems } = await load(
        block.startsWith('mailboxes')
          ? `${head}${block.replace('    host:', '    account: main\n    host:')}`
          : head + mailbox + indented,
      )
      assert.deepEqual([problems, notes], [[], []], block)
      assert.ok(rules.length >= 2, block)
    }
  }
})

test('a mistake in a rule is told with its place, its line, and what would be right', async () => {
  const cases: readonly [rule: string, at: string, says: RegExp][] = [
    ['{ recipient: example.jp, labels: x }', '.recipient', /@example\.jp/],
    ['{ recipient: "a b@exa mple", labels: x }', '.recipient', /address/],
    ['{ recipient: "@", labels: x }', '.recipient', /address/],
    ['{ recipient: "a@*.example.jp" }', '.recipient', /@\.example\.jp/],
    ['{ sender: [], labels: x }', '.sender', /list/],
    ['{ senders: "@example.jp", labels: x }', '.senders', /Did you mean sender/],
    ['{ list: "a@b" }', '.list', /List-Id/],
    ['{ header: Subject }', '.header', /colon/],
    ['{ flags: flaged }', '.flags', /flagged/],
    ['{ larger: huge }', '.larger', /20 MB/],
    ['{ recipient: a@example.jp, archive: perhaps }', '.archive', /yes or no/],
    ['{ recipient: a@example.jp, labels: [Drafts] }', '.labels', /label/],
    ['{ recipient: a@example.jp, account: tarro }', '.account', /main, taro, hanako/],
    ['{ labels: x }', '', /condition/],
    ['{ everything: no }', '', /condition/],
    ['{ everything: yes, sender: a@b.example }', '.everything', /alone/],
    ['{ sender: a@b.example, import: no, labels: x }', '.labels', /import: no/],
    ['{ sender: a@b.example, import: no, continue: yes }', '.continue', /import: no/],
    ['just text', '', /names with values/],
    [`{ sender: [${'a@b.example, '.repeat(201)}] }`, '.sender', /at most 200/],
  ]
  for (const [rule, at, says] of cases) {
    const { problems } = await load(withRules('{ recipient: ok@example.jp, labels: ok }', rule))
    assert.equal(problems.length, 1, `${rule}: ${JSON.stringify(problems)}`)
    const [problem] = problems as [Problem]
    assert.equal(problem.at, `mailboxes[0].rules[1]${at}`, rule)
    assert.equal(problem.line, 13, rule)
    assert.match(describeProblem(problem, 'en'), says)
    assert.match(describeProblem(problem, 'en'), /line 13/)
    assert.match(describeProblem(problem, 'ja'), /（13 行目）\S/)
  }
  const both = await load(withRules('{ recipient: x, labels: Sent }', '{ sedner: y }'))
  assert.equal(both.problems.length, 3, 'all in one go')
  const many = Array.from({ length: 201 }, () => '{ recipient: a@b.example }')
  assert.match(describeProblem((await load(withRules(...many))).problems[0] as Problem, 'en'), /at most 200/)
})

test('a rule that no message can come to is a note, and nothing else is', async () => {
  const never: readonly (readonly string[])[] = [
    ['{ everything: yes }', '{ sender: a@b.example, labels: x }'],
    ['{ recipient: "@example.jp" }', '{ recipient: info@example.jp, labels: x }'],
    ['{ recipient: "@.example.jp" }', '{ recipient: "info@shop.example.jp", sender: a@b.example }'],
    ['{ recipient: info@example.jp }', '{ recipient: info+shop@example.jp }'],
    ['{ larger: 1 MB }', '{ larger: 2 MB, sender: a@b.example }'],
    ['{ header: "Subject: sale" }', '{ header: "Subject: summer sale" }'],
    ['{ sender: a@b.example }', '{ folder: Nowhere }'],
  ]
  for (const rules of never) {
    const { notes, problems } = await load(withRules(...rules))
    assert.deepEqual(problems, [])
    assert.deepEqual(
      notes.map(({ at, line }) => [at, line]),
      [['mailboxes[0].rules[1]', 13]],
      rules.join(),
    )
  }
  const possible: readonly (readonly string[])[] = [
    ['{ everything: yes, continue: yes, star: yes }', '{ sender: a@b.example, labels: x }'],
    ['{ recipient: info@example.jp }', '{ recipient: "@example.jp", labels: x }'],
    ['{ recipient: [a@example.jp], sender: a@b.example }', '{ recipient: a@example.jp }'],
    ['{ recipient: info+shop@example.jp }', '{ recipient: info@example.jp }'],
    ['{ flags: seen }', '{ flags: [seen, flagged] }'],
    ['{ folder: Junk }', '{ sender: a@b.example }'],
  ]
  const sent = withRules("{ folder: '\\sent', labels: x }", '{ folder: inBox, star: yes }').replace(
    'Junk:spam',
    '\\Sent:sent',
  )
  const read = await load(sent)
  assert.deepEqual([read.notes, read.rules.map(({ folder }) => folder)], [[], [['\\Sent'], ['INBOX']]])
  for (const rules of possible) assert.deepEqual((await load(withRules(...rules))).notes, [], rules.join())
  const pop3 = withRules('{ flags: seen, import: no }')
    .replace('imap', 'pop3')
    .replace(/^ *folders:.*\n/m, '')
  assert.deepEqual(
    (await load(pop3)).notes.map(({ kind }) => kind),
    ['rule-needs-imap'],
  )
})
