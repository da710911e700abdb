/** A worker thread that imports a hierarchy and answers with MACs that show which keys it got. */
import { createHmac } from 'node:crypto'
import { parentPort, workerData } from 'node:worker_threads'
import { importHierarchy } from '#crypto/key-hierarchy.ts'

const shared: unknown = workerData
if (!(shared instanceof SharedArrayBuffer)) throw new TypeError('expected shared memory')
const hierarchy = importHierarchy(shared)
parentPort?.postMessage([
  hierarchy.installationId,
  hierarchy.currentEpoch,
  hierarchy.stateMac.hex('x'),
  hierarchy.auditChain.hex('x'),
  ...[1, 2, 9].map((epoch) => createHmac('sha256', hierarchy.domainKey(epoch)).update('x').digest('hex')),
  createHmac('sha256', hierarchy.sealedHeadKey).update('x').digest('hex'),
])
