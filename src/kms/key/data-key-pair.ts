/** Data key pairs: key pairs for use outside, the private half encrypted under a KMS key. */
import { dryRunMessage } from '#aws/dry-run.ts'
import type { RequestFacts } from '#aws/operation.ts'
import type { KeyMaterialId } from '#base/brand.ts'
import { after, type MaybeAsync } from '#base/maybe-async.ts'
import { SecretBytes } from '#base/secret-bytes.ts'
import { keySpecs, type KeySpec } from '#crypto/key-specs.ts'
import type { LiveKey } from '#ports/key-directory.ts'
import type { KmsPorts } from '../operation.ts'
import type { QuotaName } from '../quota.ts'
import { quotas } from '../quota.ts'
import { forgetOnFailure } from './ciphertext.ts'
import { canonicalContext } from './context.ts'
import { requireRegion } from './region.ts'

interface PairRequest {
  readonly KeyPairSpec: KeySpec
  readonly EncryptionContext?: ReadonlyMap<string, string> | undefined
  readonly DryRun?: boolean | undefined
}

/** Each spec has a rate of its own: some take milliseconds to make, some seconds. */
export function pairQuota({ KeyPairSpec }: PairRequest): QuotaName {
  const name = `GenerateDataKeyPair-${KeyPairSpec}`
  return isQuota(name) ? name : 'cryptographic-ml-kem'
}

function isQuota(name: string): name is QuotaName {
  return name in quotas
}

/** The caller owns all forms. */
export interface DataKeyPair {
  /** SubjectPublicKeyInfo (RFC 5280) in DER. */
  readonly publicKey: Buffer
  /** PKCS #8 (RFC 5958) in DER; of ML-KEM the seed (RFC 9936). */
  readonly privateKey: SecretBytes
  /** The private key under the current material of the KMS key. */
  readonly ciphertext: Buffer
  readonly materialId: KeyMaterialId
}

/** A fresh key pair under the current material of `key`. A dry run ends before the pair is made, which may take seconds. */
export function makeDataKeyPair(
  key: LiveKey,
  { KeyPairSpec, EncryptionContext, DryRun = false }: PairRequest,
  { region }: Pick<RequestFacts, 'region'>,
  { directory, keyPairs }: Pick<KmsPorts, 'directory' | 'keyPairs'>,
  fail: (
    code: 'ValidationException' | 'DryRunOperationException' | 'UnsupportedOperationException',
    message: string,
  ) => never,
): MaybeAsync<DataKeyPair> {
  requireRegion(region, keySpecs[KeyPairSpec].regions, 'KeyPairSpec', KeyPairSpec, fail)
  const context = canonicalContext(EncryptionContext, fail)
  return after(directory.currentMaterial(key, 'symmetric'), (material) => {
    if (DryRun) return fail('DryRunOperationException', dryRunMessage)
    return after(keyPairs(KeyPairSpec), (pair) => {
      const privateKey = new SecretBytes(pair.privateKey)
      return forgetOnFailure(privateKey, (bytes) =>
        after(material.encrypt(bytes, context), (ciphertext) => ({
          publicKey: pair.publicKey,
          privateKey,
          ciphertext,
          materialId: material.materialId,
        })),
      )
    })
  })
}
