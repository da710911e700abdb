import { parseAccountId, type AccountId } from '#base/brand.ts'
import { compilePolicy } from '#policy/compile.ts'
import type { ContextValue, RequestContext } from '#policy/context.ts'
import type { PrincipalNames } from '#policy/names.ts'
import type { AttachedPolicy, Subject } from '#policy/subject.ts'

/** A context of `values`, whose keys may be in any case. */
export function contextOf(values: Readonly<Record<string, ContextValue>>): RequestContext {
  const byKey = new Map(Object.entries(values).map(([key, value]) => [key.toLowerCase(), value]))
  return { value: (key) => byKey.get(key) }
}

/** `documents`, attached under the names `<name> 0`, `<name> 1`... */
export function attached(name: string, documents: readonly unknown[]): readonly AttachedPolicy[] {
  return documents.map((document, index) => ({
    name: `${name} ${index}`,
    policy: compilePolicy(JSON.stringify(document)),
  }))
}

export function accountOf(text: string): AccountId {
  const account = parseAccountId(text)
  if (account === undefined) throw new Error(`not an account: ${text}`)
  return account
}

/** The caller `arn` under the names that policies with ARNs as principals use; `roleArn` is the role of a session. */
export function subjectOf(arn: string, roleArn?: string): Subject {
  const bare = { identity: [], boundary: undefined, session: undefined, serviceControl: [] }
  const [scheme, partition, , , id] = arn.split(':')
  if (scheme !== 'arn' || partition === undefined || id === undefined) {
    // A service by its name; nobody has no names at all.
    const direct = arn === 'anonymous' ? [] : [arn]
    return { ...bare, kind: 'service', account: undefined, names: { direct, entity: [], account: [] } }
  }
  const root = `arn:${partition}:iam::${id}:root`
  const names = (entity: readonly string[]): PrincipalNames => ({ direct: [arn], entity, account: [root, id] })
  const account = accountOf(id)
  const resource = arn.split(':').slice(5).join(':')
  if (arn === root) return { ...bare, kind: 'root', account, names: names([]) }
  if (resource.startsWith('assumed-role/')) {
    return { ...bare, kind: 'role session', account, names: names(roleArn === undefined ? [] : [roleArn]) }
  }
  if (resource.startsWith('federated-user/')) {
    const user = `arn:${partition}:iam::${id}:user/${resource.slice('federated-user/'.length)}`
    return { ...bare, kind: 'federated user', account, names: names([user]) }
  }
  return { ...bare, kind: 'user', account, names: names([]) }
}
