import { compilePolicy } from '#policy/compile.ts'
import type { Question } from '#policy/question.ts'
import { accountOf, contextOf, subjectOf } from './subjects.ts'

export const key = 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab'
export const alice = subjectOf('arn:aws:iam::111122223333:user/Alice')
export const session = subjectOf('arn:aws:sts::111122223333:assumed-role/App/s1', 'arn:aws:iam::111122223333:role/App')
export const bob = subjectOf('arn:aws:iam::444455556666:user/Bob')

/** The policy text of `statements`. */
export const policyText = (...statements: readonly unknown[]): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: statements })

/** Alice asks to decrypt with a key whose policy has `statements`. */
export function ask(statements: readonly unknown[], changes: Partial<Question> = {}): Question {
  return {
    subject: alice,
    action: 'kms:Decrypt',
    resource: keyWith(policyText(...statements)),
    crossAccount: true,
    context: contextOf({}),
    endpoint: undefined,
    grants: undefined,
    grantUse: undefined,
    ...changes,
  }
}

/** The key with the policy `text`. */
export function keyWith(text: string): Question['resource'] {
  return {
    arn: key,
    account: accountOf('111122223333'),
    policy: compilePolicy(text),
    policyLayer: 'key policy',
    resourceControl: [],
    awsManaged: false,
  }
}
