import { firstSchema } from './0001-first-schema.ts'
import { importedMaterial } from './0002-imported-material.ts'
import { materialsByRotation } from './0003-materials-by-rotation.ts'
import type { Migration } from './migration.ts'

/** All steps in order; the last one is the schema that this version of Trent works with. */
export const migrations: readonly Migration[] = [firstSchema, importedMaterial, materialsByRotation]
