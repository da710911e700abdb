/**
 * The condition keys that KMS supplies (Developer Guide, "AWS KMS condition keys"): one table of where the value of each
 * comes from. Which of them an operation supplies is what it declares, and what its targets bring with them.
 */
import type { RequestFacts } from '#aws/operation.ts'
import type { AliasName, KeyArn } from '#base/brand.ts'
import type { Attestation } from '#crypto/attestation.ts'
import { ambiguous, type ContextValue } from '#policy/context.ts'
import { foldCase } from '#policy/fold.ts'
import type { GrantConstraints } from '#policy/grant.ts'
import type { LastKeyUse } from '#ports/key-usage.ts'
import type { KeyRecord, Tag } from '#records/key.ts'
import { multiRegionKeyType } from './multi-region.ts'
import { daysWithoutUse } from './last-use.ts'
import { defaultRotationPeriod } from './rotation.ts'

/** A key as conditions see it. */
export interface KeyConditions {
  readonly arn: KeyArn
  readonly record: KeyRecord
  /** The alias in the request, if it named the key by one. */
  readonly requestAlias: AliasName | undefined
  /** The key's aliases; undefined while no policy asked for them. */
  readonly aliasNames?: readonly AliasName[] | undefined
  /** The other key of ReEncrypt, or that there is none; undefined while no policy asked for it. */
  readonly otherArn?: KeyArn | 'none' | undefined
  /** The key's last use; undefined while no policy asked for it. */
  readonly lastUse?: LastKeyUse | undefined
}

/** What a value is taken from. */
export interface ConditionSource {
  readonly key: KeyConditions | undefined
  /** The request's members. */
  readonly input: object
  /** What the names of the members that belong to the target begin with: `Source` and `Destination` in ReEncrypt. */
  readonly prefix: string
  readonly facts: Pick<RequestFacts, 'account' | 'region' | 'viaService' | 'now'>
  /** The constraints of the grant that the request makes or ends. */
  readonly constraints: GrantConstraints | undefined
  /** What the request's attestation document says, which has been verified. */
  readonly attestation?: Attestation | undefined
}

/** `rest` is what stands behind the `:` or `/` of a key with a variable part, in lower case; '' for other keys. */
type Supplier = (source: ConditionSource, rest: string) => ContextValue

/** What a key brings to every operation on it. */
export const ofEveryKey: readonly string[] = [
  'aws:ResourceTag',
  'kms:CallerAccount',
  'kms:CustomerMasterKeySpec',
  'kms:CustomerMasterKeyUsage',
  'kms:KeyOrigin',
  'kms:KeySpec',
  'kms:KeyUsage',
  'kms:MultiRegion',
  'kms:MultiRegionKeyType',
  'kms:ResourceAliases',
  'kms:ViaService',
]

/** What CreateKey brings of the key that it makes. */
export const ofNewKeys: readonly string[] = [
  'kms:CustomerMasterKeySpec',
  'kms:CustomerMasterKeyUsage',
  'kms:KeyOrigin',
  'kms:KeySpec',
  'kms:KeyUsage',
  'kms:MultiRegion',
  'kms:MultiRegionKeyType',
]

/** What an alias brings to every operation on it. */
export const ofEveryAlias: readonly string[] = ['kms:CallerAccount', 'kms:ViaService']

/** Needs what `KeyDirectory.aliasNamesOf` tells. */
export const resourceAliases = 'kms:resourcealiases'
/** Needs the other key of ReEncrypt. */
export const reEncryptOnSameKey = 'kms:reencryptonsamekey'
/** What operations declare that take a Recipient (recipient.ts). */
export const recipientAttestation = 'kms:RecipientAttestation'
/** Needs what `KeyUsage.lastUse` tells. */
export const trailingDays = 'kms:trailingdayswithoutkeyusage'

// Of a key, its own; of CreateKey, that of the request.
const keySpec: Supplier = ({ key, input }) =>
  key?.record.keySpec ?? text(input, 'KeySpec') ?? text(input, 'CustomerMasterKeySpec') ?? 'SYMMETRIC_DEFAULT'
const keyUsage: Supplier = ({ key, input }) => key?.record.keyUsage ?? text(input, 'KeyUsage') ?? 'ENCRYPT_DECRYPT'

