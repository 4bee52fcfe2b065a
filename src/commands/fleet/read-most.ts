import type { Invocation } from '../invocation.ts'
import { refuseUse } from '../usage.ts'
import { fleetWords } from './words.ts'

const usualMost = 50

/** How many rows are shown at once. @throws Fault usage.invalid */
export function readMost({ language }: Invocation, written: string | undefined, command: string): number {
  const most = Number(written ?? usualMost)
  if (Number.isInteger(most) && most >= 1 && most <= 1000) return most
  throw refuseUse(fleetWords[language].list.mostRange, command)
}
