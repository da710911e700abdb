import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { createInterface } from 'node:readline'
import type { Play, Played } from './generator.ts'
import { numberMember } from './json.ts'

const script = fileURLToPath(new URL('play.lua', import.meta.url))
const longestSeconds = 900

/** Plays a recording through wrk, one thread. Rejects when wrk ends before the recording did. */
export async function playWithWrk(what: Play): Promise<Played> {
  const { connections, recording, url } = what
  const child = spawn(
    'wrk',
    // prettier-ignore
    ['-t1', `-c${connections}`, `-d${longestSeconds}s`, '--timeout', '60s', '-s', script, url, '--', recording, String(connections)],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  const exited = new Promise<void>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', () => resolve())
  })
  const other: string[] = []
  let played: Played | undefined
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (line === 'begin') what.onBegin()
    else if (line === 'end') {
      what.onEnd()
      // wrk's main thread sleeps for the whole duration; an interrupt is its way to report early.
      child.kill('SIGINT')
    } else if (line.startsWith('summary ')) played = parseSummary(line.slice('summary '.length))
    else other.push(line)
  })
  await exited
  if (played === undefined) throw new Error(`wrk ended without a summary: ${other.join(' | ')}`)
  return played
}

function parseSummary(text: string): Played {
  const summary: unknown = JSON.parse(text)
  return {
    sent: numberMember(summary, 'sent'),
    answered: numberMember(summary, 'answered'),
    refused: numberMember(summary, 'refused'),
    broken: numberMember(summary, 'broken'),
    p50Micros: numberMember(summary, 'p50'),
    p99Micros: numberMember(summary, 'p99'),
  }
}
