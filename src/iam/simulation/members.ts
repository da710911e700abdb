/** Members that the operations of the policy simulator share. */
import { boolean, integer, list, oneOf, optional, string, stringMap, structure } from '#aws/shape.ts'
import { pageEnd, pageRequest, PolicyDocumentType } from '../members.ts'

export const PolicyInputListType = list(PolicyDocumentType)
const ResourceNameType = string({ min: 1, max: 2048 })
const ActionNameType = string({ min: 3, max: 128 })
const ContextKeyNameType = string({ min: 5, max: 256 })
export const ContextKeyNamesType = list(ContextKeyNameType)
const types = ['string', 'numeric', 'boolean', 'ip', 'binary', 'date'] as const
const listTypes = ['stringList', 'numericList', 'booleanList', 'ipList', 'binaryList', 'dateList'] as const
const Decision = oneOf('allowed', 'explicitDeny', 'implicitDeny')

/** The members of every request for a simulation. */
export const simulationRequest = {
  PermissionsBoundaryPolicyInputList: optional(PolicyInputListType),
  ActionNames: list(ActionNameType),
  ResourceArns: optional(list(ResourceNameType)),
  ResourcePolicy: optional(PolicyDocumentType),
  ResourceOwner: optional(ResourceNameType),
  CallerArn: optional(ResourceNameType),
  ContextEntries: optional(
    list(
      structure({
        ContextKeyName: optional(ContextKeyNameType),
        ContextKeyValues: optional(list(string())),
        ContextKeyType: optional(oneOf(...types, ...listTypes)),
      }),
    ),
  ),
  ResourceHandlingOption: optional(string({ min: 1, max: 64 })),
  ...pageRequest,
}

const Position = structure({ Line: optional(integer()), Column: optional(integer()) })
const MatchedStatements = list(
  structure({
    SourcePolicyId: optional(string()),
    SourcePolicyType: optional(oneOf('user', 'group', 'role', 'aws-managed', 'user-managed', 'resource', 'none')),
    StartPosition: optional(Position),
    EndPosition: optional(Position),
  }),
)
const found = {
  MatchedStatements: optional(MatchedStatements),
  MissingContextValues: optional(ContextKeyNamesType),
  PermissionsBoundaryDecisionDetail: optional(structure({ AllowedByPermissionsBoundary: optional(boolean()) })),
  EvalDecisionDetails: optional(stringMap()),
}

/** The answer of every simulation. */
export const simulationResponse = {
  EvaluationResults: optional(
    list(
      structure({
        EvalActionName: ActionNameType,
        EvalResourceName: optional(ResourceNameType),
        EvalDecision: Decision,
        ...found,
        OrganizationsDecisionDetail: optional(structure({ AllowedByOrganizations: optional(boolean()) })),
        ResourceSpecificResults: optional(
          list(structure({ EvalResourceName: ResourceNameType, EvalResourceDecision: Decision, ...found })),
        ),
      }),
    ),
  ),
  ...pageEnd,
}
