/** Health and metrics: plain text, for machines of the operator, without a signature. */
import type { ServerResponse } from 'node:http'
import type { Route } from './routes.ts'

export interface PlainOptions {
  /** Whether `GET /metrics` answers here. */
  readonly metrics: boolean
  /** The Prometheus text of all workers. */
  renderMetrics(): Promise<string>
  /** Why the server can't serve now, or undefined when it can. */
  notReady(): string | undefined
}

export function answerPlain(
  route: Extract<Route, { kind: 'health' | 'metrics' }>,
  response: ServerResponse,
  options: PlainOptions,
): void {
  const text = (status: number, body: string, type = 'text/plain; charset=utf-8'): void => {
    response.writeHead(status, {
      'content-type': type,
      'cache-control': 'no-store',
      'content-length': Buffer.byteLength(body),
    })
    response.end(body)
  }
  if (route.kind === 'health') {
    const reason = route.check === 'ready' ? options.notReady() : undefined
    if (reason === undefined) text(200, 'ok\n')
    else text(503, `${reason}\n`)
    return
  }
  if (!options.metrics) {
    text(404, 'metrics are served on --metrics-listen\n')
    return
  }
  options.renderMetrics().then(
    (metrics) => text(200, metrics, 'text/plain; version=0.0.4; charset=utf-8'),
    () => text(500, 'metrics are not available\n'),
  )
}
