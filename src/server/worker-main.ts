/**
 * A worker thread: one listener, its own read-only connection and caches, and a link to the writer. Workers are alike; they
 * share the port (SO_REUSEPORT), the revision slots and nothing else.
 */
import type { Server } from 'node:http'
import type { Server as TlsServer } from 'node:https'
import { flushCompileCache } from 'node:module'
import { Server as NetServer } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import type { MessagePort } from 'node:worker_threads'
import { errorRow, errorCatalogue, type ErrorCode } from '#aws/errors.ts'
import { RevisionSlots } from '#cache/revision-slots.ts'
import type { Address } from '#config/settings.ts'
import { isLoopback } from '#base/loopback.ts'
import { importHierarchy } from '#crypto/key-hierarchy.ts'
import { FaultBoard } from '#faults/board.ts'
import { faultInjector } from '#faults/injector.ts'
import type { PrivateEndpoint } from '#gateway/request.ts'
import { createListener, type Listener } from '#http/listener.ts'
import { trustedProxies } from '#http/trusted-proxies.ts'
import { compilePolicy } from '#policy/compile.ts'
import { RequestMetrics, type Outcome } from '#metrics/request-metrics.ts'
import { sourceMeter } from '#quota/source-meter.ts'
import { unmetered } from '#quota/unmetered.ts'
import { openReader } from '#storage/sqlite/reader.ts'
import { systemClock, systemKeyPairs, systemRandom } from '../system.ts'
import { databaseFile } from './files.ts'
import { describeError } from './describe-error.ts'
import { limitedRsa } from './key-pair-limit.ts'
import { createKeyPairPool, patienceMs } from './key-pair-pool.ts'
import { startKeyPairMaker } from './key-pair-process.ts'
import { createMetricsListener } from './metrics-listener.ts'
import { perSecond } from './per-second.ts'
import type { ListenFlag } from './port-guard.ts'
import type { ToPrimary, ToWorker, WorkerStart } from './messages.ts'
import { limitRefusals } from './refusal-limit.ts'
import { countedOperations } from './counted-operations.ts'
import { bindServices } from './services.ts'
import { SigningThread } from './signing-thread.ts'
import { KeyUsageLink } from './key-usage-link.ts'
import { createWorkerPorts } from './worker-ports.ts'
import { createWorkerLog } from './worker-log.ts'
import { WriterLink } from './writer-link.ts'

// Clients with an idle connection send their next request on it: for this long it is answered, and they are told to connect
// anew. Who sends nothing is cut off afterwards.
const idleGraceMs = 1000
const sweepMs = 20

const accelerationDelayMs = 300

// Of each size of RSA, in each worker, once the first was asked for.
const pairsPerSize = 2

interface StartedListener extends Listener {
  readonly flag: ListenFlag
  readonly address: Address
}

// Of one worker: there are as many workers as cores, and libuv has four threads for all of them.
const rsaAtOnce = 1

