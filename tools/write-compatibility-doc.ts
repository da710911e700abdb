/** Writes docs/compatibility.md: npm run compatibility */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './check/files.ts'
import { compatibilityDoc } from './compatibility-doc.ts'

writeFileSync(join(root, 'docs/compatibility.md'), compatibilityDoc())
