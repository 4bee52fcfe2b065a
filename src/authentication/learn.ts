/**
 * What a handful of messages proves about the host that received them: through which machines of its own mail passes,
 * and what it stamps below its own line. Asked once, at set-up; the owner sees what was learned and can change it.
 *
 * One message proves nothing, since its sender may have written all but the top of it. What counts is what all of them
 * have in common, from many senders: nobody but the host has a hand in every message. Behind a proxy, or from a
 * neighbour, the lines below the border differ with the sender, and nothing is learned.
 */
import { writeConfirmedId } from '../base/authserv-id.ts'
import { type ReadField, readAuthenticationResults, readReceivedSpf } from './authentication-results.ts'
import { type HeaderField, headerOctetsLimit, readFields } from './header-fields.ts'
import { isSister, registeredDomain } from './names.ts'
import { wantedFields } from './results.ts'
import { readTrace, type Trace } from './trace.ts'
import { isOutgoingForm } from './trust.ts'

export interface LearnedHost {
  /** For RECEIVING_SERVERS: exact names and addresses. */
  readonly receivingServers: readonly string[]
  /** For AUTHSERV_IDS: names with what is stamped under them on every message. */
  readonly authservIds: readonly string[]
}

/** Fewer messages, or from fewer senders, teach nothing. */
const leastMessages = 8
const leastSenders = 4
/** How many machines may stand one behind the other. */
const mostHops = 4
const mostLearned = 20

interface Sample {
  readonly fields: readonly HeaderField[]
  readonly received: readonly HeaderField[]
  /** Registered domain of the From field. */
  readonly sender: string
}

/**
 * @param headers header sections of newest messages of the mailbox, of which `headerOctetsLimit` octets are read
 * @param server the mailbox's server
 */
export function learnHost(headers: readonly Buffer[], server: string): LearnedHost {
  const samples = headers.map(readSample).filter(sample => sample.received.length > 0)
  const machines = new Set<string>()
  for (let hop = 0; hop < mostHops; hop += 1) {
    const more = learnMachines(samples, server, machines).filter(name => !machines.has(name))
    if (more.length === 0) break
    for (const name of more) machines.add(name)
  }
  const receivingServers = [...machines].slice(0, mostLearned)
  return { receivingServers, authservIds: learnIds(samples, server, receivingServers) }
}

function readSample(header: Buffer): Sample {
  const fields = readFields(header.subarray(0, headerOctetsLimit), wantedFields)
  const from = fields.find(field => field.name === 'from')?.value.toString('latin1', 0, 2000) ?? ''
  const domain = /@([\w.-]{1,253})/.exec(from.slice(Math.max(0, from.lastIndexOf('<'))))?.[1] ?? ''
  return {
    fields,
    received: fields.filter(field => field.name === 'received'),
    sender: registeredDomain(domain.toLowerCase()) ?? domain.toLowerCase(),
  }
}

const isEnough = (samples: readonly { readonly sender: string }[]): boolean =>
  samples.length >= leastMessages && new Set(samples.map(({ sender }) => sender)).size >= leastSenders

/** The machines directly behind the border, where all mail that one of the host's machines takes comes from such. */
function learnMachines(
  samples: readonly Sample[],
  server: string,
  machines: ReadonlySet<string>,
): readonly string[] {
  const known = { machines: [...machines], names: [server] }
  const groups = new Map<string, { sender: string; learned: readonly string[] | undefined }[]>()
  for (const { received, sender } of samples) {
    const trace = readTrace(received, known)
    const by = trace.border?.by
    // What the host wrote itself, and what its customers gave to it, came from no machine.
    if (by === undefined || trace.client === 'no-address') continue
    const group = groups.get(by) ?? []
    groups.set(by, group)
    group.push({ sender, learned: hopOf(trace, server) })
  }
  return [...groups.values()].flatMap(group =>
    isEnough(group) && group.every(({ learned }) => learned !== undefined) && agrees(group)
      ? group.flatMap(({ learned }) => learned ?? [])
      : [],
  )
}

/** One address has one name in all messages. */
function agrees(group: readonly { readonly learned: readonly string[] | undefined }[]): boolean {
  const names = new Map<string, string>()
  for (const { learned: [address = '', name = ''] = [] } of group) {
    if ((names.get(address) ?? name) !== name) return false
    names.set(address, name)
  }
  return true
}

/** Address and name of the machine from which the border line took the message, if it may be one of the host's. */
function hopOf({ border, client, next, ownNames }: Trace, server: string): readonly string[] | undefined {
  if (border?.clientAddress === undefined || next?.by === undefined || client === 'outside') return undefined
  const own = new Set([...ownNames, server.toLowerCase()])
  const isNamed = next.by === border.reverseName || next.by === border.helo?.toLowerCase()
  if (!isNamed || !isSister(next.by, own)) return undefined
  return [border.clientAddress, next.by]
}

const countedMethods: ReadonlySet<string> = new Set(['spf', 'dkim', 'dmarc', 'arc'])

/** What stands below the border in the host's name, in every message from outside. */
function learnIds(
  samples: readonly Sample[],
  server: string,
  machines: readonly string[],
): readonly string[] {
  const stampedBy = new Map<string, Map<string, number>>()
  const outside: Sample[] = []
  for (const sample of samples) {
    const trace = readTrace(sample.received, { machines, names: [server] })
    if (trace.client !== 'outside') continue
    outside.push(sample)
    for (const [id, methods] of stampsBelow(sample.fields, trace, server)) {
      const counts = stampedBy.get(id) ?? new Map<string, number>()
      stampedBy.set(id, counts)
      for (const method of methods) counts.set(method, (counts.get(method) ?? 0) + 1)
    }
  }
  if (!isEnough(outside)) return []
  return [...stampedBy].slice(0, mostLearned).flatMap(([id, counts]) => {
    const always = [...counts].filter(([, count]) => count === outside.length).map(([method]) => method)
    return always.length === 0 ? [] : [writeConfirmedId(id, always.sort())]
  })
}

/** Names of the host in the place where it may stamp below its line, each with the methods that are answered. */
function stampsBelow(fields: readonly HeaderField[], trace: Trace, server: string): Map<string, Set<string>> {
  const stamps = new Map<string, Set<string>>()
  const own = new Set([...trace.ownNames, server.toLowerCase()])
  const add = (id: string, methods: readonly string[]): void => {
    if (!/^[\w.-]{1,253}$/.test(id) || !isSister(id, own)) return
    stamps.set(id, new Set([...(stamps.get(id) ?? []), ...methods]))
  }
  for (const field of fields) {
    if (field.index < (trace.border?.index ?? 0) || field.index > trace.firstForeignIndex) continue
    if (field.name === 'authentication-results') {
      const read: ReadField = readAuthenticationResults(field.value)
      const methods = read.results.map(({ method }) => method).filter(method => countedMethods.has(method))
      if (!isOutgoingForm(read)) add(read.authservId.toLowerCase(), methods)
    }
    if (field.name === 'received-spf') {
      const receiver = readReceivedSpf(field.value)?.properties.receiver
      if (receiver !== undefined) add(receiver.toLowerCase(), ['received-spf'])
    }
  }
  return stamps
}
