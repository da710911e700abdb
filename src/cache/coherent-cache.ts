import { LRUCache } from 'lru-cache'
import { after, type MaybeAsync } from '#base/maybe-async.ts'
import type { RevisionSlots } from './revision-slots.ts'

interface Entry<V> {
  readonly value: V
  readonly slot: number
  readonly revision: number
}

export interface CoherentCacheOptions<V> {
  /** Is told of each entity that leaves the cache. */
  readonly dispose?: (value: V) => void
  /**
   * How much of the room an entity takes, at least 1; without it each takes 1. What takes more than a tenth of the room is
   * not kept: it would put too many others out.
   */
  readonly weigh?: (value: V) => number
}

/**
 * A bounded cache of entities by name that never answers what a committed change has superseded. What is absent is not
 * remembered: asking for it again reads again. Asking is in two steps, so that what is there costs no closure.
 */
export class CoherentCache<V extends object> {
  readonly #entries: LRUCache<string, Entry<V>>
  readonly #slots: RevisionSlots

  /** `room` is how many entities are kept, or how much they may weigh together. */
  constructor(slots: RevisionSlots, room: number, { dispose, weigh }: CoherentCacheOptions<V> = {}) {
    this.#slots = slots
    this.#entries = new LRUCache({
      ...(weigh === undefined
        ? { max: room }
        : {
            maxSize: room,
            maxEntrySize: Math.ceil(room / 10),
            sizeCalculation: ({ value }: Entry<V>) => Math.max(1, weigh(value)),
          }),
      ...(dispose === undefined ? {} : { dispose: ({ value }: Entry<V>) => dispose(value) }),
    })
  }

  /** The entity cached as `key`, unless a change has superseded it. */
  fresh(key: string): V | undefined {
    const entry = this.#entries.get(key)
    return entry !== undefined && this.#slots.read(entry.slot) === entry.revision ? entry.value : undefined
  }

  /** What `load` brings, cached as `key`; `name` is the entity's name in the revision slots. */
  load(key: string, name: string, load: () => MaybeAsync<V | undefined>): MaybeAsync<V | undefined> {
    const slot = this.#slots.slotOf(name)
    // Before the load: a change that commits while it is read leaves an entry that is already superseded.
    const revision = this.#slots.read(slot)
    return after(load(), (value) => {
      if (value === undefined) this.#entries.delete(key)
      else this.#entries.set(key, { value, slot, revision })
      return value
    })
  }
}
