/**
 * Before `npm publish` in a checkout, which is always refused: npm would announce the package.json of the checkout, which
 * lacks what only a package has (scripts/packed-manifest.ts), so that nobody's npm would look at the Node before
 * installing. The packed file is published instead, the very one that was tested.
 */
import { fillInRepository, readRepository } from './repository.ts'

console.error(
  'Nothing was published. Publish the packed file, so that it is the one that was tested:\n' +
    '  npm pack --silent && npm publish ./hikyaku-VERSION.tgz',
)
if ((await readRepository()) === undefined)
  console.error(
    'package.json has no `repository` yet, and provenance ties a package to the public one:\n' +
      `  ${fillInRepository}`,
  )
process.exit(65)
