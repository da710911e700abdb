/**
 * Which operation is answered what in which key state: the table of "Key states of AWS KMS keys" (AWS KMS Developer Guide),
 * written out here, so that the rules that the sources name can be wrong.
 */

export const states = [
  'Enabled',
  'Disabled',
  'PendingDeletion',
  'PendingReplicaDeletion',
  'PendingImport',
  'Unavailable',
  'Creating',
  'Updating',
] as const
export type State = (typeof states)[number]

/** What an operation is answered for the sake of a key's state. */
export type Verdict =
  | 'ok'
  | 'disabled'
  | 'pending deletion'
  | 'not pending deletion'
  | 'pending import'
  | 'unavailable'
  | 'creating'
  | 'updating'
  /** UnsupportedOperationException: keys of such an origin never have this operation. */
  | 'origin'
  /** Keys that are in this state can't be a target of the operation. */
  | 'never'

type Columns = readonly [
  enabled: Verdict,
  disabled: Verdict,
  pendingDeletion: Verdict,
  pendingImport: Verdict,
  unavailable: Verdict,
  creating: Verdict,
  updating: Verdict,
]

const always: Columns = ['ok', 'ok', 'ok', 'ok', 'ok', 'ok', 'ok']
const cryptographic: Columns = ['ok', 'disabled', 'pending deletion', 'pending import', 'unavailable', 'creating', 'ok']
const asymmetric: Columns = ['ok', 'disabled', 'pending deletion', 'pending import', 'never', 'creating', 'ok']
const description: Columns = ['ok', 'ok', 'pending deletion', 'ok', 'ok', 'ok', 'ok']
const switching: Columns = ['ok', 'ok', 'pending deletion', 'pending import', 'ok', 'creating', 'updating']
const automatic: Columns = ['ok', 'disabled', 'pending deletion', 'origin', 'origin', 'creating', 'ok']

const table = {
  CancelKeyDeletion: [
    'not pending deletion',
    'not pending deletion',
    'ok',
    'not pending deletion',
    'not pending deletion',
    'not pending deletion',
    'not pending deletion',
  ],
  CreateAlias: description,
  CreateGrant: ['ok', 'disabled', 'pending deletion', 'pending import', 'ok', 'creating', 'ok'],
  Decapsulate: asymmetric,
  Decrypt: cryptographic,
  DeleteAlias: always,
  DeleteImportedKeyMaterial: ['ok', 'ok', 'ok', 'ok', 'never', 'creating', 'updating'],
  DeriveSharedSecret: asymmetric,
  DescribeKey: always,
  DisableKey: switching,
  DisableKeyRotation: automatic,
  EnableKey: switching,
  EnableKeyRotation: automatic,
  Encapsulate: asymmetric,
  Encrypt: cryptographic,
  GenerateDataKey: cryptographic,
  GenerateDataKeyPair: ['ok', 'disabled', 'pending deletion', 'pending import', 'origin', 'creating', 'ok'],
  GenerateDataKeyPairWithoutPlaintext: [
    'ok',
    'disabled',
    'pending deletion',
    'pending import',
    'origin',
    'creating',
    'ok',
  ],
  GenerateDataKeyWithoutPlaintext: cryptographic,
  GenerateMac: asymmetric,
  GetKeyLastUsage: always,
  GetKeyPolicy: always,
  GetKeyRotationStatus: ['ok', 'ok', 'ok', 'origin', 'origin', 'ok', 'ok'],
  GetParametersForImport: ['ok', 'ok', 'pending deletion', 'ok', 'origin', 'creating', 'updating'],
  // By the table a key that waits for its material has a public key. There is none that could be answered.
  GetPublicKey: ['ok', 'ok', 'pending deletion', 'pending import', 'never', 'creating', 'ok'],
  ImportKeyMaterial: ['ok', 'ok', 'pending deletion', 'ok', 'origin', 'creating', 'ok'],
  ListAliases: always,
  ListGrants: always,
  ListKeyPolicies: always,
  ListKeyRotations: ['ok', 'ok', 'ok', 'ok', 'origin', 'ok', 'ok'],
  ListResourceTags: always,
  PutKeyPolicy: always,
  ReEncrypt: cryptographic,
  ReplicateKey: ['ok', 'disabled', 'pending deletion', 'pending import', 'never', 'creating', 'updating'],
  RetireGrant: always,
  RevokeGrant: always,
  RotateKeyOnDemand: ['ok', 'disabled', 'pending deletion', 'pending import', 'origin', 'creating', 'ok'],
  ScheduleKeyDeletion: ['ok', 'ok', 'pending deletion', 'ok', 'ok', 'ok', 'updating'],
  Sign: asymmetric,
  TagResource: description,
  UntagResource: description,
  UpdateAlias: description,
  UpdateKeyDescription: description,
  UpdatePrimaryRegion: ['ok', 'disabled', 'pending deletion', 'pending import', 'never', 'creating', 'ok'],
  Verify: asymmetric,
  VerifyMac: asymmetric,
} as const satisfies Readonly<Record<string, Columns>>

/** The operations that have a row in the table: all that have a key. */
export type KeyOperation = keyof typeof table

const columns: Readonly<Record<State, number>> = {
  Enabled: 0,
  Disabled: 1,
  PendingDeletion: 2,
  PendingReplicaDeletion: 2,
  PendingImport: 3,
  Unavailable: 4,
  Creating: 5,
  Updating: 6,
}

/** The table's cell. */
export function verdictOn(operation: KeyOperation, state: State): Verdict {
  const row: Columns = table[operation]
  return row[columns[state]] ?? 'never'
}
