import { LRUCache } from 'lru-cache'
import { after, type MaybeAsync } from '#base/maybe-async.ts'
import type { RevisionSlots } from './revision-slots.ts'

interface Entry<V> {
  readonly value: V
  readonly slot: number
  readonly revision: number
}

/**
 * A bounded cache of entities by name that never answers what a committed change has superseded. What is absent is not
 * remembered: asking for it again reads again.
 */
export class CoherentCache<V extends object> {
  readonly #entries: LRUCache<string, Entry<V>>
  readonly #slots: RevisionSlots

  /** `dispose` is told of each entity that leaves the cache. */
  constructor(slots: RevisionSlots, max: number, dispose?: (value: V) => void) {
    this.#slots = slots
    this.#entries = new LRUCache({
      max,
      ...(dispose === undefined ? {} : { dispose: ({ value }: Entry<V>) => dispose(value) }),
    })
  }

  /** The entity cached as `key`, or what `load` brings; `name` is the entity's name in the revision slots. */
  get(key: string, name: () => string, load: () => MaybeAsync<V | undefined>): MaybeAsync<V | undefined> {
    const entry = this.#entries.get(key)
    if (entry !== undefined && this.#slots.read(entry.slot) === entry.revision) return entry.value
    const slot = this.#slots.slotOf(name())
    // Before the load: a change that commits while it is read leaves an entry that is already superseded.
    const revision = this.#slots.read(slot)
    return after(load(), (value) => {
      if (value === undefined) this.#entries.delete(key)
      else this.#entries.set(key, { value, slot, revision })
      return value
    })
  }
}
