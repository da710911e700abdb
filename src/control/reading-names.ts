/** The commands that only read, by name: apart from them, since a server's own thread never runs them. */
export type ReadingName = 'audit tail' | 'audit show' | 'audit verify' | 'storage verify' | 'explain' | 'who-can'

/** Whether a reading needs the installation's keys: to verify what it reads, or to trust it. */
export const needsKeys: Readonly<Record<ReadingName, boolean>> = {
  'audit tail': false,
  'audit show': false,
  'audit verify': true,
  'storage verify': true,
  explain: true,
  'who-can': true,
}
