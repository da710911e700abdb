/** Whether one statement speaks of a question, and at what level ("AWS JSON policy elements", IAM User Guide). */
import type { Question } from '#policy/question.ts'
import { meets } from './condition.ts'
import { membersOf, textsOf, type Members } from './document.ts'
import { foldAscii, matches, matchesArn, tokens, type Reading } from './text.ts'

/** How closely a Principal element, or a grant, names the caller. */
export type Level = 'direct' | 'entity' | 'account'

/** Who reads: resource policies name principals, all but trust policies name resources. */
export interface Elements {
  readonly principal: boolean
  readonly resource: boolean
}

/** The level at which `statement` speaks of `question`; undefined: it does not. */
export function levelOf(
  statement: Members,
  variables: boolean,
  question: Question,
  elements: Elements,
): Level | undefined {
  const reading = { context: question.context, variables }
  if (!actionMatches(statement, question.action)) return undefined
  if (elements.resource && !resourceMatches(statement, question.resource.arn, reading)) return undefined
  const { Condition: condition = {}, Effect: effect } = statement
  for (const [operator, keys] of Object.entries(membersOf(condition))) {
    for (const [key, values] of Object.entries(membersOf(keys))) {
      if (!meets(operator, key, textsOf(values), String(effect), reading)) return undefined
    }
  }
  if (elements.principal) return principalLevel(statement, question)
  // Nobody is named where the policy is attached to somebody; should one be, that gives nothing.
  return effect === 'Allow' && statement['Principal'] !== undefined ? undefined : 'direct'
}

function actionMatches({ Action: action, NotAction: notAction }: Members, asked: string): boolean {
  const one = (pattern: string): boolean =>
    matches(
      pattern.split('').map((char) => ({ char: foldAscii(char), wild: char === '*' || char === '?' })),
      foldAscii(asked),
    )
  if (action !== undefined) return textsOf(action).some(one)
  return notAction !== undefined && !textsOf(notAction).some(one)
}

function resourceMatches({ Resource: is, NotResource: isNot }: Members, arn: string, reading: Reading): boolean {
  if (is !== undefined) return textsOf(is).some((pattern) => oneResource(pattern, arn, reading) === true)
  // A variable without a value makes the statement say nothing at all.
  return isNot !== undefined && textsOf(isNot).every((pattern) => oneResource(pattern, arn, reading) === false)
}

/** Undefined: a variable of `pattern` has no value. */
function oneResource(pattern: string, arn: string, reading: Reading): boolean | undefined {
  if (pattern === '*') return true
  // Variables stand behind the fifth colon only; before it they are text.
  const [, head = '', sixth] = /^((?:[^:]*:){5})(.*)$/s.exec(pattern) ?? []
  if (sixth === undefined) return false
  const found = tokens(sixth, reading, true)
  const before = tokens(head, { ...reading, variables: false }, true) ?? []
  return found === undefined ? undefined : matchesArn([...before, ...found], arn)
}

/** The levels at which the names in an element mean the caller. */
function levelsIn(element: unknown, { subject }: Question): ReadonlySet<Level> {
  const { names, kind } = subject
  const found = new Set<Level>()
  const named = element === '*' ? { AWS: '*' } : membersOf(element)
  const listed = (member: string): readonly string[] => textsOf(named[member] ?? [])
  const aws = listed('AWS')
  const means = (all: readonly string[], mine: readonly string[]): boolean => mine.some((name) => all.includes(name))
  if (aws.includes('*')) found.add('direct')
  if (kind === 'service') {
    if (means(listed('Service'), names.direct)) found.add('direct')
    return found
  }
  if (means(aws, names.direct)) found.add('direct')
  if (kind === 'federated user' && means(listed('Federated'), names.direct)) found.add('direct')
  if (means(aws, names.entity)) found.add('entity')
  if (means(aws, names.account)) {
    found.add('account')
    if (kind === 'root') found.add('direct')
  }
  return found
}

function principalLevel(statement: Members, question: Question): Level | undefined {
  const { Principal: element, NotPrincipal: notElement, Effect: effect } = statement
  if (notElement !== undefined) return isSpared(notElement, question) ? undefined : 'direct'
  // Such a statement isn't accepted where principals are named; should one be stored, it gives nothing and denies everybody.
  if (element === undefined) return effect === 'Deny' ? 'direct' : undefined
  const levels = levelsIn(element, question)
  return (['direct', 'entity', 'account'] as const).find((level) => levels.has(level))
}

/** Whether NotPrincipal lists every member of the caller's chain. */
function isSpared(element: unknown, question: Question): boolean {
  const { names } = question.subject
  if (element === '*' || textsOf(membersOf(element)['AWS'] ?? []).includes('*')) return true
  const levels = levelsIn(element, question)
  if (!levels.has('direct')) return false
  if (names.entity.length > 0 && !levels.has('entity')) return false
  return names.account.length === 0 || levels.has('account')
}
