/**
 * Key policies to start from: the two that AWS offers ("Default key policy", AWS KMS Developer Guide) and one that separates
 * duties. They are texts with ARNs, as a client would put them.
 */
import type { AccountId } from '#base/brand.ts'

/** As in ARNs. */
export type Partition = 'aws' | 'aws-cn' | 'aws-us-gov'

/**
 * The key policy of a key that was created without one: the account's own policies decide. To the space what GetKeyPolicy
 * returns at AWS, because tools compare it as text.
 */
export function defaultKeyPolicy(partition: Partition, account: AccountId): string {
  return `{
  "Version" : "2012-10-17",
  "Id" : "key-default-1",
  "Statement" : [ {
    "Sid" : "Enable IAM User Permissions",
    "Effect" : "Allow",
    "Principal" : {
      "AWS" : "${root(partition, account)}"
    },
    "Action" : "kms:*",
    "Resource" : "*"
  } ]
}`
}

/** What a key is for. */
export type KeyPurpose =
  | 'symmetric encryption'
  | 'asymmetric encryption'
  | 'signing'
  | 'message authentication'
  | 'key agreement'
  | 'key encapsulation'

/** What both templates are made from. An empty list of principals makes no statement. */
export interface TemplateFacts {
  readonly partition: Partition
  /** The account that owns the key. */
  readonly account: AccountId
  readonly purpose: KeyPurpose
  /** ARNs of users and roles of the account. */
  readonly administrators: readonly string[]
  /** ARNs of users and roles of the account. */
  readonly users: readonly string[]
  /** Accounts whose own policies may let their users and roles use the key. */
  readonly otherAccounts: readonly AccountId[]
  readonly administratorsMayDelete: boolean
  /** Its key material is imported. */
  readonly imported: boolean
  readonly multiRegion: boolean
}

const useActions: Readonly<Record<KeyPurpose, readonly string[]>> = {
  'symmetric encryption': ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:DescribeKey'],
  'asymmetric encryption': ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:DescribeKey', 'kms:GetPublicKey'],
  signing: ['kms:DescribeKey', 'kms:GetPublicKey', 'kms:Sign', 'kms:Verify'],
  'message authentication': ['kms:DescribeKey', 'kms:GenerateMac', 'kms:VerifyMac'],
  'key agreement': ['kms:DeriveSharedSecret', 'kms:DescribeKey', 'kms:GetPublicKey'],
  'key encapsulation': ['kms:Encapsulate', 'kms:Decapsulate', 'kms:DescribeKey', 'kms:GetPublicKey'],
}

const deletion = ['kms:ScheduleKeyDeletion', 'kms:CancelKeyDeletion']

/**
 * The policy of AWS's console: administrators manage the key, users use it, and the account's policies decide as well. Its
 * administrators hold CreateGrant and PutKeyPolicy, so each of them can make himself a user.
 */
export function consoleKeyPolicy(facts: TemplateFacts): string {
  const { administrators } = facts
  return policy('key-consolepolicy-3', [
    allow('Enable IAM policies', [root(facts.partition, facts.account)], ['kms:*']),
    allow('Allow access for Key Administrators', administrators, [
      ...['Create*', 'Describe*', 'Enable*', 'List*', 'Put*', 'Update*', 'Revoke*', 'Disable*', 'Get*', 'Delete*'].map(
        (action) => `kms:${action}`,
      ),
      ...(facts.imported ? ['kms:ImportKeyMaterial'] : []),
      'kms:TagResource',
      'kms:UntagResource',
      ...(facts.administratorsMayDelete ? deletion : []),
      ...(facts.multiRegion ? ['kms:ReplicateKey'] : []),
      ...(facts.purpose === 'symmetric encryption' ? ['kms:RotateKeyOnDemand'] : []),
    ]),
    ...useStatements(facts),
  ])
}

/** What the hardened template needs beside. */
export interface HardenedFacts extends TemplateFacts {
  /** Who alone may change the policy: ARNs of users and roles of the account, neither administrators nor users. */
  readonly securityOfficers: readonly string[]
  /** Whether the account's root user may read and replace the policy, should all officers be gone. */
  readonly rootMayRecover: boolean
}

const read = ['kms:DescribeKey', 'kms:GetKeyPolicy', 'kms:GetKeyRotationStatus', 'kms:GetPublicKey', 'kms:List*']

