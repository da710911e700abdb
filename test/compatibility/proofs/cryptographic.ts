import { aboutKey, type Proof, type Proofs, type Question } from '../proof.ts'
import { bytes, peer } from '../stage.ts'

const usual = [
  'DisabledException',
  'DryRunOperationException',
  'InvalidGrantTokenException',
  'InvalidKeyUsageException',
  'KMSInvalidStateException',
  'NotFoundException',
] as const

const dataKey: Question = { others: () => ({ KeySpec: 'AES_256' }) }
const dataKeyPair: Question = { others: () => ({ KeyPairSpec: 'ECC_NIST_P256' }) }
// A key spec of China, which is refused in other Regions.
const pairOfChina: Proof = async (stage) => ({ KeyId: (await stage.key()).id, KeyPairSpec: 'SM2' })
const signed: Question = { kind: 'signing', others: () => ({ Message: bytes, SigningAlgorithm: 'ECDSA_SHA_256' }) }
const verified: Question = {
  kind: 'signing',
  others: ({ signature = bytes }) => ({ Message: bytes, Signature: signature, SigningAlgorithm: 'ECDSA_SHA_256' }),
}
const madeMac: Question = { kind: 'mac', others: () => ({ Message: bytes, MacAlgorithm: 'HMAC_SHA_256' }) }
const verifiedMac: Question = {
  kind: 'mac',
  others: ({ mac = bytes }) => ({ Message: bytes, Mac: mac, MacAlgorithm: 'HMAC_SHA_256' }),
}
const encapsulation = { EncapsulationAlgorithm: 'ML_KEM' }

export const cryptographicProofs: Proofs = {
  Encrypt: aboutKey({ others: () => ({ Plaintext: bytes }) }, usual),
  Decrypt: {
    ...aboutKey({ others: ({ ciphertext = bytes }) => ({ CiphertextBlob: ciphertext }) }, usual),
    IncorrectKeyException: async (stage) => ({
      KeyId: (await stage.fresh()).id,
      CiphertextBlob: (await stage.key()).ciphertext,
    }),
    InvalidCiphertextException: () => ({ CiphertextBlob: bytes }),
  },
  ReEncrypt: {
    ...aboutKey(
      {
        member: 'DestinationKeyId',
        others: async (_key, stage) => ({ CiphertextBlob: (await stage.key()).ciphertext }),
      },
      usual,
    ),
    IncorrectKeyException: async (stage) => ({
      SourceKeyId: (await stage.fresh()).id,
      DestinationKeyId: (await stage.key()).id,
      CiphertextBlob: (await stage.key()).ciphertext,
    }),
    InvalidCiphertextException: async (stage) => ({
      DestinationKeyId: (await stage.key()).id,
      CiphertextBlob: bytes,
    }),
  },
  GenerateDataKey: aboutKey(dataKey, usual),
  GenerateDataKeyWithoutPlaintext: aboutKey(dataKey, usual),
  GenerateDataKeyPair: { ...aboutKey(dataKeyPair, usual), UnsupportedOperationException: pairOfChina },
  GenerateDataKeyPairWithoutPlaintext: {
    ...aboutKey(dataKeyPair, usual),
    UnsupportedOperationException: pairOfChina,
  },
  GenerateRandom: {
    success: () => ({ NumberOfBytes: 32 }),
    // There are no custom key stores: their ids are refused by name.
    UnsupportedOperationException: () => ({ NumberOfBytes: 32, CustomKeyStoreId: 'cks-1234567890abcdef0' }),
  },
  Sign: aboutKey(signed, usual),
  Verify: {
    ...aboutKey(verified, usual),
    KMSInvalidSignatureException: async (stage) => {
      const { id, signature } = await stage.key('signing')
      return {
        KeyId: id,
        Message: Buffer.from('another message'),
        Signature: signature,
        SigningAlgorithm: 'ECDSA_SHA_256',
      }
    },
  },
  GenerateMac: aboutKey(madeMac, usual),
  VerifyMac: {
    ...aboutKey(verifiedMac, usual),
    KMSInvalidMacException: async (stage) => {
      const { id, mac } = await stage.key('mac')
      return { KeyId: id, Message: Buffer.from('another message'), Mac: mac, MacAlgorithm: 'HMAC_SHA_256' }
    },
  },
  DeriveSharedSecret: aboutKey(
    { kind: 'agreement', others: () => ({ KeyAgreementAlgorithm: 'ECDH', PublicKey: peer }) },
    usual,
  ),
  Encapsulate: aboutKey({ kind: 'encapsulation', others: () => encapsulation }, usual),
  Decapsulate: {
    ...aboutKey(
      {
        kind: 'encapsulation',
        others: ({ encapsulated = bytes }) => ({ ...encapsulation, SharedSecretCiphertextBlob: encapsulated }),
      },
      usual,
    ),
    InvalidCiphertextException: async (stage) => ({
      ...encapsulation,
      KeyId: (await stage.key('encapsulation')).id,
      SharedSecretCiphertextBlob: bytes,
    }),
  },
  GetPublicKey: aboutKey({ kind: 'signing' }, [
    'InvalidArnException',
    'InvalidGrantTokenException',
    'KMSInvalidStateException',
    'NotFoundException',
    'UnsupportedOperationException',
  ]),
}
