/** The arguments of `who-can`: an action on keys, and a key by any of its names. Everything throws ControlError. */
import { parseArn } from '#base/arn.ts'
import {
  parseAccountId,
  parseAliasName,
  parseKeyId,
  parseRegion,
  type AccountId,
  type AliasName,
  type Region,
} from '#base/brand.ts'
import { ofEveryKey } from '#kms/key/conditions.ts'
import type { KmsOperation } from '#kms/operation.ts'
import { kms } from '#kms/service.ts'
import type { KeyRecord, Place, Stored } from '#records/key.ts'
import type { SqliteReader } from '#storage/sqlite/reader.ts'
import { ControlError } from './control-error.ts'
import { exitCode } from './exit-code.ts'
import { isObject } from './protocol.ts'

export interface WhoCanArguments {
  readonly action: string
  readonly key: string
  readonly region: Region
  /** Whose key; undefined: of whatever account has one of that name. */
  readonly account: AccountId | undefined
}

export function whoCanArguments(args: unknown): WhoCanArguments {
  const given = isObject(args) ? args : {}
  const text = (name: string): string => {
    const value = given[name]
    if (typeof value !== 'string' || value === '') throw new ControlError(`the argument ${name} must be text`)
    return value
  }
  const region = parseRegion(text('region'))
  if (region === undefined) throw new ControlError(`there is no region ${JSON.stringify(given['region'])}`)
  const account = given['account'] === undefined ? undefined : parseAccountId(text('account'))
  if (given['account'] !== undefined && account === undefined) throw new ControlError('an account id has twelve digits')
  return { action: text('action'), key: text('key'), region, account }
}

/** An action that is about a key. */
export interface KeyAction {
  /** As it is spelled, e.g. `kms:Decrypt`. */
  readonly name: string
  readonly operation: KmsOperation
  readonly crossAccount: boolean
  /** What grants call it; undefined: no grant allows it. */
  readonly grantOperation: string | undefined
}

/** The action that `text` names, with `kms:` or without. */
export function keyAction(text: string): KeyAction {
  const wanted = text.toLowerCase().replace(/^kms:/, '')
  let other: string | undefined
  for (const operation of Object.values<KmsOperation>(kms.operations)) {
    for (const target of operation.targets) {
      const { action, crossAccount, conditions } = target
      if (action.toLowerCase() !== `kms:${wanted}`) continue
      other = action
      // Who may retire a grant is written in the grant (kms/grant/retire.ts).
      if (conditions !== ofEveryKey || target.authorize !== undefined) continue
      const grantOperation = target.grantUse === undefined ? undefined : action.slice('kms:'.length)
      return { name: action, operation, crossAccount, grantOperation }
    }
  }
  if (other === 'kms:RetireGrant') {
    throw new ControlError(
      'who may do kms:RetireGrant is decided for each grant, not for a key: see its retiring principal',
    )
  }
  if (other !== undefined) throw new ControlError(`${other} is not an action on a key`)
  throw new ControlError(`there is no action ${JSON.stringify(text)} of KMS; name one such as kms:Decrypt`)
}

/** The key that `key` names: an ARN of a key or an alias, a key id, or an alias with its `alias/`. */
export function keyNamed({ key: text, region, account }: WhoCanArguments, reader: SqliteReader): Stored<KeyRecord> {
  if (text.startsWith('arn:')) {
    const arn = parseArn(text)
    const place = arn && placeOf(arn.region, arn.account)
    if (arn?.service !== 'kms' || place === undefined)
      throw new ControlError(`${text} is not an ARN of a key or an alias`)
    return keyAt(arn.resource.replace(/^key\//, ''), place, reader) ?? noKey(text)
  }
  if (account !== undefined)
    return keyAt(text, { region, account }, reader) ?? noKey(`${text} in ${account}, ${region}`)
  const keyId = parseKeyId(text)
  if (keyId !== undefined) {
    const owner = reader.accountOfKey(region, keyId)
    return (owner && reader.key({ region, account: owner }, keyId)) ?? noKey(`${text} in ${region}`)
  }
  const name = aliasNamed(text)
  const found = reader.accounts().flatMap((each) => keyOf(name, { region, account: each.account }, reader) ?? [])
  const [only] = found
  if (only === undefined) return noKey(`${text} in ${region}`)
  if (found.length === 1) return only
  const accounts = found.map((each) => each.account).join(', ')
  throw new ControlError(`several accounts have ${text}: ${accounts}; name one of them with --account`)
}

function placeOf(regionText: string, accountText: string): Place | undefined {
  const region = parseRegion(regionText)
  const account = parseAccountId(accountText)
  return region === undefined || account === undefined ? undefined : { region, account }
}

function keyAt(text: string, place: Place, reader: SqliteReader): Stored<KeyRecord> | undefined {
  const keyId = parseKeyId(text)
  return keyId === undefined ? keyOf(aliasNamed(text), place, reader) : reader.key(place, keyId)
}

function keyOf(name: AliasName, place: Place, reader: SqliteReader): Stored<KeyRecord> | undefined {
  const alias = reader.alias(place, name)
  return alias && reader.key(place, alias.targetKeyId)
}

function aliasNamed(text: string): AliasName {
  const name = parseAliasName(text)
  if (name !== undefined) return name
  throw new ControlError(
    `${JSON.stringify(text)} names no key: write its ARN, its id, or an alias such as alias/orders`,
  )
}

function noKey(text: string): never {
  throw new ControlError(`there is no key ${text}`, exitCode.notFound)
}
