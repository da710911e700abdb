/**
 * Managed policies that exist in every account without being stored ("AWS managed policies", IAM User Guide), under the names
 * that templates and habits expect. Their documents are limited to the services that exist here.
 */

export interface AwsManagedPolicy {
  readonly name: string
  /** `ANPA` and 17 characters. */
  readonly id: string
  readonly path: '/'
  readonly description: string
  /** The only version. */
  readonly version: 'v1'
  readonly document: string
  /** Epoch milliseconds. */
  readonly creationDate: number
}

interface Allowed {
  readonly Sid: string
  readonly Action: string | readonly string[]
}

function policy(name: string, id: string, description: string, allowed: readonly Allowed[]): AwsManagedPolicy {
  const Statement = allowed.map(({ Sid, Action }) => ({ Sid, Effect: 'Allow', Action, Resource: '*' }))
  const document = JSON.stringify({ Version: '2012-10-17', Statement }, null, 2)
  return { name, id, path: '/', description, version: 'v1', document, creationDate: Date.UTC(2026, 0, 1) }
}

/** By lower-cased name, ascending, as listings are. */
export const awsManagedPolicies: readonly AwsManagedPolicy[] = [
  policy('AdministratorAccess', 'ANPAIWMBCKSKIEE64ZLYK', 'Full access to all services and resources.', [
    { Sid: 'Everything', Action: '*' },
  ]),
  policy(
    'AWSKeyManagementServicePowerUser',
    'ANPAJNPP7PPPPMJRV2SA4',
    'Creates KMS keys and aliases and looks at them.',
    [
      {
        Sid: 'CreateAndDescribeKeys',
        Action: [
          ...['kms:CreateAlias', 'kms:CreateKey', 'kms:DeleteAlias', 'kms:Describe*', 'kms:GenerateRandom', 'kms:Get*'],
          ...['kms:List*', 'kms:TagResource', 'kms:UntagResource'],
        ],
      },
      { Sid: 'ChoosePrincipals', Action: ['iam:ListGroups', 'iam:ListRoles', 'iam:ListUsers'] },
    ],
  ),
  policy('ReadOnlyAccess', 'ANPAILL3HVNFSB6DCOWYQ', 'Looks at everything and changes nothing.', [
    { Sid: 'ReadKeys', Action: ['kms:Describe*', 'kms:Get*', 'kms:List*'] },
    { Sid: 'ReadIdentities', Action: ['iam:Get*', 'iam:List*', 'iam:Simulate*'] },
    { Sid: 'ReadCaller', Action: ['sts:GetAccessKeyInfo', 'sts:GetCallerIdentity'] },
  ]),
  policy('SecurityAudit', 'ANPAIX2T3QCXHR2OGGCTO', 'Looks at how keys and identities are configured and protected.', [
    {
      Sid: 'AuditKeys',
      Action: ['kms:Describe*', 'kms:GetKeyLastUsage', 'kms:GetKeyPolicy', 'kms:GetKeyRotationStatus', 'kms:List*'],
    },
    { Sid: 'AuditIdentities', Action: ['iam:Get*', 'iam:List*', 'iam:Simulate*'] },
    { Sid: 'AuditCaller', Action: ['sts:GetAccessKeyInfo', 'sts:GetCallerIdentity'] },
  ]),
]

const byName = new Map(awsManagedPolicies.map((managed) => [managed.name, managed]))

/** The ARN of `policy` in `partition`. */
export function awsManagedPolicyArn(partition: string, { path, name }: AwsManagedPolicy): string {
  return `arn:${partition}:iam::aws:policy${path}${name}`
}

/** The policy that `arn` names in `partition`, or undefined. */
export function awsManagedPolicy(partition: string, arn: string): AwsManagedPolicy | undefined {
  const found = byName.get(arn.slice(arn.lastIndexOf('/') + 1))
  return found !== undefined && awsManagedPolicyArn(partition, found) === arn ? found : undefined
}
