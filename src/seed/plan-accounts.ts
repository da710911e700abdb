import { operatorEventText, secondText } from '#cloudtrail/record.ts'
import { wrapSecret } from '#keystores/software/secret-wrap.ts'
import type { AccountRecord } from '#records/identity.ts'
import { hasSecret } from '#server/identity-check.ts'
import { contradiction, type Planning } from './planning.ts'
import type { SeedAccount } from './seed.ts'

/** Adds the changes that bring the accounts of a seed. */
export function planAccounts(accounts: readonly SeedAccount[], planning: Planning): void {
  const seen = new Set<string>()
  const ids = new Set<string>()
  for (const wanted of accounts) {
    const id = wanted.rootAccessKey?.id
    if (seen.has(wanted.account))
      planning.problems.push(`${wanted.where}: account ${wanted.account} is there twice; remove one`)
    else if (id !== undefined && ids.has(id)) {
      planning.problems.push(`${wanted.where}: the access key ${id} is there twice; give each account its own`)
    } else {
      const stored = planning.reader.account(wanted.account)
      if (stored === undefined) add(wanted, planning)
      else compare(wanted, stored, planning)
    }
    seen.add(wanted.account)
    if (id !== undefined) ids.add(id)
  }
}

function add({ where, account, name = '', rootAccessKey }: SeedAccount, planning: Planning): void {
  const { reader, hierarchy, random, now, changes, regions } = planning
  if (rootAccessKey !== undefined && reader.accessKey(rootAccessKey.id) !== undefined) {
    contradiction(planning, where, `the access key ${rootAccessKey.id} is somebody else's`)
    return
  }
  changes.push(
    {
      kind: 'account added',
      account: { account, creationDate: now, name, serviceControl: [], resourceControl: [], rootSessionsValidFrom: 0 },
    },
    {
      kind: 'event recorded',
      record: operatorEventText({
        eventName: 'CreateAccount',
        region: regions[0],
        account,
        time: secondText()(now),
        eventId: random.uuid(),
        requestParameters: JSON.stringify({ accountName: name, seed: planning.digest }),
      }),
    },
  )
  if (rootAccessKey === undefined) return
  const secret = Buffer.from(rootAccessKey.secret, 'utf8')
  const owner = { account, accessKeyId: rootAccessKey.id }
  changes.push({
    kind: 'access key added',
    accessKey: {
      ...owner,
      principal: { kind: 'root' },
      status: 'Active',
      creationDate: now,
      ...wrapSecret(hierarchy, random, owner, secret),
    },
  })
  secret.fill(0)
}

function compare(
  { where, account, name, rootAccessKey }: SeedAccount,
  stored: AccountRecord,
  planning: Planning,
): void {
  if (name !== undefined && name !== stored.name) {
    contradiction(planning, where, `account ${account} has another name there: ${JSON.stringify(stored.name)}`)
  }
  if (rootAccessKey === undefined) return
  const { reader, hierarchy } = planning
  const known = reader.accessKey(rootAccessKey.id)
  const same =
    known?.account === account && known.principal.kind === 'root' && hasSecret(known, rootAccessKey.secret, hierarchy)
  if (!same) contradiction(planning, where, `account ${account} has another root access key there`)
}
