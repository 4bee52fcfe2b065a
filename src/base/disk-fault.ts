import { Fault } from './fault.ts'

/** A disk's refusal, as a fault of this machine. */
export function diskFault(error: unknown, file: string): Fault {
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? ''
  const facts = { file, reason: code === '' ? String(error) : code }
  if (code === 'ENOSPC' || code === 'EDQUOT') return new Fault('state.disk-full', { facts, cause: error })
  if (code === 'EROFS' || code === 'EACCES' || code === 'EPERM') {
    return new Fault('state.read-only', { facts, cause: error })
  }
  return new Fault('state.io', { facts, cause: error })
}
