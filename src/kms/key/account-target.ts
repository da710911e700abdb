/** The account itself as a target: what only the policies of the caller decide. */
import { keyArn } from '#base/arn.ts'
import { isRefusal, refusal } from '#aws/errors.ts'
import type { Target } from '#aws/operation.ts'
import { parseRegion, type AccountId } from '#base/brand.ts'
import { after } from '#base/maybe-async.ts'
import type { LiveKey } from '#ports/key-directory.ts'
import type { Expectation } from '#records/change.ts'
import type { KmsPorts } from '../operation.ts'
import { conditionValue, ofNewKeys, type KeyConditions } from './conditions.ts'
import { parseKeyIdentifier } from './identifier.ts'
import { findKey } from './target.ts'

/** The account whose own resources a request is about. */
export interface AccountResource {
  readonly account: AccountId
}

/** The account's own resources as a whole: CreateKey, ListKeys, GenerateRandom. Only the caller's policies decide. */
export function accountWide(rule: {
  readonly action: `kms:${string}`
}): Target<KmsPorts, object, AccountResource, Expectation> {
  return {
    action: rule.action,
    crossAccount: false,
    resolve: (_input, facts) => ({ account: facts.account }),
    describe: ({ account }) => ({ arn: '*', account, policy: undefined, awsManaged: false }),
    condition: (name, _account, input, facts) =>
      conditionValue(name, { key: undefined, input, prefix: '', facts, constraints: undefined }),
    admit: () => undefined,
    audited: () => undefined,
  }
}

/** The account in which a replica of `key` is to be made. */
interface ReplicaPlace extends AccountResource {
  readonly key: KeyConditions
}

/**
 * The account's own resources in the Region where ReplicateKey makes a key: conditions see that Region, and what CreateKey would
 * be asked for there.
 */
export function replicaPlace(rule: {
  readonly action: `kms:${string}`
}): Target<KmsPorts, { readonly KeyId: string; readonly ReplicaRegion: string }, ReplicaPlace, Expectation> {
  return {
    action: rule.action,
    crossAccount: false,
    resolve: ({ KeyId, ReplicaRegion }, facts, ports) =>
      after(findKey(KeyId, { action: rule.action, aliases: false }, facts, ports), (found) => {
        if (isRefusal(found)) return found
        const { arn, record } = found
        const region = parseRegion(ReplicaRegion) ?? record.region
        return { account: facts.account, key: { arn, record: { ...record, region }, requestAlias: undefined } }
      }),
    describe: ({ account }) => ({ arn: '*', account, policy: undefined, awsManaged: false }),
    conditions: ['aws:RequestedRegion', ...ofNewKeys],
    condition: (name, { key }, input, facts) => {
      const there = { ...facts, region: key.record.region }
      return conditionValue(name, { key, input, prefix: '', facts: there, constraints: undefined })
    },
    admit: () => undefined,
    audited: () => undefined,
  }
}

/**
 * The account's own resources, narrowed down to one key when `member` is sent: ListAliases. The key is a filter, not a
 * resource that is acted on, so its policy has no say and the record does not name it.
 */
export function accountNarrowedTo<const M extends string>(
  member: M,
  rule: { readonly action: `kms:${string}` },
): Target<
  KmsPorts,
  Readonly<Partial<Record<M, string | undefined>>>,
  { readonly account: AccountId; readonly key: LiveKey | undefined },
  Expectation
> {
  return {
    action: rule.action,
    crossAccount: false,
    resolve: (input, facts, ports) => {
      const { account } = facts
      const text: string | undefined = input[member]
      if (text === undefined) return { account, key: undefined }
      const identifier = parseKeyIdentifier(text, facts, false)
      if (isRefusal(identifier)) return identifier
      // Without aliases there is no other kind; the compiler can't know.
      if (identifier.kind === 'alias') return refusal('NotFoundException', `Invalid keyId '${text}'`)
      const { place, keyId } = identifier
      const missing = refusal('NotFoundException', `Key '${keyArn(place.region, place.account, keyId)}' does not exist`)
      // Of other accounts' keys nothing is listed, and nothing is said.
      if (place.account !== account) return missing
      return after(ports.directory.key(place, keyId), (key) => (key === undefined ? missing : { account, key }))
    },
    describe: ({ account }) => ({ arn: '*', account, policy: undefined, awsManaged: false }),
    admit: () => undefined,
    audited: () => undefined,
  }
}
