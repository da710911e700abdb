/** `trent explain`: why a request was allowed or denied, as it was decided then. */
import type { Command } from 'commander'
import type { ExplainedDecision, Explanation } from '#control/explain.ts'
import type { Change } from '#policy/remedy.ts'
import type { ConditionTrace, PolicyTrace, StatementTrace } from '#policy/trace.ts'
import { printable } from './audit-text.ts'
import { operate, operatorCommand, writeJson, writeLine } from './operator.ts'

export function explainCommand(): Command {
  const command = operatorCommand(
    'explain',
    'show why a request was allowed or denied, and what would have allowed it',
  ).argument('<request-id>', 'as the x-amzn-requestid header of the answer has it')
  return command.action(async (requestId: string) => {
    const args = { requestId }
    await operate(command, {
      name: 'explain',
      arguments: args,
      show: (item, json) => {
        if (json) writeJson(item)
        else for (const line of explanationLines(asExplanation(item))) writeLine(printable(line))
      },
      offline: async (output, settings) => {
        const { readOffline } = await import('#control/offline.ts')
        await readOffline('explain', args, output, settings)
      },
    })
  })
}

// It comes from the same program, over its own socket.
function asExplanation(item: unknown): Explanation {
  return item as Explanation
}

/** The explanation as lines of text. */
export function explanationLines(explanation: Explanation): readonly string[] {
  const { requestId, time, event, caller, errorCode, errorMessage, decisions } = explanation
  const lines = [`${time}  ${event}  by ${caller}`, `request ${requestId}`]
  if (errorCode !== undefined) lines.push(`${errorCode}: ${errorMessage ?? ''}`)
  if (decisions.length === 0)
    lines.push('Nothing was decided: the request ended before its authorization, or its operation needs none.')
  return [...lines, ...decisions.flatMap((decision) => ['', ...decisionLines(decision)])]
}

function decisionLines(decision: ExplainedDecision): readonly string[] {
  if (decision.outcome === 'allowed') {
    const { action, by, statement, identityStatement, grantId } = decision
    const lines = [`${action} was allowed by ${by === 'root user' ? 'being the root user' : `the ${by}`}`]
    for (const each of [statement, identityStatement]) {
      if (each === undefined) continue
      lines.push(
        `  ${policyText(each.layer, each.name)}, statement ${each.index}${each.sid === undefined ? '' : ` (${each.sid})`}`,
      )
      lines.push(`  policy with SHA-256 ${each.policy}`)
    }
    if (grantId !== undefined) lines.push(`  grant ${grantId}`)
    return lines
  }
  if (decision.outcome === 'denied, brief') {
    const { action, resource, denied, layer, statement, omittedBytes } = decision
    const lines = [`${action} on ${resource} was denied: ${denialWords(denied, layer)}`]
    if (statement !== undefined)
      lines.push(`  statement ${statement.index} of the policy with SHA-256 ${statement.policy}`)
    lines.push(`  All that had a say takes ${omittedBytes} bytes, more than a record keeps: it can't be shown.`)
    return lines
  }
  const { action, resource, because, layer, trace, remedies, missing, moreGrants, reproduced } = decision
  const lines = [`${action} on ${resource} was denied: ${denialWords(because, layer)}`]
  for (const policy of trace.policies) lines.push(...policyLines(policy))
  for (const { grantId, operations, matched } of trace.grants) {
    lines.push(`  grant ${grantId} (${operations.join(', ')}): ${matched ? 'matches' : 'does not match'}`)
  }
  for (const { layer: of, name, hash } of missing) {
    lines.push(`  The text of the ${policyText(of, name)} with SHA-256 ${hash ?? ''} is no longer kept.`)
  }
  if (moreGrants > 0) lines.push(`  and ${moreGrants} more grants, none of which allowed it`)
  if (action === 'kms:RetireGrant') {
    lines.push(
      '  Its retiring principal may retire a grant, its grantee where the grant says so, and whom policies of the',
    )
    lines.push('  account that issued it allow.')
    return lines
  }
  if (!reproduced && missing.length === 0)
    lines.push('  Asked again, the evaluator decides otherwise than it did then.')
  if (remedies.length === 0) {
    if (missing.length > 0) return lines
    lines.push(
      because === 'error'
        ? '  No policy can allow it before the one that could not be understood is put right.'
        : '  No small change of policies or grants would have allowed it.',
    )
    return lines
  }
  lines.push('', '  It would have been allowed by')
  remedies.forEach((remedy, index) => {
    remedy.forEach((change, at) => {
      lines.push(`  ${at === 0 ? (index === 0 ? '      ' : '  or  ') : ' and  '}${changeText(change)}`)
    })
  })
  return lines
}

/** A policy by its layer and the name that it has there. */
export function policyText(layer: string, name: string | undefined): string {
  if (name === undefined) return layer
  return name.startsWith(layer) ? name : `${layer}, ${name}`
}

/** Why a decision was a denial, in words. */
export function denialWords(because: keyof typeof reasons, layer: string): string {
  return `${reasons[because]} (${layer})`
}

const reasons = {
  'explicit deny': 'a statement denies it',
  'missing allow': 'nothing allows it',
  'local only': 'the operation is not for callers of other accounts',
  error: 'a policy could not be understood, or deciding failed',
} as const

function policyLines({ layer, name, problem, verdict, statements }: PolicyTrace): readonly string[] {
  const lines = [`  ${policyText(layer, name)}: ${verdict}${problem === undefined ? '' : ` (${problem})`}`]
  return [...lines, ...statements.flatMap(statementLines)]
}

function statementLines(statement: StatementTrace): readonly string[] {
  const { index, sid, effect, principal, action, resource, conditions, matched } = statement
  const name = `    statement ${index}${sid === undefined || sid === '' ? '' : ` (${sid})`}, ${effect}`
  if (matched)
    return [`${name}: matches${principal === 'attached' ? '' : `, names the caller at the level ${principal}`}`]
  const failed = [
    ...(principal === 'no match' ? ['another principal'] : []),
    ...(action ? [] : ['another action']),
    ...(resource ? [] : ['another resource']),
  ]
  const unmet = conditions.filter(({ satisfied }) => !satisfied)
  return [
    `${name}: does not match${failed.length === 0 ? '' : `: ${failed.join(', ')}`}`,
    ...(failed.length > 0 ? [] : unmet.map((condition) => `      ${conditionText(condition)}`)),
  ]
}

function conditionText({ operator, key, wanted, actual }: ConditionTrace): string {
  const had = actual === undefined ? 'is not in the request' : `is ${JSON.stringify(actual)}`
  return `${operator} ${key} ${JSON.stringify(wanted)}: ${key} ${had}`
}

function changeText(change: Change): string {
  switch (change.kind) {
    case 'add a statement': {
      const where =
        change.policy !== undefined
          ? `the ${policyText(change.layer, change.policy)}`
          : change.layer === 'identity policy' || change.layer === 'session policy'
            ? `a further ${change.layer} of the caller`
            : `the ${change.layer}`
      return `in ${where}, the statement ${JSON.stringify(change.statement)}`
    }
    case 'remove a statement': {
      const where = `the ${policyText(change.layer, change.policy)}`
      return `without statement ${change.index}${change.sid === undefined ? '' : ` (${change.sid})`} of ${where}`
    }
    case 'create a grant':
      return `a grant of ${change.operation} to ${change.grantee}`
    case 'meet a condition': {
      const wanted = JSON.stringify(change.wanted)
      return `a request with ${change.key} one of ${wanted} (${change.layer}, statement ${change.index})`
    }
  }
}
