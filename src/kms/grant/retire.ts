/**
 * Who may retire a grant ("RetireGrant", Required permissions): permission lies in the grant, and key policies have no say.
 * Its retiring principal may, and its grantee when RetireGrant is among its operations; so may whom IAM policies of the
 * issuing account allow it, or of the account that is its retiring principal. An explicit Deny in the caller's policies wins;
 * resource control policies never apply.
 */
import { parseArn } from '#base/arn.ts'
import { parseAccountId } from '#base/brand.ts'
import { compilePolicy } from '#policy/compile.ts'
import { evaluate } from '#policy/evaluate.ts'
import type { Grant, GrantConstraints } from '#policy/grant.ts'
import type { Decision, Question } from '#policy/question.ts'
import type { PrincipalNames } from '#policy/names.ts'
import type { GrantRecord } from '#records/grant.ts'

/** Allows and denies nothing, so that grants alone are left. A statement without Action has no effect. */
const silentPolicy = compilePolicy(
  '{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Resource":"*"}}',
)

const unconstrained: GrantConstraints = {
  encryptionContextEquals: undefined,
  encryptionContextSubset: undefined,
  sourceArn: undefined,
}

/** The answer to `question` where its resource is `grant`. */
export function decideRetirement(question: Question, grant: GrantRecord): Decision {
  const common = {
    arn: question.resource.arn,
    policyLayer: 'key policy' as const,
    resourceControl: [],
    awsManaged: false,
  }
  const issuer = parseAccountId(parseArn(grant.issuingAccount)?.account ?? '')
  if (issuer !== undefined && issuer === question.subject.account) {
    const byIssuer = evaluate({
      ...question,
      crossAccount: false,
      resource: { ...common, account: issuer, policy: undefined },
      grants: [],
      grantUse: undefined,
    })
    if (byIssuer.allowed || byIssuer.because === 'explicit deny') return byIssuer
  }
  return evaluate({
    ...question,
    crossAccount: true,
    resource: { ...common, account: grant.account, policy: silentPolicy },
    grants: rightsOf(grant).filter(({ grantee }) => isOf(question.subject.names, grantee)),
    grantUse: { operation: 'RetireGrant', encryptionContext: undefined, child: undefined },
  })
}

/** The right to retire `grant`, as grants: constraints do not bind it. */
function rightsOf({ grantId, grantee, operations, retiring }: GrantRecord): readonly Grant[] {
  const ofGrantee: Grant = { grantId, grantee: grantee.name, operations, constraints: unconstrained }
  if (retiring === undefined) return [ofGrantee]
  return [ofGrantee, { grantId, grantee: retiring.name, operations: ['RetireGrant'], constraints: unconstrained }]
}

function isOf({ direct, entity, account }: PrincipalNames, name: string): boolean {
  return direct.includes(name) || entity.includes(name) || account.includes(name)
}
