/** The FaultInjector port of one worker. */
import { exhaustive } from '#base/exhaustive.ts'
import type { Clock } from '#ports/edge.ts'
import type { FaultEnding, FaultInjector, InjectedFault, FaultSubject } from '#ports/faults.ts'
import type { FaultBoard } from './board.ts'
import { effectText, isAbout, isDrawn, refusalOf, type ActiveFault } from './rule.ts'

/** Requests of one second that are counted, at most. */
export const fastestRate = 65_535

/** Rules count in the order in which they were added: delays add up, and the first that ends a request is the last asked. */
export function faultInjector(board: FaultBoard, clock: Pick<Clock, 'machineNow'>): FaultInjector {
  function meet(subject: FaultSubject): InjectedFault | undefined {
    const faults = board.faults()
    if (faults.length === 0) return undefined
    const met: ActiveFault[] = []
    let delayMs = 0
    let ending: FaultEnding | undefined
    for (const fault of faults) {
      if (!isAbout(fault.rule, subject)) continue
      const isMet = isTime(fault)
      board.note(fault, isMet)
      if (!isMet) continue
      met.push(fault)
      const { effect } = fault.rule
      if (effect.kind === 'delay') delayMs += effect.milliseconds
      else {
        ending =
          effect.kind === 'drop'
            ? { kind: 'dropped', when: effect.when }
            : { kind: 'refused', refusal: refusalOf(effect.code) }
        break
      }
    }
    if (met.length === 0) return undefined
    const text = JSON.stringify(met.map(({ id, rule }) => ({ id, effect: effectText(rule.effect) })))
    return { delayMs, ending, text }
  }

  function isTime(fault: ActiveFault): boolean {
    const { timing } = fault.rule
    switch (timing.kind) {
      case 'every':
        return true
      case 'next': {
        const before = board.count(fault, (count) => Math.min(count + 1, timing.count))
        return before !== undefined && before < timing.count
      }
      case 'share': {
        const before = board.count(fault, (count) => count + 1)
        return before !== undefined && isDrawn(timing.share, timing.seed, before)
      }
      case 'above': {
        const second = Math.floor(clock.machineNow() / 1000) % 2 ** 32
        // The second, and behind it how many came in it.
        const next = (count: number): number => {
          const sameSecond = Math.floor(count / 65_536) === second
          return second * 65_536 + (sameSecond ? Math.min((count % 65_536) + 1, fastestRate) : 1)
        }
        const before = board.count(fault, next)
        return before !== undefined && next(before) % 65_536 > timing.perSecond
      }
      default:
        return exhaustive(timing)
    }
  }

  return {
    meet,
    wait: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
  }
}
