import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Client } from './client.ts'
import type { GeneratorName } from './generator.ts'
import { play } from './generator.ts'
import { writeRecording } from './recording.ts'
import type { Signer } from './signer.ts'
import { rawRequest } from './signer.ts'
import { startEcho } from './started-server.ts'
import { usageOf } from './usage.ts'
import type { Fixture, Operation } from './workload.ts'
import { requestBody } from './workload.ts'

/** A server under measurement. `pid` is undefined for a peer whose process is not known. */
export interface Target {
  readonly name: string
  readonly url: string
  readonly pid: number | undefined
  readonly sign: Signer
  readonly client: Client
  readonly fixture: Fixture
}

/** How a drive is done; `folder` holds the recordings while they are played. */
export interface DriveSettings {
  readonly generator: GeneratorName
  readonly folder: string
  readonly requests: number
  readonly warmUp: number
  readonly connections: number
}

/** The figures of one drive. CPU and memory are undefined where the process is out of sight. */
export interface Figures {
  readonly cpuMicros: number | undefined
  readonly requestsPerSecond: number
  readonly p50Millis: number
  readonly p99Millis: number
  readonly residentBytes: number | undefined
}

/** One operation on one target, between two drives of the echo with the same bytes. */
export interface Measurement {
  readonly target: string
  readonly workers: number | undefined
  readonly operation: Operation
  readonly server: Figures
  readonly echoBefore: Figures
  readonly echoAfter: Figures
}

/** Plays `count` requests of a recording to `url` and reads the process's clocks at its first request and its last answer. */
export async function drive(
  settings: DriveSettings,
  recording: string,
  count: number,
  server: { readonly url: string; readonly pid: number | undefined },
): Promise<Figures> {
  const { generator, connections } = settings
  const usage = () => (server.pid === undefined ? undefined : usageOf(server.pid))
  let [beginMillis, endMillis] = [0, 0]
  let [before, after] = [usage(), usage()]
  const played = await play(generator, {
    url: server.url,
    recording,
    count,
    connections,
    onBegin: () => {
      beginMillis = performance.now()
      before = usage()
    },
    onEnd: () => {
      endMillis = performance.now()
      after = usage()
    },
  })
  return {
    cpuMicros: before === undefined || after === undefined ? undefined : (after.cpuMicros - before.cpuMicros) / count,
    requestsPerSecond: (count * 1000) / (endMillis - beginMillis),
    p50Millis: played.p50Micros / 1000,
    p99Millis: played.p99Micros / 1000,
    residentBytes: after?.residentBytes,
  }
}

/** Signs `count` requests into a recording and returns its path; `body` makes the body of each. */
export function record(
  settings: DriveSettings,
  name: string,
  count: number,
  sign: Signer,
  request: (index: number) => readonly [operation: string, body: string],
): string {
  const path = join(settings.folder, `${name}.requests`)
  writeRecording(path, count, (index) => rawRequest(sign(...request(index))))
  return path
}

/**
 * Measures `operation` on `target`: warms the echo and the target up, then drives echo, target, echo. The requests are signed
 * right before, so that they are minutes inside the window, and the target receives each of them once.
 */
export async function measure(
  settings: DriveSettings,
  target: Target,
  operation: Operation,
  workers?: number,
): Promise<Measurement> {
  const { fixture, sign } = target
  const label = `${target.name}-${workers ?? 0}-${process.hrtime.bigint()}`
  const { shape } = await target.client.call(operation, requestBody(operation, fixture, `${label}-shape`, 0))
  // Each worker compiles for itself.
  const warmUpRequests = settings.warmUp * (workers ?? 1)
  const warmUp = record(settings, 'warm-up', warmUpRequests, sign, (index) => [
    operation,
    // Ciphertexts of the warm-up are the last ones, so that the measured drive starts with others.
    requestBody(operation, fixture, `${label}-warm-up`, settings.requests + index),
  ])
  const recording = record(settings, 'measured', settings.requests, sign, (index) => [
    operation,
    requestBody(operation, fixture, label, index),
  ])
  const echo = await startEcho(settings.folder, shape)
  try {
    await drive(settings, warmUp, warmUpRequests, echo)
    const echoBefore = await drive(settings, recording, settings.requests, echo)
    await drive(settings, warmUp, warmUpRequests, target)
    const server = await drive(settings, recording, settings.requests, target)
    const echoAfter = await drive(settings, recording, settings.requests, echo)
    return { target: target.name, workers, operation, server, echoBefore, echoAfter }
  } finally {
    await echo.stop()
    for (const path of [warmUp, recording]) rmSync(path, { force: true })
  }
}
