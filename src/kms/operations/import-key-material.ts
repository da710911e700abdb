/**
 * ImportKeyMaterial: key material that its owner made elsewhere, wrapped with a key of GetParametersForImport. The first one is
 * the key's for ever; a symmetric key takes further ones, each for a rotation to come.
 */
import { optional } from '#aws/shape.ts'
import { importedBytes, refuseExpiry, requireImportable, requireMembers } from '../key/import-rules.ts'
import { informed, materialsIn, withImported } from '../key/imported.ts'
import { isPrimary, refuseReplica, relativesOf, unchanged } from '../key/multi-region.ts'
import { sweep, sweepingChanges } from '../key/expired.ts'
import { materialOwner } from '../key/rotation.ts'
import { keyIn } from '../key/target.ts'
import { CiphertextType, DateType, ExpirationModelType, ImportTypeType, KeyIdType } from '../members.ts'
import { KeyMaterialDescriptionType, KeyMaterialIdType } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const ImportKeyMaterial = changeOperation({
  name: 'ImportKeyMaterial',
  effect: 'change',
  input: {
    KeyId: KeyIdType,
    ImportToken: CiphertextType,
    EncryptedKeyMaterial: CiphertextType,
    ValidTo: optional(DateType),
    ExpirationModel: optional(ExpirationModelType),
    ImportType: optional(ImportTypeType),
    KeyMaterialDescription: optional(KeyMaterialDescriptionType),
    KeyMaterialId: optional(KeyMaterialIdType),
  },
  output: { KeyId: KeyIdType, KeyMaterialId: optional(KeyMaterialIdType) },
  targets: {
    key: keyIn('KeyId', {
      action: 'kms:ImportKeyMaterial',
      aliases: false,
      crossAccount: false,
      states: 'not pending deletion',
      usage: 'any',
      origin: 'EXTERNAL',
    }),
  },
  check: refuseExpiry,
  conditions: ['kms:ExpirationModel', 'kms:ValidTo'],
  grantable: [],
  dryRun: false,
  quota: 'ImportKeyMaterial',
  errors: [
    'DependencyTimeoutException',
    'ExpiredImportTokenException',
    'IncorrectKeyMaterialException',
    'InvalidArnException',
    'InvalidCiphertextException',
    'InvalidImportTokenException',
    'KMSInternalException',
    'KMSInvalidStateException',
    'NotFoundException',
    'UnsupportedOperationException',
  ],
  audit: {
    readOnly: false,
    request: ['KeyId', 'ValidTo', 'ExpirationModel', 'ImportType', 'KeyMaterialDescription', 'KeyMaterialId'],
    response: ['KeyId', 'KeyMaterialId'],
  },
  async handle({ targets: { key }, facts: { now }, ports, fail }, input) {
    const bytes = importedBytes(input, now, fail)
    requireMembers(key.record, input, fail)
    // What all keys of a multi-Region key know of its materials comes from the primary.
    if (input.ImportType === 'NEW_KEY_MATERIAL' || input.KeyMaterialDescription !== undefined) {
      refuseReplica(key.record, key.arn, fail)
    }
    const opened = ports.importKeys.open(input.ImportToken)
    // Unverified wording, of all errors without AWS's.
    if (opened === undefined || opened.terms.keyArn !== key.arn) {
      return fail('InvalidImportTokenException', 'The import token is not one for this KMS key.')
    }
    if (opened.terms.validTo <= now) return fail('ExpiredImportTokenException', 'The import token has expired.')
    const brought = await opened.unwrap(input.EncryptedKeyMaterial)
    if (brought === undefined) return fail('InvalidCiphertextException')
    const swept = sweep(key.record, now, () => ports.random.uuid())
    const { keySpec } = swept.key
    try {
      const material = await ports.keyStore.adopt(materialOwner(swept.key, now), brought)
      if (material === undefined) {
        return fail('IncorrectKeyMaterialException', `The key material is not valid for key spec ${keySpec}.`)
      }
      const { materialId } = material
      requireImportable(swept.key, key.arn, materialId, input, fail)
      const brings = { materialId, bytes, description: input.KeyMaterialDescription }
      const imported = withImported(swept.key, brings)
      const isNews =
        brings.description !== undefined || materialsIn(swept.key).every((each) => each.materialId !== materialId)
      const replicas = isNews && isPrimary(swept.key) ? await relativesOf(swept.key, ports.storage) : []
      return {
        output: {
          KeyId: key.arn,
          ...(keySpec === 'SYMMETRIC_DEFAULT' ? { KeyMaterialId: materialId } : {}),
        },
        changes: [
          ...sweepingChanges(swept),
          { kind: 'key changed', key: imported },
          { kind: 'key material stored', material },
          ...replicas.map((replica) => ({ kind: 'key changed', key: informed(replica, brings) }) as const),
        ],
        expectations: unchanged(replicas),
      }
    } finally {
      brought.destroy()
    }
  },
})
