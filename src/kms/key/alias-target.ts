/** Aliases as targets, and the keys that they point at: for the operations that manage aliases. */
import { aliasArn } from '#base/arn.ts'
import { refusal, type Refusal } from '#aws/errors.ts'
import type { RequestFacts, Target } from '#aws/operation.ts'
import { parseAliasName, type AliasName } from '#base/brand.ts'
import { after, type MaybeAsync } from '#base/maybe-async.ts'
import type { Expectation } from '#records/change.ts'
import type { AliasRecord, Place, Stored } from '#records/key.ts'
import type { KmsPorts } from '../operation.ts'
import { conditionValue, ofEveryAlias } from './conditions.ts'
import { placeOf } from './identifier.ts'
import { keyResource, keyResourceType, keyTarget, type KeyResource, type KeyRule } from './target.ts'

/** An alias by name, which need not exist. */
export interface AliasResource {
  readonly place: Place
  readonly name: AliasName
  readonly arn: string
  readonly record: Stored<AliasRecord> | undefined
}

/** The alias that AliasName names. Only the caller's policies decide; `mustExist` refuses an unknown one. */
export function aliasNamed(rule: {
  readonly action: `kms:${string}`
  readonly mustExist: boolean
}): Target<KmsPorts, { readonly AliasName: string }, AliasResource, Expectation> {
  return {
    action: rule.action,
    crossAccount: false,
    resolve: ({ AliasName }, facts, ports) =>
      after(findAlias(AliasName, facts, ports), (alias) =>
        'arn' in alias && alias.record === undefined && rule.mustExist ? notFound(alias.arn) : alias,
      ),
    describe: ({ arn, place }) => ({ arn, account: place.account, policy: undefined, awsManaged: false }),
    conditions: ofEveryAlias,
    condition: (name, _alias, input, facts) =>
      conditionValue(name, { key: undefined, input, prefix: '', facts, constraints: undefined }),
    admit: () => undefined,
    seen: ({ place, name, record }) =>
      record === undefined ? undefined : { kind: 'alias', place, name, rev: record.rev },
    audited: ({ arn, place }) => ({ arn, account: place.account, type: keyResourceType }),
  }
}

/** The key that the alias AliasName points at now. */
export function keyOfAlias(rule: KeyRule): Target<KmsPorts, { readonly AliasName: string }, KeyResource, Expectation> {
  return keyTarget(rule, '', ({ AliasName }: { readonly AliasName: string }, facts, ports) =>
    after(findAlias(AliasName, facts, ports), (alias): MaybeAsync<KeyResource | Refusal> => {
      if (!('arn' in alias)) return alias
      if (alias.record === undefined) return notFound(alias.arn)
      return after(ports.directory.key(alias.place, alias.record.targetKeyId), (key) =>
        key === undefined ? notFound(alias.arn) : keyResource(key, facts),
      )
    }),
  )
}

function findAlias(text: string, facts: RequestFacts, ports: KmsPorts): MaybeAsync<AliasResource | Refusal> {
  const name = parseAliasName(text)
  if (name === undefined) return refusal('NotFoundException', `Invalid alias '${text}'`)
  const place = placeOf(facts)
  const arn = aliasArn(place.region, place.account, name)
  return after(ports.directory.alias(place, name), (record) => ({ place, name, arn, record }))
}

function notFound(arn: string): Refusal {
  return refusal('NotFoundException', `Alias ${arn} is not found.`)
}
