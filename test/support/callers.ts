/** Callers as the caches make them, for tests of what comes behind. */
import { rootArn } from '#base/arn.ts'
import type { AccountId, Region } from '#base/brand.ts'
import type { Caller } from '#policy/principal.ts'

/** The root user of `account`, whom no policy limits. */
export function rootCaller(account: AccountId, region: Region): Caller {
  const arn = rootArn(region, account)
  const values: Readonly<Record<string, string>> = {
    'aws:principalarn': arn,
    'aws:principalaccount': account,
    'aws:principaltype': 'Account',
    'aws:principalisawsservice': 'false',
    'aws:userid': account,
  }
  return {
    account,
    arn,
    userId: account,
    accessKeyId: undefined,
    subject: {
      kind: 'root',
      account,
      names: { direct: [arn], entity: [], account: [arn, account] },
      identity: [],
      boundary: undefined,
      session: undefined,
      serviceControl: [],
    },
    context: { value: (key) => values[key] },
    session: undefined,
  }
}
