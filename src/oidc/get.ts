/** GET over HTTPS (or HTTP): one connection each, no proxy, no redirects, no compression. */
import { request as requestHttps } from 'node:https'
import { rootCertificates } from 'node:tls'
import type { Fetched, Get } from './documents.ts'

// Not imported: see http/node-http.ts.
const { request: requestHttp } = process.getBuiltinModule('node:http')

/** `ca`: certificates (PEM) that are trusted beside those that come with Node.js. */
export function httpGet(ca: string | undefined): Get {
  const trusted = ca === undefined ? undefined : [...rootCertificates, ca]
  return (url, { limitMs, limitBytes }) =>
    new Promise<Fetched>((resolve, reject) => {
      const request = url.protocol === 'https:' ? requestHttps : requestHttp
      const sent = request(
        url,
        {
          agent: false,
          signal: AbortSignal.timeout(limitMs),
          headers: { accept: 'application/json', 'accept-encoding': 'identity', 'user-agent': 'trent' },
          ...(trusted === undefined ? {} : { ca: trusted }),
        },
        (response) => {
          const chunks: Buffer[] = []
          let size = 0
          response.on('data', (chunk: Buffer) => {
            size += chunk.length
            if (size > limitBytes) sent.destroy(new Error(`the answer is longer than ${limitBytes} bytes`))
            else chunks.push(chunk)
          })
          response.on('error', reject)
          response.on('end', () => {
            resolve({
              status: response.statusCode ?? 0,
              location: response.headers.location,
              body: Buffer.concat(chunks),
            })
          })
        },
      )
      sent.on('error', reject)
      sent.end()
    })
}