const suppliers: Readonly<Record<string, Supplier>> = {
  'aws:RequestTag': ({ input }, name) => tagValue(tags(input), name),
  'aws:ResourceTag': ({ key }, name) => (key === undefined ? undefined : tagValue(key.record.tags, name)),
  'aws:TagKeys': ({ input }) =>
    several([...tags(input).map(({ TagKey }) => TagKey), ...(texts(input, 'TagKeys') ?? [])]),
  'aws:RequestedRegion': ({ facts }) => facts.region,
  'kms:BypassPolicyLockoutSafetyCheck': ({ input }) => flag(input, 'BypassPolicyLockoutSafetyCheck'),
  'kms:CallerAccount': ({ facts }) => facts.account,
  'kms:CustomerMasterKeySpec': keySpec,
  'kms:CustomerMasterKeyUsage': keyUsage,
  'kms:DataKeyPairSpec': ({ input }) => text(input, 'KeyPairSpec'),
  'kms:EncryptionAlgorithm': ({ input, prefix }) => text(input, `${prefix}EncryptionAlgorithm`) ?? 'SYMMETRIC_DEFAULT',
  'kms:EncryptionContext': (source, name) => {
    const context = encryptionContextOf(source)
    return context === undefined ? undefined : inContext(context, name)
  },
  'kms:EncryptionContextKeys': (source) => several([...(encryptionContextOf(source)?.keys() ?? [])]),
  'kms:ExpirationModel': ({ input }) => text(input, 'ExpirationModel'),
  'kms:GrantConstraintSourceArn': ({ constraints }) => constraints?.sourceArn,
  'kms:GrantConstraintType': ({ constraints }) => constraintType(constraints),
  'kms:GranteePrincipal': ({ input }) => text(input, 'GranteePrincipal'),
  'kms:GranteeServicePrincipal': ({ input }) => text(input, 'GranteeServicePrincipal'),
  'kms:GrantIsForAWSResource': ({ facts }) => String(facts.viaService !== undefined),
  'kms:GrantOperations': ({ input }) => several(texts(input, 'Operations') ?? []),
  'kms:KeyAgreementAlgorithm': ({ input }) => text(input, 'KeyAgreementAlgorithm'),
  'kms:KeyOrigin': ({ key, input }) => key?.record.origin ?? text(input, 'Origin') ?? 'AWS_KMS',
  'kms:KeySpec': keySpec,
  'kms:KeyUsage': keyUsage,
  'kms:MacAlgorithm': ({ input }) => text(input, 'MacAlgorithm'),
  'kms:MessageType': ({ input }) => text(input, 'MessageType') ?? 'RAW',
  'kms:MultiRegion': ({ key, input }) =>
    key === undefined ? (flag(input, 'MultiRegion') ?? 'false') : String(key.record.multiRegion !== undefined),
  'kms:MultiRegionKeyType': ({ key, input }) => {
    if (key !== undefined) return multiRegionKeyType(key.record)
    return flag(input, 'MultiRegion') === 'true' ? 'PRIMARY' : undefined
  },
  'kms:PrimaryRegion': ({ input }) => text(input, 'PrimaryRegion'),
  'kms:ReEncryptOnSameKey': ({ key }) => (key?.otherArn === undefined ? undefined : String(key.otherArn === key.arn)),
  'kms:ReplicaRegion': ({ input }) => text(input, 'ReplicaRegion'),
  [recipientAttestation]: ({ attestation }, name) => measurement(attestation, name),
  'kms:RequestAlias': ({ key }) => key?.requestAlias,
  'kms:ResourceAliases': ({ key }) => several(key?.aliasNames ?? []),
  'kms:RetiringPrincipal': ({ input }) => text(input, 'RetiringPrincipal'),
  'kms:RetiringServicePrincipal': ({ input }) => text(input, 'RetiringServicePrincipal'),
  'kms:RotationPeriodInDays': ({ input }) => whole(input, 'RotationPeriodInDays') ?? String(defaultRotationPeriod),
  'kms:ScheduleKeyDeletionPendingWindowInDays': ({ input }) => whole(input, 'PendingWindowInDays') ?? '30',
  'kms:SigningAlgorithm': ({ input }) => text(input, 'SigningAlgorithm'),
  // Where nobody knows, the key counts as used today: conditions that protect what is in use protect it.
  'kms:TrailingDaysWithoutKeyUsage': ({ key, facts }) =>
    String(key?.lastUse === undefined ? 0 : daysWithoutUse(key.record, key.lastUse, facts.now)),
  'kms:ValidTo': ({ input }) => date(input, 'ValidTo'),
  'kms:ViaService': ({ facts }) => facts.viaService,
  'kms:WrappingAlgorithm': ({ input }) => text(input, 'WrappingAlgorithm'),
  'kms:WrappingKeySpec': ({ input }) => text(input, 'WrappingKeySpec'),
}

const bySpelling = new Map(Object.entries(suppliers).map(([name, supplier]) => [name.toLowerCase(), supplier]))

const variableParts = ['kms:encryptioncontext:', 'kms:recipientattestation:', 'aws:requesttag/', 'aws:resourcetag/']

/** The name of the condition key `key` (lower case) without its variable part, if it has one. */
export function familyOf(key: string): string {
  const part = variableParts.find((prefix) => key.startsWith(prefix))
  return part === undefined ? key : part.slice(0, -1)
}

/** The names `declared` in lower case. Throws TypeError for one whose value nobody knows. */
export function suppliedFamilies(declared: readonly string[]): ReadonlySet<string> {
  return new Set(
    declared.map((name) => {
      const family = name.toLowerCase()
      if (!bySpelling.has(family)) throw new TypeError(`condition key ${name} has no supplier`)
      return family
    }),
  )
}

