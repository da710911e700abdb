/** The PrincipalDirectory port over a storage reader. All accounts are of this installation, and of one partition. */
import { federatedUserArn, parseArn, partitionOf, roleSessionArn, rootArn } from '#base/arn.ts'
import { parseAccountId, type AccountId, type Region } from '#base/brand.ts'
import { after, type MaybeAsync } from '#base/maybe-async.ts'
import type { PrincipalDirectory } from '#ports/principals.ts'
import type { StorageReader } from '#ports/storage.ts'
import type { RoleRecord } from '#records/iam.ts'
import { arnOf } from './principal-arns.ts'

const userId = /^AIDA[A-Z0-9]{17}$/
// A role, or a session of it: session names as STS accepts them (AssumeRole, RoleSessionName).
const roleId = /^(?<role>AROA[A-Z0-9]{17})(?::(?<session>[\w+=,.@-]{2,64}))?$/
// `user/path/Name`; names as IAM accepts them.
const entity = /^(?<kind>user|role)\/(?:[\x21-\x7e]+\/)?(?<name>[\w+=,.@-]{1,64})$/
const roleSession = /^assumed-role\/(?<role>[\w+=,.@-]{1,64})\/(?<session>[\w+=,.@-]{2,64})$/
const federatedUser = /^federated-user\/(?<name>[\w+=,.@-]{2,32})$/

export function createPrincipalDirectory(
  storage: Pick<StorageReader, 'account' | 'iamById' | 'iamByName'>,
  home: Region,
): PrincipalDirectory {
  const partition = partitionOf(home)

  function inAccount<T>(account: AccountId, found: T): MaybeAsync<T | undefined> {
    return after(storage.account(account), (record) => (record === undefined ? undefined : found))
  }

  function byName(
    account: AccountId,
    kind: 'user' | 'role',
    name: string,
    given: string,
  ): MaybeAsync<string | undefined> {
    return after(storage.iamByName(account, kind, name), (found) =>
      // Names are found without regard to case, ARNs are compared with it, path included.
      found !== undefined && arnOf(partition, found) === given ? found.id : undefined,
    )
  }

  function sessionByName(account: AccountId, role: string, session: string): MaybeAsync<string | undefined> {
    return after(storage.iamByName(account, 'role', role), (found) =>
      found?.name === role ? `${found.id}:${session}` : undefined,
    )
  }

  function ofArn(given: string): MaybeAsync<string | undefined> {
    const arn = parseArn(given)
    const account = arn === undefined ? undefined : parseAccountId(arn.account)
    if (arn?.partition !== partition || arn.region !== '' || account === undefined) return undefined
    const { service, resource } = arn
    if (service === 'iam') {
      if (resource === 'root') return inAccount(account, given)
      const { kind, name } = entity.exec(resource)?.groups ?? {}
      if (name === undefined) return undefined
      return byName(account, kind === 'user' ? 'user' : 'role', name, given)
    }
    if (service !== 'sts') return undefined
    const { role, session } = roleSession.exec(resource)?.groups ?? {}
    if (role !== undefined && session !== undefined) return sessionByName(account, role, session)
    const { name } = federatedUser.exec(resource)?.groups ?? {}
    return name === undefined ? undefined : inAccount(account, federatedUserArn(partition, account, name))
  }

  function role(id: string): MaybeAsync<RoleRecord | undefined> {
    return storage.iamById('role', id)
  }

  return {
    storedName: (given) => {
      if (given.startsWith('arn:')) return ofArn(given)
      const account = parseAccountId(given)
      if (account !== undefined) return inAccount(account, rootArn(home, account))
      if (userId.test(given)) {
        return after(storage.iamById('user', given), (found) => found?.id)
      }
      const id = roleId.exec(given)?.groups?.['role']
      return id === undefined ? undefined : after(role(id), (found) => (found === undefined ? undefined : given))
    },
    shownName: (stored) => {
      if (userId.test(stored)) {
        return after(storage.iamById('user', stored), (found) =>
          found === undefined ? stored : arnOf(partition, found),
        )
      }
      const { role: id, session } = roleId.exec(stored)?.groups ?? {}
      if (id === undefined) return stored
      return after(role(id), (found) => {
        if (found === undefined) return stored
        return session === undefined
          ? arnOf(partition, found)
          : roleSessionArn(partition, found.account, found.name, session)
      })
    },
  }
}
