/** Login profiles are passwords for a console: users have none. */
import { RefusalError } from '#aws/errors.ts'
import { ownerOf, type KeyOwner } from './access-key.ts'
import { noSuchEntity } from './target.ts'

/** Throws the refusal NoSuchEntity: of the user when it does not exist, else of its login profile. */
export function noLoginProfile(owner: KeyOwner): never {
  const { name = 'root' } = ownerOf(owner)
  throw new RefusalError(noSuchEntity(`Login Profile for User ${name} cannot be found.`))
}
