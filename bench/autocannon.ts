import autocannon from 'autocannon'
import type { Play, Played } from './generator.ts'
import { readRecording } from './recording.ts'

/**
 * Plays a recording through the autocannon package, in this process, where wrk is not installed. Its client asks
 * `getRequestBuffer` for the bytes of each request; here they come from the recording instead of its own request builder.
 */
export async function playWithAutocannon(what: Play): Promise<Played> {
  const requests = readRecording(what.recording)
  const millis: number[] = []
  let sent = 0
  const result = await autocannon({
    url: what.url,
    connections: what.connections,
    amount: what.count,
    timeout: 60,
    setupClient: (client) => {
      client.getRequestBuffer = () => {
        const request = requests[sent]
        if (request === undefined) throw new Error('autocannon asked for more requests than were recorded')
        if (sent === 0) what.onBegin()
        sent++
        return request
      }
      client.on('response', (_status: number, _bytes: number, duration: number) => {
        millis.push(duration)
        if (millis.length === what.count) what.onEnd()
      })
    },
  })
  millis.sort((a, b) => a - b)
  const percentile = (share: number): number => 1000 * (millis[Math.floor(millis.length * share)] ?? 0)
  return {
    sent,
    answered: millis.length,
    refused: result.non2xx,
    broken: result.errors + result.timeouts,
    p50Micros: percentile(0.5),
    p99Micros: percentile(0.99),
  }
}
