import type { Server } from 'node:http'
import { createServer } from '#http/node-http.ts'

/** `GET /metrics` on an address of its own, for servers whose main listener faces a network. */
export function createMetricsListener(render: () => Promise<string>): Server {
  return createServer((request, response) => {
    request.resume()
    if (request.method !== 'GET' || request.url !== '/metrics') {
      response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' })
      response.end('only GET /metrics is served here\n')
      return
    }
    render().then(
      (text) => {
        response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' })
        response.end(text)
      },
      () => {
        response.writeHead(500, { 'content-type': 'text/plain; charset=utf-8' })
        response.end('metrics are not available\n')
      },
    )
  })
}
