/** RSA keys that are made aside from requests, by a started server. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { CreateKeyCommand, GetParametersForImportCommand } from '@aws-sdk/client-kms'
import { startServer } from '../support/server.ts'

interface Maker {
  readonly pid: number
  /** Whether it runs in the scheduling class of Linux that gives way to all others, or, where there is none, is as nice as can be. */
  readonly givesWay: boolean
}

const isLinux = process.platform === 'linux'

/** The processes that make RSA keys for the process `parent`. */
function makersOf(parent: number): readonly Maker[] {
  const lines = execFileSync('ps', ['-eo', `pid,ppid,${isLinux ? 'cls' : 'ni'},args`], { encoding: 'utf8' }).split('\n')
  return lines.flatMap((line) => {
    const [pid, ppid, rank] = line.trim().split(/\s+/)
    const isMaker = Number(ppid) === parent && line.includes('generateKeyPairSync')
    return isMaker ? [{ pid: Number(pid), givesWay: rank === (isLinux ? 'IDL' : '19') }] : []
  })
}

const killed = 0x100

/**
 * Whether the process goes on: not one that nobody has waited for after its end, nor one that was killed and, at the lowest
 * priority of a busy machine, has not been given the time to end.
 */
function runs(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-o', 'pending=', '-p', String(pid)], { encoding: 'utf8' })
  const [state = '', pending = ''] = stdout.trim().split(/\s+/)
  return state !== '' && !state.startsWith('Z') && (Number.parseInt(pending, 16) & killed) === 0
}

const lacksPs = ((): string | false => {
  try {
    execFileSync('ps', ['-eo', 'pid'], { stdio: 'ignore' })
    return false
  } catch {
    return 'needs ps: apt-get install procps'
  }
})()

it(
  'give way to everything else while they are made, and never hold up the end of the server',
  { skip: lacksPs },
  async () => {
    const server = await startServer({ workers: 1 })
    const kms = server.kms()
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({ Origin: 'EXTERNAL' }))
    const request = {
      KeyId: KeyMetadata?.KeyId,
      WrappingAlgorithm: 'RSAES_OAEP_SHA_256',
      WrappingKeySpec: 'RSA_4096',
    } as const
    assert.deepEqual(makersOf(server.pid), [])
    const first = await kms.send(new GetParametersForImportCommand(request))
    const seen = new Map<number, Maker>()
    const look = (): void => {
      for (const maker of makersOf(server.pid)) seen.set(maker.pid, maker)
    }
    // One that is seen in its first moments hasn't been made to give way yet.
    const doesOneGiveWay = (): boolean => [...seen.values()].some(({ givesWay }) => givesWay)
    for (let attempt = 0; attempt < 500 && !doesOneGiveWay(); attempt += 1) {
      look()
      await delay(10)
    }
    assert.ok(doesOneGiveWay())
    const second = await kms.send(new GetParametersForImportCommand(request))
    assert.notDeepEqual(second.PublicKey, first.PublicKey)
    look()
    await server.stop()
    // One may be in the middle of its end.
    for (let attempt = 0; attempt < 50 && [...seen.keys()].some(runs); attempt += 1) await delay(10)
    assert.deepEqual([...seen.keys()].filter(runs), [])
  },
)
