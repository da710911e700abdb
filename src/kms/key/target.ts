/**
 * Keys as targets: named by a member or by a ciphertext. A target kind finds its resource, describes it to authorization, and
 * judges whether its state and usage admit the operation. Beside this one: alias-target.ts and account-target.ts.
 */
import { aliasArn, keyArn } from '#aws/arn.ts'
import { isRefusal, refusal, type Refusal } from '#aws/errors.ts'
import type { RequestFacts, Target } from '#aws/operation.ts'
import type { AliasName, KeyArn } from '#base/brand.ts'
import { after, type MaybeAsync } from '#base/maybe-async.ts'
import { parseBlobHeader } from '#crypto/ciphertext-blob.ts'
import { accessDenied, foreignDenial } from '#policy/denial.ts'
import type { LiveKey } from '#ports/key-directory.ts'
import type { Expectation } from '#records/change.ts'
import type { KeyUsage } from '#records/key.ts'
import type { KmsPorts } from '../operation.ts'
import { parseKeyIdentifier, placeOf } from './identifier.ts'
import { refuseByState, type StateRule } from './state.ts'

/** A key, by whatever name the request used. */
export interface KeyResource extends LiveKey {
  /** The alias name in the request, for `kms:RequestAlias`. */
  readonly requestAlias: AliasName | undefined
}

/** What an operation asks of a key beside its existence. */
export interface KeyRule {
  readonly action: `kms:${string}`
  readonly crossAccount: boolean
  readonly states: StateRule
  readonly usage: KeyUsage | 'any'
}

/** CloudTrail's type of keys, and of aliases. */
export const keyResourceType = 'AWS::KMS::Key'

const ciphertextDenial = accessDenied(
  'The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not ' +
    'allowed to access.',
)

function findKey(
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
      if (key !== undefined) return withAlias(key, undefined)
      return foreign
        ? foreignDenial(facts.callerArn, rule.action)
        : refusal('NotFoundException', `Key '${keyArn(place.region, place.account, identifier.keyId)}' does not exist`)
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
          key === undefined ? missing() : withAlias(key, identifier.name),
        ),
  )
}

/** `key`, found under the alias `requestAlias` if any. */
export function withAlias(key: LiveKey, requestAlias: AliasName | undefined): KeyResource {
  return { record: key.record, arn: key.arn, opened: key.opened, requestAlias }
}

/** Undefined when a key with this usage may do what needs `usage`. */
function refuseByUsage(
  usage: KeyRule['usage'],
  { keyUsage }: { readonly keyUsage: string },
  arn: KeyArn,
  operation: string,
): Refusal | undefined {
  if (usage === 'any' || usage === keyUsage) return undefined
  return refusal('InvalidKeyUsageException', `${arn} key usage is ${keyUsage} which is not valid for ${operation}.`)
}

/** A key target: `find` alone differs between them. */
export function keyTarget<I>(
  rule: KeyRule,
  find: (input: I, facts: RequestFacts, ports: KmsPorts) => MaybeAsync<KeyResource | Refusal>,
): Target<KmsPorts, I, KeyResource, Expectation> {
  return {
    action: rule.action,
    crossAccount: rule.crossAccount,
    resolve: find,
    describe: ({ arn, record }) => ({
      arn,
      account: record.account,
      policy: { kind: 'joined', text: record.policy },
    }),
    admit: ({ arn, record }, operation) => {
      const byState = refuseByState(rule.states, record.state, arn)
      if (byState !== undefined) return byState
      return refuseByUsage(rule.usage, record, arn, operation)
    },
    // The place alone: what is seen is copied to the writer's thread, and a record with its policy is large.
    seen: ({ record: { region, account, keyId, rev } }) => ({ kind: 'key', place: { region, account }, keyId, rev }),
    audited: ({ arn, record }) => ({ arn, account: record.account, type: keyResourceType }),
  }
}

/** The key that member `member` names. */
export function keyIn<const M extends string>(
  member: M,
  rule: KeyRule & { readonly aliases: boolean },
): Target<KmsPorts, Readonly<Record<M, string>>, KeyResource, Expectation> {
  return keyTarget(rule, (input: Readonly<Record<M, string>>, facts, ports) =>
    findKey(input[member], rule, facts, ports),
  )
}

type CiphertextInput<M extends string> = { readonly CiphertextBlob?: Buffer | undefined } & Readonly<
  Partial<Record<M, string | undefined>>
>

/**
 * The key that made a ciphertext blob (symmetric blobs carry its id), or the one that `member` names when it is sent; the
 * operation then compares the two.
 */
export function keyOfCiphertext<const M extends string>(
  member: M,
  rule: KeyRule,
): Target<KmsPorts, CiphertextInput<M>, KeyResource, Expectation> {
  const byName = { action: rule.action, aliases: true }
  const target = keyTarget(rule, (input: CiphertextInput<M>, facts, ports): MaybeAsync<KeyResource | Refusal> => {
    const named: string | undefined = input[member]
    if (named !== undefined) return findKey(named, byName, facts, ports)
    const header = input.CiphertextBlob === undefined ? undefined : parseBlobHeader(input.CiphertextBlob)
    if (header === undefined) return refusal('InvalidCiphertextException')
    return after(ports.directory.key(placeOf(facts), header.keyId), (key) =>
      key === undefined ? ciphertextDenial : withAlias(key, undefined),
    )
  })
  return { ...target, denial: (_key, input) => (input[member] === undefined ? ciphertextDenial : undefined) }
}
