/** Answers each key id with the description of the key. */
import { parentPort, workerData } from 'node:worker_threads'
import { openReader } from '#storage/sqlite/reader.ts'
import { keyId, place, testKeys } from '../fixtures.ts'

const reader = openReader(String(workerData), testKeys().stateMac)
parentPort?.on('message', (id: unknown) => parentPort?.postMessage(reader.key(place, keyId(String(id)))?.description))
parentPort?.postMessage('ready')
