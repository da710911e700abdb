/** The full scan of all rows, in the background of a running server. */
import { verifyAll, type Finding } from '#storage/sqlite/verify.ts'
import type { IntegrityKeys } from '#storage/stored-row.ts'
import { describeError } from './describe-error.ts'
import type { Logger } from './log.ts'

// The scan shares the thread with the writer: a pause after this many rows keeps a waiting commit below some milliseconds.
const rowsPerPause = 100

/**
 * Verifies every row and every table. A row that is not what was written is reported, and refused whenever it is asked for;
 * rows that are missing or set back can't be refused one by one, so `damaged` is called to end the service. Never rejects.
 */
export async function verifyRows(
  file: string,
  keys: IntegrityKeys,
  signal: AbortSignal,
  log: Logger,
  damaged: () => void,
): Promise<void> {
  try {
    const { findings, rows } = await verifyAll({ file, keys, signal, chunk: rowsPerPause })
    for (const finding of findings) log.error({ finding }, 'the database is not what was written')
    for (const finding of findings) {
      if (finding.kind !== 'undecided') continue
      log.error(
        { table: finding.table },
        'because of its damaged rows it can not be told whether other rows of the table were set back: restore a backup, or find out who changed the database',
      )
    }
    if (findings.some(concernsAllRows)) {
      log.fatal(
        'rows were deleted, added or set back by another program: the service ends; restore a backup, or find out who changed the database',
      )
      damaged()
      return
    }
    log.info({ rows, findings: findings.length }, 'all rows were verified')
  } catch (error) {
    if (!signal.aborted) log.error({ error: describeError(error) }, 'the rows could not be verified')
  }
}

function concernsAllRows(finding: Finding): boolean {
  return finding.kind === 'table' || finding.kind === 'head'
}
