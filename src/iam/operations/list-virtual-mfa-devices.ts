/** ListVirtualMFADevices: there are no MFA devices here. */
import { list, oneOf, optional, string, structure } from '#aws/shape.ts'
import { accountWide } from '../entity/target.ts'
import { pageEnd, pageRequest } from '../members.ts'
import { readOperation } from '../operation.ts'

export const ListVirtualMFADevices = readOperation({
  name: 'ListVirtualMFADevices',
  input: { AssignmentStatus: optional(oneOf('Assigned', 'Unassigned', 'Any')), ...pageRequest },
  output: { VirtualMFADevices: list(structure({ SerialNumber: string() })), ...pageEnd },
  targets: { account: accountWide('iam:ListVirtualMFADevices') },
  errors: [],
  handle: () => ({ VirtualMFADevices: [], IsTruncated: false }),
})
