/** Why policies are refused, in the words of their services. Where AWS publishes no wording the place says so. */
import type { PolicyProblem } from './document.ts'

/** The code is one of the error catalogue, by the name that JSON services use. */
export interface PolicyFault {
  readonly code: 'MalformedPolicyDocumentException' | 'LimitExceededException' | 'InvalidArnException'
  readonly message: string
}

/** A document that its service does not take. */
export function malformed(message: string): PolicyFault {
  return { code: 'MalformedPolicyDocumentException', message }
}

/** A document, or several together, beyond a quota. */
export function beyondQuota(message: string): PolicyFault {
  return { code: 'LimitExceededException', message }
}

/** A text that is no policy, as IAM says it. */
export const syntaxErrors = malformed('Syntax errors in policy.')

const longestDetail = 300

/** The same for KMS, which leaves its words open: they say what is wrong and where. */
export function syntaxErrorsAt({ problem, at }: PolicyProblem): PolicyFault {
  const detail = at === undefined ? problem : `${problem} (${at})`
  const shown = detail.length > longestDetail ? `${detail.slice(0, longestDetail)}...` : detail
  return malformed(`${syntaxErrors.message} ${shown}`)
}
