/** The rows of the cryptographic operations, GetPublicKey among them (API Reference). */
import { blob, type Check } from './checks.ts'
import { isSymmetric, type Kind, type Usage } from './kinds.ts'
import type { Row } from './rows.ts'
import { digest, message, type Json, type Specimen } from './specimens.ts'

type Own = Pick<Row, 'operation' | 'demand' | 'others' | 'answer'> & Partial<Row>

/** What nearly all of them have in common. */
function cryptographic(own: Own): Row {
  return {
    member: 'KeyId',
    aliases: 'yes',
    crossAccount: true,
    grant: own.operation,
    dryRun: true,
    invalidArn: false,
    ...own,
  }
}

const tooLong = 'Member must have length less than or equal to 4096'
const longMessage: Row['invalid'] = [
  { Message: Buffer.alloc(4097).toString('base64') },
  `Value at 'message' failed to satisfy constraint: ${tooLong}`,
]
const noDataKeySpec: Row['invalid'] = [
  { NumberOfBytes: 1025 },
  "Value '1025' at 'numberOfBytes' failed to satisfy constraint: Member must have value less than or equal to 1024",
]

const encryption = { member: 'EncryptionAlgorithm', usage: 'ENCRYPT_DECRYPT' } as const
const signing = { member: 'SigningAlgorithm', usage: 'SIGN_VERIFY' } as const
const mac = { member: 'MacAlgorithm', usage: 'GENERATE_VERIFY_MAC' } as const

/** Only symmetric keys tell which material was used. */
const materialIn = (name: string, { kind, materialId }: Specimen): Readonly<Record<string, Check>> =>
  isSymmetric(kind) && materialId !== undefined ? { [name]: materialId } : {}

/** Pre-hashed Ed25519 alone takes no raw message. */
const messageFor = (algorithm: string): Json =>
  algorithm === 'ED25519_PH_SHA_512' ? { Message: digest, MessageType: 'DIGEST' } : { Message: message }

const algorithmMembers: Readonly<Record<Usage, string>> = {
  ENCRYPT_DECRYPT: 'EncryptionAlgorithms',
  SIGN_VERIFY: 'SigningAlgorithms',
  GENERATE_VERIFY_MAC: 'MacAlgorithms',
  KEY_AGREEMENT: 'KeyAgreementAlgorithms',
  ENCAPSULATE_DECAPSULATE: 'EncapsulationAlgorithms',
}
const newSpec = /^(?:ML_DSA|ML_KEM)_|EDWARDS25519/

/** The members of a key's metadata that its spec and usage decide. */
export function specMembers({ spec, usage, algorithms }: Kind): Readonly<Record<string, Check>> {
  return {
    KeySpec: spec,
    KeyUsage: usage,
    ...(newSpec.test(spec) ? {} : { CustomerMasterKeySpec: spec }),
    [algorithmMembers[usage]]: algorithms,
  }
}

const secretBytes: Readonly<Record<string, number>> = { ECC_NIST_P256: 32, ECC_NIST_P384: 48, ECC_NIST_P521: 66 }
const encapsulatedBytes: Readonly<Record<string, number>> = { ML_KEM_512: 768, ML_KEM_768: 1088, ML_KEM_1024: 1568 }
const macBytes: Readonly<Record<string, number>> = { HMAC_224: 28, HMAC_256: 32, HMAC_384: 48, HMAC_512: 64 }

/** Decrypt and ReEncrypt as far as the key of the ciphertext is concerned. */
const ciphertextOf = ({ ciphertext = message }: Specimen): string => ciphertext

