/**
 * The policy simulator: the questions that requests would put, asked of the evaluator that decides on them. What a request
 * would bring is known as far as it is told; keys that policies ask for and nobody has told are named.
 */
import type { RequestFacts } from '#aws/operation.ts'
import { parseArn } from '#base/arn.ts'
import { parseAccountId, type AccountId } from '#base/brand.ts'
import { sha256Hex } from '#crypto/hmac.ts'
import type { CompiledPolicy } from '#policy/compile.ts'
import type { ContextValue } from '#policy/context.ts'
import { replacePrincipals } from '#policy/principal-text.ts'
import type { Question } from '#policy/question.ts'
import { storedPrincipals } from '#policy/stored-principals.ts'
import type { AttachedPolicy } from '#policy/subject.ts'
import type { IamPorts } from '../operation.ts'
import { pageFrom, type PageEnd } from '../paging.ts'
import { anonymous, callerNamed, type SimulatedCaller } from './caller.ts'
import { contextEntries, invalidInput, ownerIn, simulatedOn, understood, type SimulationRequest } from './request.ts'
import { resultOf, type EvaluationResult } from './result.ts'

type Levels = readonly (readonly AttachedPolicy[])[]

/** The policies that are simulated, and whose they are. */
export interface Simulated {
  readonly identity: readonly AttachedPolicy[]
  readonly boundary: AttachedPolicy | undefined
  readonly serviceControl: Levels
  /** Of this account's resources. */
  readonly resourceControl: Levels
  /** Who calls unless the request says otherwise; undefined: nobody in particular. */
  readonly caller: SimulatedCaller | undefined
}

export interface SimulationAnswer extends PageEnd {
  readonly EvaluationResults: readonly EvaluationResult[]
}

/** One action on one resource. */
interface Simulation {
  readonly index: number
  readonly action: string
  readonly resource: string
}

// As long as the highest number of combinations, so that keys are in order.
const indexLength = 10

/** The page of results that `request` asks for; no more are computed. Throws the refusal InvalidInput. */
export async function simulate(
  operation: string,
  request: SimulationRequest,
  simulated: Simulated,
  facts: RequestFacts,
  ports: IamPorts,
): Promise<SimulationAnswer> {
  const { CallerArn, ResourcePolicy, Marker, MaxItems, ...asked } = request
  const { actions, resources } = simulatedOn(request)
  const entries = contextEntries(request)
  const owner = ownerIn(request)
  const named = CallerArn === undefined ? simulated.caller : await callerNamed(CallerArn, facts, ports)
  if (named === undefined && ResourcePolicy !== undefined) {
    throw invalidInput('CallerArn is required with ResourcePolicy, unless the policies are those of a user or role.')
  }
  const caller = named ?? anonymous(facts)
  const policy = ResourcePolicy === undefined ? undefined : await resourcePolicy(ResourcePolicy, facts, ports)
  const [page, end] = await pageFrom(
    { operation, of: [sha256Hex(JSON.stringify([facts.account, CallerArn, ResourcePolicy, asked]))] },
    { Marker, MaxItems },
    (after, limit) => combinations(actions, resources, after === undefined ? 0 : Number(after) + 1, limit),
    ({ index }) => String(index).padStart(indexLength, '0'),
  )
  const { account } = caller
  const results = page.map(({ action, resource }) => {
    const resourceAccount = accountIn(resource) ?? owner ?? account
    const question: Question = {
      subject: {
        kind: caller.kind,
        account,
        names: caller.names,
        identity: simulated.identity,
        boundary: simulated.boundary,
        session: undefined,
        serviceControl: simulated.serviceControl,
      },
      action,
      resource: {
        arn: resource,
        account: resourceAccount,
        policy,
        policyLayer: 'key policy',
        resourceControl: resourceAccount === facts.account ? simulated.resourceControl : [],
        awsManaged: false,
      },
      crossAccount: true,
      context: {
        value: (key) => entries.get(key) ?? caller.keys.get(key) ?? requestKey(key, resourceAccount, facts),
      },
      endpoint: undefined,
      grants: undefined,
      grantUse: undefined,
    }
    return resultOf(question, ResourcePolicy)
  })
  return { EvaluationResults: results, ...end }
}

/** At most `limit` combinations from number `start` on: each action on each resource in turn. */
function combinations(
  actions: readonly string[],
  resources: readonly string[],
  start: number,
  limit: number,
): readonly Simulation[] {
  const end = Math.min(actions.length * resources.length, start + limit)
  const found: Simulation[] = []
  for (let index = start; index < end; index += 1) {
    const action = actions[Math.floor(index / resources.length)]
    const resource = resources[index % resources.length]
    if (action !== undefined && resource !== undefined) found.push({ index, action, resource })
  }
  return found
}

/** The resource policy, its principals by the names that callers have. Those that do not exist stay as they are written. */
async function resourcePolicy(text: string, { region }: RequestFacts, ports: IamPorts): Promise<CompiledPolicy> {
  understood('ResourcePolicy', text)
  const stored = await storedPrincipals(text, region, ports.principals)
  return understood(
    'ResourcePolicy',
    replacePrincipals(text, (given) => stored.get(given)),
  )
}

function accountIn(arn: string): AccountId | undefined {
  return parseAccountId(parseArn(arn)?.account ?? '')
}

/** What is true of a request that came now. */
function requestKey(key: string, resourceAccount: AccountId, { now, region }: RequestFacts): ContextValue {
  switch (key) {
    case 'aws:currenttime':
      return new Date(now).toISOString()
    case 'aws:epochtime':
      return String(Math.floor(now / 1000))
    case 'aws:requestedregion':
      return region
    case 'aws:resourceaccount':
      return resourceAccount
    default:
      return undefined
  }
}