/** The value of the condition key `key` (lower case). */
export function conditionValue(key: string, source: ConditionSource): ContextValue {
  const family = familyOf(key)
  return bySpelling.get(family)?.(source, key.slice(family.length + 1))
}

/** The encryption context of the request; for grants, that of the constraint. */
function encryptionContextOf({ input, prefix, constraints }: ConditionSource): ReadonlyMap<string, string> | undefined {
  return (
    constraints?.encryptionContextEquals ?? constraints?.encryptionContextSubset ?? encryptionContext(input, prefix)
  )
}

/** The encryption context among the members of a request. */
export function encryptionContext(input: object, prefix: string): ReadonlyMap<string, string> | undefined {
  const value = member(input, `${prefix}EncryptionContext`)
  return value instanceof Map ? (value as ReadonlyMap<string, string>) : undefined
}

function constraintType(constraints: GrantConstraints | undefined): string | undefined {
  if (constraints?.encryptionContextEquals !== undefined) return 'EncryptionContextEquals'
  // Every context has the empty one in it: who demands a constraint does not mean that.
  const { size = 0 } = constraints?.encryptionContextSubset ?? {}
  return size === 0 ? undefined : 'EncryptionContextSubset'
}

/**
 * The value under `name`, which conditions compare without regard to case, although `pairs` may hold it in several spellings.
 * Where those have different values nobody can say which one a policy means, and a caller could add the one that suits him.
 */
function oneSpelling(pairs: Iterable<readonly [string, string]>, name: string): string | undefined {
  let found: string | undefined
  for (const [spelled, value] of pairs) {
    if (foldCase(spelled) !== name) continue
    if (found !== undefined && found !== value) return ambiguous
    found = value
  }
  return found
}

// A policy can ask for a thousand names, and a context have tens of thousands: such a one is gone through once.
const smallContext = 16
const foldedContexts = new WeakMap<ReadonlyMap<string, string>, ReadonlyMap<string, string>>()

function inContext(context: ReadonlyMap<string, string>, name: string): string | undefined {
  if (context.size <= smallContext) return oneSpelling(context, name)
  const known = foldedContexts.get(context)
  if (known !== undefined) return known.get(name)
  const folded = new Map<string, string>()
  for (const [spelled, value] of context) {
    const key = foldCase(spelled)
    const before = folded.get(key)
    folded.set(key, before === undefined || before === value ? value : ambiguous)
  }
  foldedContexts.set(context, folded)
  return folded.get(name)
}

/**
 * A register of the attested platform in lower-case hexadecimal ("AWS KMS condition keys for attested platforms", Developer
 * Guide): `imagesha384` (PCR0) and `pcr8` of enclaves, `nitrotpmpcr8` of TPMs, each absent for the other.
 */
function measurement(attestation: Attestation | undefined, name: string): string | undefined {
  if (attestation === undefined) return undefined
  const enclave = attestation.platform === 'enclave'
  if (name === 'imagesha384') return enclave ? attestation.registers.get(0)?.toString('hex') : undefined
  const prefix = enclave ? 'pcr' : 'nitrotpmpcr'
  const number = name.startsWith(prefix) ? name.slice(prefix.length) : ''
  return /^(?:0|[1-9][0-9]?)$/.test(number) ? attestation.registers.get(Number(number))?.toString('hex') : undefined
}

function tagValue(listed: readonly Tag[], name: string): string | undefined {
  return oneSpelling(
    listed.map(({ TagKey, TagValue }) => [TagKey, TagValue] as const),
    name,
  )
}

// The members of a request by name: their types are those of their shapes, which this table does not know.
function member(input: object, name: string): unknown {
  return Reflect.get(input, name)
}

function text(input: object, name: string): string | undefined {
  const value = member(input, name)
  return typeof value === 'string' ? value : undefined
}

function texts(input: object, name: string): readonly string[] | undefined {
  const value = member(input, name)
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : undefined
}

function flag(input: object, name: string): string | undefined {
  const value = member(input, name)
  return typeof value === 'boolean' ? String(value) : undefined
}

function whole(input: object, name: string): string | undefined {
  const value = member(input, name)
  return typeof value === 'number' ? String(value) : undefined
}

function date(input: object, name: string): string | undefined {
  const value = member(input, name)
  return value instanceof Date && !Number.isNaN(value.getTime()) ? value.toISOString() : undefined
}

function tags(input: object): readonly Tag[] {
  const value = member(input, 'Tags')
  return Array.isArray(value) ? value.filter(isTag) : []
}

function isTag(value: unknown): value is Tag {
  if (typeof value !== 'object' || value === null) return false
  return typeof Reflect.get(value, 'TagKey') === 'string' && typeof Reflect.get(value, 'TagValue') === 'string'
}

/** A key with no values is not in the context. */
function several(values: readonly string[]): ContextValue {
  return values.length === 0 ? undefined : values
}