export const cryptographicRows: readonly Row[] = [
  cryptographic({
    operation: 'Encrypt',
    demand: 'ENCRYPT_DECRYPT',
    algorithm: encryption,
    others: () => ({ Plaintext: message }),
    invalid: [
      { Plaintext: Buffer.alloc(4097).toString('base64') },
      `Value at 'plaintext' failed to satisfy constraint: ${tooLong}`,
    ],
    answer: ({ arn }, _state, _company, algorithm) => ({
      CiphertextBlob: blob(1, 6144),
      KeyId: arn,
      EncryptionAlgorithm: algorithm,
    }),
  }),
  cryptographic({
    operation: 'Decrypt',
    demand: 'ENCRYPT_DECRYPT',
    algorithm: encryption,
    others: (key) => ({ CiphertextBlob: ciphertextOf(key) }),
    invalid: [
      { CiphertextBlob: Buffer.alloc(6145).toString('base64') },
      "Value at 'ciphertextBlob' failed to satisfy constraint: Member must have length less than or equal to 6144",
    ],
    answer: (key, _state, _company, algorithm) => ({
      KeyId: key.arn,
      Plaintext: message,
      EncryptionAlgorithm: algorithm,
      ...materialIn('KeyMaterialId', key),
    }),
  }),
  cryptographic({
    operation: 'ReEncrypt',
    which: 'source',
    member: 'SourceKeyId',
    grant: 'ReEncryptFrom',
    action: 'kms:ReEncryptFrom',
    demand: 'ENCRYPT_DECRYPT',
    algorithm: { member: 'SourceEncryptionAlgorithm', usage: 'ENCRYPT_DECRYPT' },
    others: (key, { sibling }) => ({ CiphertextBlob: ciphertextOf(key), DestinationKeyId: sibling.arn }),
    answer: (key, _state, { sibling }, algorithm) => ({
      CiphertextBlob: blob(1, 6144),
      SourceKeyId: key.arn,
      KeyId: sibling.arn,
      SourceEncryptionAlgorithm: algorithm,
      DestinationEncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
      ...materialIn('SourceKeyMaterialId', key),
      ...materialIn('DestinationKeyMaterialId', sibling),
    }),
  }),
  cryptographic({
    operation: 'ReEncrypt',
    which: 'destination',
    member: 'DestinationKeyId',
    grant: 'ReEncryptTo',
    action: 'kms:ReEncryptTo',
    deniedOn: 'ciphertext',
    demand: 'ENCRYPT_DECRYPT',
    algorithm: { member: 'DestinationEncryptionAlgorithm', usage: 'ENCRYPT_DECRYPT' },
    others: (_key, { sibling }) => ({ CiphertextBlob: ciphertextOf(sibling) }),
    answer: (key, _state, { sibling }, algorithm) => ({
      CiphertextBlob: blob(1, 6144),
      SourceKeyId: sibling.arn,
      KeyId: key.arn,
      SourceEncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
      DestinationEncryptionAlgorithm: algorithm,
      ...materialIn('SourceKeyMaterialId', sibling),
      ...materialIn('DestinationKeyMaterialId', key),
    }),
  }),
  cryptographic({
    operation: 'GenerateDataKey',
    demand: 'symmetric key',
    others: () => ({ KeySpec: 'AES_256' }),
    invalid: noDataKeySpec,
    answer: (key) => ({
      CiphertextBlob: blob(1, 6144),
      Plaintext: blob(32),
      KeyId: key.arn,
      ...materialIn('KeyMaterialId', key),
    }),
  }),
  cryptographic({
    operation: 'GenerateDataKeyWithoutPlaintext',
    demand: 'symmetric key',
    others: () => ({ NumberOfBytes: 64 }),
    invalid: noDataKeySpec,
    answer: (key) => ({ CiphertextBlob: blob(1, 6144), KeyId: key.arn, ...materialIn('KeyMaterialId', key) }),
  }),
  cryptographic({
    operation: 'GenerateDataKeyPair',
    demand: 'symmetric key',
    others: () => ({ KeyPairSpec: 'ECC_NIST_P256' }),
    answer: (key) => ({
      PrivateKeyCiphertextBlob: blob(1, 6144),
      PrivateKeyPlaintext: blob(1, 4096),
      PublicKey: blob(91),
      KeyPairSpec: 'ECC_NIST_P256',
      KeyId: key.arn,
      ...materialIn('KeyMaterialId', key),
    }),
  }),
  cryptographic({
    operation: 'GenerateDataKeyPairWithoutPlaintext',
    demand: 'symmetric key',
    others: () => ({ KeyPairSpec: 'ECC_NIST_P256' }),
    answer: (key) => ({
      PrivateKeyCiphertextBlob: blob(1, 6144),
      PublicKey: blob(91),
      KeyPairSpec: 'ECC_NIST_P256',
      KeyId: key.arn,
      ...materialIn('KeyMaterialId', key),
    }),
  }),
  cryptographic({
    operation: 'Sign',
    demand: 'SIGN_VERIFY',
    algorithm: signing,
    others: (_key, _company, algorithm) => messageFor(algorithm),
    invalid: longMessage,
    answer: ({ arn }, _state, _company, algorithm) => ({
      KeyId: arn,
      Signature: blob(1, 6144),
      SigningAlgorithm: algorithm,
    }),
  }),
  cryptographic({
    operation: 'Verify',
    demand: 'SIGN_VERIFY',
    algorithm: signing,
    others: ({ signature = message }, _company, algorithm) => ({ ...messageFor(algorithm), Signature: signature }),
    invalid: longMessage,
    answer: ({ arn }, _state, _company, algorithm) => ({
      KeyId: arn,
      SignatureValid: true,
      SigningAlgorithm: algorithm,
    }),
  }),
  cryptographic({
    operation: 'GenerateMac',
    demand: 'GENERATE_VERIFY_MAC',
    algorithm: mac,
    others: () => ({ Message: message }),
    invalid: longMessage,
    answer: ({ arn, kind }, _state, _company, algorithm) => ({
      Mac: blob(macBytes[kind.spec] ?? 0),
      MacAlgorithm: algorithm,
      KeyId: arn,
    }),
  }),
  cryptographic({
    operation: 'VerifyMac',
    demand: 'GENERATE_VERIFY_MAC',
    algorithm: mac,
    others: ({ mac: made = message }) => ({ Message: message, Mac: made }),
    invalid: longMessage,
    answer: ({ arn }, _state, _company, algorithm) => ({ KeyId: arn, MacValid: true, MacAlgorithm: algorithm }),
  }),
  cryptographic({
    operation: 'DeriveSharedSecret',
    demand: 'KEY_AGREEMENT',
    algorithm: { member: 'KeyAgreementAlgorithm', usage: 'KEY_AGREEMENT' },
    others: ({ peer }) => ({ PublicKey: peer }),
    invalid: [
      { PublicKey: Buffer.alloc(8193).toString('base64') },
      "Value at 'publicKey' failed to satisfy constraint: Member must have length less than or equal to 8192",
    ],
    answer: ({ arn, kind }) => ({
      KeyId: arn,
      SharedSecret: blob(secretBytes[kind.spec] ?? 0),
      KeyAgreementAlgorithm: 'ECDH',
      KeyOrigin: kind.origin,
    }),
  }),
  cryptographic({
    operation: 'Encapsulate',
    demand: 'ENCAPSULATE_DECAPSULATE',
    algorithm: { member: 'EncapsulationAlgorithm', usage: 'ENCAPSULATE_DECAPSULATE' },
    others: () => ({}),
    answer: ({ arn, kind }) => ({
      KeyId: arn,
      SharedSecret: blob(32),
      SharedSecretCiphertextBlob: blob(encapsulatedBytes[kind.spec] ?? 0),
      EncapsulationAlgorithm: 'ML_KEM',
    }),
  }),
  cryptographic({
    operation: 'Decapsulate',
    demand: 'ENCAPSULATE_DECAPSULATE',
    algorithm: { member: 'EncapsulationAlgorithm', usage: 'ENCAPSULATE_DECAPSULATE' },
    others: ({ encapsulated = message }) => ({ SharedSecretCiphertextBlob: encapsulated }),
    answer: ({ arn }) => ({ KeyId: arn, SharedSecret: blob(32), EncapsulationAlgorithm: 'ML_KEM' }),
  }),
  cryptographic({
    operation: 'GetPublicKey',
    dryRun: false,
    invalidArn: true,
    demand: 'public key',
    others: () => ({}),
    answer: ({ arn, kind, publicKey = '' }) => ({ KeyId: arn, PublicKey: publicKey, ...specMembers(kind) }),
  }),
]
