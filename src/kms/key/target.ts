/**
 * Keys as targets: named by a member or by a ciphertext. A target kind finds its resource, describes it to authorization, and
 * judges whether its state and usage admit the operation. Beside this one: alias-target.ts, account-target.ts, and
 * grant/target.ts.
 */
import { accessDenied, foreignDenial } from '#aws/denial.ts'
import { isRefusal, refusal, type Refusal } from '#aws/errors.ts'
import type { RequestFacts, Target, WantedKeys } from '#aws/operation.ts'
import { aliasArn, keyArn } from '#base/arn.ts'
import { parseKeyId, parseRegion, type AliasName, type KeyArn } from '#base/brand.ts'
import { after, type MaybeAsync } from '#base/maybe-async.ts'
import { parseBlobHeader } from '#crypto/ciphertext-blob.ts'
import type { LiveKey } from '#ports/key-directory.ts'
import type { Expectation } from '#records/change.ts'
import type { KeyOrigin, KeyRecord, KeyUsage, Place } from '#records/key.ts'
import { refuseGrantTokens } from '../grant/tokens.ts'
import type { KmsPorts } from '../operation.ts'
import {
  conditionValue,
  encryptionContext,
  ofEveryKey,
  reEncryptOnSameKey,
  resourceAliases,
  trailingDays,
  type KeyConditions,
} from './conditions.ts'
import { asOf } from './imported.ts'
import { parseKeyIdentifier, placeOf } from './identifier.ts'
import { wrongOrigin } from './origin.ts'
import { refuseByState, type StateRule } from './state.ts'

/** A key, by whatever name the request used. */
export interface KeyResource extends LiveKey, KeyConditions {
  readonly record: LiveKey['record']
  /** What a caller without permission is told in place of the standard message, which would tell too much. */
  readonly denial: Refusal | undefined
  /** Finds the other key of ReEncrypt. */
  readonly findOther?: () => MaybeAsync<KeyResource | Refusal>
}

/** What an operation asks of a key beside its existence. */
export interface KeyRule {
  readonly action: `kms:${string}`
  readonly crossAccount: boolean
  readonly states: StateRule
  /** `data keys`: symmetric encryption, under which alone data keys are made. */
  readonly usage: KeyUsage | 'data keys' | 'any'
  /** Where its key material must come from. Default: anywhere. */
  readonly origin?: KeyOrigin
}

type KeyTarget<I> = Target<KmsPorts, I, KeyResource, Expectation>

/** CloudTrail's type of keys, and of aliases. */
export const keyResourceType = 'AWS::KMS::Key'

const ciphertextDenial = accessDenied(
  'The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not ' +
    'allowed to access.',
)

/** The place of a key's record: the record itself, with its policy, is large where it is copied. */
export function placeOfKey({ record: { region, account } }: LiveKey): Place {
  return { region, account }
}

function noSuchKey(place: Place, keyId: Parameters<typeof keyArn>[2]): Refusal {
  return refusal('NotFoundException', `Key '${keyArn(place.region, place.account, keyId)}' does not exist`)
}

/** The key that `text` names, for a caller who wants to do `rule.action`. */
export function findKey(
  text: string,
  rule: { readonly action: string; readonly aliases: boolean },
  facts: RequestFacts,
  ports: KmsPorts,
): MaybeAsync<KeyResource | Refusal> {
  const identifier = parseKeyIdentifier(text, facts, rule.aliases)
  if (isRefusal(identifier)) return identifier
  const { place } = identifier
  const foreign = place.account !== facts.account
  if (identifier.kind === 'key') {
    return after(ports.directory.key(place, identifier.keyId), (key) => {
      if (key !== undefined) return keyResource(key, facts)
      return foreign ? foreignDenial(facts.callerArn, rule.action) : noSuchKey(place, identifier.keyId)
    })
  }
  const missing = (): Refusal =>
    foreign
      ? foreignDenial(facts.callerArn, rule.action)
      : refusal('NotFoundException', `Alias ${aliasArn(place.region, place.account, identifier.name)} is not found.`)
  return after(ports.directory.alias(place, identifier.name), (alias) =>
    alias === undefined
      ? missing()
      : after(ports.directory.key(place, alias.targetKeyId), (key) =>
          key === undefined ? missing() : keyResource(key, facts, identifier.name),
        ),
  )
}

