/** Access keys of a user, or of the root user. */
import { RefusalError } from '#aws/errors.ts'
import { parseAccessKeyId } from '#base/brand.ts'
import type { UserRecord } from '#records/iam.ts'
import type { AccessKeyRecord } from '#records/identity.ts'
import type { Stored } from '#records/key.ts'
import type { IamPorts } from '../operation.ts'
import { existing, noSuchEntity, type EntityResource, type RootResource } from './target.ts'

export const accessKeysPerUser = 2

/** A user that exists, or the root user. */
export type KeyOwner = EntityResource<UserRecord> | RootResource

/** The name and id of the owner; both undefined for the root user. */
export function ownerOf(owner: KeyOwner): { readonly name: string | undefined; readonly id: string | undefined } {
  return owner.kind === 'root' ? { name: undefined, id: undefined } : existing(owner)
}

export async function accessKeysOf(
  owner: KeyOwner,
  { storage }: IamPorts,
): Promise<readonly Stored<AccessKeyRecord>[]> {
  return storage.accessKeysOf(owner.account.account, ownerOf(owner).id)
}

/** The access key of `owner` with this id. Throws the refusal NoSuchEntity when it has none such. */
export async function accessKeyOf(
  owner: KeyOwner,
  accessKeyId: string,
  ports: IamPorts,
): Promise<Stored<AccessKeyRecord>> {
  const id = parseAccessKeyId(accessKeyId)
  const found = (await accessKeysOf(owner, ports)).find((accessKey) => accessKey.accessKeyId === id)
  if (found !== undefined) return found
  throw new RefusalError(noSuchEntity(`The Access Key with id ${accessKeyId} cannot be found.`))
}
