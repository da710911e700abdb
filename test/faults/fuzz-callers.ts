/** Who sends the fuzzed requests: not the root user alone. */
import { account, type AccessKey } from './program.ts'
import { allowing, credentialsIn, policyText, QueryWire, signersOf, type Signers } from './query-wire.ts'
import type { Dice } from './random.ts'

/** Signers of callers with rights of every kind, and how many of 100 requests are theirs. */
export type FuzzCallers = readonly { readonly share: number; readonly signers: Signers }[]

const arn = (what: string): string => `arn:aws:iam::${account}:${what}`

export async function makeCallers(url: string, rootKey: AccessKey): Promise<FuzzCallers> {
  const root = new QueryWire(url, rootKey)
  const everything = allowing('kms:*', 'iam:*', 'sts:*')
  const user = async (UserName: string, PolicyDocument?: string): Promise<AccessKey> => {
    await root.call('iam', 'CreateUser', { UserName })
    if (PolicyDocument !== undefined) {
      await root.call('iam', 'PutUserPolicy', { UserName, PolicyName: 'own', PolicyDocument })
    }
    return credentialsIn(await root.call('iam', 'CreateAccessKey', { UserName }))
  }
  const powerful = await user('powerful', everything)
  const powerless = await user('powerless')
  await root.call('iam', 'CreateRole', {
    RoleName: 'fuzzing',
    AssumeRolePolicyDocument: policyText({
      Effect: 'Allow',
      Principal: { AWS: arn('user/powerful') },
      Action: 'sts:AssumeRole',
    }),
  })
  await root.call('iam', 'PutRolePolicy', {
    RoleName: 'fuzzing',
    PolicyName: 'conditions',
    PolicyDocument: policyText(
      { Effect: 'Allow', Action: ['kms:*', 'iam:*', 'sts:*'], Resource: '*' },
      {
        Effect: 'Deny',
        Action: 'kms:Encrypt',
        Resource: '*',
        Condition: { StringEquals: { 'kms:EncryptionContext:b': ['1', '2'] } },
      },
    ),
  })
  const sts = new QueryWire(url, powerful)
  const session = credentialsIn(
    await sts.call('sts', 'AssumeRole', { RoleArn: arn('role/fuzzing'), RoleSessionName: 'fuzz' }),
  )
  const limited = credentialsIn(
    await sts.call('sts', 'AssumeRole', {
      RoleArn: arn('role/fuzzing'),
      RoleSessionName: 'limited',
      Policy: allowing('kms:Decrypt', 'kms:DescribeKey', 'kms:List*', 'iam:Get*'),
    }),
  )
  root.close()
  sts.close()
  return [
    { share: 60, signers: signersOf(url, rootKey) },
    { share: 13, signers: signersOf(url, powerful) },
    { share: 13, signers: signersOf(url, session) },
    { share: 8, signers: signersOf(url, limited) },
    { share: 6, signers: signersOf(url, powerless) },
  ]
}

export function pickCaller(callers: FuzzCallers, dice: Dice): Signers {
  let rest = dice.below(100)
  for (const { share, signers } of callers) {
    rest -= share
    if (rest < 0) return signers
  }
  throw new Error('the shares are less than 100')
}
