/**
 * Before `npm publish` in a checkout: refuses what the registry would refuse late or, worse, take. Provenance ties the
 * package to the repository that package.json names, so without one there is nothing to tie it to.
 */
import { readRepository } from './repository.ts'

if ((await readRepository()) === undefined) {
  console.error(
    'Nothing was published: package.json has no `repository`, and `--provenance` needs the address of the public one.\n' +
      'Fill it in once: npm pkg set repository.type=git repository.url=git+https://HOST/OWNER/hikyaku.git',
  )
  process.exit(65)
}
