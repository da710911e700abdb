/**
 * A policy document as its text says ("Grammar of the IAM JSON policy language", IAM User Guide). Reading is strict: a text
 * with anything that isn't understood is a problem as a whole, never a policy without the part that wasn't.
 */
import { parseOperator, takesVariables, type ConditionOperator } from './condition/operator.ts'
import { isJsonArray, isJsonFault, isJsonObject, parseJson, type Json, type JsonObject } from './json.ts'
import { pieces } from './variables.ts'

/** 2008-10-17, which a document without a version has, knows no variables. */
export type PolicyVersion = '2008-10-17' | '2012-10-17'

/** Whom a Principal or NotPrincipal element names. */
export interface PrincipalElement {
  /** `*`, alone or as an `AWS` principal: everybody. */
  readonly any: boolean
  /** As they stand in the text, `*` left out. */
  readonly aws: readonly string[]
  readonly service: readonly string[]
  readonly federated: readonly string[]
}

/** One key of one operator: conditions of a statement are joined by AND, values of a condition by OR. */
export interface ConditionBlock {
  readonly operator: ConditionOperator
  /** As it stands in the text; keys are compared without regard to case. */
  readonly key: string
  /** Booleans and numbers as their text. */
  readonly values: readonly string[]
}

export interface Statement {
  readonly sid: string | undefined
  readonly effect: 'Allow' | 'Deny'
  /** At most one of this and `notPrincipal`; so with actions and resources. */
  readonly principal: PrincipalElement | undefined
  /** Only with Deny. */
  readonly notPrincipal: PrincipalElement | undefined
  readonly actions: readonly string[] | undefined
  readonly notActions: readonly string[] | undefined
  readonly resources: readonly string[] | undefined
  readonly notResources: readonly string[] | undefined
  readonly conditions: readonly ConditionBlock[]
}

export interface PolicyDocument {
  readonly version: PolicyVersion
  /** Whether the text names a version; IAM wants identity policies to. */
  readonly versionGiven: boolean
  readonly id: string | undefined
  readonly statements: readonly Statement[]
}

/** Why a text is no policy, in words for its author. */
export interface PolicyProblem {
  readonly problem: string
  /** e.g. `Statement[0].Condition` */
  readonly at?: string
}

/** The largest text that is read, in characters; what AWS stores is far smaller. */
export const maxPolicyLength = 262_144
const maxDepth = 10

class Faulty extends Error {
  readonly at: string
  constructor(problem: string, at: string) {
    super(problem)
    this.at = at
  }
}

/** The policy that `text` is, or the first problem with it. Never throws. */
export function parsePolicy(text: string): PolicyDocument | PolicyProblem {
  if (text.length > maxPolicyLength) return { problem: 'the document is too large' }
  const json = parseJson(text, maxDepth)
  if (isJsonFault(json)) return { problem: `not valid JSON: ${json.fault}`, at: `character ${json.offset}` }
  try {
    return readDocument(json)
  } catch (error) {
    if (!(error instanceof Faulty)) throw error
    return error.at === '' ? { problem: error.message } : { problem: error.message, at: error.at }
  }
}

export function isPolicyProblem(parsed: PolicyDocument | PolicyProblem): parsed is PolicyProblem {
  return 'problem' in parsed
}

const documentMembers = new Set(['Version', 'Id', 'Statement'])
const statementMembers = new Set([
  'Sid',
  'Effect',
  'Principal',
  'NotPrincipal',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Condition',
])
const principalMembers = new Set(['AWS', 'Service', 'Federated'])

function readDocument(json: Json): PolicyDocument {
  const document = object(json, documentMembers, '')
  const version = document.get('Version')
  if (version !== undefined && version !== '2008-10-17' && version !== '2012-10-17') {
    throw new Faulty('the version must be 2012-10-17 or 2008-10-17', 'Version')
  }
  const listed = document.get('Statement')
  if (listed === undefined) throw new Faulty('there is no Statement', '')
  const given = version ?? '2008-10-17'
  return {
    version: given,
    versionGiven: version !== undefined,
    id: optionalString(document, 'Id', ''),
    statements: isJsonArray(listed)
      ? listed.map((entry, index) => readStatement(entry, given, `Statement[${index}]`))
      : [readStatement(listed, given, 'Statement')],
  }
}

