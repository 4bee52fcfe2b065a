/** How the one list of what is not well calls the wish for a label of Gmail. Pure. */
import type { TroubleKey } from './trouble.ts'

const labelMark = 'Gmail label: '

/** The subject of a wish for a label of Gmail; that of any other wish is a folder. */
export const labelSubject = (label: string): string => `${labelMark}${label}`

/** The label that a wish is for, or undefined where it is for a folder. */
export const labelOf = ({ scope, subject }: Pick<TroubleKey, 'scope' | 'subject'>): string | undefined =>
  scope === 'wish' && subject.startsWith(labelMark) ? subject.slice(labelMark.length) : undefined
