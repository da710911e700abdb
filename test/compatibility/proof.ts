/**
 * Proofs of compatibility: for an operation and an outcome, the request that the SDK has to see it for. docs/compatibility.md
 * counts these and nothing else, and proofs.test.ts makes every one of them.
 */
import type { InProcessKms } from '../support/in-process-kms.ts'
import type { Json, Kind, Stage, StageKey } from './stage.ts'

/** Answers the request of the operation, after whatever has to be done before it. */
export type Step = (stage: Stage) => Json | Promise<Json>

/** `here`: needs a service in this process, whose clock and disk the test holds in its hands. */
export type Proof = Step | { readonly here: (stage: Stage, kms: InProcessKms) => Promise<Json> }

/** `success` and the names of exceptions. */
export type Proofs = Readonly<Record<string, Readonly<Record<string, Proof>>>>

/** How an operation is asked about one key. */
export interface Question {
  /** The kind of key that the operation is for. Default: a symmetric one. */
  readonly kind?: Kind
  /** The member that names the key. Default: KeyId. */
  readonly member?: string
  /** All other members. */
  readonly others?: (key: StageKey, stage: Stage) => Json | Promise<Json>
  /** A success changes the key, which others must not see. */
  readonly changes?: boolean
}

type Usual =
  | 'DisabledException'
  | 'DryRunOperationException'
  | 'InvalidArnException'
  | 'InvalidGrantTokenException'
  | 'InvalidKeyUsageException'
  | 'InvalidMarkerException'
  | 'KMSInvalidStateException'
  | 'NotFoundException'
  | 'UnsupportedOperationException'

const unknownId = '00000000-0000-4000-8000-000000000000'

/** The proofs of success and of `usual` errors, which are brought about in the same way whatever the operation. */
export function aboutKey(
  { kind = 'symmetric', member = 'KeyId', others = () => ({}), changes = false }: Question,
  usual: readonly Usual[],
): Readonly<Record<string, Proof>> {
  const ask =
    (find: (stage: Stage) => Promise<StageKey>, more: Json = {}): Step =>
    async (stage) => {
      const key = await find(stage)
      return { [member]: key.id, ...(await others(key, stage)), ...more }
    }
  const right = (stage: Stage): Promise<StageKey> => (changes ? stage.fresh(kind) : stage.key(kind))
  const steps: Readonly<Record<Usual, Step>> = {
    DisabledException: ask((stage) => stage.key(kind, 'Disabled')),
    DryRunOperationException: ask(right, { DryRun: true }),
    InvalidArnException: ask(right, { [member]: 'arn:aws:kms' }),
    InvalidGrantTokenException: ask(right, { GrantTokens: ['nonsense'] }),
    InvalidKeyUsageException: ask((stage) => stage.key(kind === 'mac' ? 'signing' : 'mac')),
    InvalidMarkerException: ask(right, { Marker: 'nonsense' }),
    KMSInvalidStateException: ask((stage) => stage.key(kind, 'PendingDeletion')),
    NotFoundException: ask(right, { [member]: unknownId }),
    UnsupportedOperationException: ask((stage) => stage.key('mac')),
  }
  return { success: ask(right), ...Object.fromEntries(usual.map((name) => [name, steps[name]])) }
}
