/** Which condition keys can be known before there is a request, and their values. */
import type { KmsOperation } from '#kms/operation.ts'
import { conditionValue, familyOf, ofEveryKey, type KeyConditions } from '#kms/key/conditions.ts'
import type { ContextValue, RequestContext } from '#policy/context.ts'
import type { Caller } from '#policy/principal.ts'

/** A principal that could call, as far as it is known beforehand. */
export interface Candidate {
  readonly caller: Caller
  /** Sessions bring what their maker chose: their names, what an identity provider said. */
  readonly session: boolean
}

export interface KnownContext extends RequestContext {
  /** Whether only a request has the value of `key` (lower case). */
  isUnknown(this: void, key: string): boolean
}

// "AWS global condition context keys": those that a request brings here. All others are absent from every request.
const ofRequests = new Set([
  'aws:calledvia',
  'aws:calledviafirst',
  'aws:calledvialast',
  'aws:currenttime',
  'aws:epochtime',
  'aws:multifactorauthpresent',
  'aws:securetransport',
  'aws:sourcearn',
  'aws:sourceaccount',
  'aws:sourceip',
  'aws:sourcevpc',
  'aws:sourcevpce',
  'aws:useragent',
  'aws:viaawsservice',
  'aws:vpcsourceip',
])
const ofSessions = new Set(['aws:federatedprovider', 'aws:sourceidentity', 'aws:tokenissuetime'])

// Properties of the key, and what is the same in every request about it.
const ofKeys = new Set(ofEveryKey.map((name) => name.toLowerCase()).filter((name) => name !== 'kms:viaservice'))

/** What is known of any request of `candidate` to do `operation` with `key`. */
export function knownContext(key: KeyConditions, operation: KmsOperation, candidate: Candidate): KnownContext {
  const { caller, session } = candidate
  const supplied = new Set([...operation.conditions, 'kms:ViaService'].map((name) => name.toLowerCase()))
  const ofNobody = (name: string): boolean => name.startsWith('aws:') || name.startsWith('kms:')
  return {
    isUnknown: (name) => {
      const family = familyOf(name)
      // A service has an account only as it acts for one.
      if (name === 'kms:calleraccount') return caller.subject.account === undefined
      if (ofKeys.has(family)) return false
      if (supplied.has(family) || ofRequests.has(name)) return true
      // The id of a session ends with its name.
      if (name === 'aws:userid') return session
      if (ofSessions.has(name)) return session || caller.subject.kind === 'user'
      return session && !ofNobody(name)
    },
    value: (name): ContextValue => {
      const family = familyOf(name)
      if (ofKeys.has(family)) {
        const facts = { account: caller.account, region: key.record.region, viaService: undefined, now: 0 }
        return conditionValue(name, { key, input: {}, prefix: '', facts, constraints: undefined })
      }
      if (name === 'aws:resourceaccount') return key.record.account
      if (name === 'aws:requestedregion') return key.record.region
      return caller.context.value(name)
    },
  }
}