/** `key` as it is at the time of the request, found under the alias `requestAlias` if any. */
export function keyResource(
  key: LiveKey,
  { now }: Pick<RequestFacts, 'now'>,
  requestAlias?: AliasName,
  denial?: Refusal,
): KeyResource {
  return { record: asOf(key.record, now), arn: key.arn, policy: key.policy, opened: key.opened, requestAlias, denial }
}

/** `key` with its aliases when a policy asks for them. */
export function withAliasNames(
  wanted: WantedKeys,
  key: KeyResource,
  { directory }: Pick<KmsPorts, 'directory'>,
): MaybeAsync<KeyResource> {
  if (!wanted.has(resourceAliases)) return key
  return after(directory.aliasNamesOf(placeOfKey(key), key.record.keyId), (aliasNames) => ({ ...key, aliasNames }))
}

/** Undefined when a key with this usage may do what needs `usage`. */
function refuseByUsage(
  usage: KeyRule['usage'],
  { keySpec, keyUsage }: Pick<KeyRecord, 'keySpec' | 'keyUsage'>,
  arn: KeyArn,
  operation: string,
): Refusal | undefined {
  if (usage === 'any' || usage === keyUsage) return undefined
  if (usage === 'data keys' && keySpec === 'SYMMETRIC_DEFAULT') return undefined
  return refusal('InvalidKeyUsageException', `${arn} key usage is ${keyUsage} which is not valid for ${operation}.`)
}

// "Grant constraints": they speak of cryptographic operations with symmetric keys alone.
const withoutEncryptionContext = new Set(['CreateGrant', 'DescribeKey', 'RetireGrant'])
const emptyContext: ReadonlyMap<string, string> = new Map()

/**
 * A key target: `find` alone differs between them. `prefix` is what the names of the members begin with that belong to this
 * key (`SourceEncryptionContext`): what stands before `KeyId` in the name of the member that names it.
 */
export function keyTarget<I extends object>(
  rule: KeyRule,
  prefix: string,
  find: (input: I, facts: RequestFacts, ports: KmsPorts) => MaybeAsync<KeyResource | Refusal>,
): KeyTarget<I> {
  const operation = rule.action.slice('kms:'.length)
  return {
    action: rule.action,
    crossAccount: rule.crossAccount,
    resolve: (input, facts, ports) => refuseGrantTokens(input, ports.grantTokens) ?? find(input, facts, ports),
    describe: ({ arn, record, policy }) => ({
      arn,
      account: record.account,
      policy,
      awsManaged: record.keyManager === 'AWS',
    }),
    conditions: ofEveryKey,
    condition: (name, key, input, facts) => conditionValue(name, { key, input, prefix, facts, constraints: undefined }),
    withConditions: withAliasNames,
    grantUse: (_key, input) => ({
      operation,
      encryptionContext: withoutEncryptionContext.has(operation)
        ? undefined
        : (encryptionContext(input, prefix) ?? emptyContext),
      child: undefined,
    }),
    grants: (key, name, { directory }) => directory.grants(placeOfKey(key), key.record.keyId, name),
    denial: (key) => key.denial,
    admit: ({ arn, record }, name) => {
      if (rule.origin !== undefined && rule.origin !== record.origin) {
        return refusal('UnsupportedOperationException', wrongOrigin(record, arn))
      }
      const byState = refuseByState(rule.states, record.state, arn)
      if (byState !== undefined) return byState
      return refuseByUsage(rule.usage, record, arn, name)
    },
    seen: (key) => ({ kind: 'key', place: placeOfKey(key), keyId: key.record.keyId, rev: key.record.rev }),
    audited: ({ arn, record }) => ({ arn, account: record.account, type: keyResourceType }),
    // What asks for keys of a certain usage puts them to that use: these are the operations that GetKeyLastUsage tracks.
    countsAsUse: rule.usage !== 'any',
  }
}

const prefixOf = (member: string): string => member.slice(0, -'KeyId'.length)

/** The key that member `member` names. */
export function keyIn<const M extends string>(
  member: M,
  rule: KeyRule & { readonly aliases: boolean },
): KeyTarget<Readonly<Record<M, string>>> {
  return keyTarget(rule, prefixOf(member), (input: Readonly<Record<M, string>>, facts, ports) =>
    findKey(input[member], rule, facts, ports),
  )
}

