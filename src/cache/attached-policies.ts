/** Loads the policies that come with a principal. */
import { after, type MaybeAsync } from '#base/maybe-async.ts'
import { awsManagedPolicy } from '#policy/aws-managed-policies.ts'
import type { CompiledPolicy } from '#policy/compile.ts'
import type { AttachedPolicy } from '#policy/subject.ts'
import type { AccountId } from '#base/brand.ts'
import type { StorageReader } from '#ports/storage.ts'
import type { GroupRecord, ManagedPolicyRecord, RoleRecord, UserRecord } from '#records/iam.ts'
import { arnOf } from './principal-arns.ts'

/** A policy by its text, which may be wrong: such a policy denies. Many callers have the same policies, so it remembers them. */
export type Compile = (text: string) => CompiledPolicy

export interface AttachedPolicies {
  /** The managed policy that `arn` names for callers of `account`. */
  managed(account: AccountId, arn: string): MaybeAsync<AttachedPolicy>
  /** The policies of a user and its groups, of a role, or of a group alone. */
  identity(entity: UserRecord | GroupRecord | RoleRecord): MaybeAsync<readonly AttachedPolicy[]>
}

export function createAttachedPolicies(
  storage: Pick<StorageReader, 'iamById' | 'iamByName'>,
  compile: Compile,
  partition: string,
): AttachedPolicies {
  // What can't be found may have denied something: it is replaced by what denies everything, since it is no policy.
  const missing = (name: string): AttachedPolicy => ({ name, policy: compile('') })

  function managed(account: AccountId, arn: string): MaybeAsync<AttachedPolicy> {
    const shipped = awsManagedPolicy(partition, arn)
    if (shipped !== undefined) return { name: arn, policy: compile(shipped.document) }
    const name = arn.slice(arn.lastIndexOf('/') + 1)
    return after(storage.iamByName(account, 'policy', name), (stored) => {
      const document = stored !== undefined && arnOf(partition, stored) === arn ? defaultDocument(stored) : undefined
      return document === undefined ? missing(arn) : { name: arn, policy: compile(document) }
    })
  }

  function own(entity: UserRecord | RoleRecord | GroupRecord): MaybeAsync<readonly AttachedPolicy[]> {
    const inline = entity.inline.map(({ name, document }) => ({
      name: `inline policy ${name} of ${entity.kind} ${entity.name}`,
      policy: compile(document),
    }))
    return after(
      each(entity.attached, (arn) => managed(entity.account, arn)),
      (attached) => [...inline, ...attached],
    )
  }

  function ofGroup(user: UserRecord, id: string): MaybeAsync<readonly AttachedPolicy[]> {
    return after(storage.iamById('group', id), (group) =>
      group?.account === user.account ? own(group) : [missing(`the policies of group ${id} of user ${user.name}`)],
    )
  }

  return {
    managed,
    identity: (entity) =>
      after(own(entity), (direct) => {
        if (entity.kind !== 'user' || entity.groups.length === 0) return direct
        return after(
          each(entity.groups, (id) => ofGroup(entity, id)),
          (groups) => [...direct, ...groups.flat()],
        )
      }),
  }
}

function defaultDocument({ versions, defaultVersion }: ManagedPolicyRecord): string | undefined {
  return versions.find(({ id }) => id === defaultVersion)?.document
}

/** What `load` brings for each of `items`, in their order: at once when it all is there at once. */
export function each<T, U>(items: readonly T[], load: (item: T) => MaybeAsync<U>): MaybeAsync<readonly U[]> {
  const loaded: U[] = []
  for (const [index, item] of items.entries()) {
    const value = load(item)
    if (value instanceof Promise) return Promise.all([...loaded, value, ...items.slice(index + 1).map(load)])
    loaded.push(value)
  }
  return loaded
}
