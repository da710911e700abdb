import { parseArgs } from 'node:util'
import type { GeneratorName } from './generator.ts'
import { defaultGenerator } from './generator.ts'
import type { Operation } from './workload.ts'
import { operations } from './workload.ts'

/** Cases that are asked for by name: together they take longer than all the others. */
export const onlyCases = ['kinds', 'pairs', 'materials', 'keys', 'starts', 'ratios'] as const
export type OnlyCase = (typeof onlyCases)[number]

export interface Options {
  readonly requests: number
  readonly keys: number
  readonly warmUp: number
  readonly connections: number
  readonly workers: readonly number[]
  readonly operations: readonly Operation[]
  readonly soak: number
  readonly generator: GeneratorName
  readonly check: boolean
  readonly micro: boolean
  readonly quick: boolean
  /** One of the cases that a plain run leaves out, and nothing else. */
  readonly only: OnlyCase | undefined
  /** Where the case `keys` keeps its installation for the next run; undefined: nowhere. */
  readonly keep: string | undefined
  /** Whether what authorization costs is measured beside the rest, instead of it, or not. */
  readonly authorization: 'too' | 'alone' | 'not'
  readonly peer: string | undefined
  readonly peerPid: number | undefined
  readonly json: string | undefined
  readonly serveArguments: readonly string[]
}

export const usage = `npm run bench -- [options]
  --requests N          measured requests per drive (100000)
  --keys N              KMS keys they are spread over (10000); keys of the large installation of --only keys (1000000)
                        and of --only starts (100000)
  --warm-up N           uncounted requests of each worker before each measured drive (60000)
  --connections N       connections of every drive, for each worker (64)
  --workers LIST        worker counts, each a start of the service (1,2)
  --operations LIST     of ${operations.join(', ')} (all)
  --quick               5000 requests, 200 keys, 1000 to warm up, unless given
  --soak N              then N mixed requests with the most workers, memory printed every 100000
  --peer URL            also drive another server that speaks the AWS KMS wire without checking signatures
  --peer-pid PID        its process, when it runs on this machine: its CPU and memory
  --serve-argument ARG  passed on to "trent serve"; may be repeated
  --generator NAME      wrk or autocannon (wrk when it is installed)
  --json FILE           the figures as JSON
  --check               exit with 2 when a target is missed
  --authorization WORD  what authorizing real callers costs: too, alone (nothing else is measured), or not (too)
  --only CASE           one of these instead: kinds (signatures, MACs, key agreement, data key pairs), pairs (Encrypt while
                        RSA-4096 pairs are made), materials (a key with 10000 of them), keys (a large installation),
                        starts (how soon the service is ready), ratios (those of a plain run, by turns)
  --keep DIR            where --only keys and --only starts keep their installation for the next run
  --micro               run the files of bench/micro instead`

/** Keys of a quick run and of a whole one, where they are others than usual. */
const keyCounts: Partial<Record<OnlyCase, readonly [number, number]>> = {
  keys: [2_000, 1_000_000],
  starts: [200, 100_000],
}

/** The options in `args`. Throws an error for the user when they make no sense. */
export function parseOptions(args: readonly string[]): Options {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean', default: false } as const
  const { values } = parseArgs({
    args: [...args],
    options: {
      requests: text,
      keys: text,
      'warm-up': text,
      connections: text,
      workers: text,
      operations: text,
      soak: text,
      peer: text,
      'peer-pid': text,
      json: text,
      generator: text,
      authorization: text,
      only: text,
      keep: text,
      'serve-argument': { type: 'string', multiple: true, default: [] },
      quick: flag,
      check: flag,
      micro: flag,
    },
  })
  const count = (name: string, given: string | undefined, otherwise: number): number => {
    const value = given === undefined ? otherwise : Number(given)
    if (!Number.isSafeInteger(value) || value < 0) throw new Error(`--${name} ${given ?? ''}: not a count`)
    return value
  }
  const connections = Math.max(1, count('connections', values.connections, 64))
  const atLeast = (name: string, value: number): number => {
    if (value < connections) throw new Error(`--${name} ${value}: fewer than the ${connections} connections`)
    return value
  }
  const { peer } = values
  if (peer !== undefined && !peer.startsWith('http://')) throw new Error(`--peer ${peer}: not an http:// URL`)
  const only = values.only === undefined ? undefined : onlyCaseNamed(values.only)
  const [fewKeys, manyKeys] = (only && keyCounts[only]) ?? [200, 10_000]
  return {
    requests: atLeast('requests', count('requests', values.requests, values.quick ? 5_000 : 100_000)),
    keys: Math.max(1, count('keys', values.keys, values.quick ? fewKeys : manyKeys)),
    warmUp: atLeast('warm-up', count('warm-up', values['warm-up'], values.quick ? 1_000 : 60_000)),
    connections,
    workers: (values.workers ?? '1,2').split(',').map((word) => Math.max(1, count('workers', word, 1))),
    operations: values.operations === undefined ? operations : values.operations.split(',').map(operationNamed),
    soak: count('soak', values.soak, 0),
    generator: values.generator === undefined ? defaultGenerator() : generatorNamed(values.generator),
    check: values.check,
    micro: values.micro,
    quick: values.quick,
    only,
    keep: values.keep,
    authorization: values.authorization === undefined ? 'too' : authorizationNamed(values.authorization),
    peer,
    peerPid: values['peer-pid'] === undefined ? undefined : count('peer-pid', values['peer-pid'], 0),
    json: values.json,
    serveArguments: values['serve-argument'],
  }
}

function operationNamed(name: string): Operation {
  const found = operations.find((operation) => operation === name)
  if (found === undefined) throw new Error(`--operations ${name}: not one of ${operations.join(', ')}`)
  return found
}

function onlyCaseNamed(word: string): OnlyCase {
  const found = onlyCases.find((name) => name === word)
  if (found === undefined) throw new Error(`--only ${word}: not one of ${onlyCases.join(', ')}`)
  return found
}

function authorizationNamed(word: string): Options['authorization'] {
  if (word === 'too' || word === 'alone' || word === 'not') return word
  throw new Error(`--authorization ${word}: neither too nor alone nor not`)
}

function generatorNamed(name: string): GeneratorName {
  if (name !== 'wrk' && name !== 'autocannon') throw new Error(`--generator ${name}: neither wrk nor autocannon`)
  return name
}
