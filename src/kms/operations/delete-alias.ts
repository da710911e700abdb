/** DeleteAlias: removes a name; the key is untouched, whatever state it is in. Needs permission on both. */
import { refuseAliasName } from '../key/alias.ts'
import { aliasNamed, keyOfAlias } from '../key/alias-target.ts'
import { AliasNameType } from '../members.ts'
import { changeOperation } from '../operation.ts'

export const DeleteAlias = changeOperation({
  name: 'DeleteAlias',
  effect: 'change',
  input: { AliasName: AliasNameType },
  output: {},
  targets: {
    alias: aliasNamed({ action: 'kms:DeleteAlias', mustExist: true }),
    key: keyOfAlias({ action: 'kms:DeleteAlias', crossAccount: false, states: 'any', usage: 'any' }),
  },
  check: ({ AliasName }) => refuseAliasName(AliasName),
  conditions: [],
  grantable: [],
  dryRun: false,
  quota: 'DeleteAlias',
  errors: ['DependencyTimeoutException', 'KMSInternalException', 'KMSInvalidStateException', 'NotFoundException'],
  audit: {
    readOnly: false,
    request: ['AliasName'],
    response: [],
    responseExtra: ({ key }) => ({ KeyId: key.arn }),
  },
  handle: ({ targets: { alias } }) => ({
    output: {},
    changes: [{ kind: 'alias removed', place: alias.place, name: alias.name }],
  }),
})
