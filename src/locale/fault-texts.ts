/** What is said of a fault, and a table of it for some families of codes: the compiler keeps each table whole. */
import type { FaultCode } from '../base/fault.ts'
import type { Facts, FaultText } from './facts.ts'

/** @typeParam Family the part of a code before its dot */
export type FaultTexts<Family extends string> = Readonly<
  Record<Extract<FaultCode, Family | `${Family}.${string}`>, (f: Facts) => FaultText>
>
