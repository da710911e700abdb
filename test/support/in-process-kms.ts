/**
 * The whole KMS service in this process: the gateway as the server binds it, with signatures, authorization and answers as
 * bytes, over the storage and key store in memory. No sockets and no disk, so that a test can ask thousands of questions; its
 * clock is settable and its trail can be made to fail.
 */
import { rootArn } from '#base/arn.ts'
import { parseAccessKeyId, parseRequestId, type AccessKeyId, type AccountId } from '#base/brand.ts'
import { signingKey } from '#aws/sigv4.ts'
import type { GatewayPorts } from '#gateway/bound-service.ts'
import type { Answer } from '#gateway/request.ts'
import { bindService } from '#gateway/run.ts'
import { kms } from '#kms/service.ts'
import type { Caller } from '#policy/principal.ts'
import type { Credential } from '#ports/identities.ts'
import { systemRandom } from '../../src/system.ts'
import { rootCaller } from './callers.ts'
import { account, MemoryKms, otherAccount, region } from './memory-kms.ts'
import { kmsRequest, sign, type Credentials, type RawRequest } from './signed-request.ts'

export { account, otherAccount, region }

const requestId = known(parseRequestId('01890a5d-ac96-774b-bcce-b302099a8057'))
const url = 'http://kms.example.com'

/** Who signs: the root users of the two accounts, and a user of the first whom no policy allows anything. */
export type Who = 'root' | 'user' | 'other account'

export const userArn = `arn:aws:iam::${account}:user/nobody`

/** What was answered. */
export interface Answered {
  readonly status: number
  readonly text: string
}

const accessKeyIds: Readonly<Record<Who, string>> = {
  root: 'AKIAIOSFODNN7EXAMPLE',
  user: 'AKIAIOSFODNN7EXAMPL2',
  'other account': 'AKIAIOSFODNN7EXAMPL3',
}
const secretAccessKey = 'a secret of forty characters or so, yes.'

/** The credentials with which `who` signs. */
export function credentialsOf(who: Who): Credentials {
  return { accessKeyId: accessKeyIds[who], secretAccessKey }
}

export class InProcessKms {
  readonly memory = new MemoryKms()
  /** Set: no audit record can be written any more. */
  trailFails = false
  /** Set: every request is one too many. */
  throttled = false
  /** What operations ended with that was nobody's request's fault. */
  readonly failures: unknown[] = []
  readonly #run: (operation: string, signed: RawRequest) => Promise<Answer>
  readonly #signingKeys = new Map<string, ReturnType<typeof signingKey>>()

  constructor() {
    const random = systemRandom()
    const credentials = new Map<AccessKeyId, Credential>(
      (['root', 'user', 'other account'] as const).map((who) => {
        const id = known(parseAccessKeyId(accessKeyIds[who]))
        return [id, { caller: { ...callerOf(who), accessKeyId: id }, userIdentity: '{}', ...longTerm }]
      }),
    )
    const ports: GatewayPorts = {
      identities: {
        credential: (id) => credentials.get(id),
        resourceControl: () => [],
        signingKey: (_credential, date, scopeRegion, service) => this.#signingKey(date, scopeRegion, service),
      },
      audit: { append: (_record, _at, done) => done(this.trailFails ? new Error('the disk is full') : undefined) },
      committer: {
        commit: (commit) =>
          this.trailFails
            ? Promise.reject(new Error('the disk is full'))
            : Promise.resolve(this.memory.memory.commit(commit)),
      },
      quota: { take: () => !this.throttled },
      strangers: { take: () => true },
      clock: { now: () => this.memory.now, machineNow: () => this.memory.now },
      random,
      securityLog: { refused: (event) => this.failures.push(event) },
      failures: {
        failed: (_where, error) => this.failures.push(error),
        undecided: (_where, error) => this.failures.push(error),
      },
    }
    const service = bindService(kms, this.memory.ports, ports, {
      regions: new Set([region]),
      home: region,
      skewSeconds: 900,
    })
    this.#run = (operation, signed) =>
      new Promise((resolve) => {
        const incoming = {
          requestId,
          receivedMs: this.memory.now,
          method: signed.method,
          path: '/',
          query: '',
          rawHeaders: Object.entries(signed.headers).flat(),
          body: Buffer.from(signed.body),
          sourceIp: '127.0.0.1',
          endpoint: undefined,
          client: ',"sourceIPAddress":"127.0.0.1"',
          tlsDetails: undefined,
        }
        service.run(operation, incoming, resolve)
      })
  }

  /** What `who` is answered to `input`. */
  async post(operation: string, input: unknown, who: Who = 'root'): Promise<Answered> {
    const scope = { region, service: 'kms', time: new Date(this.memory.now) }
    const signed = sign(kmsRequest(operation, input), url, credentialsOf(who), scope)
    const headers = { ...signed.headers, host: new URL(url).host }
    return this.answer(operation, { ...signed, headers })
  }

  /** What is answered to a request that somebody has signed; `headers` has `host`. */
  async answer(operation: string, signed: RawRequest): Promise<Answered> {
    const { status, body } = await this.#run(operation, signed)
    return { status, text: body.toString() }
  }

  /** The clock: signatures are made and checked by it. Epoch milliseconds. */
  get now(): number {
    return this.memory.now
  }

  set now(time: number) {
    this.memory.now = time
  }

  /** Remembers everything that is stored; the function that it answers brings it back. */
  snapshot(): () => void {
    const { keys, materials, aliases, grants, policyTexts } = this.memory.memory
    const tables: readonly Map<string, unknown>[] = [keys, materials, aliases, grants, policyTexts]
    const kept = tables.map((rows) => [...rows])
    return () => {
      tables.forEach((rows, index) => {
        rows.clear()
        for (const [name, row] of kept[index] ?? []) rows.set(name, row)
      })
    }
  }

  #signingKey(date: string, scopeRegion: string, service: string): ReturnType<typeof signingKey> {
    const scope = `${date}/${scopeRegion}/${service}`
    const cached = this.#signingKeys.get(scope)
    if (cached !== undefined) return cached
    const key = signingKey(Buffer.from(secretAccessKey), date, scopeRegion, service)
    this.#signingKeys.set(scope, key)
    return key
  }
}

const longTerm = { status: 'Active', expiresAt: undefined } as const

function callerOf(who: Who): Caller {
  if (who === 'root') return rootCaller(account, region)
  if (who === 'other account') return rootCaller(otherAccount, region)
  return userOf(account)
}

function userOf(of: AccountId): Caller {
  const root = rootCaller(of, region)
  return {
    ...root,
    arn: userArn,
    userId: 'AIDAIOSFODNN7EXAMPLE',
    subject: {
      ...root.subject,
      kind: 'user',
      names: { direct: [userArn, 'AIDAIOSFODNN7EXAMPLE'], entity: [], account: [rootArn(region, of), of] },
    },
  }
}

function known<T>(value: T | undefined): T {
  if (value === undefined) throw new TypeError('a literal of this file is not what it must be')
  return value
}
