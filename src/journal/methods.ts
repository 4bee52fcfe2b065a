/** What the journal does over its tables, whichever database they are in. */
import { makeFigures } from './figures.ts'
import { makeFolders } from './folders.ts'
import { makeForwardingSums } from './forwarding-sums.ts'
import type { Journal } from './journal.ts'
import { makeMoves } from './moves.ts'
import { makeRows } from './rows.ts'
import { makeSearch } from './search.ts'
import type { Database } from './sql.ts'
import { makeState } from './state.ts'
import { makeTroubles } from './troubles.ts'

/** All but where the tables are, who writes there, and the end. */
type Methods = Omit<Journal, 'path' | 'watchWrites' | 'assertInPlace' | 'close'>

export function makeMethods(database: Database): Methods {
  return {
    ...makeRows(database),
    ...makeMoves(database),
    ...makeFolders(database),
    ...makeState(database),
    ...makeFigures(database),
    ...makeForwardingSums(database),
    ...makeSearch(database),
    troubles: makeTroubles(database),
  }
}
