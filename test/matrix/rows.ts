/**
 * What each operation on a key takes and answers, from the API Reference: which identifiers, of whose keys, with which usage,
 * whether grants allow it and whether it has dry runs. A row says everything that the tests need to make requests and to know
 * their answers; none of it comes from the sources.
 */
import type { KeyOperation, State } from './states.ts'
import type { Kind, Usage } from './kinds.ts'
import type { Json, Specimen } from './specimens.ts'
import type { Check } from './checks.ts'

/** Keys beside the one that the request is about. */
export interface Company {
  /** An enabled symmetric key. */
  readonly sibling: Specimen
}

/** Which keys the operation works on, and what the others are answered. */
export type Demand =
  | 'any key'
  /** InvalidKeyUsageException, by key usage. */
  | Usage
  /** InvalidKeyUsageException: symmetric encryption keys alone make data keys. */
  | 'symmetric key'
  /** UnsupportedOperationException without a message: automatic rotation, only where AWS KMS makes the material. */
  | 'rotated by itself'
  /** The same, but with imported material too. */
  | 'rotated'
  /** UnsupportedOperationException by origin. */
  | 'imported material'
  /** UnsupportedOperationException: symmetric keys and HMAC keys have no public key. */
  | 'public key'
  /** UnsupportedOperationException: none of the keys here is one. */
  | 'multi-Region primary key'

export interface Row {
  readonly operation: KeyOperation
  /** Which of the operation's keys, where it has more than one. */
  readonly which?: string
  /** The member that names the key; undefined: an alias does, which is in `others`. */
  readonly member: string | undefined
  /**
   * `yes`: aliases name keys. `no`: they are malformed ids. `refused`: they are refused in words of their own. `ARN`: nothing
   * but a key ARN is taken.
   */
  readonly aliases: 'yes' | 'no' | 'refused' | 'ARN'
  /** `filter`: other accounts' keys are not looked for. */
  readonly crossAccount: boolean | 'filter'
  /** The grant operation; undefined: no grant allows it. */
  readonly grant: string | undefined
  readonly dryRun: boolean
  /** Whether the model has InvalidArnException. */
  readonly invalidArn: boolean
  /** Default: `kms:<operation>`. */
  readonly action?: string
  /**
   * What a caller whom nothing allows is told to be denied on. `ciphertext`: the key of the ciphertext, which the request does
   * not name. Default: the key.
   */
  readonly deniedOn?: 'account' | 'alias' | 'ciphertext'
  /** Whose policies the denial speaks of. Default: those of the caller. */
  readonly deniedBy?: 'resource-based'
  readonly demand: Demand
  /** Asked of symmetric keys alone, of which there are two. */
  readonly symmetricOnly?: true
  /** Is about a grant of the key. */
  readonly needsGrant?: true
  /** The key may be in any state, whatever the table says: it is not the one that the table is about. */
  readonly anyState?: true
  /** Which algorithm the request names: members, and the usage whose algorithms they are. */
  readonly algorithm?: { readonly member: string; readonly usage: Usage }
  /** All members of a request but the one that names the key. */
  others(key: Specimen, company: Company, algorithm: string): Json
  /** A member that breaks a constraint, and the violation. */
  readonly invalid?: readonly [members: Json, violation: string]
  /** What is answered; `empty`: an empty body. */
  answer(key: Specimen, state: State, company: Company, algorithm: string): Readonly<Record<string, Check>> | 'empty'
}

/** The first algorithm of a key of this kind for `usage`; of other keys, one that none of theirs is. */
export function algorithmOf({ usage, algorithms }: Kind, wanted: Usage): string {
  return (usage === wanted ? algorithms[0] : undefined) ?? fallback[wanted]
}

const fallback: Readonly<Record<Usage, string>> = {
  ENCRYPT_DECRYPT: 'SYMMETRIC_DEFAULT',
  SIGN_VERIFY: 'ECDSA_SHA_384',
  GENERATE_VERIFY_MAC: 'HMAC_SHA_512',
  KEY_AGREEMENT: 'ECDH',
  ENCAPSULATE_DECAPSULATE: 'ML_KEM',
}
