/**
 * What keeps the caches of all workers coherent, at once and for nothing: a table of revision counters in shared memory. The
 * writer raises the counter of an entity's name after the commit and before the answer; a worker remembers the counter it
 * saw before it loaded an entity, and a cached entity counts only while its counter is still that. Names share counters by
 * hash: a collision costs a reload, never a stale read.
 */
const slotCount = 65_536

/** Shared between the writer and all workers; 256 KiB. */
export function allocateSlots(): SharedArrayBuffer {
  return new SharedArrayBuffer(slotCount * Int32Array.BYTES_PER_ELEMENT)
}

export class RevisionSlots {
  readonly #counters: Int32Array

  constructor(shared: SharedArrayBuffer) {
    this.#counters = new Int32Array(shared)
  }

  /** The slot of `name`, to be kept with what is cached. */
  slotOf(name: string): number {
    // FNV-1a, 32 bits, folded: only spread matters here.
    let hash = 0x811c9dc5
    for (let index = 0; index < name.length; index += 1) {
      hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193)
    }
    return (hash ^ (hash >>> 16)) & (slotCount - 1)
  }

  read(slot: number): number {
    return Atomics.load(this.#counters, slot)
  }

  /** Invalidates `name` in every cache. Wraps around after 2^32 changes, long after any cached entity is gone. */
  raise(name: string): void {
    Atomics.add(this.#counters, this.slotOf(name), 1)
  }
}
