import { exhaustive } from '#base/exhaustive.ts'
import { kindTable, kindVerdicts, measureKinds } from './kinds.ts'
import { largeTable, largeVerdicts, measureLarge } from './large.ts'
import { materialTable, materialVerdicts, measureMaterials } from './materials.ts'
import type { DriveSettings } from './measure.ts'
import type { OnlyCase, Options } from './options.ts'
import { measurePairs, pairTable, pairVerdicts } from './pairs.ts'
import { measureRatios, ratioTable, ratioVerdicts } from './ratios.ts'
import type { Verdict } from './report.ts'
import { measureStarts, startTable, startVerdicts } from './starts.ts'

/** What came of a case that was asked for by name. `figures` is what it measured, for the JSON file. */
export interface OnlyResults {
  readonly figures: object
  readonly table: string
  readonly verdicts: readonly Verdict[]
}

const manyMaterials = 10_000
const someMaterials = 500
const manyStarts = 9
const someStarts = 2

/** Runs one of the cases that a plain run leaves out. */
export async function measureOnly(
  only: OnlyCase,
  { keep, keys, operations, quick, serveArguments }: Options,
  settings: DriveSettings,
  progress: (line: string) => void,
): Promise<OnlyResults> {
  switch (only) {
    case 'kinds': {
      const found = await measureKinds(settings, serveArguments, progress)
      const { allCores, cores, oneWorker } = found
      const figures = { cores, oneWorker: Object.fromEntries(oneWorker), allCores: Object.fromEntries(allCores) }
      return { figures, table: kindTable(found), verdicts: kindVerdicts(found) }
    }
    case 'pairs': {
      const found = await measurePairs(settings, serveArguments, progress)
      return { figures: found, table: pairTable(found), verdicts: pairVerdicts(found) }
    }
    case 'materials': {
      const count = quick ? someMaterials : manyMaterials
      const found = await measureMaterials(settings, count, serveArguments, progress)
      const figures = { ...found, turns: Object.fromEntries(found.turns) }
      return { figures, table: materialTable(found), verdicts: materialVerdicts(found) }
    }
    case 'keys': {
      const found = await measureLarge(settings, keys, keep, serveArguments, progress)
      const figures = { ...found, turns: Object.fromEntries(found.turns) }
      return { figures, table: largeTable(found), verdicts: largeVerdicts(found) }
    }
    case 'ratios': {
      const found = await measureRatios(settings, operations, keys, serveArguments, progress)
      const figures = Object.fromEntries([...found].map(([operation, each]) => [operation, Object.fromEntries(each)]))
      return { figures, table: ratioTable(found), verdicts: ratioVerdicts(found) }
    }
    case 'starts': {
      const found = await measureStarts(settings.folder, keys, quick ? someStarts : manyStarts, keep, progress)
      return { figures: found, table: startTable(found), verdicts: startVerdicts(found) }
    }
    default:
      return exhaustive(only)
  }
}
