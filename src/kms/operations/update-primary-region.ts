/**
 * UpdatePrimaryRegion: a replica becomes the primary, and the primary a replica. At AWS both are `Updating` for seconds; here
 * both have changed, or neither has.
 */
import { after } from '#base/maybe-async.ts'
import type { Change } from '#records/change.ts'
import { placedAt, relativesOf, requirePrimary, synchronized, unchanged, withPrimary } from '../key/multi-region.ts'
import { keyIn, relativeIn } from '../key/target.ts'
import { KeyIdType, RegionType } from '../members.ts'
import { changeOperation } from '../operation.ts'

const rule = {
  action: 'kms:UpdatePrimaryRegion',
  aliases: false,
  crossAccount: false,
  states: 'enabled',
  usage: 'any',
} as const

export const UpdatePrimaryRegion = changeOperation({
  name: 'UpdatePrimaryRegion',
  effect: 'change',
  input: { KeyId: KeyIdType, PrimaryRegion: RegionType },
  output: {},
  targets: { key: keyIn('KeyId', rule), replica: relativeIn('PrimaryRegion', rule) },
  conditions: ['kms:PrimaryRegion'],
  grantable: [],
  dryRun: false,
  quota: 'UpdatePrimaryRegion',
  errors: [
    'DisabledException',
    'InvalidArnException',
    'KMSInternalException',
    'KMSInvalidStateException',
    'NotFoundException',
    'UnsupportedOperationException',
  ],
  audit: { readOnly: false, request: ['KeyId', 'PrimaryRegion'], response: [] },
  handle({ targets: { key, replica }, facts, ports, fail }, { PrimaryRegion }) {
    const primary = key.record
    const multiRegion = requirePrimary(primary, key.arn, fail)
    // Unverified wording.
    if (replica.record.region !== PrimaryRegion) {
      return fail('NotFoundException', `The key ${key.arn} has no replica in ${PrimaryRegion}.`)
    }
    if (replica.record.region === primary.region) return { output: {}, changes: [] }
    const regions = withPrimary(multiRegion, replica.record.region)
    return after(relativesOf(primary, ports.storage), (replicas) => ({
      output: {},
      changes: [primary, ...replicas].flatMap((each): readonly Change[] => [
        { kind: 'key changed', key: placedAt(each, regions) },
        synchronized(each, facts.now, ports.random.uuid()),
      ]),
      expectations: unchanged(replicas),
    }))
  },
})
