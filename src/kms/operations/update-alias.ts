/**
 * UpdateAlias: points an alias at another key of the same type and usage, so that code which uses the alias goes on working.
 * Needs permission on the alias and on both keys. The old key may be pending deletion.
 */
import { after } from '#base/maybe-async.ts'
import { keyKind, refuseAliasName, refuseAliasTarget, requireRoomForAlias } from '../key/alias.ts'
import { aliasNamed, keyOfAlias } from '../key/alias-target.ts'
import { keyIn } from '../key/target.ts'
import { AliasNameType, KeyIdType } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const UpdateAlias = changeOperation({
  name: 'UpdateAlias',
  effect: 'change',
  input: { AliasName: AliasNameType, TargetKeyId: KeyIdType },
  output: {},
  targets: {
    alias: aliasNamed({ action: 'kms:UpdateAlias', mustExist: true }),
    // AWS's record names the alias and the key that it points at from now on.
    current: {
      ...keyOfAlias({ action: 'kms:UpdateAlias', crossAccount: false, states: 'any', usage: 'any' }),
      audited: () => undefined,
    },
    key: keyIn('TargetKeyId', {
      action: 'kms:UpdateAlias',
      aliases: false,
      crossAccount: false,
      states: 'not pending deletion',
      usage: 'any',
    }),
  },
  check: ({ AliasName, TargetKeyId }) => refuseAliasName(AliasName) ?? refuseAliasTarget(TargetKeyId),
  conditions: [],
  grantable: [],
  dryRun: false,
  quota: 'UpdateAlias',
  errors: [
    'DependencyTimeoutException',
    'KMSInternalException',
    'KMSInvalidStateException',
    'LimitExceededException',
    'NotFoundException',
  ],
  audit: {
    readOnly: false,
    request: ['AliasName', 'TargetKeyId'],
    response: [],
    responseExtra: ({ key }) => ({ KeyId: key.arn }),
  },
  handle({ facts, targets: { alias, current, key }, ports, fail }) {
    const { record } = alias
    if (record === undefined) return fail('NotFoundException', `Alias ${alias.arn} is not found.`)
    requireSameKind(current.record, key.record, fail)
    const moved = current.record.keyId !== key.record.keyId
    return after(moved ? requireRoomForAlias(key.record, ports.storage, fail) : undefined, () => ({
      output: {},
      changes: [
        {
          kind: 'alias changed' as const,
          alias: { ...record, targetKeyId: key.record.keyId, lastUpdatedDate: facts.now },
        },
      ],
    }))
  },
})

interface Kind {
  readonly keySpec: string
  readonly keyUsage: string
}

// Unverified code and wording: AWS's answer was not to be had.
function requireSameKind(from: Kind, to: Kind, fail: (code: 'ValidationException', message: string) => never): void {
  if (keyKind(from.keySpec) !== keyKind(to.keySpec) || from.keyUsage !== to.keyUsage) {
    fail('ValidationException', 'The current and the new KMS key of an alias must have the same type and key usage.')
  }
}
