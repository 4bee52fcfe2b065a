/** What a test of packages, and the making of an image, needs of this computer. */
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/**
 * @param tools programs that must be in the PATH
 * @throws with the names of all that are missing, and where root is needed and this is not root: the runner then fails
 *   the whole file
 */
export function requireTools(
  tools: readonly string[],
  { asRoot = false }: { readonly asRoot?: boolean } = {},
): void {
  const missing = tools.filter(tool => !isInPath(tool))
  const lacks = [
    ...(missing.length > 0 ? [`missing on this computer: ${missing.join(', ')}`] : []),
    ...(asRoot && process.getuid?.() !== 0 ? ['it must be run as root'] : []),
  ]
  if (lacks.length > 0) throw new Error(lacks.join('; '))
}

function isInPath(tool: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some(place => {
    try {
      accessSync(join(place, tool), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
