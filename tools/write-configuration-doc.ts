/** Writes docs/configuration.md: npm run configuration */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './check/files.ts'
import { configurationDoc } from './configuration-doc.ts'

writeFileSync(join(root, 'docs/configuration.md'), configurationDoc())
