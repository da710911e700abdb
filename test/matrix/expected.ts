/**
 * What the API Reference and the Developer Guide have KMS answer to a request, decided in the order in which AWS checks:
 * the form of the request, the key's name, permission, the key's state, its usage, the algorithm; a dry run at the very end.
 */
import { account, userArn, type Answered, type Who } from '../support/in-process-kms.ts'
import { mismatch, type Check } from './checks.ts'
import { longText, type Identifier } from './identifiers.ts'
import { grantOperationsOf, isAsymmetric, isSymmetric } from './kinds.ts'
import type { Company, Row } from './rows.ts'
import type { Specimen } from './specimens.ts'
import { verdictOn, type State } from './states.ts'

export interface Case {
  readonly row: Row
  readonly key: Specimen
  readonly state: State
  readonly identifier: Identifier
  readonly who: Who
  /** The key has a grant that allows the user everything that grants on keys of this kind can allow. */
  readonly granted: boolean
  readonly dryRun: boolean
  /** With the member that breaks a constraint. */
  readonly invalid: boolean
  /** Which algorithm the request names. */
  readonly algorithm: string
}

/** The exact body of a refusal, several where the documentation leaves open which; or the members of a success. */
export type Expected =
  { readonly refused: readonly string[] } | { readonly members: Readonly<Record<string, Check>> | 'empty' }

const refused = (code: string, message?: string): Expected => ({
  refused: [JSON.stringify({ __type: code, message })],
})
const denied = (message: string): Expected => ({
  refused: [JSON.stringify({ __type: 'AccessDeniedException', Message: message })],
})
const either = (...those: readonly Expected[]): Expected => ({
  refused: those.flatMap((each) => ('refused' in each ? each.refused : [])),
})
const violation = (text: string): Expected => refused('ValidationException', `1 validation error detected: ${text}`)

const rootArn = `arn:aws:iam::${account}:root`
const callerArn = (who: Who): string => (who === 'user' ? userArn : rootArn)

export function expectedOf(asked: Case, company: Company): Expected {
  const { row, key, state } = asked
  return (
    byForm(asked) ??
    byName(asked) ??
    byPermission(asked) ??
    byState(asked) ??
    byDemand(asked) ??
    byAlgorithm(asked) ??
    (asked.dryRun && row.dryRun
      ? refused('DryRunOperationException', 'The request would have succeeded, but the DryRun option is set.')
      : { members: row.answer(key, state, company, asked.algorithm) })
  )
}

function byForm({ row, identifier: { form }, invalid }: Case): Expected | undefined {
  if (invalid && row.invalid !== undefined) return violation(row.invalid[1])
  const path = row.member === undefined ? '' : row.member.charAt(0).toLowerCase() + row.member.slice(1)
  if (form === 'empty') {
    return violation(
      `Value '' at '${path}' failed to satisfy constraint: Member must have length greater than or equal to 1`,
    )
  }
  if (form !== 'too long') return undefined
  return violation(
    `Value '${longText}' at '${path}' failed to satisfy constraint: Member must have length less than or equal to 2048`,
  )
}

const actionOf = ({ action, operation }: Row): string => action ?? `kms:${operation}`

/** Of other accounts' keys nobody learns whether they exist. */
function foreign({ row, who }: Case): Expected {
  return denied(
    `User: ${callerArn(who)} is not authorized to perform: ${actionOf(row)} on this resource because the resource does not ` +
      'exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access',
  )
}

function byName(asked: Case): Expected | undefined {
  const { row, key, identifier } = asked
  const { form, text, of } = identifier
  if (row.member === undefined) return undefined
  // AWS's wording for what is no ARN is not known.
  const noArn = refused(row.invalidArn ? 'InvalidArnException' : 'NotFoundException', `Invalid arn ${text}`)
  const malformed = refused('NotFoundException', `Invalid keyId '${text}'`)
  const isAlias = /^(?:arn:.*:)?alias\//.test(text)
  if (row.aliases === 'refused' && isAlias) {
    return refused('ValidationException', 'Aliases must refer to keys. Not aliases')
  }
  if (row.aliases === 'ARN' && !text.startsWith('arn:')) return noArn
  const withoutAlias = isAlias && row.aliases !== 'yes'
  switch (form) {
    case 'id':
    case 'ARN':
      return key.account !== account && row.crossAccount === 'filter'
        ? refused('NotFoundException', `Key '${of}' does not exist`)
        : undefined
    case 'alias':
    case 'alias ARN':
      return withoutAlias ? malformed : undefined
    case 'unknown':
      return refused('NotFoundException', `Key '${of}' does not exist`)
    case 'unknown alias':
      return withoutAlias ? malformed : refused('NotFoundException', `Alias ${of} is not found.`)
    case 'malformed':
      return malformed
    case 'malformed ARN':
      return noArn
    case 'ARN of elsewhere':
      return refused('NotFoundException', `Invalid arn ${of}`)
    case 'foreign ARN':
      return row.crossAccount === 'filter' ? refused('NotFoundException', `Key '${of}' does not exist`) : foreign(asked)
    case 'foreign alias ARN':
      return withoutAlias ? malformed : foreign(asked)
    case 'empty':
    case 'too long':
      return undefined
  }
}

