/** The faults of a test profile as the primary thread has them: added, listed, cleared, and each change logged. */
import { parseFaultRule } from '#config/fault-rule.ts'
import { InvalidValue } from '#config/values.ts'
import { endOfIds, mostFaults, type FaultBoard } from '#faults/board.ts'
import { canEnd, generalErrors, ruleText, type ActiveFault, type FaultRule } from '#faults/rule.ts'
import type { ErrorCode } from '#aws/errors.ts'
import type { Random } from '#ports/edge.ts'
import type { Logger } from './log.ts'

/** A fault as operators see it. */
export interface ShownFault {
  readonly id: number
  /** As it can be added again, with the seed that it has. */
  readonly fault: string
  /** How many requests it was about so far, and how many met it. */
  readonly matched: number
  readonly injected: number
  /** Of `next`: how many are left. */
  readonly left?: number
}

export interface FaultDesk {
  /** Adds the fault in `text`. Every worker knows it when this resolves. Throws InvalidValue. */
  add(text: string): Promise<ShownFault>
  list(): readonly ShownFault[]
  /** Ends those with `ids`, all when it is empty; answers them as they were. Throws InvalidValue for one that there is not. */
  clear(ids: readonly number[]): readonly ShownFault[]
}

export function openFaultDesk(board: FaultBoard, random: Pick<Random, 'bytes'>, log: Logger): FaultDesk {
  let faults: readonly ActiveFault[] = []
  let lastId = 0

  function shown(fault: ActiveFault): ShownFault {
    const { matched, injected } = board.tally(fault)
    const { timing } = fault.rule
    const left = timing.kind === 'next' ? { left: Math.max(timing.count - injected, 0) } : {}
    return { id: fault.id, fault: ruleText(fault.rule), matched, injected, ...left }
  }

  function publish(changed: readonly ActiveFault[], fresh: readonly ActiveFault[]): void {
    if (!board.write(changed, fresh)) {
      throw new InvalidValue(`${mostFaults} faults are the most at once; clear some with trent fault clear`)
    }
    faults = changed
  }

  return {
    add: async (text) => {
      const rule = parseFaultRule(text, () => random.bytes(4).readUInt32BE())
      await requirePossible(rule)
      const taken = new Set(faults.map(({ slot }) => slot))
      const slot = Array.from({ length: mostFaults }, (_, index) => index).find((index) => !taken.has(index))
      if (lastId + 1 >= endOfIds) throw new InvalidValue('this server has had too many faults; start it anew')
      const fault: ActiveFault = { id: lastId + 1, slot: slot ?? mostFaults, rule }
      publish([...faults, fault], slot === undefined ? [] : [fault])
      lastId = fault.id
      log.warn({ id: fault.id, fault: ruleText(rule) }, 'a fault is injected into requests')
      return shown(fault)
    },
    list: () => faults.map(shown),
    clear: (ids) => {
      const stranger = ids.find((id) => !faults.some((fault) => fault.id === id))
      if (stranger !== undefined) throw new InvalidValue(`there is no fault ${stranger}; see trent fault list`)
      const ended = faults.filter(({ id }) => ids.length === 0 || ids.includes(id))
      const last = ended.map(shown)
      publish(
        faults.filter((fault) => !ended.includes(fault)),
        [],
      )
      for (const { id, fault, injected } of last) log.warn({ id, fault, injected }, 'a fault is no longer injected')
      return last
    },
  }
}

/** Throws InvalidValue when no operation that the rule names can end as it says. */
async function requirePossible({ service, operation, effect }: FaultRule): Promise<void> {
  if (effect.kind !== 'error') return
  const found = await declaredErrors(service, operation)
  if (found.some((errors) => canEnd(effect, errors))) return
  const possible = [...new Set([...generalErrors, ...found.flat()])].sort()
  throw new InvalidValue(
    `${operation ?? 'no operation'} answers no ${effect.code}; write one of ${possible.join(', ')}`,
  )
}

/** Of each operation that is meant, the errors that it declares. Loads the services, which the primary does not need otherwise. */
async function declaredErrors(
  service: string | undefined,
  operation: string | undefined,
): Promise<readonly (readonly ErrorCode[])[]> {
  const [{ kms }, { sts }, { iam }] = await Promise.all([
    import('#kms/service.ts'),
    import('#sts/service.ts'),
    import('#iam/service.ts'),
  ])
  const services: readonly {
    readonly name: string
    readonly operations: Readonly<Record<string, { readonly name: string; readonly errors: readonly ErrorCode[] }>>
  }[] = [kms, sts, iam]
  return services
    .filter(({ name }) => service === undefined || name === service)
    .flatMap(({ operations }) => Object.values(operations))
    .filter(({ name }) => operation === undefined || name === operation)
    .map(({ errors }) => errors)
}
