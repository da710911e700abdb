import { compilePolicy } from '#policy/compile.ts'
import type { ContextValue } from '#policy/context.ts'
import type { Grant, GrantConstraints } from '#policy/grant.ts'
import type { GrantUse, Question } from '#policy/question.ts'
import { accountOf, attached, contextOf, subjectOf } from './subjects.ts'

type Pairs = Readonly<Record<string, string>>

interface VectorConstraints {
  readonly EncryptionContextEquals?: Pairs
  readonly EncryptionContextSubset?: Pairs
  readonly SourceArn?: string
}

interface VectorGrant {
  readonly grantId: string
  readonly keyId?: string
  readonly granteePrincipal?: string
  readonly granteeServicePrincipal?: string
  readonly retiringPrincipal?: string
  readonly operations: readonly string[]
  readonly constraints?: VectorConstraints
  readonly issuingAccount: string
  readonly state?: string
  readonly grantToken?: string
}

/** A test vector of the decision: everything about one request, and what the answer must be. */
export interface Vector {
  readonly name: string
  readonly keyPolicy: unknown
  readonly identityPolicies: readonly unknown[]
  readonly boundary: unknown
  readonly sessionPolicy: unknown
  readonly grants: readonly VectorGrant[]
  readonly scps?: readonly (readonly unknown[])[]
  readonly rcps?: readonly (readonly unknown[])[]
  readonly vpcEndpointPolicy?: unknown
  readonly awsManagedKey?: boolean
  readonly request: {
    readonly principal: string
    readonly action: string
    readonly resource: string
    readonly context: Readonly<Record<string, ContextValue>>
    readonly encryptionContext?: Pairs
    readonly grantTokens?: readonly string[]
    readonly newGrant?: { readonly operations: readonly string[]; readonly constraints?: VectorConstraints }
    readonly grantId?: string
  }
  readonly expect: 'Allow' | 'Deny'
  readonly reason: string
}

/** The operations of KMS that a caller of another account can be allowed ("AWS KMS permissions"). */
const crossAccount = new Set(
  ['CreateGrant', 'Decrypt', 'DeriveSharedSecret', 'DescribeKey', 'Encrypt', 'GenerateDataKey', 'GenerateDataKeyPair']
    .concat(['GenerateDataKeyPairWithoutPlaintext', 'GenerateDataKeyWithoutPlaintext', 'GenerateMac', 'GetPublicKey'])
    .concat(['GetKeyRotationStatus', 'ListGrants', 'ReEncryptFrom', 'ReEncryptTo', 'RetireGrant', 'RevokeGrant'])
    .concat(['Sign', 'Verify', 'VerifyMac', 'Encapsulate', 'Decapsulate']),
)
const grantOperations = new Set([...crossAccount].filter((name) => !/^(?:GetKeyRotation|ListGrants|Revoke)/.test(name)))

/** The question that `vector` asks. */
export function questionOf(vector: Vector): Question {
  const { request } = vector
  const { context, action, resource } = request
  const operation = action.slice('kms:'.length)
  const role = context['aws:PrincipalArn']
  const subject = subjectOf(request.principal, typeof role === 'string' ? role : undefined)
  const owner = resource.split(':')[4] ?? subject.account ?? ''
  const retiring = operation === 'RetireGrant'
  const retired = retiring ? vector.grants.find(({ grantId }) => grantId === request.grantId) : undefined
  return {
    subject: {
      ...subject,
      identity: attached('identity', vector.identityPolicies),
      boundary: vector.boundary === null ? undefined : attached('boundary', [vector.boundary])[0],
      session: vector.sessionPolicy === null ? undefined : attached('session', [vector.sessionPolicy]),
      serviceControl: (vector.scps ?? []).map((level) => attached('scp', level)),
    },
    action,
    resource: {
      arn: resource,
      // Who may retire is decided in the account that issued the grant, and the key's policy has no say.
      account: accountOf(retired?.issuingAccount.split(':')[4] ?? owner),
      policy: vector.keyPolicy === null || retiring ? undefined : compilePolicy(JSON.stringify(vector.keyPolicy)),
      policyLayer: 'key policy',
      resourceControl: (vector.rcps ?? []).map((level) => attached('rcp', level)),
      awsManaged: vector.awsManagedKey === true,
    },
    crossAccount: crossAccount.has(operation),
    context: contextOf(context),
    endpoint: vector.vpcEndpointPolicy === undefined ? undefined : attached('endpoint', [vector.vpcEndpointPolicy])[0],
    grants: vector.grants.filter((grant) => effective(grant, vector)).flatMap(grantsOf),
    grantUse: grantOperations.has(operation) ? useOf(operation, request) : undefined,
  }
}

function effective({ keyId, state, grantToken, grantId }: VectorGrant, { request }: Vector): boolean {
  if (keyId !== undefined && keyId !== request.resource) return false
  if (request.grantId !== undefined && request.grantId !== grantId) return false
  return state !== 'pending' || (grantToken !== undefined && request.grantTokens?.includes(grantToken) === true)
}

/** The grant, and what its retiring principal has: the right to retire it, as if by a grant. */
function grantsOf(grant: VectorGrant): readonly Grant[] {
  const { grantId, operations, retiringPrincipal } = grant
  const constraints = constraintsOf(grant.constraints)
  const grantee = grant.granteePrincipal ?? grant.granteeServicePrincipal ?? ''
  const given = { grantId, grantee, operations, constraints }
  return retiringPrincipal === undefined
    ? [given]
    : [given, { grantId, grantee: retiringPrincipal, operations: ['RetireGrant'], constraints }]
}

function useOf(operation: string, { encryptionContext, newGrant }: Vector['request']): GrantUse {
  return {
    operation,
    encryptionContext: mapOf(encryptionContext),
    child:
      newGrant === undefined
        ? undefined
        : { operations: newGrant.operations, constraints: constraintsOf(newGrant.constraints) },
  }
}

function constraintsOf(constraints: VectorConstraints | undefined): GrantConstraints {
  return {
    encryptionContextEquals: mapOf(constraints?.EncryptionContextEquals),
    encryptionContextSubset: mapOf(constraints?.EncryptionContextSubset),
    sourceArn: constraints?.SourceArn,
  }
}

const mapOf = (pairs: Pairs | undefined): ReadonlyMap<string, string> | undefined =>
  pairs === undefined ? undefined : new Map(Object.entries(pairs))
