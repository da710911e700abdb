/**
 * The key policy of AWS managed keys ("AWS managed keys", AWS KMS Developer Guide): whoever in the account may use the service
 * may use the key through it, nobody directly, nobody elsewhere, and nobody may change it.
 */
import { rootArn } from '#base/arn.ts'
import type { Place } from '#records/key.ts'

/** A service of this installation that uses keys for its callers. */
export interface KeyUsingService {
  /** As in `alias/aws/<name>` and `<name>.<region>.amazonaws.com`. */
  readonly name: 's3' | 'ssm' | 'secretsmanager' | 'ebs'
  /** Whether it makes grants for what it does later by itself. */
  readonly grants: boolean
}

export const keyUsingServices: readonly KeyUsingService[] = [
  { name: 's3', grants: false },
  { name: 'ssm', grants: false },
  { name: 'secretsmanager', grants: true },
  { name: 'ebs', grants: true },
]

/** How `kms:ViaService` names a service: with this suffix in all partitions. */
export function viaService({ name }: KeyUsingService, { region }: Pick<Place, 'region'>): string {
  // EBS calls as EC2 ("kms:ViaService", AWS KMS Developer Guide).
  return `${name === 'ebs' ? 'ec2' : name}.${region}.amazonaws.com`
}

export function servicePolicy(service: KeyUsingService, place: Place): string {
  const cryptographic = ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*']
  return JSON.stringify({
    Version: '2012-10-17',
    Id: `auto-${service.name}`,
    Statement: [
      {
        Sid: `Allow access through ${service.name} for all principals in the account that are authorized to use it`,
        Effect: 'Allow',
        Principal: { AWS: '*' },
        Action: [...cryptographic, ...(service.grants ? ['kms:CreateGrant'] : []), 'kms:DescribeKey'],
        Resource: '*',
        Condition: {
          StringEquals: { 'kms:CallerAccount': place.account, 'kms:ViaService': viaService(service, place) },
        },
      },
      {
        Sid: 'Allow direct access to key metadata to the account',
        Effect: 'Allow',
        Principal: { AWS: rootArn(place.region, place.account) },
        Action: ['kms:Describe*', 'kms:Get*', 'kms:List*', ...(service.grants ? ['kms:RevokeGrant'] : [])],
        Resource: '*',
      },
    ],
  })
}
