/** What has to be gone before a user, group or role can be deleted. */
import type { RoleRecord } from '#records/iam.ts'

type RefuseDeletion = (code: 'DeleteConflictException', message: string) => never

/** Ends with DeleteConflict while there are policies. */
export function requireNoPolicies(entity: Pick<RoleRecord, 'inline' | 'attached'>, fail: RefuseDeletion): void {
  if (entity.attached.length > 0) {
    fail('DeleteConflictException', 'Cannot delete entity, must detach all policies first.')
  }
  if (entity.inline.length > 0) fail('DeleteConflictException', 'Cannot delete entity, must delete policies first.')
}
