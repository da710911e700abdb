/** What both simulations are asked, and its rules. What is wrong is InvalidInput; AWS publishes no wordings. */
import { refusal, RefusalError } from '#aws/errors.ts'
import { parseArn } from '#base/arn.ts'
import { parseAccountId, type AccountId } from '#base/brand.ts'
import { compilePolicy, type CompiledPolicy } from '#policy/compile.ts'
import type { ContextValue } from '#policy/context.ts'
import type { AttachedPolicy } from '#policy/subject.ts'
import { validateIdentityPolicy } from '#policy/validate-identity-policy.ts'
import { foldCase } from '#policy/fold.ts'

export interface SimulationRequest {
  readonly PolicyInputList?: readonly string[] | undefined
  readonly PermissionsBoundaryPolicyInputList?: readonly string[] | undefined
  readonly ActionNames: readonly string[]
  readonly ResourceArns?: readonly string[] | undefined
  readonly ResourcePolicy?: string | undefined
  readonly ResourceOwner?: string | undefined
  readonly CallerArn?: string | undefined
  readonly ContextEntries?: readonly ContextEntry[] | undefined
  readonly MaxItems?: number | undefined
  readonly Marker?: string | undefined
}

export interface ContextEntry {
  readonly ContextKeyName?: string | undefined
  readonly ContextKeyValues?: readonly string[] | undefined
  readonly ContextKeyType?: string | undefined
}

export function invalidInput(message: string): RefusalError {
  return new RefusalError(refusal('InvalidInputException', message))
}

/** The policies that a member of the request brings, named after it. Throws the refusal InvalidInput for what is none. */
export function inputPolicies(member: string, texts: readonly string[] = []): readonly AttachedPolicy[] {
  return texts.map((text, index) => {
    const name = `${member}.${index + 1}`
    const fault = validateIdentityPolicy(text)
    if (fault !== undefined) throw invalidInput(`${name}: ${fault.message}`)
    return { name, policy: understood(name, text) }
  })
}

/** The one permissions boundary of the request, if it brings one. */
export function inputBoundary(texts: readonly string[] = []): AttachedPolicy | undefined {
  if (texts.length > 1) throw invalidInput('Only one permissions boundary can be simulated.')
  return inputPolicies('PermissionsBoundaryPolicyInputList', texts)[0]
}

/** `text`, ready for decisions. Throws the refusal InvalidInput when it is no policy. */
export function understood(name: string, text: string): CompiledPolicy {
  const policy = compilePolicy(text)
  if (policy.problem !== undefined) throw invalidInput(`${name}: Syntax errors in policy.`)
  return policy
}

const action = /^[A-Za-z0-9-]+:[A-Za-z0-9]+$/

/** What is simulated on what; without resources, on all of them. */
export function simulatedOn({ ActionNames, ResourceArns = [] }: SimulationRequest): {
  readonly actions: readonly string[]
  readonly resources: readonly string[]
} {
  const wrong = ActionNames.find((name) => !action.test(name))
  if (wrong !== undefined) throw invalidInput(`${wrong} is not the name of an action.`)
  const strange = ResourceArns.find((arn) => arn !== '*' && parseArn(arn) === undefined)
  if (strange !== undefined) throw invalidInput(`${strange} is not an ARN.`)
  return { actions: ActionNames, resources: ResourceArns.length === 0 ? ['*'] : ResourceArns }
}

/** The account that ResourceOwner names: as twelve digits or by the ARN of one of its principals. */
export function ownerIn({ ResourceOwner: owner }: SimulationRequest): AccountId | undefined {
  if (owner === undefined) return undefined
  const account = parseAccountId(parseArn(owner)?.account ?? owner)
  if (account === undefined) throw invalidInput(`${owner} names no account.`)
  return account
}

/** The values of the context entries by the lower-cased names of their keys. */
export function contextEntries({ ContextEntries = [] }: SimulationRequest): ReadonlyMap<string, ContextValue> {
  const values = new Map<string, ContextValue>()
  for (const { ContextKeyName: name, ContextKeyValues = [], ContextKeyType: type = 'string' } of ContextEntries) {
    if (name === undefined) throw invalidInput('A context entry has no ContextKeyName.')
    const key = foldCase(name)
    if (values.has(key)) throw invalidInput(`The context key ${name} is given twice.`)
    const single = !type.endsWith('List')
    if (single && ContextKeyValues.length > 1) throw invalidInput(`The context key ${name} has more than one value.`)
    values.set(key, single ? ContextKeyValues[0] : ContextKeyValues)
  }
  return values
}
