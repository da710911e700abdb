import type { KeyArn } from '#base/brand.ts'
import type { KeyRecord } from '#records/key.ts'

/** The message of the UnsupportedOperationException of an operation that keys of this origin don't know. */
export function wrongOrigin({ origin }: Pick<KeyRecord, 'origin'>, arn: KeyArn): string {
  return `${arn} origin is ${origin} which is not valid for this operation.`
}