/**
 * The key of the same multi-Region key as the one that KeyId names, in the Region that `member` names; the named key itself when
 * there is none such, which the operation finds out once the caller may know. Conditions see that Region.
 */
export function relativeIn<const M extends string>(
  member: M,
  rule: KeyRule,
): KeyTarget<Readonly<Record<M | 'KeyId', string>>> {
  type Input = Readonly<Record<M | 'KeyId', string>>
  const byName = { action: rule.action, aliases: false }
  const target = keyTarget(rule, '', (input: Input, facts, ports) =>
    after(findKey(input.KeyId, byName, facts, ports), (named): MaybeAsync<KeyResource | Refusal> => {
      const region = parseRegion(input[member])
      if (isRefusal(named) || region === undefined || named.record.multiRegion === undefined) return named
      const { account, keyId } = named.record
      return after(ports.directory.key({ region, account }, keyId), (relative) =>
        relative === undefined ? named : keyResource(relative, facts),
      )
    }),
  )
  return {
    ...target,
    conditions: [...(target.conditions ?? []), 'aws:RequestedRegion'],
    condition: (name, key, input, facts) =>
      target.condition?.(name, key, input, { ...facts, region: key.record.region }),
  }
}

type CiphertextInput<M extends string> = { readonly CiphertextBlob?: Buffer | undefined } & Readonly<
  Partial<Record<M, string | undefined>>
>

/**
 * The key that made a ciphertext blob (symmetric blobs carry its id), or the one that `member` names when it is sent; the
 * operation then compares the two. The blob's key may be another account's ("Decrypt", KeyId), and so may the one that a bare
 * key id names, when it is the blob's.
 */
export function keyOfCiphertext<const M extends string>(member: M, rule: KeyRule): KeyTarget<CiphertextInput<M>> {
  const byName = { action: rule.action, aliases: true }
  return keyTarget(
    rule,
    prefixOf(member),
    (input: CiphertextInput<M>, facts, ports): MaybeAsync<KeyResource | Refusal> => {
      const named: string | undefined = input[member]
      if (named !== undefined && parseKeyId(named) === undefined) return findKey(named, byName, facts, ports)
      const keyId = input.CiphertextBlob === undefined ? undefined : parseBlobHeader(input.CiphertextBlob)?.keyId
      if (named !== undefined && named !== keyId) return findKey(named, byName, facts, ports)
      if (keyId === undefined) return refusal('InvalidCiphertextException')
      const place = placeOf(facts)
      const { directory } = ports
      return after(directory.key(place, keyId), (own) => {
        if (own !== undefined)
          return keyResource(own, facts, undefined, named === undefined ? ciphertextDenial : undefined)
        // Who may not use it is told the same as when there were no such key.
        const missing = named === undefined ? ciphertextDenial : noSuchKey(place, keyId)
        return after(directory.keyAnywhere(place.region, keyId), (key) =>
          key === undefined ? missing : keyResource(key, facts, undefined, missing),
        )
      })
    },
  )
}

/** A key of ReEncrypt, which can be compared with the key that `other` finds: for `kms:ReEncryptOnSameKey`. */
export function comparedWith<I, J>(target: KeyTarget<I>, other: KeyTarget<J>): KeyTarget<I & J> {
  return {
    ...target,
    resolve: (input, facts, ports) =>
      after(target.resolve(input, facts, ports), (key) =>
        isRefusal(key) ? key : { ...key, findOther: () => other.resolve(input, facts, ports) },
      ),
    withConditions: (wanted, resource, ports) =>
      after(target.withConditions?.(wanted, resource, ports) ?? resource, (key) =>
        wanted.has(reEncryptOnSameKey) && key.findOther !== undefined
          ? after(key.findOther(), (found) => ({ ...key, otherArn: isRefusal(found) ? 'none' : found.arn }))
          : key,
      ),
  }
}

/** A key whose last use is known when a policy asks for it: for `kms:TrailingDaysWithoutKeyUsage`. */
export function withLastUse<I>(target: KeyTarget<I>): KeyTarget<I> {
  return {
    ...target,
    withConditions: (wanted, resource, ports) =>
      after(target.withConditions?.(wanted, resource, ports) ?? resource, (key) =>
        wanted.has(trailingDays) ? after(ports.keyUsage.lastUse(key.arn), (lastUse) => ({ ...key, lastUse })) : key,
      ),
  }
}
