/**
 * The audit path by itself: building records, collecting them in a worker, storing pages in the trail.
 * Run: node_modules/.bin/node bench/micro/audit.ts
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PageBuffer } from '#audit/page-buffer.ts'
import { clientText, operationText, placeText, recordText, resourcesText, secondText } from '#cloudtrail/record.ts'
import { Trail } from '#audit/trail.ts'
import { parseAccountId, parseRegion } from '#base/brand.ts'
import { HmacKey } from '#crypto/hmac.ts'

const account = parseAccountId('111122223333')!
const region = parseRegion('us-east-1')!
const keyId = '1193abcd-1234-4abc-8def-0123456789ab'
const arn = `arn:aws:kms:us-east-1:111122223333:key/${keyId}`
const second = secondText()
const start = 1_795_255_440_000
const fixed = {
  userIdentity: `{"type":"Root","principalId":"111122223333","arn":"arn:aws:iam::111122223333:root","accountId":"111122223333","accessKeyId":"AKIAIOSFODNN7EXAMPLE"}`,
  operation: operationText('kms.amazonaws.com', 'Encrypt', true),
  place: placeText(region, account),
  client: clientText(
    '192.0.2.1',
    'aws-sdk-js/3.1162.0 ua/2.1 os/linux#6.1.0 lang/js md/nodejs#26.10.0 api/kms#3.1162.0',
  ),
  error: '',
  responseElements: 'null',
  additionalEventData: `{"keyMaterialId":"${'0123456789abcdef'.repeat(4)}"}`,
  requestId: '01a1fb14-2d80-7000-8000-000000000001',
  eventId: 'c1a2b3c4-0000-4000-8000-000000000002',
  resources: resourcesText([{ account, arn }]),
  tlsDetails: `{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_256_GCM_SHA384","clientProvidedHostHeader":"kms.local"}`,
}
const done = (): void => undefined
const clock = { now: () => Date.now(), machineNow: () => Date.now() }

function build(serial: number): string {
  const requestParameters = `{"keyId":"${arn}","encryptionAlgorithm":"SYMMETRIC_DEFAULT","encryptionContext":{"n":"${serial}"}}`
  return recordText({ ...fixed, time: second(start + serial), requestParameters })
}

/** Runs `work` three times and prints the best: CPU (user and system) and wall microseconds for one of `count`. */
function measure(name: string, count: number, work: () => void): void {
  let cpu = Number.POSITIVE_INFINITY
  let wall = Number.POSITIVE_INFINITY
  for (let round = 0; round < 3; round++) {
    const before = process.cpuUsage()
    const began = performance.now()
    work()
    wall = Math.min(wall, ((performance.now() - began) * 1000) / count)
    const { user, system } = process.cpuUsage(before)
    cpu = Math.min(cpu, (user + system) / count)
  }
  console.log(`${name.padEnd(58)} ${cpu.toFixed(2).padStart(8)} µs CPU ${wall.toFixed(2).padStart(9)} µs wall`)
}

console.log(`a record has ${build(1).length} bytes`)
const records = 200_000
let length = 0
measure('record text', records, () => {
  for (let serial = 0; serial < records; serial++) length += build(serial).length
})
for (const [name, time] of [
  ['time given', start],
  ['time looked for', undefined],
] as const) {
  const buffer = new PageBuffer(clock)
  measure(`record text + page buffer, ${name}`, records, () => {
    for (let serial = 0; serial < records; serial++) {
      buffer.append(build(serial), done, time)
      if (buffer.count < 64) continue
      const bytes = buffer.take()?.bytes
      if (bytes === undefined) continue
      length += bytes.length
      buffer.reuse(bytes.buffer)
    }
  })
}

const use = { operation: 'Encrypt', time: start, requestId: fixed.requestId, eventId: fixed.eventId }
const arns = Array.from({ length: 10_000 }, (_, index) => arn.slice(0, -12) + String(index).padStart(12, '0'))
for (const keys of [1, 10_000]) {
  const uses = arns.slice(0, keys).map((key) => ({ keys: [key], use }))
  const buffer = new PageBuffer(clock)
  let cloned = 0
  measure(`record text + page buffer + uses of ${keys} keys, sent`, records, () => {
    for (let serial = 0; serial < records; serial++) {
      buffer.append(build(serial), done, start, uses[(serial * 7919) % keys])
      if (buffer.count < 64) continue
      const page = buffer.take()
      if (page === undefined) continue
      const { bytes, used } = page
      const sent = structuredClone({ bytes, used }, { transfer: [bytes.buffer] })
      cloned += sent.used?.length ?? 0
      buffer.reuse(sent.bytes.buffer)
    }
  })
  length += cloned
}

const directory = mkdtempSync(join(tmpdir(), 'trent-bench-audit-'))
for (const size of [1, 16, 64]) {
  const trail = new Trail({
    path: join(directory, `trail-${size}.db`),
    chainKey: new HmacKey('sha256', Buffer.alloc(32, 7)),
    clock,
  })
  const buffer = new PageBuffer(clock)
  for (let serial = 0; serial < size; serial++) buffer.append(build(serial), done, start)
  const pages = [buffer.take()].flatMap((page) => page ?? [])
  const commits = size === 1 ? 3000 : 1000
  let slowest = 0
  for (const [unit, perUnit] of [
    ['commit', 1],
    ['record', size],
  ] as const) {
    measure(`trail, ${size} records a page: each ${unit}`, commits * perUnit, () => {
      for (let commit = 0; commit < commits; commit++) {
        const began = performance.now()
        trail.append(pages)
        slowest = Math.max(slowest, performance.now() - began)
      }
    })
  }
  console.log(
    `  slowest commit ${slowest.toFixed(1)} ms, ${(trail.usedBytes() / trail.head().seq).toFixed(0)} bytes a record`,
  )
  trail.close()
}
rmSync(directory, { recursive: true })
if (length === 0) console.log('nothing was built')
