/** Takes the lock of the directory given, says so, and holds it until it is killed or its input ends. */
import { acquireLock } from '#storage/lock.ts'

try {
  acquireLock(process.argv[2] ?? '')
  // The lock must not depend on somebody keeping what acquireLock returned.
  globalThis.gc?.()
  console.log('held')
  process.stdin.on('end', () => process.exit(0)).resume()
} catch (error) {
  console.log(error instanceof Error ? error.message : 'unknown')
}
