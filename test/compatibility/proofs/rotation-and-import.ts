import { constants, createPublicKey, publicEncrypt, randomBytes } from 'node:crypto'
import { aboutKey, type Proofs } from '../proof.ts'
import type { Json, Stage, StageKey } from '../stage.ts'

const stateless = ['InvalidArnException', 'NotFoundException', 'UnsupportedOperationException'] as const
const rotating = [...stateless, 'DisabledException', 'KMSInvalidStateException'] as const
const onDemandRotations = 25

/** Material as ImportKeyMaterial takes it, wrapped for the key `id`. */
async function wrapped(stage: Stage, id: string, bytes: Buffer): Promise<Json> {
  const parameters = await stage.call('GetParametersForImport', { KeyId: id, ...wrapping })
  const { PublicKey, ImportToken } = parameters as { readonly PublicKey: Uint8Array; readonly ImportToken: Uint8Array }
  const key = createPublicKey({ key: Buffer.from(PublicKey), format: 'der', type: 'spki' })
  const padding = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }
  return {
    KeyId: id,
    ImportToken,
    EncryptedKeyMaterial: publicEncrypt({ key, ...padding }, bytes),
    ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE',
  }
}

const wrapping = { WrappingAlgorithm: 'RSAES_OAEP_SHA_256', WrappingKeySpec: 'RSA_2048' }
const importing = (stage: Stage, { id }: StageKey): Promise<Json> => wrapped(stage, id, randomBytes(32))
/** Of whatever key the request is about: its token and material are those of another. */
const importOf = async (_key: StageKey, stage: Stage): Promise<Json> => {
  const { ImportToken, EncryptedKeyMaterial } = await importing(stage, await stage.key('imported'))
  return { ImportToken, EncryptedKeyMaterial, ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE' }
}

export const rotationAndImportProofs: Proofs = {
  EnableKeyRotation: aboutKey({ changes: true }, rotating),
  DisableKeyRotation: aboutKey({ changes: true }, rotating),
  GetKeyRotationStatus: aboutKey({}, stateless),
  ListKeyRotations: aboutKey({}, [...stateless, 'InvalidMarkerException']),
  RotateKeyOnDemand: {
    ...aboutKey({ changes: true }, rotating),
    LimitExceededException: async (stage) => {
      const { id } = await stage.fresh()
      for (let count = 0; count < onDemandRotations; count += 1) await stage.call('RotateKeyOnDemand', { KeyId: id })
      return { KeyId: id }
    },
    ConflictException: {
      here: async (stage, kms) => {
        const { id } = await stage.fresh()
        await stage.call('EnableKeyRotation', { KeyId: id, RotationPeriodInDays: 90 })
        kms.now += 90 * 86_400_000 - 600_000
        return { KeyId: id }
      },
    },
  },
  GetParametersForImport: aboutKey({ kind: 'imported', others: () => wrapping }, [
    'InvalidArnException',
    'KMSInvalidStateException',
    'NotFoundException',
    'UnsupportedOperationException',
  ]),
  ImportKeyMaterial: {
    ...aboutKey({ kind: 'imported', others: importOf }, [
      'InvalidArnException',
      'KMSInvalidStateException',
      'NotFoundException',
      'UnsupportedOperationException',
    ]),
    success: async (stage) => importing(stage, await stage.fresh('imported')),
    InvalidImportTokenException: async (stage) => ({
      ...(await importing(stage, await stage.fresh('imported'))),
      ImportToken: Buffer.from('nonsense'),
    }),
    InvalidCiphertextException: async (stage) => ({
      ...(await importing(stage, await stage.fresh('imported'))),
      EncryptedKeyMaterial: randomBytes(256),
    }),
    IncorrectKeyMaterialException: async (stage) => wrapped(stage, (await stage.fresh('imported')).id, randomBytes(31)),
    ExpiredImportTokenException: {
      here: async (stage, kms) => {
        const request = await importing(stage, await stage.fresh('imported'))
        kms.now += 25 * 3_600_000
        return request
      },
    },
  },
  DeleteImportedKeyMaterial: aboutKey({ kind: 'imported' }, [
    'InvalidArnException',
    'NotFoundException',
    'UnsupportedOperationException',
  ]),
}