/**
 * A policy that separates duties. Only who is named in it has a say: the account's policies decide nothing. Officers change
 * the policy; administrators manage the key; neither can use it, and an administrator can't become a user, because what
 * leads there is denied to him: the policy itself, grants, a replica (which has a policy of its own) and importing key
 * material (which is to know it). Both denials name what they leave, so that they cover the actions of later versions too.
 */
export function hardenedKeyPolicy(facts: HardenedFacts): string {
  const { securityOfficers, administrators } = facts
  const ownRoot = root(facts.partition, facts.account)
  const officerActions = [
    ...read,
    'kms:PutKeyPolicy',
    'kms:RevokeGrant',
    ...(facts.imported ? ['kms:GetParametersForImport', 'kms:ImportKeyMaterial'] : []),
    ...(facts.multiRegion ? ['kms:ReplicateKey', 'kms:UpdatePrimaryRegion'] : []),
  ]
  const administratorActions = [
    ...read,
    ...['kms:EnableKey', 'kms:DisableKey', 'kms:UpdateKeyDescription', 'kms:TagResource', 'kms:UntagResource'],
    ...['kms:CreateAlias', 'kms:UpdateAlias', 'kms:DeleteAlias', 'kms:RevokeGrant'],
    ...['kms:EnableKeyRotation', 'kms:DisableKeyRotation', 'kms:RotateKeyOnDemand'],
    ...(facts.imported ? ['kms:DeleteImportedKeyMaterial'] : []),
    ...(facts.administratorsMayDelete ? deletion : []),
  ]
  return policy('key-hardened-1', [
    ...(facts.rootMayRecover
      ? [
          {
            ...allow('Allow recovery by the root user', [ownRoot], [...read, 'kms:PutKeyPolicy']),
            // The principal alone would mean the whole account.
            Condition: { ArnEquals: { 'aws:PrincipalArn': ownRoot } },
          },
        ]
      : []),
    allow('Allow changes of the policy by security officers', securityOfficers, officerActions),
    allow('Allow access for Key Administrators', administrators, administratorActions),
    ...useStatements(facts),
    denyAllBut('Deny everything else to security officers', securityOfficers, officerActions),
    denyAllBut('Deny everything else to Key Administrators', administrators, administratorActions),
  ])
}

/** Use of the key, and of grants by services that encrypt for its users. */
function useStatements({ partition, purpose, users, otherAccounts }: TemplateFacts): readonly TemplateStatement[] {
  const principals = [...users, ...otherAccounts.map((account) => root(partition, account))]
  const use = allow('Allow use of the key', principals, useActions[purpose])
  if (purpose !== 'symmetric encryption') return [use]
  return [
    use,
    {
      ...allow('Allow attachment of persistent resources', principals, [
        'kms:CreateGrant',
        'kms:ListGrants',
        'kms:RevokeGrant',
      ]),
      Condition: { Bool: { 'kms:GrantIsForAWSResource': 'true' } },
    },
  ]
}

interface TemplateStatement {
  readonly Sid: string
  readonly Effect: 'Allow' | 'Deny'
  readonly Principal: { readonly AWS: readonly string[] }
  readonly Action?: readonly string[]
  readonly NotAction?: readonly string[]
  readonly Resource: '*'
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string>>>>
}

const allow = (sid: string, principals: readonly string[], actions: readonly string[]): TemplateStatement => ({
  Sid: sid,
  Effect: 'Allow',
  Principal: { AWS: principals },
  Action: actions,
  Resource: '*',
})

const denyAllBut = (sid: string, principals: readonly string[], actions: readonly string[]): TemplateStatement => ({
  Sid: sid,
  Effect: 'Deny',
  Principal: { AWS: principals },
  NotAction: actions,
  Resource: '*',
})

/** KMS refuses a statement without principals. One value stands without its array, as the console writes it. */
function policy(id: string, statements: readonly TemplateStatement[]): string {
  const Statement = statements
    .filter(({ Principal }) => Principal.AWS.length > 0)
    .map((statement) => ({
      ...statement,
      Principal: { AWS: loneOrAll(statement.Principal.AWS) },
      ...(statement.Action === undefined ? {} : { Action: loneOrAll(statement.Action) }),
    }))
  return JSON.stringify({ Version: '2012-10-17', Id: id, Statement }, null, 2)
}

function loneOrAll(values: readonly string[]): string | readonly string[] {
  const [first] = values
  return first !== undefined && values.length === 1 ? first : values
}

function root(partition: Partition, account: AccountId): string {
  return `arn:${partition}:iam::${account}:root`
}