function readStatement(json: Json, version: PolicyVersion, at: string): Statement {
  const statement = object(json, statementMembers, at)
  for (const name of ['Principal', 'Action', 'Resource']) {
    if (statement.has(name) && statement.has(`Not${name}`))
      throw new Faulty(`${name} and Not${name} exclude each other`, at)
  }
  const effect = statement.get('Effect')
  if (effect !== 'Allow' && effect !== 'Deny') throw new Faulty('the effect must be Allow or Deny', `${at}.Effect`)
  // It would allow everybody that isn't named, strangers included ("AWS JSON policy elements: NotPrincipal").
  if (effect === 'Allow' && statement.has('NotPrincipal')) throw new Faulty('Allow with NotPrincipal', at)
  const resources = (name: string): readonly string[] | undefined => {
    const found = patterns(statement, name, at)
    for (const text of found ?? []) checkVariables(text, version, `${at}.${name}`)
    return found
  }
  return {
    sid: optionalString(statement, 'Sid', at),
    effect,
    principal: principal(statement, 'Principal', at),
    notPrincipal: principal(statement, 'NotPrincipal', at),
    actions: patterns(statement, 'Action', at),
    notActions: patterns(statement, 'NotAction', at),
    resources: resources('Resource'),
    notResources: resources('NotResource'),
    conditions: conditions(statement.get('Condition'), version, `${at}.Condition`),
  }
}

function principal(statement: JsonObject, name: string, within: string): PrincipalElement | undefined {
  const json = statement.get(name)
  if (json === undefined) return undefined
  if (json === '*') return { any: true, aws: [], service: [], federated: [] }
  const at = `${within}.${name}`
  const element = object(json, principalMembers, at)
  const named = (kind: string): readonly string[] => strings(element.get(kind) ?? [], `${at}.${kind}`)
  const aws = named('AWS')
  return {
    any: aws.includes('*'),
    aws: aws.filter((one) => one !== '*'),
    service: named('Service'),
    federated: named('Federated'),
  }
}

function conditions(json: Json | undefined, version: PolicyVersion, at: string): readonly ConditionBlock[] {
  if (json === undefined) return []
  const blocks: ConditionBlock[] = []
  for (const [name, keys] of object(json, undefined, at)) {
    const operator = parseOperator(name)
    if (operator === undefined) throw new Faulty(`there is no condition operator ${JSON.stringify(name)}`, at)
    for (const [key, listed] of object(keys, undefined, `${at}.${name}`)) {
      const place = `${at}.${name}.${key}`
      const values = (isJsonArray(listed) ? listed : [listed]).map((value) => scalar(value, place))
      if (takesVariables(operator)) for (const value of values) checkVariables(value, version, place)
      blocks.push({ operator, key, values })
    }
  }
  return blocks
}

function object(json: Json, known: ReadonlySet<string> | undefined, at: string): JsonObject {
  if (!isJsonObject(json)) throw new Faulty('an object was expected', at)
  for (const member of json.keys()) {
    if (known !== undefined && !known.has(member)) throw new Faulty(`unknown element ${JSON.stringify(member)}`, at)
  }
  return json
}

function optionalString(json: JsonObject, name: string, within: string): string | undefined {
  const value = json.get(name)
  if (value === undefined || typeof value === 'string') return value
  throw new Faulty('a string was expected', within === '' ? name : `${within}.${name}`)
}

function patterns(statement: JsonObject, name: string, within: string): readonly string[] | undefined {
  const json = statement.get(name)
  if (json === undefined) return undefined
  const found = strings(json, `${within}.${name}`)
  // An empty NotAction would be every action, whatever its author meant.
  if (found.length === 0) throw new Faulty('the list is empty', `${within}.${name}`)
  return found
}

function strings(json: Json, at: string): readonly string[] {
  return (isJsonArray(json) ? json : [json]).map((entry) => {
    if (typeof entry !== 'string') throw new Faulty('a string was expected', at)
    return entry
  })
}

function scalar(json: Json, at: string): string {
  if (typeof json === 'string') return json
  if (typeof json === 'boolean') return String(json)
  if (json !== null && 'number' in json) return json.number
  throw new Faulty('a string, number or boolean was expected', at)
}

function checkVariables(text: string, version: PolicyVersion, at: string): void {
  if (version === '2008-10-17') return
  if (pieces(text, { variables: true, wildcards: false }) === undefined) {
    throw new Faulty(`malformed variable in ${JSON.stringify(text)}`, at)
  }
}