function byPermission(asked: Case): Expected | undefined {
  const { row, key, who, granted } = asked
  if (who === 'root') return key.account === account || row.crossAccount === true ? undefined : foreign(asked)
  if (granted && row.grant !== undefined && grantOperationsOf(key.kind).includes(row.grant)) return undefined
  const { deniedOn = 'key', deniedBy = 'identity-based' } = row
  if (deniedOn === 'ciphertext' && !granted) {
    return denied(
      'The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not ' +
        'allowed to access.',
    )
  }
  const action = actionOf(row)
  const on = { account: '*', alias: key.aliasArn, key: key.arn, ciphertext: key.arn }[deniedOn]
  return denied(
    `User: ${userArn} is not authorized to perform: ${action} on resource: ${on} because no ${deniedBy} policy allows ` +
      `the ${action} action`,
  )
}

function byState({ row, key, state }: Case): Expected | undefined {
  if (row.anyState === true) return undefined
  const { arn, kind } = key
  const invalid = (text: string): Expected => refused('KMSInvalidStateException', `${arn} is ${text}.`)
  const verdict = verdictOn(row.operation, state)
  switch (verdict) {
    case 'ok':
      return undefined
    case 'never':
      throw new TypeError(`a key in state ${state} can't be a target of ${row.operation}`)
    case 'disabled':
    case 'pending deletion': {
      const byItsState =
        verdict === 'disabled' ? refused('DisabledException', `${arn} is disabled.`) : invalid('pending deletion')
      // "X1/7", "X3/7", "X8/9": the table leaves open which comes first. For keys of AWS KMS's own material, state does here.
      const byOrigin = byDemand({ row, key, state })
      if (row.demand === 'imported material' || kind.origin === 'EXTERNAL') {
        return byOrigin === undefined ? byItsState : either(byItsState, byOrigin)
      }
      return byItsState
    }
    case 'pending import': {
      const byOrigin = byDemand({ row, key, state })
      return byOrigin === undefined ? invalid(verdict) : either(invalid(verdict), byOrigin)
    }
    case 'origin':
      return byDemand({ row, key, state }) ?? unsupportedOrigin(key)
    case 'not pending deletion':
    case 'unavailable':
    case 'creating':
    case 'updating':
      return invalid(verdict)
  }
}

const unsupportedOrigin = ({ arn, kind }: Specimen): Expected =>
  refused('UnsupportedOperationException', `${arn} origin is ${kind.origin} which is not valid for this operation.`)

type Demanding = Pick<Case, 'row' | 'key' | 'state'>

function byDemand({ row: { demand, operation }, key, state }: Demanding): Expected | undefined {
  const { arn, kind } = key
  const wrongUsage = refused(
    'InvalidKeyUsageException',
    `${arn} key usage is ${kind.usage} which is not valid for ${operation}.`,
  )
  switch (demand) {
    case 'any key':
      return undefined
    case 'symmetric key':
      return isSymmetric(kind) ? undefined : wrongUsage
    case 'public key':
      return isAsymmetric(kind)
        ? undefined
        : refused(
            'UnsupportedOperationException',
            `${arn} key spec is ${kind.spec} which is not valid for GetPublicKey.`,
          )
    case 'rotated by itself':
    case 'rotated':
      if (!isSymmetric(kind)) return refused('UnsupportedOperationException')
      if (kind.origin === 'AWS_KMS') return undefined
      if (demand === 'rotated by itself') return unsupportedOrigin(key)
      return operation === 'RotateKeyOnDemand' && state === 'Enabled'
        ? refused('KMSInvalidStateException', `No available key material pending rotation for the key: ${arn}.`)
        : undefined
    case 'imported material':
      return kind.origin === 'EXTERNAL' ? undefined : unsupportedOrigin(key)
    case 'multi-Region primary key':
      return refused('UnsupportedOperationException', `${arn} is not a multi-region primary key.`)
    case 'ENCRYPT_DECRYPT':
    case 'SIGN_VERIFY':
    case 'GENERATE_VERIFY_MAC':
    case 'KEY_AGREEMENT':
    case 'ENCAPSULATE_DECAPSULATE':
      return kind.usage === demand ? undefined : wrongUsage
  }
}

function byAlgorithm({ row, key, algorithm }: Case): Expected | undefined {
  if (row.algorithm === undefined || key.kind.algorithms.includes(algorithm)) return undefined
  return refused('InvalidKeyUsageException', `Algorithm ${algorithm} is incompatible with key spec ${key.kind.spec}.`)
}

/** How `answered` differs from what is expected, in words; undefined: not at all. */
export function difference({ status, text }: Answered, expected: Expected): string | undefined {
  if ('refused' in expected) {
    if (status === 400 && expected.refused.includes(text)) return undefined
    return `answered ${status} ${text}, not ${expected.refused.join(' or ')}`
  }
  if (status !== 200) return `was refused: ${text}`
  if (expected.members === 'empty') return text === '' ? undefined : `answered ${text}, not an empty body`
  const wrong = mismatch(JSON.parse(text), expected.members)
  return wrong === undefined ? undefined : `answered what ${wrong}`
}
