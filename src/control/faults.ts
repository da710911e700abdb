/** The commands on the faults of a test profile. */
import { InvalidValue } from '#config/values.ts'
import type { FaultDesk, ShownFault } from '#server/fault-desk.ts'
import { ControlError } from './control-error.ts'
import { exitCode } from './exit-code.ts'
import { isObject } from './protocol.ts'

export const faultCommandNames = ['fault add', 'fault list', 'fault clear'] as const
export type FaultCommand = (typeof faultCommandNames)[number]

/** Carries out `command`; answers its items. `desk` is undefined without the test profile. Throws ControlError. */
export async function runFaultCommand(
  command: FaultCommand,
  args: unknown,
  desk: FaultDesk | undefined,
): Promise<readonly ShownFault[]> {
  if (desk === undefined) {
    throw new ControlError(
      'no faults are injected into requests of this server; only one that was started with --test-profile can have them',
    )
  }
  try {
    switch (command) {
      case 'fault add':
        return [await desk.add(faultArgument(args))]
      case 'fault list':
        return desk.list()
      case 'fault clear':
        return desk.clear(idsArgument(args))
    }
  } catch (error) {
    if (error instanceof InvalidValue) throw new ControlError(error.message, exitCode.usage)
    throw error
  }
}

function faultArgument(args: unknown): string {
  const { fault } = isObject(args) ? args : {}
  if (typeof fault === 'string') return fault
  throw new ControlError('the argument fault must be text')
}

function idsArgument(args: unknown): readonly number[] {
  const { ids } = isObject(args) ? args : {}
  if (Array.isArray(ids) && ids.every((id): id is number => Number.isSafeInteger(id))) return ids
  throw new ControlError('the argument ids must be a list of whole numbers')
}
