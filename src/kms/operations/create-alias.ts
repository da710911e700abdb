/** CreateAlias: another name for a key, not idempotent. Needs permission on the alias and on the key. */
import { after } from '#base/maybe-async.ts'
import { refuseAliasName, refuseAliasTarget, requireRoomForAlias } from '../key/alias.ts'
import { aliasNamed } from '../key/alias-target.ts'
import { keyIn } from '../key/target.ts'
import { AliasNameType, KeyIdType } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const CreateAlias = changeOperation({
  name: 'CreateAlias',
  effect: 'change',
  input: { AliasName: AliasNameType, TargetKeyId: KeyIdType },
  output: {},
  targets: {
    key: keyIn('TargetKeyId', {
      action: 'kms:CreateAlias',
      aliases: false,
      crossAccount: false,
      states: 'not pending deletion',
      usage: 'any',
    }),
    alias: aliasNamed({ action: 'kms:CreateAlias', mustExist: false }),
  },
  check: ({ AliasName, TargetKeyId }) => refuseAliasName(AliasName) ?? refuseAliasTarget(TargetKeyId),
  conditions: [],
  grantable: [],
  dryRun: false,
  quota: 'CreateAlias',
  errors: [
    'AlreadyExistsException',
    'DependencyTimeoutException',
    'InvalidAliasNameException',
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
  handle({ facts, targets: { key, alias }, ports, fail }) {
    if (alias.record !== undefined) {
      fail('AlreadyExistsException', `An alias with the name ${alias.arn} already exists`)
    }
    return after(requireRoomForAlias(key.record, ports.storage, fail), () => ({
      output: {},
      changes: [
        {
          kind: 'alias added' as const,
          alias: {
            ...alias.place,
            name: alias.name,
            targetKeyId: key.record.keyId,
            creationDate: facts.now,
            lastUpdatedDate: facts.now,
          },
        },
      ],
    }))
  },
})