/** Serves until the primary says `drain`. */
export async function serve(start: WorkerStart, port: MessagePort): Promise<void> {
  const { settings } = start
  const log = createWorkerLog(settings.logLevel, { worker: start.index })
  const hierarchy = importHierarchy(start.hierarchy)
  const clock = systemClock(start.clockOffset)
  const random = systemRandom()
  const slots = new RevisionSlots(start.slots)
  const metrics = new RequestMetrics(start.metrics, countedOperations, start.index)
  const readiness = new Int32Array(start.readiness)
  const storage = openReader(databaseFile(settings.dataDir), hierarchy.stateMac)
  const link = new WriterLink(port, clock, (error) =>
    log.error({ error: describeError(error) }, 'an answer could not be given'),
  )
  const keyUsage = new KeyUsageLink(port)
  // A caller whose policies can't be understood meets that with each request.
  const undecided = perSecond(() => clock.machineNow())
  let draining = false
  const send = (message: ToPrimary): void => port.postMessage(message)

  const securityLog = limitRefusals(
    {
      refused: (event) => send({ kind: 'refused', event }),
      dropped: (count) => send({ kind: 'refusals dropped', count }),
    },
    () => clock.machineNow(),
  )

  const keyPairs = limitedRsa(systemKeyPairs, rsaAtOnce)
  const pairs = createKeyPairPool({
    generate: keyPairs,
    startMaker: startKeyPairMaker,
    perSize: pairsPerSize,
    patienceMs,
    failed: (error, before) => log.warn({ error: describeError(error), before }, 'RSA keys could not be made aside'),
    now: () => clock.machineNow(),
  })
  const ports = createWorkerPorts({
    settings,
    oidc: start.oidc,
    attestationRoots: start.attestationRoots,
    hierarchy,
    storage,
    slots,
    clock,
    random,
    keyPairs,
    pooledPairs: pairs.keyPairs,
    aside: new SigningThread(),
    keyUsage,
    issuerFailed: (issuer, error) =>
      log.warn({ issuer, error: describeError(error) }, 'the keys of an OIDC issuer could not be had'),
  })
  const services = bindServices(
    ports.services,
    {
      identities: ports.identities,
      audit: link,
      committer: link,
      quota: unmetered,
      strangers: sourceMeter(() => clock.machineNow()),
      clock,
      random,
      securityLog,
      faults: start.faults === undefined ? undefined : faultInjector(new FaultBoard(start.faults), clock),
      failures: {
        failed: (where, error) => log.error({ ...where, error: describeError(error) }, 'a request failed'),
        undecided: (where, error) => {
          metrics.countUndecided()
          const more = undecided.take()
          if (more === undefined) return
          log.error({ ...where, more, error: describeError(error) }, 'a decision failed, and was a denial')
        },
      },
    },
    { regions: new Set(settings.regions), home: settings.regions[0], skewSeconds: settings.clockSkewSeconds },
  )

  const listenerFor = (endpoint: PrivateEndpoint | undefined): Listener =>
    createListener({
      services,
      random,
      securityLog,
      tls: start.tls,
      endpoint,
      trustedProxies: trustedProxies(settings.trustedProxies),
      // Tests of coherence between workers have to tell them apart.
      workerHeader: settings.testProfile ? String(start.index) : undefined,
      metrics: endpoint === undefined && isLoopback(start.listen.host) && start.metricsListen === undefined,
      renderMetrics: () => metrics.render(),
      notReady: () => {
        if (draining) return 'not ready: the server is about to end'
        return Atomics.load(readiness, 0) === 0 ? undefined : 'not ready: see the server log'
      },
      draining: () => draining,
      answered: (operation, errorCode, milliseconds) => metrics.count(operation, outcomeOf(errorCode), milliseconds),
      failed: (requestId, error) => log.error({ requestId, error: describeError(error) }, 'a request failed'),
    })
  const listeners: readonly StartedListener[] = [
    { flag: '--listen', address: start.listen, ...listenerFor(undefined) },
    ...start.privateEndpoints.map(({ id, vpc, policy, listen: address }): StartedListener => {
      const attached =
        policy === undefined ? undefined : { name: `policy of endpoint ${id}`, policy: compilePolicy(policy) }
      return { flag: '--private-endpoint', address, ...listenerFor({ id, vpc, policy: attached }) }
    }),
  ]
  const metricsServer =
    start.metricsListen === undefined || start.index !== 0 ? undefined : createMetricsListener(() => metrics.render())

  async function begin(): Promise<void> {
    let on: Pick<StartedListener, 'flag' | 'address'> = { flag: '--listen', address: start.listen }
    try {
      let bound = 0
      for (const listener of listeners) {
        on = listener
        const port = await listen(listener.server, listener.address, settings.workers > 1)
        if (bound === 0) bound = port
      }
      if (metricsServer !== undefined && start.metricsListen !== undefined) {
        on = { flag: '--metrics-listen', address: start.metricsListen }
        await listen(metricsServer, start.metricsListen, false)
      }
      send({ kind: 'listening', port: bound })
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
      const message = error instanceof Error ? error.message : String(error)
      send({ kind: 'cannot listen', on: on.flag, address: on.address, code, message })
    }
  }

  /** Stops accepting, lets what is in flight be answered, and says so. */
  function drain(): void {
    draining = true
    pairs.close()
    metricsServer?.close()
    metricsServer?.closeAllConnections()
    let open = listeners.length
    for (const { server, closeIdle } of listeners) {
      // Not the HTTP server's own close, which at once cuts off idle connections: a request may be on its way on each.
      NetServer.prototype.close.call(server, () => {
        open -= 1
        if (open > 0) return
        // The process ends without the end of this thread: the last connection to a database moves its log into it.
        storage.close()
        flushCompileCache()
        send({ kind: 'drained' })
      })
      setTimeout(() => {
        closeIdle()
        setInterval(closeIdle, sweepMs).unref()
      }, idleGraceMs).unref()
    }
  }

  port.on('message', (message: ToWorker) => {
    switch (message.kind) {
      case 'page stored':
      case 'commit done':
        link.receive(message)
        break
      case 'last use found':
        keyUsage.receive(message)
        break
      case 'drain':
        drain()
        break
      case 'tls':
        for (const { server } of listeners) {
          if ('setSecureContext' in server) server.setSecureContext(message.tls.options)
        }
        break
      case 'start':
        throw new Error('a worker was started twice')
    }
  })

  await begin()
  // The ready line waits for nothing that only makes requests quicker.
  await wait(accelerationDelayMs, undefined, { ref: false })
  const { acceleratePrimitives } = await import('./accelerate.ts')
  const openssl = await acceleratePrimitives()
  log.debug({ openssl }, 'how ciphertext blobs are sealed')
}

function outcomeOf(code: string | undefined): Outcome {
  if (code === undefined) return 'success'
  if (code === 'ThrottlingException') return 'throttled'
  return isErrorCode(code) && errorRow(code).fault === 'server' ? 'server_error' : 'client_error'
}

function isErrorCode(code: string): code is ErrorCode {
  return code in errorCatalogue
}

async function listen(on: Server | TlsServer, address: Address, shared: boolean): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    on.once('error', reject)
    on.listen({ host: address.host, port: address.port, reusePort: shared, backlog: 1024 }, () => {
      on.removeListener('error', reject)
      resolve()
    })
  })
  const bound = on.address()
  return typeof bound === 'object' && bound !== null ? bound.port : address.port
}
